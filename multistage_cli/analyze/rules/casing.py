"""Capital and small letters: of stage names, of keywords and of instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.instructions import read_from

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
