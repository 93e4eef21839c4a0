"""What there is to build and to run, before any program is chosen for it."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import DEFAULT_PLATFORM
from multistage_cli.build.stages import BaseKind
from multistage_cli.commands.asks import Argument, Asks, collect_asks, other_platforms
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.build.state import Port, State

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*\Z")
"""What BuildKit takes as the name of a stage, and so of a target (instructions/parse.go)."""
_TAG = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}\Z"
)  # Docker takes 128 characters; ours may get an ending
_LOCAL_URL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(/[\w./?=&%-]*)?"
)
_MAX_NAME = 100
PRIVILEGED_BELOW = 1024
"""Ports that only root may open."""


class StageTarget(Struct, frozen=True):
    """A stage that can be built on its own.

    Attributes:
        name: for `--target`; None for the last stage, which needs none.
        label: as it is written in the file.
        image: what it is to be called.
        needed: whether the target of the build needs it.
        asks: what its build asks for.
        shell: whether a shell can be started in it.
        windows: whether that shell is cmd.
        files_only: whether it holds copied files and nothing that runs: what `--output` is for.
        runs: whether it has something to run.
        ports: to publish.
        volumes: paths.
        root: whether a container of it runs as root.
    """

    name: str | None
    label: str
    image: str
    needed: bool
    asks: Asks
    shell: Claim
    windows: bool
    files_only: bool
    runs: bool
    ports: tuple[Port, ...]
    volumes: tuple[str, ...]
    root: Claim

    @property
    def low_ports(self) -> bool:
        """Whether it listens on a port that only root may open."""
        return any(port.first < PRIVILEGED_BELOW for port in self.ports)

    @property
    def may_be_locked_down(self) -> bool:
        """Whether nothing is known that a container without any rights could not do."""
        return self.runs and self.root is Claim.NO and not self.low_ports and not self.windows


class Probe(Struct, frozen=True):
    """The health check of the image.

    Attributes:
        argv: the words that it runs inside of the container.
        url: the same question from outside, on a published port; None where it asks no such thing.
    """

    argv: tuple[str, ...]
    url: str | None


class Plan(Struct, frozen=True):
    """What there is to build and to run.

    Attributes:
        name: of the image, without a tag.
        context: the folder that is the build context.
        dockerfile: its path; None for standard input.
        dockerfile_in_context: the same, as seen from the build context.
        text: of the Dockerfile.
        beside: names of other Dockerfiles that lie in the build context's folder.
        platform: where the build is not for the default one.
        platforms: two that it can be built for at once, or empty.
        arguments: build arguments that the file declares.
        build_args: those given, name to value.
        build_contexts: those given, name to place.
        target: the stage that is built; None where it has no name to build it by.
        is_last: whether that is the last stage.
        stages: all other stages with names, in the order of the file.
        probe: the health check.
        keeps_docker_format: whether an OCI image would lose something.
    """

    name: str
    context: str
    dockerfile: str | None
    dockerfile_in_context: str
    text: str
    beside: frozenset[str]
    platform: str | None
    platforms: tuple[str, ...]
    arguments: tuple[Argument, ...]
    build_args: Mapping[str, str]
    build_contexts: Mapping[str, str]
    target: StageTarget
    is_last: bool
    stages: tuple[StageTarget, ...]
    probe: Probe | None
    keeps_docker_format: bool

    @property
    def can_build(self) -> bool:
        """Whether `--target` can name the stage, or need not."""
        return self.is_last or self.target.name is not None

    @property
    def defaults(self) -> tuple[tuple[str, str], ...]:
        """Build arguments that may be set, with the values that they have."""
        return tuple(
            (argument.name, argument.default)
            for argument in self.arguments
            if argument.default is not None
            and argument.given is None
            and argument.name in self.target.asks.arguments
        )


def collect_plan(build: Build) -> Plan:
    """What this Dockerfile has to build and to run.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    if build.target is None:
        raise MultistageError(f"{build.path} has no FROM, so there is nothing to build; add one")
    target = build.target
    arguments, asks = collect_asks(build)
    final = target.final
    name = _image_name(build, final)
    is_last = target.stage.index == len(build.stages) - 1
    own = _target(build, target, asks, f"{name}:{_version(final)}")
    context = build.context.root if build.context else build.file.parent if build.file else Path()
    check = final.healthcheck.value
    return Plan(
        name=name,
        context=_argument_path(context),
        dockerfile=None if build.file is None else _argument_path(build.file),
        dockerfile_in_context=_relative(build.file, context),
        text=build.dockerfile.text,
        beside=_beside(build),
        platform=None if build.platform == DEFAULT_PLATFORM else build.platform,
        platforms=other_platforms(build) if own.asks.platforms and not final.windows else (),
        arguments=arguments,
        build_args=build.build_args,
        build_contexts=build.build_contexts,
        target=own,
        is_last=is_last,
        stages=tuple(_others(build, target, asks, name)),
        probe=_probe(final),
        keeps_docker_format=(
            (check is not UNKNOWN and check is not None)
            or any(entry.trigger for entry in target.stage.instructions)
        ),
    )


def _others(build: Build, target: EvaluatedStage, asks: tuple[Asks, ...], name: str) -> Iterator[StageTarget]:
    for entry in build.stages:
        if entry is not target and _leads_here(entry):
            yield _target(build, entry, asks, f"{name}:{entry.stage.name}")


def _leads_here(entry: EvaluatedStage) -> bool:
    """Whether `--target` with the stage's name builds it: it has one, and no later stage has the same."""
    name = entry.stage.name
    return name is not None and name == entry.stage.key and _STAGE_NAME.match(name) is not None


def _target(build: Build, entry: EvaluatedStage, asks: tuple[Asks, ...], image: str) -> StageTarget:
    stage, final = entry.stage, entry.final
    nothing = final.entrypoint.value == () and final.command.value == ()
    return StageTarget(
        name=stage.name if _leads_here(entry) else None,
        label=stage.label,
        image=image,
        needed=stage.index in build.graph.needed,
        asks=asks[stage.index],
        shell=final.shell_exists,
        windows=final.windows,
        files_only=(
            nothing
            and stage.base.kind is BaseKind.SCRATCH
            and any(step.copied is not None for step in entry.steps)
        ),
        runs=not nothing,
        ports=final.ports,
        volumes=tuple(final.volumes),
        root=final.runs_as_root,
    )


def _probe(final: State) -> Probe | None:
    check, shell = final.healthcheck.value, final.shell.value
    if check is UNKNOWN or check is None or not check.words:
        return None
    if check.json_form:
        argv = check.words
    elif shell is UNKNOWN:
        return None
    else:
        argv = (*shell, check.words[0])
    return Probe(argv, _url(" ".join(check.words), final))


def _url(words: str, final: State) -> str | None:
    """The address that a health check asks, as it is outside; None where its port is not published."""
    match = _LOCAL_URL.search(words)
    if match is None:
        return None
    scheme = match.group().partition("://")[0]
    default = {"http": "80", "https": "443"}[scheme]
    number = match.group(1) or default
    if not any(port.first <= int(number) <= port.last for port in final.ports):
        return None
    where = "localhost" if number == default else f"localhost:{number}"
    return f"{scheme}://{where}{match.group(2) or '/'}"


def _image_name(build: Build, final: State) -> str:
    """The title label, else the name of the build context's folder, as far as either makes a name."""
    title = final.labels.get("org.opencontainers.image.title")
    if title is not None and title.value is not UNKNOWN and (name := _as_name(title.value)):
        return name
    folder = build.context.root if build.context else build.file.parent if build.file else Path()
    return _as_name(folder.resolve().name) or "app"


def _as_name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()[:_MAX_NAME]).strip("-")


def _version(final: State) -> str:
    label = final.labels.get("org.opencontainers.image.version")
    value = label.value if label else UNKNOWN
    return value if value is not UNKNOWN and _TAG.match(value) else "v1"


def _argument_path(path: Path) -> str:
    """A path that no program takes for an option."""
    text = path.as_posix()
    return posixpath.join(".", text) if text.startswith("-") else text


def _relative(file: Path | None, context: Path) -> str:
    if file is None:
        return ""
    try:
        return Path(os.path.relpath(file, context)).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def _beside(build: Build) -> frozenset[str]:
    if build.context is None:
        return frozenset()
    return frozenset(name for name in ("Dockerfile", "Containerfile") if build.context.exists(name))
