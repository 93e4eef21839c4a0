"""Walks every stage, instruction by instruction, as BuildKit would, and keeps the states.

Nothing is run: what an instruction leaves behind follows from its text, from the state before it, and from
what the facts know of base images and tools.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.initial import initial_state
from multistage_cli.build.instructions import problems, read_copy, read_healthcheck
from multistage_cli.build.places import destination_of, folder_of, from_root, read_port
from multistage_cli.build.scripts import run_changes
from multistage_cli.build.stages import BaseKind, Edge, EdgeKind, Graph, Source, Stage, build_graph
from multistage_cli.build.state import Setting, State
from multistage_cli.build.variables import (
    Scope,
    declare_argument,
    expand,
    expand_heredoc,
    expand_words,
    expands_flag,
    set_environment,
)
from multistage_cli.facts.images import Lookup, resolve
from multistage_cli.parser import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from multistage_cli.build.changes import Change
    from multistage_cli.build.context import BuildContext
    from multistage_cli.parser import Dockerfile, Heredoc, Instruction

LAYER_INSTRUCTIONS = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
"""What may add a layer; all else changes the image's configuration only."""

DEFAULT_PLATFORM = "linux/amd64"
"""The platform of the build where none is named, and the one that the facts are about."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What COPY or ADD puts where, expanded.

    Attributes:
        sources: paths in the build context or in the stage that it copies from, URLs for ADD; UNKNOWN
            where a variable has no value that follows from the file.
        destination: absolute; ends in a slash where it is a folder for sure.
        source: the stage, image or named context of `--from`, or None for the build context.
        heredocs: names and bodies of the files that are written in the Dockerfile itself.
    """

    sources: tuple[Known[str], ...]
    destination: Known[str]
    source: Source | None
    heredocs: tuple[tuple[str, Known[str]], ...] = ()

    @property
    def whole_context(self) -> bool:
        """Whether the whole build context is copied, as in `COPY . .`."""
        whole = {"", ".", "*"}
        return self.source is None and any(
            source is not UNKNOWN and source.strip("/").removeprefix("./") in whole for source in self.sources
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a stage, evaluated.

    Attributes:
        instruction: as parsed; for an ONBUILD trigger the one that fires.
        line: where it runs: its first line, or the line of FROM for a trigger.
        stage: the index of the stage.
        before: the state that it sees.
        after: the state that it leaves.
        changes: what the commands of a RUN leave behind, in order.
        copied: of COPY and ADD, else None.
        fired: whether it is an ONBUILD trigger of the parent stage.
    """

    instruction: Instruction
    line: int
    stage: int
    before: State
    after: State
    changes: tuple[Change, ...] = ()
    copied: Copied | None = None
    fired: bool = False

    @property
    def may_add_layer(self) -> bool:
        """Whether the instruction may add a layer with files."""
        return self.instruction.name in LAYER_INSTRUCTIONS


@dataclass(frozen=True, slots=True)
class EvaluatedStage:
    """A stage with its states.

    Attributes:
        stage: the stage.
        lookup: what the facts know of its base image; None where the base is a stage or a named context.
        start: the state before its first instruction.
        steps: its instructions in order, triggers first.
    """

    stage: Stage
    lookup: Lookup | None
    start: State
    steps: tuple[Step, ...]

    @property
    def final(self) -> State:
        """The state after the last instruction."""
        return self.steps[-1].after if self.steps else self.start

    def changes(self) -> Iterator[tuple[Step, Change]]:
        """What its commands leave behind, in order."""
        for step in self.steps:
            for change in step.changes:
                yield step, change


@dataclass(frozen=True, slots=True)
class Crossing:
    """An edge with its paths expanded: absolute in the stage where it starts and where it ends."""

    edge: Edge
    paths: tuple[str, ...]
    destination: str | None


@dataclass(frozen=True, slots=True)
class Build:
    """The evaluated build, which every room asks.

    Attributes:
        path: how to name the Dockerfile to people.
        dockerfile: as parsed.
        graph: stages and edges.
        stages: evaluated, in file order.
        crossings: the graph's edges with expanded paths.
        context: the build context, or None where there is none to look at.
        file: where the Dockerfile lies, or None for standard input.
        platform: the target platform.
        build_args: as given.
        build_contexts: as given, name to place.
        problems: what BuildKit refuses and warns of, by line.
    """

    path: str
    dockerfile: Dockerfile
    graph: Graph
    stages: tuple[EvaluatedStage, ...]
    crossings: tuple[Crossing, ...]
    context: BuildContext | None
    file: Path | None
    platform: str
    build_args: Mapping[str, str]
    build_contexts: Mapping[str, str]
    problems: tuple[Problem, ...]

    @property
    def target(self) -> EvaluatedStage | None:
        """The stage that is built; None for a file without stages."""
        return None if self.graph.target is None else self.stages[self.graph.target]

    @property
    def shipped(self) -> tuple[EvaluatedStage, ...]:
        """The stages whose layers are in the target's image: itself first, then its base stages."""
        if self.graph.target is None:
            return ()
        return tuple(self.stages[index] for index in self.graph.chain(self.graph.target))

    @property
    def needed(self) -> tuple[EvaluatedStage, ...]:
        """The stages that the target needs, in file order."""
        return tuple(entry for entry in self.stages if entry.stage.index in self.graph.needed)


def evaluate(
    dockerfile: Dockerfile,
    *,
    path: str = "Dockerfile",
    file: Path | None = None,
    target: str | None = None,
    build_args: Mapping[str, str] | None = None,
    build_contexts: Mapping[str, str] | None = None,
    platform: str = DEFAULT_PLATFORM,
    context: BuildContext | None = None,
) -> Build:
    """Evaluate the build of a Dockerfile.

    Args:
        dockerfile: as parsed.
        path: how to name the file to people.
        file: where it lies, or None for standard input.
        target: name or index of the stage to build; the last one where None.
        build_args: of `--build-arg`.
        build_contexts: of `--build-context`.
        platform: the target platform.
        context: the build context, or None where there is none to look at.

    Raises:
        MultistageError: no stage is called `target`.
    """
    arguments = build_args or {}
    graph = build_graph(
        dockerfile, target=target, build_args=arguments, build_contexts=build_contexts, platform=platform
    )
    found: list[EvaluatedStage] = []
    refused: list[Problem] = []
    for stage in graph.stages:
        walk = _StageWalk(stage, graph, arguments, dockerfile.escape, platform)
        found.append(walk.walk(found))
        if stage.index in graph.needed:  # BuildKit expands nothing in a stage that it does not build
            refused.extend(walk.refused)
    all_problems = [*dockerfile.problems, *problems(dockerfile), *graph.problems, *refused]
    return Build(
        path=path,
        dockerfile=dockerfile,
        graph=graph,
        stages=tuple(found),
        crossings=tuple(_crossings(graph, found)),
        context=context,
        file=file,
        platform=platform,
        build_args=arguments,
        build_contexts=build_contexts or {},
        problems=tuple(sorted(all_problems, key=lambda problem: problem.span.first)),
    )


class _StageWalk:
    """Walks one stage; `state` is the state after what was walked so far."""

    def __init__(
        self, stage: Stage, graph: Graph, build_args: Mapping[str, str], escape: str, platform: str
    ) -> None:
        self.stage = stage
        self.graph = graph
        self.build_args = build_args
        self.escape = escape
        self.platform = platform
        self.refused: list[Problem] = []
        self.instruction = stage.head
        self.edges = {id(edge.instruction): edge for edge in graph.into(stage.index)}

    def walk(self, before: list[EvaluatedStage]) -> EvaluatedStage:
        stage = self.stage
        lookup: Lookup | None = None
        if stage.base.stage is not None:
            parent = before[stage.base.stage].final
            state = replace(parent, variables=parent.variables.inherit())
        else:
            reference = stage.base.reference
            if stage.base.kind in {BaseKind.IMAGE, BaseKind.SCRATCH} and reference is not UNKNOWN:
                lookup = resolve(reference)
            state = initial_state(stage.base.kind, lookup, self.platform)
            state = replace(
                state, variables=replace(state.variables, limit=self.graph.global_scope.scope.limit)
            )
        start = state
        steps: list[Step] = []
        triggers = len(stage.triggers)
        for index, (instruction, line) in enumerate(stage.body()):
            step = self._step(instruction, line, state, fired=index < triggers)
            steps.append(step)
            state = step.after
        return EvaluatedStage(stage, lookup, start, tuple(steps))

    def _step(self, instruction: Instruction, line: int, before: State, *, fired: bool) -> Step:
        changes: tuple[Change, ...] = ()
        copied: Copied | None = None
        after = before
        self.instruction = instruction
        for flag in instruction.flags:
            if flag.value is not None and expands_flag(instruction.name, flag.name):
                self._expand(flag.value, before)
        if instruction.name == "RUN":
            changes, after = run_changes(instruction, before, line=line if fired else None)
        elif instruction.name in {"COPY", "ADD"}:
            copied = self._copied(instruction, before)
            if copied.destination is not UNKNOWN and copied.destination.startswith("/etc/apt"):
                after = replace(before, apt_configured=True)
        elif (reader := self.READERS.get(instruction.name)) is not None:
            after = reader(self, instruction, line, before)
        return Step(instruction, line, self.stage.index, before, after, changes, copied, fired)

    # Expansion.

    def _expand(self, word: str, state: State) -> Known[str]:
        expansion = expand(word, state.variables.scope, escape=self.escape)
        self._note(expansion.error)
        return expansion.value

    def _note(self, error: str | None) -> None:
        """Keep why BuildKit refuses the instruction, where it does."""
        if error is not None:
            instruction = self.instruction
            self.refused.append(
                Problem(ProblemKind.REFUSED, instruction.span, f"{instruction.name}: {error}")
            )

    def _copied(self, instruction: Instruction, state: State) -> Copied:
        read = read_copy(instruction)
        edge = self.edges.get(id(instruction))
        scope = state.variables.scope
        raw_destination = self._expand(read.destination, state)
        return Copied(
            sources=tuple(self._expand(source, state) for source in read.sources),
            destination=destination_of(raw_destination, state.working_directory.value),
            source=edge.source if edge else None,
            heredocs=tuple(
                (heredoc.name, self._heredoc_body(heredoc, scope)) for heredoc in instruction.heredocs
            ),
        )

    def _heredoc_body(self, heredoc: Heredoc, scope: Scope) -> Known[str]:
        if not heredoc.expand:
            return heredoc.body
        expansion = expand_heredoc(heredoc.body, scope)
        self._note(expansion.error)
        return expansion.value

    # Instructions that change the configuration.

    def _argument(self, instruction: Instruction, line: int, state: State) -> State:
        variables = state.variables
        for pair in instruction.pairs:
            variables, declaration = declare_argument(
                variables, pair, self.graph.global_scope, self.build_args, escape=self.escape
            )
            self._note(declaration.error)
        return replace(state, variables=variables)

    def _environment(self, instruction: Instruction, line: int, state: State) -> State:
        variables, pairs = set_environment(state.variables, instruction.pairs, escape=self.escape)
        for pair in pairs:
            self._note(pair.error)
        return replace(state, variables=variables)

    def _working_directory(self, instruction: Instruction, line: int, state: State) -> State:
        word = self._expand(instruction.text.strip(), state)
        return replace(state, working_directory=Setting(folder_of(word, state.working_directory.value), line))

    def _user(self, instruction: Instruction, line: int, state: State) -> State:
        return replace(state, user=Setting(self._expand(instruction.text.strip(), state), line))

    def _shell(self, instruction: Instruction, line: int, state: State) -> State:
        return replace(state, shell=Setting(instruction.words, line)) if instruction.json_form else state

    def _command(self, instruction: Instruction, line: int, state: State) -> State:
        return replace(state, command=Setting(_exec_words(instruction, state), line))

    def _entrypoint(self, instruction: Instruction, line: int, state: State) -> State:
        # An ENTRYPOINT throws away the CMD that the stage inherited, not one of its own.
        own = state.command.line is not None and state.command.line >= self.stage.head.span.first
        return replace(
            state,
            entrypoint=Setting(_exec_words(instruction, state), line),
            command=state.command if own else Setting((), line),
        )

    def _healthcheck(self, instruction: Instruction, line: int, state: State) -> State:
        return replace(state, healthcheck=Setting(read_healthcheck(instruction), line))

    def _stop_signal(self, instruction: Instruction, line: int, state: State) -> State:
        return replace(state, stop_signal=Setting(self._expand(instruction.text.strip(), state), line))

    def _expose(self, instruction: Instruction, line: int, state: State) -> State:
        exposed, known = state.exposed, state.ports_known
        for word in instruction.words:
            values, expansion = expand_words(word, state.variables.scope, escape=self.escape)
            self._note(expansion.error)
            for value in () if values is UNKNOWN else values:
                port = read_port(value, line)
                known = known and port is not None
                if port is not None and port.text not in exposed:
                    exposed = exposed.put(port.text, port)
            known = known and values is not UNKNOWN
        return replace(state, exposed=exposed, ports_known=known)

    def _volume(self, instruction: Instruction, line: int, state: State) -> State:
        volumes = state.volumes
        for word in instruction.words:
            value = self._expand(word, state)
            if value is not UNKNOWN:
                volumes = volumes.put(value, line)
        return replace(state, volumes=volumes)

    def _label(self, instruction: Instruction, line: int, state: State) -> State:
        labels = state.labels
        for pair in instruction.pairs:
            name = self._expand(pair.name, state)
            if name is not UNKNOWN:
                labels = labels.put(name, Setting(self._expand(pair.value or "", state), line))
        return replace(state, labels=labels)

    READERS: Mapping[str, Callable[[_StageWalk, Instruction, int, State], State]] = {
        "ARG": _argument,
        "CMD": _command,
        "ENTRYPOINT": _entrypoint,
        "ENV": _environment,
        "EXPOSE": _expose,
        "HEALTHCHECK": _healthcheck,
        "LABEL": _label,
        "SHELL": _shell,
        "STOPSIGNAL": _stop_signal,
        "USER": _user,
        "VOLUME": _volume,
        "WORKDIR": _working_directory,
    }


def _exec_words(instruction: Instruction, state: State) -> Known[tuple[str, ...]]:
    """What the configuration holds: a shell form with its shell in front."""
    if instruction.json_form:
        return instruction.words
    shell = state.shell.value
    return UNKNOWN if shell is UNKNOWN else (*shell, instruction.text)


def _crossings(graph: Graph, stages: list[EvaluatedStage]) -> Iterator[Crossing]:
    # An ONBUILD trigger may fire in several stages: the instruction alone does not name the step.
    steps = {(step.stage, id(step.instruction)): step for entry in stages for step in entry.steps}
    for edge in graph.edges:
        step = steps.get((edge.to, id(edge.instruction)))
        if edge.kind is EdgeKind.COPY and step is not None and step.copied is not None:
            paths = tuple(
                written if value is UNKNOWN else from_root(value)
                for written, value in zip(edge.paths, step.copied.sources, strict=True)
            )
            destination = step.copied.destination
            yield Crossing(edge, paths, edge.destination if destination is UNKNOWN else destination)
        else:
            yield Crossing(edge, edge.paths, edge.destination)
