"""Findings as the JUnit XML that CI servers show: a suite for each file, a failed case for each finding."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding


def render(analysis: Analysis) -> str:
    """The XML; a file without findings has one case, which passes."""
    tests = sum(max(len(file.findings), 1) for file in analysis.files)
    failures = sum(len(file.findings) for file in analysis.files)
    errors = sum(file.error is not None for file in analysis.files)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="multistage" tests="{tests}" failures="{failures}" errors="{errors}">',
    ]
    for file in analysis.files:
        lines.extend(_suite(file))
    return "\n".join((*lines, "</testsuites>\n"))


def _suite(file: FileAnalysis) -> Iterator[str]:
    path = _attribute(file.path)
    tests = max(len(file.findings), 1)
    failures, errors = len(file.findings), int(file.error is not None)
    yield f'  <testsuite name="{path}" tests="{tests}" failures="{failures}" errors="{errors}">'
    if file.error is not None:
        yield f'    <testcase name="readable" classname="{path}">'
        yield f'      <error message="{_attribute(file.error)}" type="unreadable"/>'
        yield "    </testcase>"
    elif not file.findings:
        yield f'    <testcase name="no findings" classname="{path}"/>'
    for finding in file.findings:
        yield from _case(path, file, finding)
    yield "  </testsuite>"


def _case(path: str, file: FileAnalysis, finding: Finding) -> Iterator[str]:
    stage = "" if finding.stage is None else f" in stage {printable(finding.stage)}"
    name = _attribute(f"{finding.code} {finding.name}, line {finding.line}{stage}")
    place = f"{printable(file.path)}:{finding.line}"
    yield f'    <testcase name="{name}" classname="{path}">'
    yield f'      <failure message="{_attribute(finding.message)}" type="{finding.severity.value}">'
    yield f"{escape(place)}: {escape(printable(finding.message))}</failure>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return escape(printable(text), quote=True)
