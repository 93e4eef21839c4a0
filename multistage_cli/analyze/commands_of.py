"""The commands that RUN instructions run, each with its words, its place and what it changes.

Triggers of ONBUILD are read where they stand, whether a stage of the same file fires them or not: rules that
ask here leave out the steps that are fired.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.analyze.findings import Edit
from multistage_cli.analyze.rule import Asked, Match
from multistage_cli.analyze.scripts_of import ShellScript, scripts_of
from multistage_cli.analyze.triggers import triggers_of
from multistage_cli.build.changes import IndexRefresh, Installation
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files import Writer
from multistage_cli.build.instructions import read_mounts
from multistage_cli.build.scripts import run_changes
from multistage_cli.build.wrappers import nested_script, unwrap
from multistage_cli.parser import Position, Span
from multistage_cli.shell import Piped, commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.variables import Variables
    from multistage_cli.parser import Instruction
    from multistage_cli.shell import Command

_MAX_NESTING = 8
_LOOKED_AHEAD = 200


class Invocation(Struct, frozen=True):
    """One simple command.

    Attributes:
        name: of the program, without its folder; `pip` for `python -m pip`.
        words: its arguments, UNKNOWN where they do not follow from the file.
        position: where the command starts in the Dockerfile.
        outer: the name that was written, where that is another one: `sudo`, `env`, `python3`.
        command: as the shell read it; None in exec form.
        script: where that stands; None in exec form.
        nested: whether it stands in the text of `sh -c`, so that `position` is only that command's.
        fed: the name of the command whose output it reads through a pipe, else an empty string.
    """

    name: str
    words: tuple[Known[str], ...]
    position: Position
    outer: str
    command: Command | None
    script: ShellScript | None
    nested: bool
    fed: str = ""

    @property
    def known(self) -> tuple[str, ...]:
        """The arguments that follow from the file."""
        return tuple(word for word in self.words if word is not UNKNOWN)

    @property
    def is_plain(self) -> bool:
        """Whether all its words follow from the file."""
        return UNKNOWN not in self.words

    @property
    def action(self) -> str:
        """The first argument that is no option, as in `apt-get -y install`; an empty string without one."""
        return next((word for word in self.known if not word.startswith("-")), "")


Installed = tuple[Installation | IndexRefresh, Invocation | None]


class Run(Struct, frozen=True):
    """A RUN, or one behind ONBUILD.

    Attributes:
        entry: the stage in which it stands.
        step: the instruction with what it changes.
        trigger: whether it stands behind ONBUILD.
        commands: in their order.
        installed: the installations and refreshed package lists among the changes, each with its command.
    """

    entry: EvaluatedStage
    step: Step
    trigger: bool
    commands: tuple[Invocation, ...]
    installed: tuple[Installed, ...]

    @property
    def line(self) -> int:
        """Its first line."""
        return self.step.instruction.span.first

    def match(self, place: Invocation | int, message: str, **others: Any) -> Match:
        """A finding at a command, or on a line."""
        if isinstance(place, int):
            return Match(Span(place, place), message, **others)
        return Match.at(place.position, message, **others)

    def mounts(self, kind: str) -> bool:
        """Whether it has a mount of that type."""
        return any(mount.type == kind for mount in read_mounts(self.step.instruction))


def ships(asked: Asked, build: Build, run: Run) -> bool:
    """Whether what a RUN leaves is in the image of a target; a trigger's is where a stage fires it."""
    if asked.ships(run.entry):
        return True
    index = run.entry.stage.index
    return run.trigger and any(
        stage.base.stage == index and stage.index in asked.shipped for stage in build.graph.stages
    )


class _Read:
    """One build, read as far as rules have asked."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.triggers = triggers_of(build)
        self.lines = tuple(build.dockerfile.lines)
        self.runs: tuple[Run, ...] | None = None


class _Memory:
    """What was read last: some forty rules ask for the commands of the same build, one after the other."""

    def __init__(self) -> None:
        self.last: _Read | None = None

    def read(self, build: Build) -> _Read:
        last = self.last
        if last is None or last.build is not build:
            last = self.last = _Read(build)
        return last


_MEMORY = _Memory()


def runs_of(build: Build) -> tuple[Run, ...]:
    """Every RUN of a build, in file order."""
    read = _MEMORY.read(build)
    if read.runs is None:
        read.runs = tuple(_runs(build))
    return read.runs


def with_word(
    build: Build, command: Invocation, word: str, *, replaced: str | None = None, added: str = ""
) -> tuple[Edit, ...]:
    """How to write another word for one of a command's, or one more behind it.

    Args:
        build: the build.
        command: where.
        word: a word of the command as it is written.
        replaced: what to write instead; None to leave it.
        added: what to write behind it.

    Returns:
        One edit; none where the word is not written plainly on one line.
    """
    if command.command is None or command.script is None or command.nested:
        return ()
    found = next((entry for entry in command.command.words if entry.text == word), None)
    if found is None:
        return ()
    place = command.script.position_at(found.offset)
    line = _MEMORY.read(build).lines[place.line - 1]
    start, end = place.column - 1, place.column - 1 + len(word)
    if line[start:end] != word or line[end : end + 1] not in {"", " "}:
        return ()
    text = f"{line[:start]}{word if replaced is None else replaced}{added and f' {added}'}{line[end:]}"
    return (Edit(place.line, place.line, text),)


def written_steps(build: Build, entry: EvaluatedStage) -> Iterator[tuple[Step, bool]]:
    """The steps that stand in a stage, triggers behind ONBUILD among them (True); none that are fired.

    A trigger has the states that it finds in a stage that starts from this one.
    """
    triggers = iter(_MEMORY.read(build).triggers.get(entry.stage.index, ()))
    for step in entry.steps:
        if step.fired:
            continue
        if step.instruction.trigger is None:
            yield step, False
        else:
            yield next(triggers), True


def _runs(build: Build) -> Iterator[Run]:
    stamps = count(1)
    for entry in build.stages:
        for written, trigger in written_steps(build, entry):
            step = written
            if step.instruction.name != "RUN":
                continue
            if trigger:
                # For the line of each command: what is fired has the line of FROM.
                writer = _writers(step, stamps)
                changes, after = run_changes(step.instruction, step.before, line=None, writer=writer)
                step = replace(step, changes=changes, after=after)
            found = tuple(_commands(step))
            yield Run(entry, step, trigger, found, tuple(_installed(step, found)))


def _writers(step: Step, stamps: Iterator[int]) -> Callable[[int], Writer]:
    return lambda line: Writer(next(stamps), step.stage, line, 0)


class _Values(Mapping[str, str]):
    """The variables of a state whose value is known, but for those that a script sets itself."""

    def __init__(self, variables: Variables, hidden: frozenset[str]) -> None:
        self.variables = variables
        self.hidden = hidden

    def __getitem__(self, name: str) -> str:
        value = None if name in self.hidden else self.variables.known(name)
        if value is None or value is UNKNOWN:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.variables.names() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _commands(step: Step) -> Iterator[Invocation]:
    instruction = step.instruction
    if not instruction.json_form:
        for script in scripts_of(step):
            yield from _in_script(script, step, nested=False, depth=0)
    elif instruction.words:
        where = _Where(instruction.position(0), None, None, nested=False)
        yield from _invoked(instruction.words, where, step, 0)


class _Where(Struct, frozen=True):
    """Where a command was met; see Invocation."""

    position: Position
    command: Command | None
    script: ShellScript | None
    nested: bool
    fed: str = ""


def _in_script(script: ShellScript, step: Step, *, nested: bool, depth: int) -> Iterator[Invocation]:
    errexit, pipefail = shell_options(script.shell[1:])
    read = commands(script.text, pipefail=pipefail, errexit=errexit)
    if read.broken and "<<" in script.text:
        return  # what looks like a command may be the text of a here-document
    values = _Values(step.before.variables, read.assigned)
    before: Command | None = None
    for command in read.commands:
        words = tuple(_value(word.resolve(values)) for word in command.words)
        if words and not (words[0] is not UNKNOWN and words[0] in read.functions):
            fed = "" if before is None or before.piped is Piped.NO else before.name
            where = _Where(script.position_at(command.offset), command, script, nested, fed)
            yield from _invoked(words, where, step, depth)
        before = command


def _value(text: str | None) -> Known[str]:
    return UNKNOWN if text is None else text


def _invoked(written: tuple[Known[str], ...], where: _Where, step: Step, depth: int) -> Iterator[Invocation]:
    words, _, _ = unwrap(written, {}, step.before.user.value)
    first = written[0]
    outer = "" if first is UNKNOWN else first.rsplit("/", 1)[-1]
    asks = outer == "command" and written[1:2] in {
        ("-v",),
        ("-V",),
    }  # where a program is, and does not run it
    if asks or not words or words[0] is UNKNOWN:
        if outer:
            yield _invocation(outer, written[1:], where, "")
        return
    name = words[0].rsplit("/", 1)[-1]
    inner = nested_script(name, words)
    if inner is not None and depth < _MAX_NESTING:
        flags, text = inner
        script = ShellScript(text, (name, *flags), lambda _: where.position)
        yield from _in_script(script, step, nested=True, depth=depth + 1)
        return
    arguments = words[1:]
    if name.startswith("python") and arguments[:2] in {("-m", "pip"), ("-m", "pip3")}:
        name, arguments = "pip", arguments[2:]
    yield _invocation(name, arguments, where, "" if outer == name else outer)


def _invocation(name: str, words: tuple[Known[str], ...], where: _Where, outer: str) -> Invocation:
    return Invocation(
        name, words, where.position, outer, where.command, where.script, where.nested, where.fed
    )


_PROGRAMS = {
    "apk": ("apk",),
    "apt": ("apt-get", "apt", "aptitude"),
    "bundler": ("bundle", "bundler"),
    "dnf": ("dnf", "dnf5", "yum", "microdnf", "tdnf"),
    "yarn": ("yarn", "yarnpkg"),
}


def _installed(step: Step, found: tuple[Invocation, ...]) -> Iterator[Installed]:
    """Pair changes and commands: both come in the order of the script."""
    start = 0
    for change in step.changes:
        if not isinstance(change, Installation | IndexRefresh):
            continue
        programs = _PROGRAMS.get(change.manager, (change.manager, f"{change.manager}3"))
        wanted = change.packages if isinstance(change, Installation) else ()
        for index in range(start, min(start + _LOOKED_AHEAD, len(found))):
            command = found[index]
            if command.position.line == change.line and _fits(command, programs, wanted, change):
                start = index + 1
                yield change, command
                break
        else:
            yield change, None


def _fits(
    command: Invocation,
    programs: tuple[str, ...],
    packages: tuple[str, ...],
    change: Installation | IndexRefresh,
) -> bool:
    if command.name not in programs:
        return False
    if isinstance(change, IndexRefresh):
        return command.action in {"update", "makecache", "refresh", "ref", "check-update"}
    known = set(command.known)
    return (known.issuperset(packages) and not known.isdisjoint(_INSTALLING)) or not command.words


_INSTALLING = frozenset({
    "add", "build-dep", "ci", "clean-install", "dist-upgrade", "distro-sync", "download", "dup", "fetch", "focus",
    "full-upgrade", "get", "global", "group", "groupinstall", "i", "in", "install", "install-clean",
    "localinstall", "mod", "module", "reinstall", "sync", "up", "update", "upgrade", "wheel",
})  # fmt: skip


def of_instructions(build: Build, *names: str) -> Iterator[tuple[EvaluatedStage, Step, Instruction]]:
    """The instructions of some names that stand in the stages, those behind ONBUILD too."""
    for entry in build.stages:
        for step, _ in written_steps(build, entry):
            if step.instruction.name in names:
                yield entry, step, step.instruction
