"""Everything that is to be said about one Dockerfile, and about many: findings, practices, score."""

from __future__ import annotations

import traceback
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Edit, Finding, Fix, Related, Severity
from multistage_cli.analyze.practices import Practice, Score, judge, score_of
from multistage_cli.analyze.rule import Asked, Match, Rule, all_rules, asked_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.build.evaluate import Build

__all__ = [
    "Analysis",
    "Confidence",
    "Edit",
    "FileAnalysis",
    "Finding",
    "Fix",
    "Related",
    "Severity",
    "analyze_build",
    "unreadable",
]

CRASHED = "MS901"
"""The code of a rule's own crash; exit code 3."""


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
        """3 where a rule crashed, 2 where a file could not be read, 1 for a grave finding, else 0."""
        if any(finding.code == CRASHED for file in self.files for finding in file.findings):
            return 3
        if any(file.error for file in self.files):
            return 2
        threshold = self.fail_on
        if threshold is None:
            return 0
        return int(any(severity.at_least(threshold) for severity in self.counts))


def analyze_build(build: Build, rules: Iterable[Rule] | None = None) -> FileAnalysis:
    """What is to be said about an evaluated build.

    Args:
        build: the evaluated build.
        rules: those that run; where None, all that run by default.
    """
    asked = asked_of(build)
    chosen = tuple(entry for entry in all_rules() if entry.default) if rules is None else tuple(rules)
    practices = judge(build)
    return FileAnalysis(
        path=build.path,
        lines=tuple(build.dockerfile.lines),
        targets=tuple(build.graph.stages[index].key for index in asked.targets),
        findings=tuple(
            sorted(_findings(build, asked, chosen), key=lambda finding: (finding.line, finding.code))
        ),
        practices=practices,
        score=score_of(practices),
    )


def unreadable(path: str, error: str) -> FileAnalysis:
    """The entry of a file that could not be read."""
    return FileAnalysis(path, (), (), (), (), Score(0, 0), error)


def _findings(build: Build, asked: Asked, rules: Iterable[Rule]) -> Iterator[Finding]:
    for entry in rules:
        try:
            for match in entry.check(build, asked):
                yield _finding(build, entry, match)
        except Exception as error:  # one rule's bug must not silence the others; exit code 3 says so
            yield _crash(entry, error)


def _finding(build: Build, entry: Rule, match: Match) -> Finding:
    return Finding(
        code=entry.code,
        name=entry.name,
        aliases=entry.aliases,
        severity=match.severity or entry.severity,
        confidence=match.confidence or entry.confidence,
        message=match.message,
        line=match.span.first,
        end_line=match.span.last,
        column=match.column,
        stage=match.stage or _stage_at(build, match.span.first),
        related=match.related,
        fix=match.fix,
    )


def _crash(entry: Rule, error: Exception) -> Finding:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(
        code=CRASHED,
        name="rule-crashed",
        aliases=(),
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        message=f"this is a bug in rule {entry.code} ({entry.name}): {type(error).__name__} in"
        f" {PurePath(place.filename).name}, line {place.lineno}; please report it with the Dockerfile",
        line=1,
        end_line=1,
        column=None,
        stage=None,
    )


def _stage_at(build: Build, line: int) -> str | None:
    stages = build.graph.stages
    index = bisect_right(stages, line, key=lambda stage: stage.span.first) - 1
    return stages[index].key if index >= 0 and line <= stages[index].span.last else None
