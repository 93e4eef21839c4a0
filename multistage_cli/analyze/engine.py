"""Everything that is to be said about one Dockerfile, and about many: findings, practices, score."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from multistage_cli.analyze.practices import Practice, Score, judge, score_of
from multistage_cli.parser import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Problem


class Severity(StrEnum):
    """By consequence, the gravest first."""

    ERROR = "error"
    """The build or the container fails, or a secret leaks."""
    WARNING = "warning"
    INFO = "info"
    STYLE = "style"

    def at_least(self, other: Severity) -> bool:
        """Whether this one is as grave as the other."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Confidence(StrEnum):
    """How sure a finding is."""

    CERTAIN = "certain"
    """It follows from the text and from known facts."""
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding is about."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Whole lines to put in the place of `line` to `end_line`."""

    line: int
    end_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """How to mend a finding; `safe` where the build keeps its meaning."""

    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule at a place.

    Attributes:
        code: never re-used, such as `MS001`.
        name: the rule's name in words.
        aliases: the same check's names elsewhere.
        severity: what it leads to.
        confidence: how sure it is.
        message: what is wrong and what to do, in one line.
        line: 1-based; `end_line` is included.
        column: 1-based, or None for whole lines.
        stage: the name of the stage, or None outside of all stages.
        related: other places.
        fix: or None.
    """

    code: str
    name: str
    aliases: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    message: str
    line: int
    end_line: int
    column: int | None
    stage: str | None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class FileAnalysis:
    """What is to be said about one file.

    Attributes:
        path: as the user named it.
        lines: of the file, to show findings in.
        targets: names of the stages that are built.
        findings: by line, then code.
        practices: the scorecard; empty for a file without stages.
        score: of the scorecard.
        error: why the file could not be read, or None.
    """

    path: str
    lines: tuple[str, ...]
    targets: tuple[str, ...]
    findings: tuple[Finding, ...]
    practices: tuple[Practice, ...]
    score: Score
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is to be said about all files.

    Attributes:
        files: in the order in which they were named.
        fail_on: the least severity that makes the program fail; None for never.
    """

    files: tuple[FileAnalysis, ...]
    fail_on: Severity | None

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return Counter(finding.severity for file in self.files for finding in file.findings)

    @property
    def exit_code(self) -> int:
        """2 where a file could not be read, 1 where a finding is grave enough, else 0."""
        if any(file.error for file in self.files):
            return 2
        threshold = self.fail_on
        if threshold is None:
            return 0
        return int(any(severity.at_least(threshold) for severity in self.counts))


def analyze_build(build: Build) -> FileAnalysis:
    """What is to be said about an evaluated build."""
    practices = judge(build)
    return FileAnalysis(
        path=build.path,
        lines=tuple(build.dockerfile.lines),
        targets=() if build.target is None else (build.target.stage.key,),
        findings=tuple(sorted(_findings(build), key=lambda finding: (finding.line, finding.code))),
        practices=practices,
        score=score_of(practices),
    )


def unreadable(path: str, error: str) -> FileAnalysis:
    """The entry of a file that could not be read."""
    return FileAnalysis(path, (), (), (), (), Score(0, 0), error)


_PROBLEM_RULES = {
    ProblemKind.REFUSED: ("MS001", "refused-by-buildkit", (), Severity.ERROR),
    ProblemKind.EMPTY_CONTINUATION: (
        "MS002",
        "empty-continuation",
        ("NoEmptyContinuation",),
        Severity.WARNING,
    ),
}


def _findings(build: Build) -> Iterator[Finding]:
    for problem in build.problems:
        code, name, aliases, severity = _PROBLEM_RULES[problem.kind]
        yield Finding(
            code=code,
            name=name,
            aliases=aliases,
            severity=severity,
            confidence=Confidence.CERTAIN,
            message=problem.message,
            line=problem.span.first,
            end_line=problem.span.last,
            column=None,
            stage=_stage_at(build, problem),
        )


def _stage_at(build: Build, problem: Problem) -> str | None:
    for stage in build.graph.stages:
        if stage.span.first <= problem.span.first <= stage.span.last:
            return stage.key
    return None
