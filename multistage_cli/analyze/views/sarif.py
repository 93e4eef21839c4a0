"""Findings as SARIF 2.1.0, the format of GitHub's code scanning and others.

Source: the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from multistage_cli import __version__
from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.findings import Confidence
from multistage_cli.analyze.fingerprints import fingerprinted
from multistage_cli.analyze.page import markdown_of, page_of, page_url, plain_of
from multistage_cli.analyze.rule import all_rules
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding
    from multistage_cli.analyze.findings import Edit, Fix
    from multistage_cli.analyze.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
    Severity.STYLE: "note",
}


def render(analysis: Analysis) -> str:
    """The log of one run; the rules that found something have their pages in it."""
    codes = {finding.code for file in analysis.files for finding in file.findings}
    rules = [entry for entry in all_rules() if entry.code in codes]
    places = {entry.code: index for index, entry in enumerate(rules)}
    notifications = [
        {
            "level": "error",
            "message": {"text": printable(file.error)},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(file.path)}}],
        }
        for file in analysis.files
        if file.error is not None
    ]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "multistage",
                        "semanticVersion": __version__,
                        "rules": [_rule(entry) for entry in rules],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not notifications,
                        "toolExecutionNotifications": notifications,
                    }
                ],
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(file, finding, fingerprint, places)
                    for file in analysis.files
                    for finding, fingerprint in fingerprinted(file)
                ],
            }
        ],
    }
    return json.dumps(log, indent=2)


def _rule(entry: Rule) -> dict[str, Any]:
    page = page_of(entry)
    found: dict[str, Any] = {
        "id": entry.code,
        "name": "".join(word.capitalize() for word in entry.name.split("-")),
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": " ".join((page.summary, *page.why))},
        "help": {"text": plain_of(page), "markdown": markdown_of(entry)},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {
            "tags": ["dockerfile", *entry.aliases],
            "precision": "very-high" if entry.confidence is Confidence.CERTAIN else "high",
            "problem.severity": {"error": "error", "warning": "warning"}.get(
                entry.severity, "recommendation"
            ),
        },
    }
    if (url := page_url(entry.aliases)) is not None:
        found["helpUri"] = url
    return found


def _result(file: FileAnalysis, finding: Finding, fingerprint: str, places: dict[str, int]) -> dict[str, Any]:
    region: dict[str, int] = {"startLine": finding.line, "endLine": finding.end_line}
    if finding.column is not None:
        region["startColumn"] = finding.column
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": places[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(finding.message)},
        "locations": [_location(file.path, region)],
        "partialFingerprints": {"multistage/v1": fingerprint},
        "properties": {"confidence": finding.confidence.value, "severity": finding.severity.value},
    }
    if finding.stage is not None:
        result["properties"]["stage"] = printable(finding.stage)
    if finding.related:
        result["relatedLocations"] = [
            _location(file.path, {"startLine": entry.line}) | {"message": {"text": printable(entry.message)}}
            for entry in finding.related
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(file, finding.fix)]
    return result


def _location(path: str, region: dict[str, int]) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    pure = PurePath(path)
    written = quote(pure.as_posix().encode("utf-8", "surrogateescape"))
    if pure.is_absolute():
        return {"uri": f"file://{'' if written.startswith('/') else '/'}{written}"}
    return {"uri": written, "uriBaseId": _ROOT}


def _fix(file: FileAnalysis, fix: Fix) -> dict[str, Any]:
    text = "This keeps what is built." if fix.safe else "This changes what is built: read it first."
    replacements = [
        {"deletedRegion": _edited(file, edit), "insertedContent": {"text": printable_lines(edit.text)}}
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(file.path), "replacements": replacements}
    return {"description": {"text": text}, "artifactChanges": [change]}


def printable_lines(text: str) -> str:
    """Text of several lines without bytes that are no UTF-8; its line ends stay."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def _edited(file: FileAnalysis, edit: Edit) -> dict[str, int]:
    """Whole lines; with their end where nothing is put in their place."""
    if not edit.text and edit.end_line < len(file.lines):
        return {"startLine": edit.line, "startColumn": 1, "endLine": edit.end_line + 1, "endColumn": 1}
    length = len(file.lines[edit.end_line - 1])
    return {"startLine": edit.line, "startColumn": 1, "endLine": edit.end_line, "endColumn": length + 1}
