"""What a container starts: the programs that ENTRYPOINT, CMD and HEALTHCHECK cannot do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.wrappers import is_posix, nested_script, unwrap
from multistage_cli.shell import Runs, commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.state import State
    from multistage_cli.shell import Command

Words = tuple[Known[str], ...]


class Started(Struct, frozen=True):
    """A program whose failure is the failure of what names it.

    Attributes:
        entry: the stage in which the instruction stands: the target or one that it starts from.
        step: ENTRYPOINT, CMD or HEALTHCHECK.
        words: the program and its arguments, without `exec`, `env` and the like; UNKNOWN where only the
            running container tells.
        by_shell: whether a shell looks for it and reads its words.
        plain: whether it is all that runs: no other command stands beside it.
        writes: files that its output goes to by `>` or `>>`.
    """

    entry: EvaluatedStage
    step: Step
    words: Words
    by_shell: bool = False
    plain: bool = True
    writes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The instruction's name."""
        return self.step.instruction.name

    @property
    def program(self) -> Known[str]:
        """The program's name or path."""
        return self.words[0] if self.words else UNKNOWN

    @property
    def name(self) -> str:
        """The program's name without its folder; empty where it is unknown."""
        return "" if self.program is UNKNOWN else self.program.rsplit("/", 1)[-1]


def started(build: Build, entry: EvaluatedStage) -> tuple[Started, ...]:
    """What containers of a stage's image start, as far as the Dockerfile says so itself."""
    state = entry.final
    if state.windows:
        return ()
    return (*_main(build, entry, state), *_health(build, entry, state))


def instruction_of(
    build: Build, entry: EvaluatedStage, name: str, line: int | None
) -> tuple[EvaluatedStage, Step] | None:
    """The instruction that set a value which a stage has, in it or in one that it starts from."""
    if line is None:
        return None
    for index in build.graph.chain(entry.stage.index):
        owner = build.stages[index]
        for step in reversed(owner.steps):
            if step.instruction.name == name and step.line == line:
                return owner, step
    return None


def _main(build: Build, entry: EvaluatedStage, state: State) -> Iterator[Started]:
    entrypoint, command = state.entrypoint.value, state.command.value
    if entrypoint is UNKNOWN:
        return
    start = instruction_of(build, entry, "ENTRYPOINT", state.entrypoint.line)
    arguments = instruction_of(build, entry, "CMD", state.command.line)
    extra: tuple[str, ...] = () if command is UNKNOWN or arguments is None else command
    if not entrypoint:
        if arguments is not None:
            yield from _of_instruction(*arguments, extra, state)
        return
    if start is None:
        return
    owner, step = start
    if not step.instruction.json_form:
        yield from _of_instruction(owner, step, entrypoint, state)
        return
    yield from _of_instruction(
        owner, step, (*entrypoint, *extra), state, named=len(entrypoint), arguments=arguments
    )


def _of_instruction(
    owner: EvaluatedStage,
    step: Step,
    words: tuple[str, ...],
    state: State,
    *,
    named: int | None = None,
    arguments: tuple[EvaluatedStage, Step] | None = None,
) -> Iterator[Started]:
    """The programs that words start; those behind the first `named` stand in the other instruction."""
    known = {name: value for name, value in state.environment.items() if value is not UNKNOWN}
    if not words:
        return
    if not step.instruction.json_form and is_posix(words):
        yield Started(owner, step, (words[0],))
        yield from _script(Started(owner, step, ()), words[-1], words[1:-1], known)
        return
    first = Started(owner, step, tuple(words))
    yield from _program(first, known)
    name = first.name
    if name in _INITS:
        at = _after_options(words, _INITS[name])
        if at < len(words):
            place = (owner, step) if named is None or at < named or arguments is None else arguments
            yield from _program(Started(*place, tuple(words[at:])), known)


_INITS: Final = {"tini": "-p -e", "dumb-init": "-r --rewrite", "catatonit": "", "docker-init": "-p -e"}
"""Programs that start the rest of their words and reap its children: their options that take a value."""


def _after_options(words: tuple[str, ...], with_value: str) -> int:
    at = 1
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return at + 1
        at += 2 if words[at] in with_value.split() else 1
    return at


def _health(build: Build, entry: EvaluatedStage, state: State) -> Iterator[Started]:
    check = state.healthcheck.value
    place = instruction_of(build, entry, "HEALTHCHECK", state.healthcheck.line)
    shell = state.shell.value
    if check is UNKNOWN or check is None or place is None or shell is UNKNOWN or not check.words:
        return
    known = {name: value for name, value in state.environment.items() if value is not UNKNOWN}
    first = Started(*place, check.words)
    if check.json_form:
        yield from _program(first, known)
    else:
        yield replace(first, words=shell[:1])
        if is_posix(shell):
            yield from _script(first, check.words[0], shell[1:], known)


def _program(first: Started, known: Mapping[str, str]) -> Iterator[Started]:
    words, known, _ = unwrap(first.words, known, "")
    if not words:
        return
    first = replace(first, words=words)
    yield first
    nested = nested_script(first.name, words)
    if nested is not None:
        flags, text = nested
        yield from _script(first, text, tuple(flags), known)


def _script(
    first: Started, text: str, options: tuple[str, ...], known: Mapping[str, str]
) -> Iterator[Started]:
    errexit, pipefail = shell_options(options)
    script = commands(text, pipefail=pipefail, errexit=errexit)
    if script.broken:
        return
    seen = {name: value for name, value in known.items() if name not in script.assigned}
    sure = [
        command
        for command in script.commands
        if command.runs is Runs.ALWAYS and command.checked and command.words
    ]
    moved = any(command.name in {"cd", "pushd", ".", "source"} for command in script.commands)
    for command in sure:
        if command.name in script.functions or command.assignments:
            continue
        words: Words = tuple(_value(word.resolve(seen)) for word in command.words)
        words, environment, _ = unwrap(words, seen, "")
        if not words or words[0] is UNKNOWN or words[0] in BUILT_IN:
            continue
        if "/" in words[0] and moved and not words[0].startswith("/"):
            continue
        yield replace(
            first,
            words=words,
            by_shell=True,
            plain=len(script.commands) == 1,
            writes=() if moved else _written(command, environment),
        )


def _value(text: str | None) -> Known[str]:
    return UNKNOWN if text is None else text


def _written(command: Command, known: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for redirect in command.redirects:
        target = None if redirect.target is None else redirect.target.resolve(known)
        if redirect.operator in {">", ">>", ">|", "&>", "&>>"} and target is not None:
            found.append(target)
    return tuple(found)


BUILT_IN: Final = frozenset({
    "!", ".", ":", "[", "[[", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue", "declare",
    "do", "done", "echo", "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi",
    "for", "function", "getopts", "hash", "help", "if", "jobs", "kill", "let", "local", "printf", "pwd", "read",
    "readonly", "return", "set", "shift", "source", "test", "then", "time", "times", "trap", "true", "type",
    "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while", "{", "}",
})  # fmt: skip
"""What a shell finds without a file."""
