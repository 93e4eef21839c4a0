"""Instructions -> stages, and the edges between them, with the names resolved as BuildKit resolves them.

Source: BuildKit `frontend/dockerfile/dockerfile2llb/convert.go` (Dockerfile syntax 1.19), and builds that
were really tried: see tests/engine/test_stages.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.instructions import Mount, read_copy, read_from, read_mounts
from multistage_cli.build.stage_model import (
    Base,
    BaseKind,
    Edge,
    EdgeKind,
    Graph,
    Source,
    SourceKind,
    Stage,
)
from multistage_cli.build.variables import GlobalScope, expand, expansion_limit, global_scope, predefined
from multistage_cli.build.variables.platforms import parse_platform
from multistage_cli.errors import MultistageError, did_you_mean
from multistage_cli.parser import Dockerfile, Instruction, Problem, ProblemKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Base",
    "BaseKind",
    "Edge",
    "EdgeKind",
    "Graph",
    "Source",
    "SourceKind",
    "Stage",
    "build_graph",
]


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
        # What COPY and mounts name that is no stage: BuildKit appends each to its list of stages, so that
        # an index past the last stage may still lead somewhere.
        self.unregistered: list[str] = []

    def build(self, target: str | None, build_args: Mapping[str, str], platform: str) -> Graph:
        heads = [index for index, found in enumerate(self.instructions) if found.name == "FROM"]
        last_name = read_from(self.instructions[heads[-1]]).stage_name if heads else None
        scope = global_scope(
            [found for found in self.instructions[: heads[0] if heads else None] if found.name == "ARG"],
            build_args,
            # TARGETSTAGE is spelled as `--target` is, else as BuildKit keeps the last stage's name.
            predefined(target_platform=platform, target_stage=target or (last_name or "").lower()),
            escape=self.escape,
            limit=expansion_limit(len(self.instructions)),
        )
        for instruction, error in scope.errors:
            self._refuse(instruction, f"ARG: {error}")
        stages = self._stages(heads, scope)
        chosen = self._target(target, stages)
        own = [list(self._edges(stage, stage.instructions, stages)) for stage in stages]
        self._refuse_cycles(stages, own)
        # BuildKit looks at the triggers of stages that it builds, once the target is known.
        needed = _reachable(chosen, stages, own, through_replaced=True)
        fired: list[list[Edge]] = []
        for stage in stages:
            before = len(self.problems)
            fired.append(list(self._edges(stage, stage.triggers, stages)))
            if stage.index not in needed:
                del self.problems[before:]
        reached = _reachable(chosen, stages, own, fired, through_replaced=True)
        self._refuse_late_sources(stages, reached, own, fired)
        edges = tuple(
            edge
            for stage in stages
            if not stage.replaced
            for edge in (*_base_edges(stage, stages), *fired[stage.index], *own[stage.index])
        )
        needed = _reachable(chosen, stages, own, fired)
        problems = sorted(self.problems, key=lambda problem: problem.span.first)
        return Graph(stages, edges, chosen, needed, scope, tuple(problems))

    def _stages(self, heads: list[int], scope: GlobalScope) -> tuple[Stage, ...]:
        ends = [*heads[1:], len(self.instructions)][: len(heads)]
        names = [read_from(self.instructions[head]).stage_name for head in heads]
        last = {name.lower(): index for index, name in enumerate(names) if name}
        found: list[Stage] = []
        for index, (head, end) in enumerate(zip(heads, ends, strict=True)):
            instruction = self.instructions[head]
            body = self.instructions[head + 1 : end]
            written = names[index]
            name = written.lower() if written else None
            replaced = name is not None and _context_key(name) in self.contexts
            base = self._base(instruction, name if replaced else None, scope)
            parent = found[base.stage] if base.stage is not None else None
            # A stage fires the triggers that its base stage itself has, not those of that one's base; a
            # named context in the place of the base stage does not disarm them.
            triggers = [entry.trigger for entry in parent.instructions if entry.trigger] if parent else []
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
                    platform=self._platform(instruction, scope),
                    replaced=replaced,
                )
            )
            if name:
                self.by_name[name] = index
        return tuple(found)

    def _platform(self, instruction: Instruction, scope: GlobalScope) -> Known[str] | None:
        written = read_from(instruction).platform
        if written is None:
            return None
        expansion = expand(written, scope.scope, escape=self.escape)
        if expansion.error:
            self._refuse(instruction, f"--platform={written}: {expansion.error}")
        elif expansion.value == "":
            unset = ", ".join(sorted(expansion.unset)) or "a variable"
            self._refuse(
                instruction,
                f"--platform={written} is empty: give {unset} a default before the first FROM, or delete the flag",
            )
        if expansion.value is not UNKNOWN and expansion.value:
            try:
                parse_platform(expansion.value)
            except MultistageError as error:
                self._refuse(instruction, f"--platform: {error}")
        return expansion.value

    def _base(self, instruction: Instruction, replaced: str | None, scope: GlobalScope) -> Base:
        written = read_from(instruction).base
        expansion = expand(written, scope.scope, escape=self.escape)
        reference = expansion.value
        if expansion.error:
            self._refuse(instruction, f"{written}: {expansion.error}")
        elif reference is not UNKNOWN and not reference:
            unset = ", ".join(sorted(expansion.unset)) or "a variable"
            self._refuse(
                instruction, f"base image {written} is empty: give {unset} a default before the first FROM"
            )
        if replaced is not None:
            return Base(BaseKind.CONTEXT, written, replaced)
        if reference is UNKNOWN or not reference:
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

    # What crosses into a stage.

    def _edges(
        self, stage: Stage, instructions: Iterable[Instruction], stages: tuple[Stage, ...]
    ) -> Iterator[Edge]:
        for instruction in instructions:
            line = instruction.span.first
            if instruction.name == "COPY":
                copy = read_copy(instruction)
                if copy.from_ is not None and (source := self._copied(copy.from_, stages, instruction)):
                    yield Edge(
                        source, stage.index, EdgeKind.COPY, instruction, line, copy.sources, copy.destination
                    )
            elif instruction.name == "RUN":
                for mount in read_mounts(instruction):
                    if (source := self._mounted(mount, stages)) is not None:
                        paths = (mount.source or "/",)
                        yield Edge(
                            source, stage.index, EdgeKind.MOUNT, instruction, line, paths, mount.target
                        )

    def _copied(self, name: str, stages: tuple[Stage, ...], instruction: Instruction) -> Source | None:
        if _VARIABLE.search(name):
            return None  # refused by `multistage_cli.build.instructions.problems`
        if not _INDEX.fullmatch(name):
            return self._named(name, stages)
        index = int(name)
        if 0 <= index < len(stages):
            return Source(SourceKind.STAGE, index, stages[index].key)
        if 0 <= index < len(stages) + len(self.unregistered):
            return Source(SourceKind.IMAGE, None, self.unregistered[index - len(stages)])
        known = "the only stage is 0" if len(stages) == 1 else f"the stages are 0 to {len(stages) - 1}"
        self._refuse(instruction, f"there is no stage {index}: {known}")
        return None

    def _mounted(self, mount: Mount, stages: tuple[Stage, ...]) -> Source | None:
        if mount.from_ is None:
            self.unregistered.append("scratch")
            return None
        # An index is no stage here: BuildKit looks for an image of that name.
        return None if _VARIABLE.search(mount.from_) else self._named(mount.from_, stages)

    def _named(self, name: str, stages: tuple[Stage, ...]) -> Source:
        index = self.by_name.get(name.lower())
        if index is not None:
            return Source(SourceKind.STAGE, index, stages[index].key)
        self.unregistered.append(name)
        is_context = name != "scratch" and _context_key(name) in self.contexts
        return Source(SourceKind.CONTEXT if is_context else SourceKind.IMAGE, None, name)

    def _target(self, target: str | None, stages: tuple[Stage, ...]) -> int | None:
        if target is None or not stages:
            return len(stages) - 1 if stages else None
        if (index := self.by_name.get(target.lower())) is not None:
            return index
        # BuildKit itself takes names only; an index is handy where a stage has none.
        if _INDEX.fullmatch(target) and 0 <= int(target) < len(stages):
            return int(target)
        names = [stage.label for stage in stages if stage.name]
        known = f"the stages are {', '.join(names)}" if names else "no stage has a name"
        raise MultistageError(f'no stage is called "{target}"{did_you_mean(target, names) or f"; {known}"}')

    # What BuildKit refuses.

    def _refuse_cycles(self, stages: tuple[Stage, ...], own: list[list[Edge]]) -> None:
        """Circles of COPY and mounts, which BuildKit refuses wherever the target is."""
        below = {
            stage.index: [edge.source.stage for edge in own[stage.index] if edge.source.stage is not None]
            for stage in stages
        }
        circular = _in_cycles(below)
        for edge in (edge for edges in own for edge in edges):
            source = edge.source.stage
            if source is None or circular.get(source) != circular.get(edge.to, -1):
                continue
            if source == edge.to:
                self._refuse(
                    edge.instruction, f"{stages[source].title} takes from itself: name another stage"
                )
            else:
                self._refuse(
                    edge.instruction,
                    f"{stages[edge.to].title} and {stages[source].title} need each other:"
                    " take one out of the circle",
                )

    def _refuse_late_sources(
        self, stages: tuple[Stage, ...], reached: frozenset[int], *edges: list[list[Edge]]
    ) -> None:
        """Stages that are defined too late for those that take from them, where both are built."""
        known = {problem.span for problem in self.problems}
        for group in edges:
            for edge in (edge for index in sorted(reached) for edge in group[index]):
                source, stage = edge.source.stage, stages[edge.to]
                late = source is not None and source > edge.to and not stages[source].replaced
                if source is None or not late or stage.replaced or edge.instruction.span in known:
                    continue
                self._refuse(
                    edge.instruction,
                    f"{stages[source].title} comes later in the file: move it above {stage.title}",
                )

    def _refuse(self, instruction: Instruction, message: str) -> None:
        self.problems.append(Problem(ProblemKind.REFUSED, instruction.span, message))


_INDEX = re.compile(r"[+-]?[0-9]{1,18}")  # what Go's strconv.Atoi takes
_VARIABLE = re.compile(r"\$.")


def _context_key(name: str) -> str:
    """The name under which buildx keeps a named context: familiar, without `:latest`."""
    return name.lower().removeprefix("docker.io/").removeprefix("library/").removesuffix(":latest")


def _base_edges(stage: Stage, stages: tuple[Stage, ...]) -> Iterator[Edge]:
    if stage.base.stage is not None:
        source = Source(SourceKind.STAGE, stage.base.stage, stages[stage.base.stage].key)
        yield Edge(source, stage.index, EdgeKind.BASE, stage.head, stage.head.span.first)


def _reachable(
    target: int | None, stages: tuple[Stage, ...], *edges: list[list[Edge]], through_replaced: bool = False
) -> frozenset[int]:
    """The stages that the target needs.

    Of a stage that a named context replaces nothing is built, nor is what it would have needed; but
    BuildKit still reads the stages that it would have copied from, and refuses what is wrong there.
    """
    waiting = [] if target is None else [target]
    found = set(waiting)
    while waiting:
        stage = stages[waiting.pop()]
        if stage.replaced and not through_replaced:
            continue
        taken = [edge.source.stage for group in edges for edge in group[stage.index]]
        for source in (stage.base.stage, *taken):
            if source is not None and source not in found:
                found.add(source)
                waiting.append(source)
    return frozenset(found)


def _in_cycles(below: Mapping[int, list[int]]) -> dict[int, int]:
    """The nodes that lie on a circle, each with the number of its strongly connected component.

    Tarjan's algorithm with a stack of its own: a chain of stages may be longer than Python's stack.
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    open_nodes: list[int] = []
    is_open: set[int] = set()
    found: dict[int, int] = {}
    for start in below:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        open_nodes.append(start)
        is_open.add(start)
        walk = [(start, iter(below[start]))]
        while walk:
            node, rest = walk[-1]
            following = next(rest, None)
            if following is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[node])
                if low[node] == order[node]:
                    component = [open_nodes.pop()]
                    while component[-1] != node:
                        component.append(open_nodes.pop())
                    is_open.difference_update(component)
                    if len(component) > 1 or node in below[node]:
                        found.update(dict.fromkeys(component, node))
            elif following not in order:
                order[following] = low[following] = len(order)
                open_nodes.append(following)
                is_open.add(following)
                walk.append((following, iter(below[following])))
            elif following in is_open:
                low[node] = min(low[node], order[following])
    return found
