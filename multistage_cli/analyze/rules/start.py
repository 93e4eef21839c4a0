"""How the container starts: CMD and ENTRYPOINT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Instruction


@rule("MS501", "shell-form-command", Severity.WARNING, aliases=("JSONArgsRecommended", "DL3025"))
def shell_form_command(build: Build) -> Iterator[Match]:
    """CMD or ENTRYPOINT without JSON brackets.

    Docker then starts a shell that starts the program. SIGTERM reaches the shell, which may not pass it on, so
    `docker stop` waits ten seconds and kills; arguments of `docker run` do not reach an ENTRYPOINT in this form.
    Where SHELL is set, it is taken as wanted.

    Bad, found on line 2:
        FROM alpine:3.22
        CMD sleep 60

    Good:
        FROM alpine:3.22
        CMD ["sleep", "60"]

    Good:
        FROM alpine:3.22
        SHELL ["/bin/sh", "-euc"]
        CMD exec sleep "${SECONDS_TO_SLEEP:-60}"

    Fix: write a JSON array of words; for variables start a shell yourself: ["sh", "-c", "exec app $PORT"].
    """
    for entry in build.stages:
        for step in entry.steps:
            instruction = step.instruction
            if (
                instruction.name not in {"CMD", "ENTRYPOINT"}
                or instruction.json_form
                or step.before.shell.line is not None
            ):
                continue
            message = (
                f"{instruction.name} in shell form: write a JSON array, so that signals reach the program"
            )
            # With `exec` the shell is gone once the program runs.
            replaced = instruction.text.lstrip().startswith("exec ")
            severity = Severity.INFO if replaced else None
            yield Match.on(entry, step, message, severity=severity, fix=_json_form(instruction))


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@+% ")


def _json_form(instruction: Instruction) -> Fix | None:
    """The JSON form of words that mean the same without a shell; None where that takes thought."""
    words = instruction.text.split()
    if not words or not _PLAIN.issuperset(instruction.text) or "=" in words[0] or words[0] in _BUILT_IN:
        return None
    if instruction.span.first != instruction.span.last:
        return None
    indent = instruction.raw[: len(instruction.raw) - len(instruction.raw.lstrip())]
    text = f"{indent}{instruction.keyword} {json.dumps(words)}"
    return Fix(
        safe=instruction.name == "CMD", edits=(Edit(instruction.span.first, instruction.span.last, text),)
    )


_BUILT_IN = frozenset(
    {".", ":", "alias", "cd", "command", "eval", "exec", "exit", "export", "if", "read", "set", "source", "test",
     "trap", "type", "ulimit", "umask", "until", "wait", "while", "for", "case"}
)  # fmt: skip
"""Words that only a shell knows."""
