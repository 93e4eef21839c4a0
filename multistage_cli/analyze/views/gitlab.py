"""Findings as a GitLab Code Quality report.

Source: "Code Quality report format" in GitLab's documentation: a list, each entry with its fingerprint.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.fingerprints import fingerprinted
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import Analysis

_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.INFO: "minor",
    Severity.STYLE: "info",
}


def render(analysis: Analysis) -> str:
    """The list; GitLab shows what another branch's list does not have."""
    entries = [
        {
            "description": f"{finding.code} {finding.name}: {printable(finding.message)}",
            "check_name": finding.name,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": {
                # GitLab wants a path from the repository's top, without a dot in front.
                "path": printable(file.path.removeprefix("./")),
                "lines": {"begin": finding.line, "end": finding.end_line},
            },
        }
        for file in analysis.files
        for finding, fingerprint in fingerprinted(file)
    ]
    return json.dumps(entries, indent=2)
