"""Findings and practices as Markdown, for a pull request or a job's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Tally
from multistage_cli.analyze.practices import Status
from multistage_cli.terminal.markdown import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding

_MARKS = {Status.PASSED: "✔", Status.FAILED: "✘", Status.NOT_APPLICABLE: "–"}  # noqa: RUF001


def render(analysis: Analysis) -> str:
    """A section for each file: findings, then practices."""
    return "".join(stream(iter(analysis.files), Tally(analysis.fail_on)))


def stream(files: Iterator[FileAnalysis], tally: Tally) -> Iterator[str]:
    """The same, file by file as they come."""
    for number, file in enumerate(files):
        yield ("\n" if number else "") + "\n".join(_section(file)) + "\n"


def _section(file: FileAnalysis) -> Iterator[str]:
    yield f"## {escaped(file.path)}"
    yield ""
    if file.error is not None:
        yield f"**Not read:** {escaped(file.error)}"
        return
    if file.findings:
        yield from finding_table(file.findings)
    else:
        yield "No findings."
    if file.practices:
        yield ""
        yield from practice_table(file)


def finding_table(findings: Sequence[Finding]) -> Iterator[str]:
    """The lines of a table of findings."""
    yield "| Line | Stage | Severity | Rule | Finding |"
    yield "| ---: | --- | --- | --- | --- |"
    yield from map(_row, findings)


def practice_table(file: FileAnalysis) -> Iterator[str]:
    """The lines of the scorecard, and of the score below it."""
    if file.practices:
        yield "| | Practice | | Line |"
        yield "| --- | --- | --- | ---: |"
        for practice in file.practices:
            line = "" if practice.line is None else str(practice.line)
            yield f"| {_MARKS[practice.status]} | {practice.name} | {escaped(practice.message)} | {line} |"
        yield ""
        yield f"**Score: {file.score.passed}/{file.score.total}**"


def _row(finding: Finding) -> str:
    stage = "" if finding.stage is None else escaped(finding.stage)
    rule = f"{finding.code} {finding.name}"
    return f"| {finding.line} | {stage} | {finding.severity.value} | {rule} | {escaped(finding.message)} |"
