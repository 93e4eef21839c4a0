"""ShellCheck's findings in RUN, CMD, ENTRYPOINT and HEALTHCHECK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.commands_of import written_steps
from multistage_cli.analyze.findings import Confidence, Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.analyze.scripts_of import ShellScript, scripts_of
from multistage_cli.analyze.shellcheck import check_scripts, program
from multistage_cli.shell import commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.shellcheck import Comment
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_DIALECTS = {"ash": "busybox", "bash": "bash", "busybox": "busybox", "dash": "dash", "ksh": "ksh"}
_OF_DISTRIBUTION = {"apk": "busybox", "apt": "dash", "dnf": "bash"}
"""What /bin/sh is."""
_LEFT_OUT = "SC1090,SC1091,SC2187"
"""Files that are sourced are not there to read; and ash is read as what it is. hadolint leaves out the same."""
_UNASSIGNED = 2154
_OF_ANOTHER_SHELL = 3028
"""A variable such as UID that dash does not set: ARG or ENV may."""
_UNCHECKED_CD = 2164


_LONGEST = 20_000
"""Characters of a script; ShellCheck takes half a minute for a chain of 3,000 commands."""


class _Script(Struct, frozen=True):
    entry: EvaluatedStage
    step: Step
    script: ShellScript
    header: tuple[str, ...]
    body: str

    @property
    def text(self) -> str:
        return "\n".join((*self.header, self.body))

    def read(self) -> _Read:
        starts = [0, *(found.end() for found in re.finditer("\n", self.body))]
        errexit, pipefail = shell_options(self.script.shell[1:])
        read = commands(self.script.text, pipefail=pipefail, errexit=errexit)
        return _Read(self, starts, frozenset(found.offset for found in read.commands if found.checked))


class _Read(Struct, frozen=True):
    """A script that ShellCheck has something to say about; `checked`: commands whose failure is the script's."""

    found: _Script
    starts: list[int]
    checked: frozenset[int]

    def offset(self, line: int, column: int) -> int | None:
        """Where a place of what ShellCheck read stands in the script; None for our own lines above it."""
        at = line - len(self.found.header)
        if not 1 <= at <= len(self.starts):
            return None
        script, body = self.found.script.text, self.found.body
        return min(self.starts[at - 1] + column - 1, len(body)) + len(script) - len(body)


@rule("MS830", "shellcheck", Severity.WARNING, aliases=("SC",), confidence=Confidence.LIKELY)
def shellcheck(build: Build) -> Iterator[Match]:
    """What ShellCheck finds in a script.

    Needs the extra: `pip install multistage-cli[shellcheck]`. Each finding has ShellCheck's own code, which can
    be ignored by itself (`# multistage: ignore=SC2086`), and its severity; an error is a warning here unless the
    script cannot be read at all. The dialect follows from SHELL, and
    for /bin/sh from the distribution: dash on Debian, BusyBox on Alpine. ARG and ENV are known variables.

    Bad, found on line 2:
        FROM alpine:3.22
        RUN names=$(ls /etc/*.conf); cat $names

    Good:
        FROM alpine:3.22
        RUN cat /etc/*.conf

    Good:
        FROM alpine:3.22
        ARG extra="--quiet --no-progress"
        RUN apk add $extra --no-cache curl

    Fix: https://www.shellcheck.net/wiki/ has a page for each code.
    """
    scripts = list(_scripts(build))
    if not scripts or program() is None:
        return
    for entry in scripts:
        if len(entry.script.text) > _LONGEST:
            message = f"this script is longer than {_LONGEST:,} characters, so ShellCheck did not look at it"
            yield Match.on(entry.entry, entry.step, message, severity=Severity.INFO, aliases=())
    scripts = [entry for entry in scripts if len(entry.script.text) <= _LONGEST]
    read: dict[int, _Read] = {}
    for comment in check_scripts([entry.text for entry in scripts]):
        found = scripts[comment.script]
        known = read.get(comment.script) or read.setdefault(comment.script, found.read())
        line = comment.line - len(found.header)
        if not 1 <= line <= len(known.starts):
            continue
        offset = min(known.starts[line - 1] + comment.column - 1, max(len(found.body) - 1, 0))
        if comment.code == _UNCHECKED_CD and offset in known.checked:
            continue
        if comment.code == _UNASSIGNED and found.step.instruction.name != "RUN":
            continue  # set when the container starts, perhaps
        if comment.code == _OF_ANOTHER_SHELL and _is_set(found.body[offset:], found.step):
            continue
        place = found.script.position_at(offset + len(found.script.text) - len(found.body))
        message = comment.message if comment.message.isprintable() else f"see SC{comment.code}"
        yield Match.at(
            place,
            message,
            severity=_severity(comment),
            aliases=(f"SC{comment.code}",),
            fix=_fix(build, known, comment),
        )


def _fix(build: Build, read: _Read, comment: Comment) -> Fix | None:
    """ShellCheck's proposal on the Dockerfile's own lines; None where they do not hold the script as it is.

    Not a safe one: it is right about what is mostly meant, not about what the script does today.
    """
    if read.found.step.instruction.json_form:
        return None  # quotes would need escapes there
    lines: dict[int, str] = {}
    # From right to left, so that what stands before a replacement stays where it is.
    for entry in sorted(comment.replacements, key=lambda found: (found.line, found.column), reverse=True):
        start, end = read.offset(entry.line, entry.column), read.offset(entry.end_line, entry.end_column)
        if start is None or end is None or not start <= end or not entry.text.isprintable():
            return None
        script = read.found.script
        place = script.position_at(start)
        written = build.dockerfile.lines[place.line - 1]
        if not _stands_there(script, start, end, written):
            return None
        line, column = lines.get(place.line, written), place.column - 1
        lines[place.line] = f"{line[:column]}{entry.text}{line[column + end - start :]}"
    edits = tuple(Edit(line, line, text) for line, text in sorted(lines.items()))
    return Fix(safe=False, edits=edits) if edits else None


def _severity(comment: Comment) -> Severity:
    """ShellCheck's own; but an error only where the script cannot be read, which ends the build for sure."""
    level = Severity(comment.level)
    cannot_be_read = comment.code < _FIRST_OF_MEANING
    return Severity.WARNING if level is Severity.ERROR and not cannot_be_read else level


def _stands_there(script: ShellScript, start: int, end: int, line: str) -> bool:
    """Whether a piece of a script and the characters around it stand on one line of the file as they are."""
    place = script.position_at(start)
    for offset in range(max(start - 2, 0), min(end + 2, len(script.text))):
        found = script.position_at(offset)
        inside = start <= offset < end
        if not inside and (found.line != place.line or script.text[offset] == "\n"):
            continue  # the neighbour stands on the line before or after
        column = place.column + offset - start
        if (found.line, found.column) != (place.line, column) or line[column - 1 : column] != script.text[
            offset
        ]:
            return False
    return True


_FIRST_OF_MEANING = 2000
"""SC1xxx is about the syntax."""


def _is_set(rest: str, step: Step) -> bool:
    """Whether ARG or ENV sets the variable that a text starts with."""
    found = re.match(r"\"?\$\{?([A-Za-z_][A-Za-z0-9_]*)", rest)
    return found is not None and _may_be_set(found[1], step)


def _may_be_set(name: str, step: Step) -> bool:
    variables = step.before.variables
    return variables.known(name) is not None or variables.is_declared(name)


def _scripts(build: Build) -> Iterator[_Script]:
    for entry in build.stages:
        for step, _ in written_steps(build, entry):
            for script in scripts_of(step):
                dialect = _dialect(script, step)
                if dialect is not None:
                    body = script.text
                    if body.startswith("#!"):  # below the directive it would stand in the wrong place
                        body = re.sub(r"\A[^\n]*", "", body)
                    yield _Script(entry, step, script, _header(script, step, dialect), body)


def _dialect(script: ShellScript, step: Step) -> str | None:
    name = script.shell[0].rsplit("/", 1)[-1]
    if name != "sh":
        return _DIALECTS.get(name)
    return _OF_DISTRIBUTION.get(step.before.packages.manager or "", "sh")


def _header(script: ShellScript, step: Step, dialect: str) -> tuple[str, ...]:
    """A directive, the options that the shell was started with, and the variables that it inherits."""
    errexit, pipefail = shell_options(script.shell[1:])
    options = ["set -e"] if errexit else []
    if pipefail and dialect in {"bash", "busybox", "ksh"}:
        options.append("set -o pipefail")
    names = sorted(_inherited(script.text, step))
    exported = [f"export {' '.join(f'{name}=1' for name in names)}"] if names else []
    return (f"# shellcheck shell={dialect} disable={_LEFT_OUT}", *options, *exported)


def _inherited(text: str, step: Step) -> set[str]:
    """Variables that a script uses and ARG, ENV or the base image sets, or may set.

    They get a value without spaces, as hadolint gives them one: what somebody wrote into an ARG to be split
    into words is meant to be.
    """
    return {
        name
        for name in set(re.findall(r"\$\{?[#!]?([A-Za-z_][A-Za-z0-9_]*)", text)) - _SHELLS_OWN
        if _may_be_set(name, step) or step.before.variables.open or name.lower() in _PROXIES
    }


_SHELLS_OWN = frozenset(
    {"IFS", "UID", "EUID", "PPID", "BASH_VERSION", "RANDOM", "SECONDS", "LINENO", "OPTARG", "OPTIND"}
)
_PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"})
