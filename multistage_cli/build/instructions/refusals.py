"""What BuildKit refuses about instructions that its parser has let pass.

Sources: `frontend/dockerfile/instructions` (parse.go, bflag.go, commands_run*.go), and of
`frontend/dockerfile/dockerfile2llb/convert.go` what an instruction's own words decide. Those checks BuildKit
makes only in the stages that it builds; here they are made in all. A value with a variable is not judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.instructions.mount_refusals import mount_refusal
from multistage_cli.build.instructions.readers import boolean, duration_seconds
from multistage_cli.errors import did_you_mean
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
        message = _refusal(instruction, labs=labs)
        if message is None and not in_stage and instruction.name not in ("FROM", "ARG"):
            message = f"{instruction.name} before the first FROM belongs to no stage: move it below a FROM"
        in_stage = in_stage or instruction.name == "FROM"
        if message is not None:
            found.append(Problem(ProblemKind.REFUSED, instruction.span, message))
    if dockerfile.instructions and not in_stage:
        span = dockerfile.instructions[-1].span
        found.append(
            Problem(ProblemKind.REFUSED, span, "the file has no stage: add a FROM with a base image")
        )
    return tuple(sorted(found, key=lambda problem: problem.span.first))


def _refusal(instruction: Instruction, *, labs: bool) -> str | None:
    """Why BuildKit refuses the instruction, in the order in which it looks."""
    check = _CHECKS.get(instruction.name)
    if check is None:
        if not instruction.name:
            return "a line with nothing but a continuation character: delete it"
        if _NOT_TEXT.search(instruction.keyword):
            return "the file is not UTF-8 text here, UTF-16 perhaps: save it as UTF-8"
        near = did_you_mean(instruction.name, INSTRUCTIONS)
        return f"{instruction.keyword} is no instruction{near or ': correct the word, or start it with #'}"
    message = check(instruction)
    if message is None and instruction.name not in _UNCHECKED_FLAGS and not _is_none_check(instruction):
        message = _flag_refusal(instruction, labs=labs)
    return message or _later_refusal(instruction)


# Directives


def _directive_problems(directives: tuple[Directive, ...]) -> Iterator[Problem]:
    for directive in directives:
        if directive.name != "check":
            continue
        for option in directive.value.split(";"):
            name, separator, value = option.strip().partition("=")
            wrong_name = not separator or name not in ("skip", "error", "experimental")
            if wrong_name or (name == "error" and boolean(value) is None):
                yield Problem(
                    ProblemKind.REFUSED,
                    Span(directive.line, directive.line),
                    f"the check directive cannot hold {quoted(option)}: write skip=RULE,RULE or error=true",
                )


# Flags


def _flag_refusal(instruction: Instruction, *, labs: bool) -> str | None:
    known = FLAGS.get(instruction.name, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        written, kind = f"--{flag.name}", known.get(flag.name)
        if kind is None:
            near = did_you_mean(flag.name, known) or "; delete it" + _or_quote(instruction)
            return f"{instruction.name} has no flag {shortened(written)}{near}"
        if flag.name in _LABS_FLAGS.get(instruction.name, ()) and not labs:
            return (
                f"{written} needs the labs syntax: put `# syntax=docker/dockerfile:1-labs` on the first line, or"
                " delete the flag"
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
        return f"{instruction.name} is empty: say what, or delete the line"
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


# What an instruction's own values decide when the build runs


def _later_refusal(instruction: Instruction) -> str | None:
    later = _LATER.get(instruction.name)
    return later(instruction) if later else None


def _run(instruction: Instruction) -> str | None:
    for flag in instruction.flags:
        value = flag.value or ""
        message = None
        if flag.name == "mount":
            message = mount_refusal(value)
        elif flag.name == "network" and value not in ("default", "none", "host"):
            message = f"--network takes default, none or host, not {quoted(value)}"
        elif flag.name == "security" and value not in ("insecure", "sandbox"):
            message = f"--security takes insecure or sandbox, not {quoted(value)}"
        if message:
            return message
    return None


def _copied(instruction: Instruction) -> str | None:
    source = instruction.flag("from") or ""
    if _VARIABLE.search(source):
        return (
            f"--from={shortened(source)} cannot hold a variable: name a stage `FROM {shortened(source)} AS name`"
            " (its ARG above the first FROM) and copy from that name"
        )
    mode = instruction.flag("chmod") or ""
    octal = mode.isdecimal() and mode.isascii()
    if octal and (not _OCTAL.fullmatch(mode) or int(mode, 8) > _MAX_MODE):
        return f"--chmod={shortened(mode)} is no mode: write an octal number up to 7777, such as 755"
    if not octal and not _SYMBOLIC.fullmatch(mode) and not _EXPANDED.search(mode):
        return f"--chmod={shortened(mode)} is no mode: write an octal number such as 755, or one like u+x"
    return None


def _checksum(instruction: Instruction) -> str | None:
    checksum = instruction.flag("checksum")
    sources = instruction.words[:-1]
    if not checksum or _EXPANDED.search(checksum) or any(_EXPANDED.search(source) for source in sources):
        return None
    if len(sources) > 1:
        return "--checksum holds for one source: write one ADD for each"
    source = sources[0]
    if source.startswith(("http://", "https://")) and not source.split("#")[0].endswith(".git"):
        if not _DIGEST.fullmatch(checksum):
            return f"--checksum={shortened(checksum)} is no digest: write sha256: and 64 hexadecimal digits"
    elif ("/" not in source or source.startswith(("/", "."))) and "@" not in source:
        # What is neither this nor an address may still be a Git repository, such as github.com/owner/name.
        return f"--checksum does not hold for the file {quoted(source)}: delete it, or add an address"
    return None


def _expose(instruction: Instruction) -> str | None:
    for word in instruction.words:
        if not _EXPANDED.search(word) and not _is_port(word):
            return f"EXPOSE cannot read {quoted(word)}: write a port from 0 to 65535, such as 8080 or 53/udp"
    return None


def _is_port(word: str) -> bool:
    """Whether go-connections reads it: [[IP:]HOST:]PORT[-PORT][/PROTOCOL]; the parts before PORT unjudged."""
    ports, _, protocol = word.partition("/")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        return False
    match = _PORTS.fullmatch(ports.rpartition(":")[2])
    if match is None:
        return False
    first, last = int(match.group(1)), int(match.group(2) or match.group(1))
    return first <= last <= _MAX_PORT


def _stop_signal(instruction: Instruction) -> str | None:
    signal = instruction.text
    if _EXPANDED.search(signal):
        return None
    name = signal.upper().removeprefix("SIG")
    known = name in _SIGNALS or _REAL_TIME.fullmatch(name)
    number = _COUNT.fullmatch(signal) and int(signal) != 0
    if known or number:
        return None
    return f"STOPSIGNAL does not know {quoted(signal)}: write a signal such as SIGTERM, or its number"


_VARIABLE = re.compile(r"\$.")
_EXPANDED = re.compile(r"[$\"'\\`]")
_OCTAL = re.compile(r"[0-7]{1,12}")
_MAX_MODE = 0o7777
_SYMBOLIC = re.compile(r"(?:[ugoa]*[-+=][rwxXstugo+=-]*)?(?:,(?:[ugoa]*[-+=][rwxXstugo+=-]*)?)*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_PORTS = re.compile(r"([0-9]{1,20})(?:-([0-9]{1,20}))?")
_MAX_PORT = 65_535
_REAL_TIME = re.compile(r"RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?")
_SIGNALS = frozenset(
    (
        *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL"),
        *("PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP"),
        *("TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"),
    )
)
"""Source: moby/sys/signal, the signals of Linux."""

_LATER: Final[dict[str, Callable[[Instruction], str | None]]] = {
    "ADD": lambda instruction: _checksum(instruction) or _copied(instruction),
    "COPY": _copied,
    "EXPOSE": _expose,
    "RUN": _run,
    "STOPSIGNAL": _stop_signal,
}
