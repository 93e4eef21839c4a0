"""The shell script of a RUN instruction, for rules about what a shell forgets or does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.wrappers import interpreter, is_posix
from multistage_cli.shell import commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.evaluate import Step
    from multistage_cli.shell import Script


@dataclass(frozen=True, slots=True)
class RunScript:
    """A script and where it stands.

    Attributes:
        text: as the shell gets it.
        script: as read.
        line_of: from an offset in the text to the line on disk.
    """

    text: str
    script: Script
    line_of: Callable[[int], int]


def run_script(step: Step) -> RunScript | None:
    """The script of a RUN in shell form; None for any other instruction, and for other shells than POSIX ones."""
    instruction = step.instruction
    shell = step.before.shell.value
    if instruction.name != "RUN" or instruction.json_form or shell is UNKNOWN or not is_posix(shell):
        return None
    options = shell[1:]
    heredocs = instruction.heredocs
    first = step.line if step.fired else None
    if len(heredocs) == 1 and instruction.text.strip().lstrip("<-").strip("'\"") == heredocs[0].name:
        body, start = heredocs[0].body, heredocs[0].span.first
        if body.startswith("#!"):
            named = interpreter(body)
            if not is_posix(named):
                return None
            options = named[1:]

        def line_in_body(offset: int) -> int:
            return first or start + body.count("\n", 0, offset)

        errexit, pipefail = shell_options(options)
        return RunScript(body, commands(body, pipefail=pipefail, errexit=errexit), line_in_body)
    if heredocs:
        return None

    def line_in_text(offset: int) -> int:
        return first or instruction.position(offset).line

    errexit, pipefail = shell_options(options)
    text = instruction.text
    return RunScript(text, commands(text, pipefail=pipefail, errexit=errexit), line_in_text)
