"""Findings as annotations of a GitHub workflow.

Source: "Workflow commands for GitHub Actions", and `toolkit/packages/core/src/command.ts`, which escapes values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity, Tally
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
    Severity.STYLE: "notice",
}


def render(analysis: Analysis) -> str:
    """One line for each finding."""
    return "".join(stream(iter(analysis.files), Tally(analysis.fail_on)))


def stream(files: Iterator[FileAnalysis], tally: Tally) -> Iterator[str]:
    """The same, file by file as they come."""
    for file in files:
        if file.error is not None:
            yield f"::error file={_property(file.path)},title=multistage::{_data(file.error)}\n"
        for finding in file.findings:
            yield _annotation(file, finding)


def _annotation(file: FileAnalysis, finding: Finding) -> str:
    properties = {
        "file": file.path,
        "line": str(finding.line),
        "endLine": str(finding.end_line),
        "title": f"{finding.code} {finding.name}",
    }
    # A column counts only where the annotation is about one line.
    if finding.column is not None and finding.line == finding.end_line:
        properties["col"] = str(finding.column)
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    # `printable` leaves no line end, with which a message could start a command of its own.
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
