"""What BuildKit refuses to build, and what it will refuse one day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.instructions import read_copy
from multistage_cli.parser import ProblemKind, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.stages import Stage
    from multistage_cli.parser import Instruction


@rule(
    "MS001", "refused-by-buildkit", Severity.ERROR, aliases=("DL3011", "DL3021", "DL3023", "DL3043", "DL3061")
)
def refused_by_buildkit(build: Build, asked: Asked) -> Iterator[Match]:
    """Something that makes BuildKit refuse the file.

    The build ends before its first step. The rest of the file is read all the same, so that everything else
    that is wrong can be mended in one go. What it refuses only for another target is found, too, where that is one
    that is built.

    Bad, found on line 2:
        FROM alpine:3.22
        RNU apk add --no-cache curl

    Bad, found on line 2:
        FROM alpine:3.22 AS app
        COPY --from=app /bin/tool /bin/

    Bad, found on line 2:
        FROM alpine:3.22 AS debug
        WORKDIR /srv/${PLACE:?name the place}
        FROM alpine:3.22 AS app

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache curl

    Fix: the message says what BuildKit expects there.
    """
    instructions = {entry.span.first: entry for entry in build.dockerfile.instructions}
    others = (problem for index, problem in build.refused_elsewhere if index in asked.needed)
    for problem in (*build.problems, *others):
        if problem.kind is ProblemKind.REFUSED:
            found = instructions.get(problem.span.first)
            yield Match(problem.span, problem.message, aliases=_aliases(build, found) if found else ())


def _aliases(build: Build, instruction: Instruction) -> tuple[str, ...]:
    """What hadolint calls the fault, where the instruction itself tells."""
    if instruction.name == "ONBUILD" and instruction.trigger is not None:
        wrong = instruction.trigger.name in {"ONBUILD", "FROM", "MAINTAINER"}
        return ("DL3043",) if wrong else ()
    if instruction is build.dockerfile.instructions[0] and instruction.name not in {"FROM", "ARG"}:
        return ("DL3061",)
    if instruction.name == "EXPOSE":
        return ("DL3011",)
    if instruction.name == "COPY":
        found = read_copy(instruction)
        begun = bisect_right(build.graph.stages, instruction.span.first, key=_first)
        stage = build.graph.stages[begun - 1] if begun else None  # above the first FROM it is in none
        if (
            stage is not None
            and found.from_ is not None
            and found.from_.lower() in {stage.name, str(stage.index)}
        ):
            return ("DL3023",)
        if len(found.sources) + len(found.heredocs) > 1 and not found.destination.endswith("/"):
            return ("DL3021",)
    return ()


def _first(stage: Stage) -> int:
    return stage.span.first


@rule("MS002", "empty-continuation", Severity.WARNING, aliases=("NoEmptyContinuation",))
def empty_continuation(build: Build) -> Iterator[Match]:
    r"""Blank line inside a continued instruction.

    BuildKit skips it today, warns, and says that it will refuse it one day. Other tools end the instruction
    there. Comment lines are fine.

    Bad, found on line 4:
        FROM alpine:3.22
        RUN apk add --no-cache \

            curl

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache \
            # for the health check
            curl

    Fix: delete the blank line, or write a comment there.
    """
    blank = [problem.span for problem in build.problems if problem.kind is ProblemKind.EMPTY_CONTINUATION]
    for instruction in build.dockerfile.instructions if blank else ():
        span = instruction.span
        first, last = (
            side(blank, line, key=lambda entry: entry.first)
            for side, line in ((bisect_left, span.first), (bisect_right, span.last))
        )
        inside = blank[first:last]
        if inside:
            # BuildKit names the line where the instruction ends, before any here-document.
            end = instruction.heredocs[0].span.first - 1 if instruction.heredocs else span.last
            line = max(end, inside[-1].last)
            places = ", ".join(str(entry.first) for entry in inside[:_SHOWN])
            yield Match(
                Span(line, line),
                f"{instruction.name} goes on over a blank line, which BuildKit will refuse one day: delete"
                f" line {places}",
                related=tuple(
                    Related(entry.first, "a blank line that is skipped") for entry in inside[:_SHOWN]
                ),
                fix=Fix(safe=True, edits=tuple(Edit(entry.first, entry.last, "") for entry in inside)),
            )


_SHOWN = 3
