"""The formats for other programs: golden files, the real schemas, and hostile paths and messages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from multistage_cli import __version__
from multistage_cli.analyze.engine import (
    Analysis,
    Confidence,
    Edit,
    FileAnalysis,
    Finding,
    Fix,
    Related,
    Severity,
    unreadable,
)
from multistage_cli.analyze.fingerprints import fingerprinted
from multistage_cli.analyze.practices import Practice, Score, Status
from multistage_cli.analyze.views import checkstyle, github, gitlab, junit, markdown, sarif
from tests.drawn import HOSTILE, is_harmless
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
VIEWS: dict[str, Any] = {
    "checkstyle": checkstyle, "github": github, "gitlab": gitlab, "junit": junit, "markdown": markdown,
    "sarif": sarif,
}  # fmt: skip
LINES = ("FROM alpine:3.22 AS app", "ENV MODE production", "RUN true \\", "", "  && true", "CMD sleep 60", "")


def finding(**changes: Any) -> Finding:
    given: dict[str, Any] = {
        "code": "MS501",
        "name": "shell-form-command",
        "aliases": ("JSONArgsRecommended", "DL3025"),
        "severity": Severity.WARNING,
        "confidence": Confidence.CERTAIN,
        "message": "CMD in shell form: write a JSON array",
        "line": 6,
        "end_line": 6,
        "column": None,
        "stage": "app",
    }
    return Finding(**{**given, **changes})


def whole() -> Analysis:
    """A file with one finding of each kind, one without any, and one that could not be read."""
    findings = (
        finding(
            code="MS105", name="legacy-key-value", severity=Severity.STYLE, line=2, end_line=2, column=5,
            message="ENV MODE has no equals sign: write MODE=...", aliases=("LegacyKeyValueFormat",),
            fix=Fix(safe=True, edits=(Edit(2, 2, "ENV MODE=production"),)),
        ),
        finding(
            code="MS002", name="empty-continuation", severity=Severity.ERROR, line=3, end_line=5,
            message="50% of RUN, after a blank line: delete it", aliases=(), related=(Related(4, "a blank line"),),
            fix=Fix(safe=False, edits=(Edit(4, 4, ""),)),
        ),
        finding(),
        finding(severity=Severity.INFO, stage=None, confidence=Confidence.LIKELY),
    )  # fmt: skip
    practices = (
        Practice("Non-root User", Status.FAILED, "stage app runs as root: set USER", 1),
        Practice("Pip Cache", Status.NOT_APPLICABLE, "pip | npm are not used"),
    )
    first = FileAnalysis("services/a b/Dockerfile", LINES, ("app",), findings, practices, Score(0, 1))
    second = FileAnalysis("./Dockerfile", LINES, ("app",), (), (), Score(0, 0))
    return Analysis((first, second, unreadable("missing", "no such file: missing; check the path")), None)


@pytest.mark.parametrize("name", VIEWS)
def test_golden(name: str) -> None:
    text = VIEWS[name].render(whole()).replace(f'"{__version__}"', '"VERSION"')
    check(GOLDEN / f"formats.{name}.txt", text if text.endswith("\n") else f"{text}\n")


def test_sarif_is_valid() -> None:
    log = json.loads(sarif.render(whole()))
    SarifLog.model_validate(log)
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(ValidationError):
        SarifLog.model_validate(log)


def test_sarif_points_at_its_rules() -> None:
    run = json.loads(sarif.render(whole()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[found["ruleIndex"]]["id"] for found in run["results"]] == [
        found["ruleId"] for found in run["results"]
    ]
    by_id = {rule["id"]: rule for rule in rules}
    assert (
        by_id["MS501"]["helpUri"] == "https://docs.docker.com/reference/build-checks/json-args-recommended/"
    )
    assert "SIGTERM reaches the shell" in by_id["MS501"]["help"]["text"]
    assert "```dockerfile\nFROM alpine:3.22\nCMD sleep 60\n```" in by_id["MS501"]["help"]["markdown"]


def mended(file: FileAnalysis, replacements: list[dict[str, Any]]) -> str:
    """The file after the replacements of a SARIF fix."""
    text = "\n".join(file.lines)
    starts = [0]
    for line in file.lines:
        starts.append(starts[-1] + len(line) + 1)
    for replacement in sorted(replacements, key=lambda entry: -entry["deletedRegion"]["startLine"]):
        region = replacement["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text


def test_sarif_fixes_mend() -> None:
    analysis = whole()
    results = json.loads(sarif.render(analysis))["runs"][0]["results"]
    fixes = [found["fixes"][0]["artifactChanges"][0]["replacements"] for found in results if "fixes" in found]
    assert len(fixes) == 2
    assert mended(analysis.files[0], fixes[0]).split("\n")[1] == "ENV MODE=production"
    without = [*LINES[:3], *LINES[4:]]
    assert mended(analysis.files[0], fixes[1]).split("\n") == without


def test_fingerprints_stay_when_lines_move_and_differ_otherwise() -> None:
    file = whole().files[0]
    prints = [found for _, found in fingerprinted(file)]
    assert len(set(prints)) == len(prints)
    moved = tuple(
        finding(
            code=found.code, line=found.line + 3, end_line=found.end_line + 3, severity=Severity.STYLE,
        )
        for found in file.findings
    )  # fmt: skip
    later = FileAnalysis(file.path, ("", "", "", *file.lines), (), moved, (), Score(0, 0))
    assert [found for _, found in fingerprinted(later)] == prints
    elsewhere = FileAnalysis("other", file.lines, (), file.findings, (), Score(0, 0))
    assert not set(prints) & {found for _, found in fingerprinted(elsewhere)}


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_found(name: str) -> None:
    empty = Analysis((FileAnalysis("Dockerfile", LINES, (), (), (), Score(0, 0)),), None)
    text = VIEWS[name].render(empty)
    assert {
        "github": text == "",
        "gitlab": text == "[]",
        "sarif": '"results": []' in text,
        "junit": 'failures="0"' in text,
        "checkstyle": "<error" not in text,
        "markdown": "No findings." in text,
    }[name]


BREAKING_OUT = [
    *HOSTILE,
    "%0A::error::forged",
    "\n::error file=x::forged",
    "\r\n::set-output name=x::y",
    "a,line=1::forged",
    "100%",
    '"><script>alert(1)</script>',
    "]]> -->",
    "& &amp; <!--",
    "a | b `c` *d* [e](f) @everyone #1",
    "\ufffe\x00\x0b",
]


@pytest.mark.parametrize("text", BREAKING_OUT, ids=range(len(BREAKING_OUT)))
def test_hostile_paths_and_messages(text: str) -> None:
    found = finding(
        message=text, stage=text, related=(Related(1, text),), fix=Fix(safe=True, edits=(Edit(2, 2, text),))
    )
    file = FileAnalysis(text or "x", (text, text, *LINES), (), (found,), (), Score(0, 0))
    analysis = Analysis((file, unreadable(text or "x", text)), None)
    for view in VIEWS.values():
        assert is_harmless(view.render(analysis).replace("\t", " "))
    for line in github.render(analysis).splitlines():
        assert re.fullmatch(r"::(?:warning|error) [^:\n]*::.*", line), line
    assert len(github.render(analysis).splitlines()) == 2
    json.loads(gitlab.render(analysis))
    SarifLog.model_validate(json.loads(sarif.render(analysis)))
    cases = ET.fromstring(junit.render(analysis)).iter("testcase")
    assert [len(case) for case in cases] == [1, 1]
    errors = list(ET.fromstring(checkstyle.render(analysis)).iter("error"))
    assert [error.get("source") for error in errors] == ["multistage.MS501", "multistage"]
    rows = [line for line in markdown.render(analysis).splitlines() if line.startswith("| 6 |")]
    assert len(rows) == 1
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6
    assert "<" not in markdown.render(analysis)


def test_github_escapes_what_ends_a_value() -> None:
    file = FileAnalysis("a,b:c%d", LINES, (), (finding(message="50%, done: yes"),), (), Score(0, 0))
    assert github.render(Analysis((file,), None)) == (
        "::warning file=a%2Cb%3Ac%25d,line=6,endLine=6,title=MS501 shell-form-command::50%25, done: yes\n"
    )
