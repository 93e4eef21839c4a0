"""Findings and practices for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding


def render(analysis: Analysis) -> str:
    """The analysis as JSON, the list form also for one file."""
    return json.dumps(as_data(analysis), indent=2)


def as_data(analysis: Analysis) -> dict[str, object]:
    """The analysis as dictionaries and lists."""
    counts = analysis.counts
    return {
        "version": 1,
        "files": [_file(file) for file in analysis.files],
        "summary": {
            "files": len(analysis.files),
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "infos": counts[Severity.INFO],
            "styles": counts[Severity.STYLE],
        },
    }


def _file(file: FileAnalysis) -> dict[str, object]:
    return {
        "path": file.path,
        "targets": list(file.targets),
        "findings": [_finding(finding) for finding in file.findings],
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


def _finding(finding: Finding) -> dict[str, object]:
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
