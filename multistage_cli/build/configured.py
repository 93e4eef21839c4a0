"""The configuration of a base image, as its registry hands it out, put into the state that FROM leaves."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.instructions import Healthcheck
from multistage_cli.build.ordered import OrderedVersions
from multistage_cli.build.state import Port, Setting, State
from multistage_cli.build.variables import Variables

if TYPE_CHECKING:
    from multistage_cli.facts.configurations import Check, Configuration

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What BuildKit sets where an image has no PATH (util/system/path.go)."""

_FIRST_PORT, _LAST_PORT = 1, 65_535


def configured(state: State, said: Configuration) -> State:
    """The state with the image's whole configuration: what that does not set is not set.

    Of files, users and packages a configuration says nothing; those stay as they are.
    """
    exposed: OrderedVersions[Port] = OrderedVersions()
    for text in said.exposed_ports:
        if (port := _port(text)) is not None:
            exposed = exposed.put(port.text, port)
    volumes: OrderedVersions[int | None] = OrderedVersions()
    for path in said.volumes:
        volumes = volumes.put(path, None)
    labels: OrderedVersions[Setting[str]] = OrderedVersions()
    for name, value in said.labels:
        labels = labels.put(name, Setting(value))
    environment = dict(said.environment)
    if not state.windows:
        environment.setdefault("PATH", DEFAULT_PATH)
    folder = said.working_directory
    return replace(
        state,
        variables=Variables.of(environment),
        working_directory=state.working_directory
        if state.windows and not folder
        else Setting(_folder(state, folder)),
        user=Setting("" if said.user == "root" else said.user),
        shell=Setting(said.shell) if said.shell else state.shell,
        entrypoint=Setting(said.entrypoint),
        command=Setting(said.command),
        healthcheck=Setting(_healthcheck(said.healthcheck)),
        stop_signal=Setting(said.stop_signal),
        exposed=exposed,
        ports_known=True,
        volumes=volumes,
        labels=labels,
    )


def _folder(state: State, folder: str) -> str:
    return folder if state.windows else posixpath.normpath(f"/{folder.lstrip('/')}")


def _port(text: str) -> Port | None:
    number, _, protocol = text.partition("/")
    if not (number.isascii() and number.isdecimal() and len(number) <= len(str(_LAST_PORT))):
        return None
    value = int(number)
    return Port(value, value, protocol or "tcp", None) if _FIRST_PORT <= value <= _LAST_PORT else None


def _healthcheck(check: Check | None) -> Healthcheck | None:
    """The image's check; None for none, and for one that is switched off."""
    if check is None or check.test[0] not in {"CMD", "CMD-SHELL"}:
        return None
    return Healthcheck(
        words=check.test[1:],
        json_form=check.test[0] == "CMD",
        offset=0,
        interval_seconds=check.interval_seconds,
        timeout_seconds=check.timeout_seconds,
        start_period_seconds=check.start_period_seconds,
        start_interval_seconds=check.start_interval_seconds,
        retries=check.retries,
    )
