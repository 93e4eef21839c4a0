"""Capital and small letters: of stage names, of keywords and of instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_from
from multistage_cli.build.instructions.refusals import INSTRUCTIONS
from multistage_cli.build.variables import expand_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Instruction


@rule("MS101", "stage-name-casing", Severity.STYLE, aliases=("StageNameCasing",))
def stage_name_casing(build: Build) -> Iterator[Match]:
    """Stage name with capital letters.

    Docker compares stage names without regard to case, so `Builder` and `builder` are one stage; small
    letters keep it from looking like two.

    Bad, found on line 1:
        FROM golang:1.25 AS Builder
        RUN go version

    Good:
        FROM golang:1.25 AS builder
        RUN go version

    Fix: write the name in small letters, here and where it is used (any case finds it).
    """
    for stage in build.graph.stages:
        name = read_from(stage.head).stage_name
        if name is not None and name != name.lower():
            message = f'stage name "{name}" has capital letters: write "{name.lower()}"'
            yield Match(stage.head.span, message, fix=_last_word(stage.head, name.lower()))


@rule("MS102", "from-as-casing", Severity.STYLE, aliases=("FromAsCasing",))
def from_as_casing(build: Build) -> Iterator[Match]:
    """FROM and AS in different case.

    Bad, found on line 1:
        FROM alpine:3.22 as tools

    Good:
        FROM alpine:3.22 AS tools

    Good:
        from alpine:3.22 as tools

    Fix: write both in capitals, or both in small letters.
    """
    for stage in build.graph.stages:
        head = stage.head
        if read_from(head).stage_name is None or head.keyword not in {"from", "FROM"}:
            continue  # of a mixed `From` inconsistent-instruction-casing speaks
        written = head.words[1]
        wanted = "as" if head.keyword == "from" else "AS"
        if written != wanted:
            message = f"{head.keyword} and {written} are written in different case: write {wanted}"
            yield Match(head.span, message, fix=_keyword_as(head, wanted))


@rule("MS103", "inconsistent-instruction-casing", Severity.STYLE, aliases=("ConsistentInstructionCasing",))
def inconsistent_instruction_casing(build: Build) -> Iterator[Match]:
    """Instruction in another case than most of the file.

    Bad, found on lines 2 and 4:
        FROM alpine:3.22
        run apk add --no-cache curl
        WORKDIR /app
        Copy . .

    Good:
        from alpine:3.22
        run apk add --no-cache curl

    Fix: write all instructions in capitals, or all in small letters.
    """
    written = [
        entry
        for stage in build.graph.stages
        for entry in (stage.head, *stage.instructions)
        if entry.name in INSTRUCTIONS
    ]
    small = sum(entry.keyword.islower() for entry in written)
    capital = sum(entry.keyword.isupper() for entry in written)
    for entry in written:
        wanted = entry.name.lower() if small > capital else entry.name
        if entry.keyword != wanted:
            message = (
                f"{entry.keyword} is written in another case than most instructions here: write {wanted}"
            )
            column = entry.raw.find(entry.keyword)
            first = entry.raw.split("\n", 1)[0].rstrip("\r")
            text = first[:column] + wanted + first[column + len(wanted) :]
            fix = Fix(safe=True, edits=(Edit(entry.span.first, entry.span.first, text),))
            yield Match(entry.span, message, column + 1, fix=fix)


@rule("MS106", "expose-protocol-casing", Severity.STYLE, aliases=("ExposeProtoCasing",))
def expose_protocol_casing(build: Build) -> Iterator[Match]:
    """Protocol of EXPOSE with capital letters.

    Bad, found on line 2:
        FROM alpine:3.22
        EXPOSE 53/UDP

    Good:
        FROM alpine:3.22
        EXPOSE 53/udp

    Fix: write tcp, udp or sctp in small letters.
    """
    for entry in build.stages:
        for step in entry.steps:
            if step.instruction.name != "EXPOSE":
                continue
            for word in step.instruction.words:
                scope = step.before.variables.scope
                values, _ = expand_words(word, scope, escape=build.dockerfile.escape)
                for value in () if values is UNKNOWN else values:
                    port, slash, protocol = value.rpartition("/")
                    if slash and protocol != protocol.lower():
                        message = f"the protocol of port {value} has capital letters: write {port}/{protocol.lower()}"
                        yield Match.on(entry, step, message, word=word)


def _keyword_as(head: Instruction, wanted: str) -> Fix | None:
    """The line with another AS; None where FROM goes over several lines."""
    line = head.raw.rstrip()
    name = head.words[2]
    before = line.removesuffix(name).rstrip()
    if head.span.first != head.span.last or before == line or before[-2:].upper() != "AS":
        return None
    text = before[:-2] + wanted + line[len(before) :]
    return Fix(safe=True, edits=(Edit(head.span.first, head.span.last, text),))


def _last_word(head: Instruction, name: str) -> Fix | None:
    """The line with another last word; None where FROM goes over several lines."""
    line = head.raw.rstrip()
    start = len(line) - len(name)
    if head.span.first != head.span.last or line[start:].lower() != name:
        return None
    return Fix(safe=True, edits=(Edit(head.span.first, head.span.last, line[:start] + name),))
