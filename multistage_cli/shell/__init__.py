"""A RUN script -> simple commands with their words, and whether each of them surely runs.

Built on tree-sitter's bash grammar, which also reads what people write for sh and ash, and never fails on
bad input. Nothing is executed, and nothing is expanded here: a word keeps its parts.

What `eval` gets as a word and what `.` or `source` reads is not looked into: it is taken to end neither the
shell nor `set -e`, unless the word itself says `exit` or `set`.
"""

from __future__ import annotations

from multistage_cli.shell.model import Command, Opaque, Piped, Redirect, Runs, Script, Variable, Word
from multistage_cli.shell.options import shell_options
from multistage_cli.shell.reader import read_script

__all__ = [
    "Command",
    "Opaque",
    "Piped",
    "Redirect",
    "Runs",
    "Script",
    "Variable",
    "Word",
    "commands",
    "shell_options",
]


def commands(script: str, *, pipefail: bool = False, errexit: bool = False) -> Script:
    """Read a shell script.

    Args:
        script: the text that the shell gets.
        pipefail: whether the shell was started with `-o pipefail`.
        errexit: whether the shell was started with `-e`.
    """
    return read_script(script, pipefail=pipefail, errexit=errexit)
