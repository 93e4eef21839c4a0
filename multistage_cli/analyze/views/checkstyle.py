"""Findings as the XML of Checkstyle, which many editors and CI servers read."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import Analysis

_SEVERITIES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
    Severity.STYLE: "info",
}


def render(analysis: Analysis) -> str:
    """The XML; a file that could not be read has an error without a line."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<checkstyle version="4.3">']
    for file in analysis.files:
        lines.append(f'  <file name="{_attribute(file.path)}">')
        if file.error is not None:
            lines.append(
                f'    <error severity="error" message="{_attribute(file.error)}" source="multistage"/>'
            )
        for finding in file.findings:
            column = "" if finding.column is None else f' column="{finding.column}"'
            lines.append(
                f'    <error line="{finding.line}"{column} severity="{_SEVERITIES[finding.severity]}"'
                f' message="{_attribute(finding.message)}" source="multistage.{finding.code}"/>'
            )
        lines.append("  </file>")
    return "\n".join((*lines, "</checkstyle>\n"))


def _attribute(text: str) -> str:
    return escape(printable(text), quote=True)
