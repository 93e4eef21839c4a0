"""What BuildKit refuses about the values of an instruction, once it builds the stage; here, in all stages.

Sources: `frontend/dockerfile/dockerfile2llb/convert.go`, commands_runnetwork.go and commands_runsecurity.go.
A value with a variable or quotes is not judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.instructions.mount_refusals import mount_refusal
from multistage_cli.parser import quoted, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.parser import Instruction


def value_refusal(instruction: Instruction) -> str | None:
    """Why BuildKit refuses a value of the instruction, or None."""
    check = _CHECKS.get(instruction.name)
    return check(instruction) if check else None


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
            f"--from={shortened(source)} cannot hold a variable: add a stage `FROM {shortened(source)} AS name`"
            " and copy from name"
        )
    mode = instruction.flag("chmod") or ""
    octal = mode.isdecimal() and mode.isascii()
    if octal and (not _OCTAL.fullmatch(mode) or int(mode, 8) > _MAX_MODE):
        return f"--chmod={shortened(mode)} is no mode: write an octal number up to 7777, such as 755"
    if not octal and not _EXPANDED.search(mode) and not _is_symbolic(mode):
        return f"--chmod={shortened(mode)} is no mode: write an octal number such as 755, or one like u+x"
    return None


def _is_symbolic(mode: str) -> bool:
    return all(_CLAUSE.fullmatch(clause) for clause in mode.split(",") if clause)


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


_COUNT = re.compile(r"[+-]?[0-9]{1,20}")
_VARIABLE = re.compile(r"\$.")
_EXPANDED = re.compile(r"[$\"'\\`]")
_OCTAL = re.compile(r"[0-7]{1,12}")
_MAX_MODE = 0o7777
_CLAUSE = re.compile(r"[ugoa]*+[-+=][rwxXstugo+=-]*+")
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

_CHECKS: Final[dict[str, Callable[[Instruction], str | None]]] = {
    "ADD": lambda instruction: _checksum(instruction) or _copied(instruction),
    "COPY": _copied,
    "EXPOSE": _expose,
    "RUN": _run,
    "STOPSIGNAL": _stop_signal,
}
