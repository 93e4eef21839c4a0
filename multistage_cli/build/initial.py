"""The state of a stage before its first instruction: what its base image brings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from multistage_cli.build.bases import accounts_of, files_of, packages_of
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.configured import DEFAULT_PATH, configured
from multistage_cli.build.ordered import OrderedVersions
from multistage_cli.build.stages import BaseKind
from multistage_cli.build.state import Port, Setting, State
from multistage_cli.build.variables import Variables
from multistage_cli.facts.contents import Contents, contents
from multistage_cli.facts.images import Certainty, Image, Lookup

if TYPE_CHECKING:
    from multistage_cli.build.claims import Known
    from multistage_cli.build.instructions import Healthcheck

_LINUX_SHELL = ("/bin/sh", "-c")
_WINDOWS_SHELL = ("cmd", "/S", "/C")
_WINDOWS = ("mcr.microsoft.com/windows", "mcr.microsoft.com/dotnet/framework/")


_NO_HEALTHCHECK = (
    "docker.io/library/", "gcr.io/distroless/", "mcr.microsoft.com/dotnet/", "mcr.microsoft.com/windows/",
)  # fmt: skip
"""Publishers whose images have no HEALTHCHECK: docker-library by its own rule ("healthcheck" in its FAQ),
the others by their Dockerfiles."""


def initial_state(kind: BaseKind, lookup: Lookup | None, platform: str) -> State:
    """The state that FROM leaves, for a base that is no stage.

    Args:
        kind: what FROM names.
        lookup: what the facts know of the image; None for a named context or an unknown base.
        platform: of the stage, such as `linux/amd64`.
    """
    image = lookup.image if lookup and lookup.certainty is Certainty.KNOWN else None
    likely = lookup.image if lookup else None
    reference = lookup.reference if lookup else None
    name = "" if reference is None else f"{reference.domain}/{reference.path}"
    windows = (
        platform.startswith("windows")
        or (likely is not None and likely.os_family == "windows")
        or name.startswith(_WINDOWS)
    )
    if kind is BaseKind.SCRATCH:
        return _state(None, windows=windows, shell_exists=Claim.NO)
    official = name.startswith(_NO_HEALTHCHECK)
    registered = lookup.registered if lookup else None
    if registered is not None and registered.platform.startswith("windows"):
        windows = True
    if image is None:
        state = _unknown(windows=windows, official=official)
    else:
        exists = Claim.YES if image.shell else Claim.NO
        state = _state(image, windows=windows, shell_exists=exists, official=official)
    return state if registered is None else configured(state, registered.configuration)


@lru_cache(maxsize=256)
def _state(image: Image | None, *, windows: bool, shell_exists: Claim, official: bool = True) -> State:
    """The state of `scratch` (None) or of an image that the facts know."""
    known = None if image is None else contents(image)
    environment: dict[str, Known[str]] = {} if windows else {"PATH": DEFAULT_PATH}
    if known is not None:
        environment.update(known.environment)
    elif image is not None:
        environment.update(image.environment or ())
    user: Known[str] = (image.default_user or UNKNOWN) if image else ""
    exposed: OrderedVersions[Port] = OrderedVersions()
    for port in _ports(image.exposed_ports) if image else ():
        exposed = exposed.put(port.text, port)
    return State(
        variables=Variables.of(
            environment, open=image is not None and not (known and known.environment_complete)
        ),
        working_directory=Setting(_working_directory(image, known)),
        user=Setting("" if user == "root" else user),
        shell=Setting(_WINDOWS_SHELL if windows else _LINUX_SHELL),
        shell_exists=shell_exists,
        entrypoint=Setting(() if image is None else _words(image.entrypoint)),
        command=Setting(() if image is None else _words(image.command)),
        healthcheck=_inherited_healthcheck(official=official),
        stop_signal=Setting(""),
        exposed=exposed,
        ports_known=True,
        volumes=OrderedVersions(),
        labels=OrderedVersions(),
        windows=windows,
        files=files_of(image, known),
        accounts=accounts_of(image, known),
        packages=packages_of(image, known),
        libc=image.libc if image else None,
        libc_version=(known.libc_version or UNKNOWN) if known else UNKNOWN if image else None,
    )


def _working_directory(image: Image | None, known: Contents | None) -> Known[str]:
    if image is None:
        return "/"
    return UNKNOWN if known is None or known.working_directory is None else known.working_directory


def _inherited_healthcheck(*, official: bool) -> Setting[Healthcheck | None]:
    return Setting(None) if official else Setting(UNKNOWN)


def _unknown(*, windows: bool, official: bool) -> State:
    return State(
        # BuildKit gives a Linux stage a PATH in any case; which one only the image tells.
        variables=Variables.of({} if windows else {"PATH": UNKNOWN}, open=True),
        working_directory=Setting(UNKNOWN),
        user=Setting(UNKNOWN),
        # A base may set SHELL, but hardly one does; that it exists nobody can promise.
        shell=Setting(_WINDOWS_SHELL if windows else _LINUX_SHELL),
        shell_exists=Claim.UNKNOWN,
        entrypoint=Setting(UNKNOWN),
        command=Setting(UNKNOWN),
        healthcheck=_inherited_healthcheck(official=official),
        stop_signal=Setting(UNKNOWN),
        exposed=OrderedVersions(),
        ports_known=False,
        volumes=OrderedVersions(),
        labels=OrderedVersions(),
        windows=windows,
    )


def _words(words: tuple[str, ...] | None) -> Known[tuple[str, ...]]:
    return UNKNOWN if words is None else words


def _ports(texts: tuple[str, ...]) -> list[Port]:
    found = []
    for text in texts:
        number, _, protocol = text.partition("/")
        if number.isdecimal():
            found.append(Port(int(number), int(number), protocol or "tcp", None))
    return found
