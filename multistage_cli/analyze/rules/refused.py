"""What BuildKit refuses to build, and what it will refuse one day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.parser import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS001", "refused-by-buildkit", Severity.ERROR, aliases=("DL3021", "DL3023", "DL3043", "DL3061"))
def refused_by_buildkit(build: Build) -> Iterator[Match]:
    """Something that makes BuildKit refuse the file.

    The build ends before its first step. The rest of the file is read all the same, so that everything else
    that is wrong can be mended in one go.

    Bad, found on line 2:
        FROM alpine:3.22
        RNU apk add --no-cache curl

    Bad, found on line 2:
        FROM alpine:3.22 AS app
        COPY --from=app /bin/tool /bin/

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache curl

    Fix: the message says what BuildKit expects there.
    """
    return _problems(build, ProblemKind.REFUSED)


@rule("MS002", "empty-continuation", Severity.WARNING, aliases=("NoEmptyContinuation",))
def empty_continuation(build: Build) -> Iterator[Match]:
    r"""Blank line inside a continued instruction.

    BuildKit skips it today, warns, and says that it will refuse it one day. Other tools end the instruction
    there. Comment lines are fine.

    Bad, found on line 3:
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
    return _problems(build, ProblemKind.EMPTY_CONTINUATION)


def _problems(build: Build, kind: ProblemKind) -> Iterator[Match]:
    for problem in build.problems:
        if problem.kind is kind:
            yield Match(problem.span, problem.message)
