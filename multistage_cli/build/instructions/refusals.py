"""What BuildKit refuses about instructions that its parser has let pass.

Sources: `frontend/dockerfile/instructions`: parse.go and bflag.go.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from multistage_cli.build.instructions.readers import boolean, duration_seconds
from multistage_cli.build.instructions.value_refusals import value_refusal
from multistage_cli.parser import (
    SPACES,
    Dockerfile,
    Problem,
    ProblemKind,
    Span,
    heredoc_word,
    quoted,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.parser import Directive, Instruction

INSTRUCTIONS: Final = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)

_TEXT, _SWITCH, _LIST = "text", "switch", "list"
FLAGS: Final = {
    "ADD": {
        **dict.fromkeys(("chown", "chmod", "checksum"), _TEXT),
        **dict.fromkeys(("link", "keep-git-dir", "unpack"), _SWITCH),
        "exclude": _LIST,
    },
    "COPY": {
        **dict.fromkeys(("from", "chown", "chmod"), _TEXT),
        **dict.fromkeys(("link", "parents"), _SWITCH),
        "exclude": _LIST,
    },
    "FROM": {"platform": _TEXT},
    "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), _TEXT),
    "RUN": {"mount": _LIST, "network": _TEXT, "security": _TEXT, "device": _LIST},
}
"""The flags of each instruction and whether they take a text, a yes or no, or come more than once."""

_UNCHECKED_FLAGS = frozenset(("ARG", "STOPSIGNAL"))  # BuildKit forgets to look at theirs
_LABS_FLAGS = {"RUN": ("security", "device")}
_STABLE_FRONTEND = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::[0-9.]+)?")


_NEAR = 0.7  # of difflib; a lower one finds USER in INSERT
_WORD = re.compile(r"[A-Za-z0-9_-]{1,60}")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def problems(dockerfile: Dockerfile) -> tuple[Problem, ...]:
    """What BuildKit refuses beyond `dockerfile.problems`, by rising line; one problem an instruction.

    The trigger of an ONBUILD is only looked at as far as BuildKit does before a child fires it.
    """
    found = [*_directive_problems(dockerfile.directives)]
    known = {problem.span.first for problem in dockerfile.problems if problem.kind is ProblemKind.REFUSED}
    syntax = dockerfile.directive("syntax")
    labs = syntax is not None and not _STABLE_FRONTEND.fullmatch(syntax.split(" ")[0])
    in_stage = False
    for instruction in dockerfile.instructions:
        if instruction.span.first in known:
            in_stage = in_stage or instruction.name == "FROM"
            continue
        message = _refusal(instruction, dockerfile.escape, labs=labs)
        if message is None and not in_stage and instruction.name not in ("FROM", "ARG"):
            message = f"{instruction.name} before the first FROM belongs to no stage: move it below a FROM"
        in_stage = in_stage or instruction.name == "FROM"
        if message is not None:
            found.append(Problem(ProblemKind.REFUSED, instruction.span, message))
    if dockerfile.instructions and not in_stage and not found and not known:
        span = dockerfile.instructions[-1].span
        found.append(
            Problem(ProblemKind.REFUSED, span, "the file has no stage: add a FROM with a base image")
        )
    return tuple(sorted(found, key=lambda problem: problem.span.first))


def _refusal(instruction: Instruction, escape: str, *, labs: bool) -> str | None:
    """Why BuildKit refuses the instruction, in the order in which it looks."""
    check = _CHECKS.get(instruction.name)
    if check is None:
        return _unknown_instruction(instruction.keyword, escape)
    message = check(instruction)
    if message is None and instruction.name not in _UNCHECKED_FLAGS and not _is_none_check(instruction):
        message = _flag_refusal(instruction, labs=labs)
    return message or value_refusal(instruction)


def _unknown_instruction(keyword: str, escape: str) -> str:
    if not keyword:
        return "a line with nothing but a continuation character: delete it"
    if _NOT_TEXT.search(keyword):
        return "the file is not UTF-8 text here, UTF-16 perhaps: save it as UTF-8"
    shown = keyword if _WORD.fullmatch(keyword) else quoted(keyword)
    near = get_close_matches(keyword.upper(), INSTRUCTIONS, n=1, cutoff=_NEAR)
    if near:
        return f"{shown} is no instruction; did you mean {near[0]}?"
    return f"{shown} is no instruction: correct the word, or end the line above with `{escape}` if it goes on here"


# Directives


def _directive_problems(directives: tuple[Directive, ...]) -> Iterator[Problem]:
    for directive in directives:
        options = directive.value.split(";") if directive.name == "check" else []
        wrong = next((option for option in options if not _is_check_option(option)), None)
        if wrong is not None:
            yield Problem(
                ProblemKind.REFUSED,
                Span(directive.line, directive.line),
                f"the check directive cannot hold {quoted(wrong)}: write skip=RULE,RULE or error=true",
            )


def _is_check_option(option: str) -> bool:
    name, separator, value = option.strip().partition("=")
    return bool(separator) and (
        name in ("skip", "experimental") or (name == "error" and boolean(value) is not None)
    )


# Flags


def _flag_refusal(instruction: Instruction, *, labs: bool) -> str | None:
    known = FLAGS.get(instruction.name, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        written, kind = f"--{flag.name}", known.get(flag.name)
        if kind is None:
            near = get_close_matches(flag.name, known, n=1, cutoff=_NEAR)
            advice = f"; did you mean --{near[0]}?" if near else ": delete it" + _or_quote(instruction)
            return f"{instruction.name} has no flag {shortened(written)}{advice}"
        if flag.name in _LABS_FLAGS.get(instruction.name, ()) and not labs:
            return (
                f"{written} needs the labs syntax: start the file with `# syntax=docker/dockerfile:1-labs`, or delete"
                " the flag"
            )
        if flag.name in seen and kind != _LIST:
            return f"{written} is written twice: keep one of the two"
        seen.add(flag.name)
        if kind != _SWITCH and flag.value is None:
            return f"{written} has no value: write {written}=VALUE"
        if kind == _SWITCH and flag.value is not None and flag.value.lower() not in ("true", "false"):
            return f"{written} takes true or false, not {quoted(flag.value)}"
    return None


def _or_quote(instruction: Instruction) -> str:
    return ", or put -- before the command" if instruction.name in ("RUN", "CMD", "ENTRYPOINT") else ""


# What each instruction needs


def _from(instruction: Instruction) -> str | None:
    words = instruction.words
    if len(words) == 1:
        return None
    if len(words) != _FROM_WITH_NAME or words[1].lower() != "as":
        return "FROM takes a base image, or a base image AS a name: write `FROM image AS name`"
    if not _STAGE_NAME.fullmatch(words[2].lower()):
        return (
            f"{quoted(words[2])} cannot name a stage: start with a letter, and use letters, digits, `-`, `_`"
            " and `.` only"
        )
    return None


def _copy(instruction: Instruction) -> str | None:
    name, words = instruction.name, instruction.words
    if len(words) < _SOURCE_AND_DESTINATION:
        return f"{name} needs a source and a destination: write `{name} source destination`"
    if heredoc_word(words[-1]) is not None:
        return f"{name} cannot copy to a here-document: add a destination behind {shortened(words[-1])}"
    return None


def _some(instruction: Instruction) -> str | None:
    if not instruction.words:
        return f"{instruction.name} is empty: write {_EXAMPLES[instruction.name]}, or delete the line"
    return None


def _named(instruction: Instruction) -> str | None:
    if any(not pair.name for pair in instruction.pairs):
        return (
            f"{instruction.name} has a pair without a name: write name=value, without white space before `=`"
        )
    return _some(instruction)


def _volume(instruction: Instruction) -> str | None:
    if any(not word.strip(SPACES) for word in instruction.words):
        return "VOLUME has an empty path: write the path, or delete the empty member"
    return _some(instruction)


def _shell(instruction: Instruction) -> str | None:
    if instruction.words and not instruction.json_form:
        return 'SHELL takes a JSON array only: write SHELL ["/bin/sh", "-c"]'
    return _some(instruction)


def _onbuild(instruction: Instruction) -> str | None:
    trigger = instruction.trigger
    if trigger is not None and trigger.name == "ONBUILD":
        return "ONBUILD cannot follow ONBUILD: write it once"
    if trigger is not None and trigger.name in ("FROM", "MAINTAINER"):
        return f"ONBUILD cannot trigger {trigger.name}: delete the line"
    return _some(instruction)


def _is_none_check(instruction: Instruction) -> bool:
    return instruction.name == "HEALTHCHECK" and "".join(instruction.words[:1]).upper() == "NONE"


def _healthcheck(instruction: Instruction) -> str | None:
    if not instruction.words:
        return "HEALTHCHECK is empty: write `HEALTHCHECK CMD command` or `HEALTHCHECK NONE`"
    kind, *command = instruction.words
    if kind.upper() == "NONE":
        return "HEALTHCHECK NONE takes nothing behind it: delete the rest of the line" if command else None
    if kind.upper() != "CMD":
        return f"HEALTHCHECK takes CMD or NONE, not {quoted(kind)}: write `HEALTHCHECK CMD command`"
    if not command:
        return "HEALTHCHECK CMD has no command: add one, or write `HEALTHCHECK NONE`"
    for name in ("interval", "timeout", "start-period", "start-interval"):
        value = instruction.flag(name)
        seconds = duration_seconds(value) if value else 0.0
        if seconds is None:
            return f"--{name}={shortened(value or '')} is no duration: write a number and a unit, such as 30s or 1m30s"
        if seconds and seconds < _SHORTEST_SECONDS:
            return f"--{name}={shortened(value or '')} is shorter than 1ms: write a longer one, or 0 for the default"
    retries = instruction.flag("retries")
    if retries and not (_COUNT.fullmatch(retries) and 0 <= int(retries) <= _MAX_RETRIES):
        return f"--retries={shortened(retries)} is no count: write a whole number from 0 up"
    return None


_EXAMPLES = {
    "ARG": "ARG name=value",
    "ENV": "ENV name=value",
    "EXPOSE": "EXPOSE 8080",
    "LABEL": "LABEL name=value",
    "MAINTAINER": "LABEL org.opencontainers.image.authors=name",
    "ONBUILD": "ONBUILD RUN command",
    "SHELL": 'SHELL ["/bin/sh", "-c"]',
    "STOPSIGNAL": "STOPSIGNAL SIGTERM",
    "USER": "USER 1000",
    "VOLUME": "VOLUME /data",
    "WORKDIR": "WORKDIR /app",
}
_FROM_WITH_NAME = 3
_SOURCE_AND_DESTINATION = 2
_SHORTEST_SECONDS = 0.001
_MAX_RETRIES = 2**31 - 1
_COUNT = re.compile(r"[+-]?[0-9]{1,20}")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")

_CHECKS: Final[dict[str, Callable[[Instruction], str | None]]] = {
    "ADD": _copy,
    "ARG": _named,
    "CMD": lambda _: None,
    "COPY": _copy,
    "ENTRYPOINT": lambda _: None,
    "ENV": _named,
    "EXPOSE": _some,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _named,
    "MAINTAINER": _some,
    "ONBUILD": _onbuild,
    "RUN": lambda _: None,
    "SHELL": _shell,
    "STOPSIGNAL": _some,
    "USER": _some,
    "VOLUME": _volume,
    "WORKDIR": _some,
}
