"""The shell scripts that an instruction holds, and where each of their characters stands on disk."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_healthcheck
from multistage_cli.build.wrappers import interpreter, is_posix, nested_script
from multistage_cli.parser import Position
from multistage_cli.shell import commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.evaluate import Step
    from multistage_cli.parser import Heredoc, Instruction
    from multistage_cli.shell import Script


class ShellScript(Struct, frozen=True):
    """A script of a POSIX shell.

    Attributes:
        text: as the shell gets it.
        shell: the words in front of it, such as `("/bin/sh", "-c")`.
        position_at: where a character of `text` stands in the Dockerfile.
    """

    text: str
    shell: tuple[str, ...]
    position_at: Callable[[int], Position]


def scripts_of(step: Step) -> Iterator[ShellScript]:
    """The script of a RUN, CMD, ENTRYPOINT or HEALTHCHECK, in shell form or as `["sh", "-c", "..."]`.

    None where another shell or interpreter reads it, or nobody knows which.
    """
    instruction = step.instruction
    if instruction.name not in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"}:
        return
    words, offset = instruction.words, 0
    if instruction.name == "HEALTHCHECK":
        check = read_healthcheck(instruction)
        if check is None:
            return
        words, offset = check.words, check.offset
    if instruction.json_form:
        yield from _exec_form(instruction, words)
        return
    shell = step.before.shell.value
    if shell is UNKNOWN or not is_posix(shell):
        return
    if instruction.name == "RUN" and instruction.heredocs:
        yield from _with_heredocs(instruction, shell)
        return
    text = instruction.text[offset:]
    yield ShellScript(text, shell, lambda place: instruction.position(place + offset))


def scripts_named(step: Step, *names: str) -> Iterator[tuple[ShellScript, Script]]:
    """The scripts of a step with their commands; none where it is another instruction than those named."""
    if step.instruction.name not in names:
        return
    for text in scripts_of(step):
        errexit, pipefail = shell_options(text.shell[1:])
        yield text, commands(text.text, pipefail=pipefail, errexit=errexit)


def _exec_form(instruction: Instruction, words: tuple[str, ...]) -> Iterator[ShellScript]:
    if not words:
        return
    name = words[0].rsplit("/", 1)[-1]
    found = nested_script(name, words)
    if found is None:
        return
    flags, text = found
    # As long as JSON escapes nothing in it, the script stands there as it is.
    start = instruction.text.find(text)
    if start >= 0:
        yield ShellScript(text, (words[0], *flags), lambda place: instruction.position(start + place))
    else:
        yield ShellScript(text, (words[0], *flags), lambda _: instruction.position(0))


def _with_heredocs(instruction: Instruction, shell: tuple[str, ...]) -> Iterator[ShellScript]:
    heredocs = instruction.heredocs
    first = heredocs[0]
    text = instruction.text.strip()
    opening = text.removeprefix("<<").removeprefix("-").strip()
    if (
        len(heredocs) == 1
        and text.startswith("<<")
        and opening in {first.name, f'"{first.name}"', f"'{first.name}'"}
    ):
        # BuildKit runs the body of a lone here-document as the script, or as a program where it starts
        # with `#!` (dispatchRun in dockerfile2llb/convert.go).
        named = interpreter(first.body) if first.body.startswith("#!") else shell
        if is_posix(named):
            yield ShellScript(first.body, named, _in_heredoc(instruction, first))
        return
    script = instruction.text + "".join(f"\n{entry.body}{entry.name}" for entry in heredocs)
    length = len(instruction.text)
    lines = _line_starts(script)

    def position_at(offset: int) -> Position:
        if offset <= length:
            return instruction.position(offset)
        return Position(first.span.first + _line_of(lines, offset) - _line_of(lines, length + 1), 1)

    yield ShellScript(script, shell, position_at)


def _in_heredoc(instruction: Instruction, heredoc: Heredoc) -> Callable[[int], Position]:
    lines = _line_starts(heredoc.body)
    raw = instruction.raw.split("\n")

    def position_at(offset: int) -> Position:
        index = _line_of(lines, offset)
        line = heredoc.span.first + index
        column = offset - lines[index] + 1
        if heredoc.chomp:
            text = raw[min(line - instruction.span.first, len(raw) - 1)]
            column += len(text) - len(text.lstrip("\t"))
        return Position(line, column)

    return position_at


def _line_starts(text: str) -> list[int]:
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts


def _line_of(starts: list[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1
