"""Findings and practices as Markdown, for a pull request or a job's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Tally
from multistage_cli.analyze.practices import Status
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding

_MARKS = {Status.PASSED: "✔", Status.FAILED: "✘", Status.NOT_APPLICABLE: "–"}  # noqa: RUF001
_SPECIAL = "\\`*_[]|~<>@$"


def render(analysis: Analysis) -> str:
    """A section for each file: findings, then practices."""
    return "".join(stream(iter(analysis.files), Tally(analysis.fail_on)))


def stream(files: Iterator[FileAnalysis], tally: Tally) -> Iterator[str]:
    """The same, file by file as they come."""
    for number, file in enumerate(files):
        yield ("\n" if number else "") + "\n".join(_section(file)) + "\n"


def _section(file: FileAnalysis) -> Iterator[str]:
    yield f"## {_text(file.path)}"
    yield ""
    if file.error is not None:
        yield f"**Not read:** {_text(file.error)}"
        return
    if file.findings:
        yield "| Line | Stage | Severity | Rule | Finding |"
        yield "| ---: | --- | --- | --- | --- |"
        yield from map(_row, file.findings)
    else:
        yield "No findings."
    if file.practices:
        yield ""
        yield "| | Practice | | Line |"
        yield "| --- | --- | --- | ---: |"
        for practice in file.practices:
            line = "" if practice.line is None else str(practice.line)
            yield f"| {_MARKS[practice.status]} | {practice.name} | {_text(practice.message)} | {line} |"
        yield ""
        yield f"**Score: {file.score.passed}/{file.score.total}**"


def _row(finding: Finding) -> str:
    stage = "" if finding.stage is None else _text(finding.stage)
    rule = f"{finding.code} {finding.name}"
    return f"| {finding.line} | {stage} | {finding.severity.value} | {rule} | {_text(finding.message)} |"


def _text(text: str) -> str:
    """Text in which nothing is markup, a mention or the end of a cell."""
    escaped = "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in printable(text))
    return escaped.replace("&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\@", "&#64;")
