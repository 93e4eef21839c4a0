"""What a build asks of the command line: build arguments, secrets, SSH agents, platforms, the host's network.

Each is asked for by a stage, so that a command for one stage names only what that stage and those below it
need.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.instructions import Mount, read_copy, read_mounts
from multistage_cli.build.stages import build_graph
from multistage_cli.build.variables import (
    PLATFORM_ARGUMENTS,
    PROXY_ARGUMENTS,
    ArgumentSource,
    expand,
)
from multistage_cli.parser import ProblemKind

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_MUST_BE_SET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?\?")
_PLATFORM_VARIABLE = re.compile(r"\$\{?(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)\b")
_HOLE = re.compile(r"^$|^[/:@]|[/:@]$|[/:@]{2}")
"""Where a part of an image's name is missing."""
_PLATFORM_NAMES = frozenset(PLATFORM_ARGUMENTS) - {"TARGETSTAGE"}
_OWN_NAMES = frozenset(PLATFORM_ARGUMENTS) | frozenset(PROXY_ARGUMENTS)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_VARIABLE = 60
_NO_ARGUMENT = re.compile(r"[^A-Za-z0-9]+")
_SSH_ADDRESS = re.compile(r"ssh://|[\w.-]+@[\w.-]+:")


class Argument(Struct, frozen=True):
    """A build argument that the Dockerfile declares.

    Attributes:
        name: as it is declared.
        default: what it is without `--build-arg`; None where there is no default, where it is not known, or
            where stages differ.
        given: the value of `--build-arg`, or None.
        required: whether a build without it fails for certain.
        lines: where it is declared.
    """

    name: str
    default: str | None
    given: str | None
    required: bool
    lines: tuple[int, ...]


class Asks(Struct, frozen=True):
    """What one stage, with all that it needs, asks for.

    Attributes:
        arguments: names of build arguments that it declares, FROM lines included.
        required: those without which it fails.
        secrets: secret id to the variable to read it from.
        ssh: ids of SSH agents.
        host_network: whether a RUN wants the network of the host.
        platforms: whether it reads the platform arguments.
    """

    arguments: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    secrets: frozenset[tuple[str, str]] = frozenset()
    ssh: frozenset[str] = frozenset()
    host_network: bool = False
    platforms: bool = False

    def __or__(self, other: Asks) -> Asks:
        return Asks(
            self.arguments | other.arguments,
            self.required | other.required,
            self.secrets | other.secrets,
            self.ssh | other.ssh,
            self.host_network or other.host_network,
            self.platforms or other.platforms,
        )


def collect_asks(build: Build) -> tuple[tuple[Argument, ...], tuple[Asks, ...]]:
    """The build arguments of the file, in its order, and for each stage what it asks for."""
    reader = _Reader(build)
    found: list[Asks] = []
    for entry in build.stages:
        stage = entry.stage
        own = Asks() if stage.replaced else reader.of_from(entry) | reader.of_body(entry)
        for source in {edge.source.stage for edge in build.graph.into(stage.index)}:
            if source is not None and source < stage.index:  # any other is refused
                own |= found[source]
        found.append(own)
    return reader.arguments(frozenset().union(*(asks.required for asks in found))), tuple(found)


class _Reader:
    """Reads the stages in order, and notes the build arguments that they declare."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.defaults: dict[str, dict[str, None]] = {}
        self.lines: dict[str, dict[int, None]] = {}
        self.unclear: set[str] = set()
        self.refused = {
            problem.span for problem in build.graph.problems if problem.kind is ProblemKind.REFUSED
        }
        self.unset_globals: set[str] = set()
        for argument in build.graph.global_scope.arguments:
            declaration = argument.declaration
            if declaration.source is ArgumentSource.UNSET:
                self.unset_globals.add(declaration.name)
            given = declaration.source is ArgumentSource.BUILD_ARGUMENT
            self._note(
                declaration.name, UNKNOWN if given else declaration.value, argument.instruction.span.first
            )

    def arguments(self, required: frozenset[str]) -> tuple[Argument, ...]:
        """All that were declared, in the order of the file."""
        return tuple(
            Argument(
                name=name,
                default=self._default(name),
                given=self.build.build_args.get(name),
                required=name in required,
                lines=tuple(lines),
            )
            for name, lines in self.lines.items()
        )

    def _default(self, name: str) -> str | None:
        defaults = self.defaults.get(name, {})
        return next(iter(defaults)) if len(defaults) == 1 and name not in self.unclear else None

    def _note(self, name: str, default: Known[str] | None, line: int) -> None:
        if name in _OWN_NAMES:
            return
        self.lines.setdefault(name, {})[line] = None
        if default is UNKNOWN:
            self.unclear.add(name)
        elif default is not None:
            self.defaults.setdefault(name, {})[default] = None

    def of_from(self, entry: EvaluatedStage) -> Asks:
        """What FROM asks for."""
        stage = entry.stage
        scope, escape = self.build.graph.global_scope.scope, self.build.dockerfile.escape
        written = (stage.base.written, stage.head.flag("platform") or "")
        used: set[str] = set()
        unset: set[str] = set()
        fails = stage.head.span in self.refused
        for word in written:
            expansion = expand(word, scope, escape=escape)
            # `FROM alpine:$TAG` without a TAG is no reference; BuildKit says so when it comes to that stage.
            fails = fails or (
                bool(expansion.unset)
                and expansion.value is not UNKNOWN
                and bool(_HOLE.search(expansion.value))
            )
            used |= expansion.used | expansion.unset | expansion.defaulted
            unset |= expansion.unset | frozenset(_MUST_BE_SET.findall(word))
        return Asks(
            arguments=frozenset(used & self.lines.keys()),
            required=frozenset(unset & self.unset_globals if fails else ()),
            platforms=any(map(_PLATFORM_VARIABLE.search, written)),
        )

    def of_body(self, entry: EvaluatedStage) -> Asks:
        """What the instructions ask for, triggers included."""
        unset: set[str] = set()
        arguments: set[str] = set()
        required: set[str] = set()
        secrets: set[tuple[str, str]] = set()
        ssh: set[str] = set()
        host_network = platforms = False
        for step in entry.steps:
            instruction = step.instruction
            if instruction.name == "ARG":
                names = {pair.name for pair in instruction.pairs}
                platforms = platforms or bool(names & _PLATFORM_NAMES)
                arguments |= names - _OWN_NAMES
                unset |= self._declared(step)
                continue
            if unset:
                required |= unset.intersection(_MUST_BE_SET.findall(instruction.raw))
            if instruction.name == "RUN":
                host_network = host_network or (instruction.flag("network") or "").lower() == "host"
                for mount in read_mounts(instruction):
                    if mount.type == "secret":
                        secrets |= self._secret(mount, step)
                    elif mount.type == "ssh":
                        ssh.add(self._known(mount.id, step) or "default")
            elif instruction.name == "ADD" and any(map(_SSH_ADDRESS.match, read_copy(instruction).sources)):
                ssh.add("default")
        return Asks(
            frozenset(arguments),
            frozenset(required),
            frozenset(secrets),
            frozenset(ssh),
            host_network,
            platforms,
        )

    def _declared(self, step: Step) -> set[str]:
        """Note the names of an ARG; returns those that nothing sets."""
        unset: set[str] = set()
        before, after = step.before.variables.scope.values, step.after.variables.scope.values
        for pair in step.instruction.pairs:
            given = pair.name in self.build.build_args
            default: Known[str] | None = None
            if pair.value is not None:
                default = UNKNOWN if given else after.get(pair.name, UNKNOWN)
            elif not given and pair.name not in after and pair.name not in before:
                unset.add(pair.name)
            self._note(pair.name, default, step.line)
        return unset

    def _secret(self, mount: Mount, step: Step) -> set[tuple[str, str]]:
        """The secret's id and the variable to read it from; nothing where the id cannot be known.

        Source: dispatchSecret in BuildKit's convert_secrets.go.
        """
        name = self._known(mount.source or mount.id or posixpath.basename(mount.target or ""), step)
        if not name:
            return set()
        variable = mount.env if mount.env and _VARIABLE.fullmatch(mount.env) else _variable_for(name)
        return {(name, variable)}

    def _known(self, word: str | None, step: Step) -> str | None:
        """A word of a mount with its variables, or None where it has no value that is known."""
        value = expand(word or "", step.before.variables.scope, escape=self.build.dockerfile.escape).value
        return None if value is UNKNOWN else value


def _variable_for(secret: str) -> str:
    name = _NO_ARGUMENT.sub("_", secret.upper()).strip("_")[:_MAX_VARIABLE]
    return name if _VARIABLE.fullmatch(name) else f"SECRET_{name}".rstrip("_")


def other_platforms(build: Build) -> tuple[str, ...]:
    """The platforms of a build for two at once; empty where its stages differ in more than that."""
    here = build.platform
    others = ("linux/amd64", "linux/arm64")
    if here not in others:
        return ()
    there = next(other for other in others if other != here)
    graph = build_graph(
        build.dockerfile,
        target=None if build.graph.target is None else build.graph.stages[build.graph.target].key,
        build_args=build.build_args,
        build_contexts=build.build_contexts,
        platform=there,
    )
    # `FROM base-${TARGETARCH}` leads to a stage on both, or it leads to an image that nobody made.
    same = all(
        graph.stages[index].base.kind is build.graph.stages[index].base.kind for index in build.graph.needed
    )
    return others if same and len(graph.problems) == len(build.graph.problems) else ()
