"""Findings and practices for machines; the shape is a promise."""

from __future__ import annotations

import json
from textwrap import indent
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding


def render(analysis: Analysis) -> str:
    """The analysis as JSON, the list form also for one file."""
    tally = Tally(analysis.fail_on)
    return "".join(stream((tally.count(file) for file in analysis.files), tally))


def stream(files: Iterator[FileAnalysis], tally: Tally) -> Iterator[str]:
    """The same, file by file as they come."""
    head = '{\n  "version": 1,\n  "files": ['
    for number, file in enumerate(files):
        # With the first file, not before it: where that fails, nothing was put out yet.
        yield f"{',' if number else head}\n{indent(json.dumps(_file(file), indent=2), '    ')}"
    end = "\n  ]" if tally.files else f"{head}]"
    yield f'{end},\n  "summary": {indent(json.dumps(_summary(tally), indent=2), "  ").lstrip()}\n}}'


def statistics(tally: Tally) -> str:
    """How often each rule found something, the most frequent first."""
    rules = sorted(tally.rules.items(), key=lambda entry: (-entry[1], entry[0]))
    counted = [{"code": code, "name": name, "count": count} for (code, name), count in rules]
    return json.dumps({"version": 1, "summary": _summary(tally), "rules": counted}, indent=2)


def as_data(analysis: Analysis) -> dict[str, object]:
    """The analysis as dictionaries and lists."""
    files = [_file(file) for file in analysis.files]
    return {"version": 1, "files": files, "summary": _summary(analysis.tally)}


def _summary(tally: Tally) -> dict[str, int]:
    counts = tally.severities
    return {
        "files": tally.files,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "infos": counts[Severity.INFO],
        "styles": counts[Severity.STYLE],
    }


def _file(file: FileAnalysis) -> dict[str, object]:
    return {
        "path": file.path,
        "targets": list(file.targets),
        "findings": [finding_data(finding) for finding in file.findings],
        "practices": [
            {
                "name": practice.name,
                "status": practice.status.value,
                "message": practice.message,
                "line": practice.line,
            }
            for practice in file.practices
        ],
        "score": {"passed": file.score.passed, "total": file.score.total},
        "error": file.error,
    }


def finding_data(finding: Finding) -> dict[str, object]:
    """One finding as dictionaries and lists."""
    fix = finding.fix
    return {
        "code": finding.code,
        "name": finding.name,
        "aliases": list(finding.aliases),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "line": finding.line,
        "end_line": finding.end_line,
        "column": finding.column,
        "stage": finding.stage,
        "related": [{"line": entry.line, "message": entry.message} for entry in finding.related],
        "fix": fix
        and {
            "safe": fix.safe,
            "edits": [{"line": e.line, "end_line": e.end_line, "text": e.text} for e in fix.edits],
        },
    }
