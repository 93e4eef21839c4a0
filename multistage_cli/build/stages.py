"""Instructions -> stages, and the edges between them, with the names resolved as BuildKit resolves them.

Source: BuildKit `frontend/dockerfile/dockerfile2llb/convert.go` (Dockerfile syntax 1.19), and builds that
were really tried: see tests/engine/test_stages.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.instructions import Mount, read_copy, read_from, read_mounts
from multistage_cli.build.variables import GlobalScope, expand, global_scope, predefined
from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.parser import Dockerfile, Instruction, Problem, ProblemKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class BaseKind(StrEnum):
    """What a stage starts from."""

    IMAGE = "image"
    STAGE = "stage"
    SCRATCH = "scratch"
    CONTEXT = "context"
    UNKNOWN = "unknown"


class EdgeKind(StrEnum):
    """How something crosses from one place into a stage."""

    BASE = "base"
    COPY = "copy"
    ADD = "add"
    MOUNT = "mount"


class SourceKind(StrEnum):
    """Where an edge starts."""

    STAGE = "stage"
    IMAGE = "image"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Source:
    """The start of an edge: a stage by index, an external image, or a named context."""

    kind: SourceKind
    stage: int | None
    reference: str


@dataclass(frozen=True, slots=True)
class Base:
    """What FROM names.

    Attributes:
        kind: what it is.
        written: as in the file.
        reference: with the global ARGs expanded; UNKNOWN where one has no value.
        stage: the index of the stage that it is, else None.
    """

    kind: BaseKind
    written: str
    reference: Known[str]
    stage: int | None = None

    @property
    def label(self) -> str:
        """The base for people: expanded where that is known, else as it was written."""
        return self.written if self.reference is UNKNOWN else self.reference


@dataclass(frozen=True, slots=True)
class Stage:
    """One build stage.

    Attributes:
        index: its place in the file, from 0.
        name: in lower case, or None.
        key: its name where that leads to this stage (the last of duplicates), else its index as a string.
        label: the name as it was written, or the index.
        span: from FROM to the last line of its last instruction.
        head: the FROM instruction.
        instructions: what follows FROM.
        triggers: ONBUILD triggers of the stage that it starts from; they run first.
        base: what FROM names.
        platform: of FROM, expanded; None where FROM has no `--platform`.
    """

    index: int
    name: str | None
    key: str
    label: str
    span: Span
    head: Instruction
    instructions: tuple[Instruction, ...]
    triggers: tuple[Instruction, ...]
    base: Base
    platform: Known[str] | None

    @property
    def title(self) -> str:
        """The stage in a sentence: `stage "builder"` or `stage 1`."""
        return f'stage "{self.label}"' if self.name else f"stage {self.index}"

    def body(self) -> Iterator[tuple[Instruction, int]]:
        """What runs, in order, each with its line: triggers run at the line of FROM."""
        for trigger in self.triggers:
            yield trigger, self.head.span.first
        for instruction in self.instructions:
            yield instruction, instruction.span.first


@dataclass(frozen=True, slots=True)
class Edge:
    """Something that crosses into a stage, with its words as written (see Crossing for expanded ones).

    `line` is where the instruction stands; for an ONBUILD trigger that is in the parent stage.
    """

    source: Source
    to: int
    kind: EdgeKind
    instruction: Instruction
    line: int
    paths: tuple[str, ...] = ()
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The stages of a Dockerfile and how they feed each other.

    Attributes:
        stages: in file order; empty for a file without FROM.
        edges: by stage, then line.
        target: the index of the stage that is built, None where there are no stages.
        needed: the stages that the target needs, itself included.
        global_scope: the variables that FROM lines see.
        problems: what BuildKit refuses: cycles, bad indexes, unusable names.
    """

    stages: tuple[Stage, ...]
    edges: tuple[Edge, ...]
    target: int | None
    needed: frozenset[int]
    global_scope: GlobalScope
    problems: tuple[Problem, ...]

    def into(self, index: int) -> tuple[Edge, ...]:
        """The edges that end at a stage."""
        return tuple(edge for edge in self.edges if edge.to == index)

    def chain(self, index: int) -> tuple[int, ...]:
        """The stages whose layers are in that stage's image, itself first and its oldest base last."""
        found = [index]
        while (base := self.stages[found[-1]].base.stage) is not None and base not in found:
            found.append(base)
        return tuple(found)


def build_graph(
    dockerfile: Dockerfile,
    *,
    target: str | None = None,
    build_args: Mapping[str, str] | None = None,
    build_contexts: Mapping[str, str] | None = None,
    platform: str = "linux/amd64",
) -> Graph:
    """Find the stages of a Dockerfile, and what each takes from the others.

    Args:
        dockerfile: the file.
        target: name of the stage to build (any case), or an index; the last stage where None.
        build_args: as given with `--build-arg`.
        build_contexts: as given with `--build-context`: name to place.
        platform: the target platform.

    Raises:
        MultistageError: no stage has that name.
    """
    return _GraphBuilder(dockerfile, build_contexts or {}).build(target, build_args or {}, platform)


class _GraphBuilder:
    def __init__(self, dockerfile: Dockerfile, build_contexts: Mapping[str, str]) -> None:
        self.escape = dockerfile.escape
        self.instructions = dockerfile.instructions
        self.contexts = {_context_key(name) for name in build_contexts}
        self.problems: list[Problem] = []
        self.by_name: dict[str, int] = {}

    def build(self, target: str | None, build_args: Mapping[str, str], platform: str) -> Graph:
        heads = [index for index, found in enumerate(self.instructions) if found.name == "FROM"]
        last_name = read_from(self.instructions[heads[-1]]).stage_name if heads else None
        scope = global_scope(
            [found for found in self.instructions[: heads[0] if heads else None] if found.name == "ARG"],
            build_args,
            predefined(target_platform=platform, target_stage=(target or last_name or "default").lower()),
            escape=self.escape,
        )
        stages = self._stages(heads, scope)
        edges = tuple(edge for stage in stages for edge in self._edges(stage, stages))
        chosen = self._target(target, stages)
        self._report_backward_edges(stages, edges)
        needed = frozenset() if chosen is None else _reachable(chosen, stages, edges)
        return Graph(stages, edges, chosen, needed, scope, tuple(self.problems))

    def _stages(self, heads: list[int], scope: GlobalScope) -> tuple[Stage, ...]:
        ends = [*heads[1:], len(self.instructions)]
        names = [read_from(self.instructions[head]).stage_name for head in heads]
        last = {name.lower(): index for index, name in enumerate(names) if name}
        found: list[Stage] = []
        for index, (head, end) in enumerate(zip(heads, ends, strict=True)):
            instruction = self.instructions[head]
            body = self.instructions[head + 1 : end]
            written = names[index]
            name = written.lower() if written else None
            base = self._base(instruction, name, scope)
            parent = found[base.stage] if base.stage is not None else None
            triggers = [entry.trigger for entry in parent.instructions if entry.trigger] if parent else []
            platform = read_from(instruction).platform
            found.append(
                Stage(
                    index=index,
                    name=name,
                    key=name if name and last[name] == index else str(index),
                    label=written or str(index),
                    span=Span(instruction.span.first, (body or (instruction,))[-1].span.last),
                    head=instruction,
                    instructions=body,
                    triggers=tuple(triggers),
                    base=base,
                    platform=None if platform is None else self._expand(platform, scope),
                )
            )
            if name:
                self.by_name[name] = index
        return tuple(found)

    def _expand(self, word: str, scope: GlobalScope) -> Known[str]:
        return expand(word, scope.scope, escape=self.escape).value

    def _base(self, instruction: Instruction, name: str | None, scope: GlobalScope) -> Base:
        written = read_from(instruction).base
        if name is not None and _context_key(name) in self.contexts:
            return Base(BaseKind.CONTEXT, written, name)
        expansion = expand(written, scope.scope, escape=self.escape)
        if expansion.error:
            self._refuse(instruction, f"{written}: {expansion.error}")
        reference = expansion.value
        if reference is UNKNOWN:
            return Base(BaseKind.UNKNOWN, written, UNKNOWN)
        if not reference:
            unset = ", ".join(sorted(expansion.unset)) or "a variable"
            self._refuse(
                instruction, f"base image {written} is empty: give {unset} a default before the first FROM"
            )
            return Base(BaseKind.UNKNOWN, written, UNKNOWN)
        # BuildKit looks the base up exactly as written among names in lower case: `FROM Base` is never
        # the stage "base". Only stages above count, and of duplicates the last one above.
        if (stage := self.by_name.get(reference)) is not None:
            return Base(BaseKind.STAGE, written, reference, stage)
        if reference == "scratch":
            return Base(BaseKind.SCRATCH, written, reference)
        if _context_key(reference) in self.contexts:
            return Base(BaseKind.CONTEXT, written, reference)
        return Base(BaseKind.IMAGE, written, reference)

    def _edges(self, stage: Stage, stages: tuple[Stage, ...]) -> Iterator[Edge]:
        if stage.base.stage is not None:
            source = Source(SourceKind.STAGE, stage.base.stage, stages[stage.base.stage].key)
            yield Edge(source, stage.index, EdgeKind.BASE, stage.head, stage.head.span.first)
        for instruction, _ in stage.body():
            line = instruction.span.first
            if instruction.name == "COPY":
                copy = read_copy(instruction)
                if copy.from_ is not None and (
                    source_ := self._source(copy.from_, stage, stages, instruction)
                ):
                    yield Edge(
                        source_, stage.index, EdgeKind.COPY, instruction, line, copy.sources, copy.destination
                    )
            elif instruction.name == "RUN":
                for mount in read_mounts(instruction):
                    yield from self._mount_edge(mount, stage, stages, instruction, line)

    def _mount_edge(
        self, mount: Mount, stage: Stage, stages: tuple[Stage, ...], instruction: Instruction, line: int
    ) -> Iterator[Edge]:
        if mount.from_ is None:
            return
        source = self._source(mount.from_, stage, stages, instruction)
        if source is not None:
            yield Edge(
                source, stage.index, EdgeKind.MOUNT, instruction, line, (mount.source or "/",), mount.target
            )

    def _source(
        self, name: str, stage: Stage, stages: tuple[Stage, ...], instruction: Instruction
    ) -> Source | None:
        if expand(name, scope=_NO_VARIABLES.scope, escape=self.escape).value != name:
            self._refuse(
                instruction,
                f"--from={name} has a variable, which is not expanded there: name a stage `FROM {name} AS"
                " ...` instead, with a global ARG",
            )
            return None
        index = self.by_name.get(name.lower())
        if index is None and name.lstrip("+-").isdecimal():
            index = int(name)
            if not 0 <= index < len(stages):
                self._refuse(
                    instruction,
                    f"there is no stage {index}: the stages are 0 to {len(stages) - 1}",
                )
                return None
        if index is None:
            kind = SourceKind.CONTEXT if _context_key(name) in self.contexts else SourceKind.IMAGE
            return Source(kind, None, name)
        return Source(SourceKind.STAGE, index, stages[index].key)

    def _target(self, target: str | None, stages: tuple[Stage, ...]) -> int | None:
        if target is None or not stages:
            return len(stages) - 1 if stages else None
        if (index := self.by_name.get(target.lower())) is not None:
            return index
        # BuildKit itself takes names only; an index is handy where a stage has none.
        if target.isdecimal() and int(target) < len(stages):
            return int(target)
        names = [stage.label for stage in stages if stage.name]
        known = f"the stages are {', '.join(names)}" if names else "no stage has a name"
        raise MultistageError(f'no stage is called "{target}"{did_you_mean(target, names) or f"; {known}"}')

    def _report_backward_edges(self, stages: tuple[Stage, ...], edges: tuple[Edge, ...]) -> None:
        # FROM resolves upwards, so only COPY and mounts can reach down the file or close a circle, and
        # each circle has at least one edge that does so.
        below: dict[int, list[int]] = {}
        for edge in edges:
            if edge.source.stage is not None:
                below.setdefault(edge.to, []).append(edge.source.stage)
        circular = _in_cycles(len(stages), below)
        for edge in edges:
            index = edge.source.stage
            if index is None or index < edge.to:
                continue
            stage, source = stages[edge.to], stages[index]
            if index == edge.to:
                self._refuse(edge.instruction, f"{stage.title} copies from itself: name another stage")
            elif index in circular and edge.to in circular:
                self._refuse(
                    edge.instruction,
                    f"{stage.title} and {source.title} need each other: take one out of the circle",
                )
            else:
                self._refuse(
                    edge.instruction, f"{source.title} comes later in the file: move it above {stage.title}"
                )

    def _refuse(self, instruction: Instruction, message: str) -> None:
        self.problems.append(Problem(ProblemKind.REFUSED, instruction.span, message))


_NO_VARIABLES = GlobalScope()


def _context_key(name: str) -> str:
    """The name under which buildx keeps a named context: familiar, without `:latest`."""
    return name.lower().removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")


def _reachable(target: int, stages: tuple[Stage, ...], edges: tuple[Edge, ...]) -> frozenset[int]:
    sources: dict[int, list[int]] = {}
    for edge in edges:
        # A stage that a named context replaces is never built, nor is what it would have needed.
        if edge.source.stage is not None and stages[edge.to].base.kind is not BaseKind.CONTEXT:
            sources.setdefault(edge.to, []).append(edge.source.stage)
    found = {target}
    waiting = [target]
    while waiting:
        for source in sources.get(waiting.pop(), ()):
            if source not in found:
                found.add(source)
                waiting.append(source)
    return frozenset(found)


def _in_cycles(count: int, below: Mapping[int, list[int]]) -> frozenset[int]:
    """The nodes that lie on a circle: what is left when leaves are taken away from both sides."""
    above: dict[int, list[int]] = {}
    for node, sources in below.items():
        for source in sources:
            above.setdefault(source, []).append(node)
    left = set(range(count))
    for outgoing, incoming in ((below, above), (above, below)):
        degree = {node: sum(other in left for other in outgoing.get(node, ())) for node in left}
        ready = [node for node in left if degree[node] == 0]
        while ready:
            node = ready.pop()
            left.discard(node)
            for other in incoming.get(node, ()):
                if other in left:
                    degree[other] -= 1
                    if degree[other] == 0:
                        ready.append(other)
    return frozenset(left)
