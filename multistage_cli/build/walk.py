"""Walks one stage, instruction by instruction, and keeps the states."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.bases import looked_up, platform_of
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.copied_system import Shown
from multistage_cli.build.copy_attributes import owner_ids
from multistage_cli.build.copying import Copier
from multistage_cli.build.files import NOTHING, Files, Writer
from multistage_cli.build.initial import initial_state
from multistage_cli.build.instructions import read_copy, read_healthcheck, read_mounts
from multistage_cli.build.mounting import Mounted, target_of, with_mounts, without_mounts
from multistage_cli.build.places import destination_of, folder_of, read_port
from multistage_cli.build.scripts import run_changes
from multistage_cli.build.stages import BaseKind, EdgeKind, Graph, Source, SourceKind, Stage
from multistage_cli.build.state import Setting, State
from multistage_cli.build.steps import Copied, EvaluatedStage, Step
from multistage_cli.build.variables import (
    Scope,
    declare_argument,
    expand,
    expand_heredoc,
    expand_words,
    expands_flag,
    set_environment,
)
from multistage_cli.parser import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from multistage_cli.build.changes import Change
    from multistage_cli.facts.images import Lookup
    from multistage_cli.facts.online.session import Online
    from multistage_cli.parser import Heredoc, Instruction

_DIRECTORY_MODE = 0o755


class StageWalk:
    """Walks one stage; `state` is the state after what was walked so far."""

    def __init__(
        self,
        stage: Stage,
        graph: Graph,
        *,
        build_args: Mapping[str, str],
        escape: str,
        platform: str,
        stamps: Iterator[int],
        context: Shown | None,
        online: Online | None = None,
    ) -> None:
        self.stage = stage
        self.graph = graph
        self.build_args = build_args
        self.escape = escape
        self.platform = platform
        self.stamps = stamps
        self.context = context
        self.online = online
        self.index = 0
        self.refused: list[Problem] = []
        self.instruction = stage.head
        edges = graph.into(stage.index)
        self.edges = {id(edge.instruction): edge for edge in edges}
        self.mount_edges = [edge for edge in edges if edge.kind is EdgeKind.MOUNT]

    def writer(self, line: int) -> Writer:
        """The writer of the next command."""
        return Writer(next(self.stamps), self.stage.index, line, self.index)

    def walk(self, before: list[EvaluatedStage]) -> EvaluatedStage:
        """The stage with its states, given the stages before it."""
        stage = self.stage
        lookup: Lookup | None = None
        if stage.base.stage is not None:
            parent = before[stage.base.stage].final
            state = replace(parent, variables=parent.variables.inherit())
        else:
            reference = stage.base.reference
            if stage.base.kind in {BaseKind.IMAGE, BaseKind.SCRATCH} and reference is not UNKNOWN:
                lookup = looked_up(reference, platform_of(stage, self.platform), self.online)
            state = initial_state(stage.base.kind, lookup, self.platform)
            state = replace(
                state, variables=replace(state.variables, limit=self.graph.global_scope.scope.limit)
            )
        start = state
        steps: list[Step] = []
        triggers = len(stage.triggers)
        self.before = before
        for index, (instruction, line) in enumerate(stage.body()):
            self.index = index
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
            mounted, undo = self._mounted(instruction, line, before)
            changes, after = run_changes(
                instruction, mounted, line=line if fired else None, writer=self.writer
            )
            after = undo(after)
        elif instruction.name in {"COPY", "ADD"}:
            copied = self._copied(instruction, before)
            after = self._after_copy(instruction, copied, line, before)
        elif (reader := self.READERS.get(instruction.name)) is not None:
            after = reader(self, instruction, line, before)
        return Step(instruction, line, self.stage.index, before, after, changes, copied, fired)

    def _after_copy(self, instruction: Instruction, copied: Copied, line: int, before: State) -> State:
        read = read_copy(instruction)
        # What is refused about flags has been noted already.
        scope = before.variables.scope
        chown = None if read.chown is None else expand(read.chown, scope, escape=self.escape).value
        chmod = None if read.chmod is None else expand(read.chmod, scope, escape=self.escape).value
        edge = self.edges.get(id(instruction))
        source = self._source(edge.source if edge else None)
        after = Copier(
            before,
            copied,
            read,
            source,
            lambda: self.writer(line),
            owner=chown,
            mode=chmod,
            adds=instruction.name == "ADD",
        ).after()
        if copied.destination is not UNKNOWN and copied.destination.startswith("/etc/apt"):
            after = replace(after, apt_configured=True)
        return after

    def _source(self, source: Source | None) -> Shown | None:
        """What COPY --from and bind mounts read, None where nothing is known of it."""
        if source is None:
            return self.context
        if source.kind is SourceKind.STAGE and source.stage is not None:
            if source.stage >= len(self.before):
                return None  # refused: a stage that comes too late
            final = self.before[source.stage].final
            return Shown(final.files, final)
        if source.kind is SourceKind.IMAGE:
            lookup = looked_up(source.reference, self.platform, self.online)
            state = initial_state(BaseKind.IMAGE, lookup, self.platform)
            return Shown(state.files, state)
        return None

    def _mounted(
        self, instruction: Instruction, line: int, before: State
    ) -> tuple[State, Callable[[State], State]]:
        """The state that a RUN sees, and how its mounts come off again."""
        mounts = read_mounts(instruction)
        if not mounts or before.windows:
            return before, lambda after: after
        edges = iter(edge for edge in self.mount_edges if edge.instruction is instruction)
        scope, folder = before.variables.scope, before.working_directory.value
        agents = count()
        found: list[Mounted] = []
        for mount in mounts:
            edge = next(edges, None) if mount.from_ is not None else None
            files: Files | None = None
            path: Known[str] = "/"
            if mount.type == "tmpfs":
                files = Files.of(NOTHING)
            elif mount.type == "bind":
                shown = self._source(None if edge is None else edge.source)
                path = expand(mount.source or "/", scope, escape=self.escape).value
                files = None if shown is None or path is UNKNOWN else shown.files
            target = None if mount.target is None else expand(mount.target, scope, escape=self.escape).value
            place = target_of(mount, target, folder, next(agents) if mount.type == "ssh" else 0)
            found.append(Mounted(mount, place, files, "/" if path is UNKNOWN else path))

        def writer() -> Writer:
            return self.writer(line)

        return with_mounts(before, found, writer), lambda after: without_mounts(after, before, found, writer)

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
        folder = folder_of(word, state.working_directory.value)
        by = self.writer(line)
        files = state.files
        if folder is UNKNOWN or state.windows:
            files = files.doubt("/", by, removes=False, alters=False)
        else:
            # BuildKit makes it for the USER (dispatchWorkdir in dockerfile2llb/convert.go).
            uid, gid = owner_ids(state.accounts, state.user.value)
            files = files.make_directories(folder, by, Claim.YES, uid=uid, gid=gid, mode=_DIRECTORY_MODE)
        return replace(state, files=files, working_directory=Setting(folder, line))

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

    READERS: Mapping[str, Callable[[StageWalk, Instruction, int, State], State]] = {
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
