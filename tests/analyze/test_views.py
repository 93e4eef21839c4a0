"""Findings and scorecards as they are shown: golden files, excerpts, and what holds for every width and name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.analyze.engine import (
    Analysis,
    Confidence,
    Edit,
    FileAnalysis,
    Finding,
    Fix,
    Related,
    Severity,
    Tally,
    analyze_build,
    unreadable,
)
from multistage_cli.analyze.practices import Practice, Score, Status
from multistage_cli.analyze.rule import all_rules
from multistage_cli.analyze.views import json as json_view
from multistage_cli.analyze.views import text
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from tests.corpus import case, cases
from tests.drawn import HOSTILE, WIDTHS, coloured, drawn, inside, is_harmless, too_wide
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
SHOWN = [
    "brief",
    "go-distroless",
    "node-yarn",
    "multi-target-python",
    "ubuntu-everything",
    "python-uv",
    "crlf",
]
NAMES = [found.name for found in cases()]


RULES = [
    found
    for found in all_rules()
    if found.code in {"MS001", "MS002", "MS101", "MS102", "MS105", "MS205", "MS303", "MS501", "MS601"}
]
"""Those that the golden files show, however many others there are by now."""


def golden_analysis(name: str) -> Analysis:
    return Analysis((analyze_build(case(name).build(), RULES),), Severity.WARNING)


@cache
def corpus_analysis(name: str) -> Analysis:
    return Analysis((analyze_build(case(name).build()),), Severity.WARNING)


def finding(**changes: Any) -> Finding:
    given: dict[str, Any] = {
        "code": "MS999",
        "name": "made-up",
        "aliases": ("DL9999",),
        "severity": Severity.WARNING,
        "confidence": Confidence.LIKELY,
        "message": "something is off: mend it",
        "line": 2,
        "end_line": 2,
        "column": None,
        "stage": "app",
    }
    return Finding(**{**given, **changes})


def analysis_of(
    *findings: Finding, lines: tuple[str, ...] = ("FROM a", "RUN one", "RUN two", "RUN three", "RUN four")
) -> Analysis:
    return Analysis(
        (FileAnalysis("Dockerfile", lines, ("app",), findings, (), Score(0, 0)),), Severity.WARNING
    )


# Golden files.


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.text.80.txt", drawn(text.render(golden_analysis(name))))


def test_golden_narrow_and_ascii() -> None:
    check(GOLDEN / "node-yarn.text.60.txt", drawn(text.render(golden_analysis("node-yarn")), 60))
    shown = drawn(text.render(golden_analysis("node-yarn")), encoding="ascii")
    assert shown.isascii()
    check(GOLDEN / "node-yarn.text.80.ascii.txt", shown)


def test_golden_json() -> None:
    with inside("brief") as build:
        check(GOLDEN / "brief.json", json_view.render(Analysis((analyze_build(build, RULES),), None)) + "\n")


# The shape that interface.md promises.


@pytest.mark.parametrize("name", NAMES)
def test_json_of_the_corpus(name: str) -> None:
    data = json.loads(json_view.render(corpus_analysis(name)))
    assert data.keys() == {"version", "files", "summary"}
    assert data["version"] == 1
    (file,) = data["files"]
    assert file.keys() == {"path", "targets", "findings", "practices", "score", "error"}
    # A stage that no other one needs is a target too, as long as it has a name to build it by.
    assert file["targets"][-1] == case(name).expected["target"]
    for found in file["findings"]:
        assert found.keys() == {
            "code", "name", "aliases", "severity", "confidence", "message", "line", "end_line", "column", "stage",
            "related", "fix",
        }  # fmt: skip
        assert 1 <= found["line"] <= found["end_line"]
    assert [entry["name"] for entry in file["practices"]] == [
        "Multistage Build", "Slim Base Image", "Non-root User", "Layer Caching", "Health Check", "Pip Cache",
        "Stage Copying",
    ]  # fmt: skip
    statuses = [entry["status"] for entry in file["practices"]]
    assert set(statuses) <= {"passed", "failed", "not-applicable"}
    assert file["score"] == {
        "passed": statuses.count("passed"),
        "total": statuses.count("passed") + statuses.count("failed"),
    }
    for entry in file["practices"]:
        assert entry.keys() == {"name", "status", "message", "line"}
        assert entry["message"]
        assert (entry["line"] is not None) or entry["status"] == "not-applicable"
    assert data["summary"].keys() == {"files", "errors", "warnings", "infos", "styles"}


def test_json_of_a_finding_with_everything() -> None:
    fix = Fix(safe=True, edits=(Edit(2, 2, "RUN uno"),))
    analysis = analysis_of(finding(column=5, related=(Related(1, "here"),), fix=fix))
    data = json.loads(json_view.render(analysis))
    assert data["files"][0]["findings"] == [
        {
            "code": "MS999", "name": "made-up", "aliases": ["DL9999"], "severity": "warning", "confidence": "likely",
            "message": "something is off: mend it", "line": 2, "end_line": 2, "column": 5, "stage": "app",
            "related": [{"line": 1, "message": "here"}],
            "fix": {"safe": True, "edits": [{"line": 2, "end_line": 2, "text": "RUN uno"}]},
        }
    ]  # fmt: skip
    assert data["summary"] == {"files": 1, "errors": 0, "warnings": 1, "infos": 0, "styles": 0}


# What is said of one finding.


def lines(analysis: Analysis, width: int = 80) -> list[str]:
    return drawn(text.render(analysis), width).splitlines()


def test_excerpt_points_at_the_column() -> None:
    assert lines(analysis_of(finding(column=5)))[:3] == [
        "warning MS999 line 2 in stage app: something is off: mend it",
        "  2 | RUN one",
        "    |     ^",
    ]


def test_caret_stands_below_its_letter_after_tabs_wide_letters_and_escapes() -> None:
    for line, column in [("\tRUN x", 2), ("漢字 x", 4), ("a\x1bb", 3)]:
        shown = lines(analysis_of(finding(column=column), lines=("FROM a", line)))
        letter = {2: "R", 4: "x", 3: "b"}[column]
        from rich.cells import cell_len

        before = shown[1][: shown[1].index(letter)] if letter != "b" else shown[1].split("b")[0].split("|")[0]
        if letter == "b":
            assert shown[1] == "  2 | a\\x1bb"
            assert shown[2] == "    |      ^"
        else:
            assert cell_len(before) == shown[2].index("^")


def test_excerpt_of_several_lines_has_its_caret_below_the_first() -> None:
    assert lines(analysis_of(finding(column=1, end_line=5)))[1:6] == [
        "  2 | RUN one",
        "    | ^",
        "  3 | RUN two",
        "  4 | RUN three",
        "    | ... to line 5",
    ]


def test_finding_outside_of_all_stages_and_of_the_text() -> None:
    shown = lines(analysis_of(finding(stage=None, line=99, end_line=99)))
    assert shown[0] == "warning MS999 line 99: something is off: mend it"
    assert not any("|" in line for line in shown)


def test_related_places_are_told() -> None:
    assert "  line 1: the stage starts here" in lines(
        analysis_of(finding(related=(Related(1, "the stage starts here"),)))
    )


def test_long_source_lines_are_cut_and_messages_are_not() -> None:
    analysis = analysis_of(finding(message="word " * 60), lines=("FROM a", "RUN " + "x" * 300))
    shown = lines(analysis, 60)
    assert max(map(len, shown)) <= 60
    assert " ".join(shown).count("word") == 60
    assert next(line for line in shown if line.startswith("  2 |")).endswith("…")


# Several files.


def test_several_files_are_named_and_counted() -> None:
    files = (
        *corpus_analysis("brief").files,
        unreadable("nowhere/Dockerfile", "no such file"),
        *analysis_of(finding(), finding(severity=Severity.ERROR), finding(severity=Severity.INFO)).files,
    )
    shown = lines(Analysis(files, None))
    assert shown.count("Dockerfile") == 2
    assert shown[shown.index("nowhere/Dockerfile") + 1] == "  no such file"
    assert shown[-1] == "3 files: 1 error, 1 warning, 1 info, 1 not read"


def test_nothing_found_is_said_too() -> None:
    analysis = Analysis(corpus_analysis("brief").files * 2, None)
    assert lines(analysis)[-1] == "2 files: nothing found"


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        (Severity.ERROR, Severity.ERROR, 1),
        (Severity.WARNING, Severity.ERROR, 0),
        (Severity.WARNING, Severity.WARNING, 1),
        (Severity.INFO, Severity.WARNING, 0),
        (Severity.INFO, Severity.STYLE, 1),
        (Severity.ERROR, None, 0),
    ],
)
def test_exit_code(severity: Severity, fail_on: Severity | None, code: int) -> None:
    files = analysis_of(finding(severity=severity)).files
    assert Analysis(files, fail_on).exit_code == code
    assert Analysis((*files, unreadable("x", "no such file")), fail_on).exit_code == 2


# What holds always.


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_at_every_width(name: str) -> None:
    view = text.render(corpus_analysis(name))
    for width in WIDTHS:
        assert too_wide(view, width) == []
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless(name: str) -> None:
    practices = tuple(Practice("Made Up", status, name, 3) for status in Status)
    found = finding(message=name, stage=name, column=3, related=(Related(1, name),), severity=Severity.ERROR)
    file = FileAnalysis(name, ("FROM a", f"RUN {name}"), (name,), (found,), practices, Score(1, 2))
    analysis = Analysis((file, unreadable(name, name)), None)
    for width in WIDTHS:
        view = text.render(analysis)
        assert too_wide(view, width) == []
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()
    json.loads(json_view.render(analysis))


def test_colours_and_marks_agree() -> None:
    practices = (
        Practice("Good", Status.PASSED, "a", 1),
        Practice("Bad", Status.FAILED, "b", 2),
        Practice("Other", Status.NOT_APPLICABLE, "c"),
    )
    view = text.scorecard(practices, Score(1, 2))
    good, bad, other, _, score = coloured(view).splitlines()
    assert "\x1b[32m✔" in good
    assert "\x1b[1;31m✘" in bad
    assert "\x1b[2m–" in other  # noqa: RUF001
    assert "1/2 checks passed" in score
    assert "\x1b[1;32m2/2" in coloured(text.scorecard(practices, Score(2, 2)))


def test_file_without_stages() -> None:
    assert lines(analysis_of()) == ["no stage, so there is no practice to judge"]


SEVERAL_STAGES = """\
FROM golang:1.25 as Build
WORKDIR src
ENV MODE release
RUN go build \\

    -o /app .

FROM alpine:3.22
COPY --from=build /app /app
ENV API_TOKEN=x HOME_OF_APP=$APP
CMD /app --serve
"""


def test_golden_of_several_stages_with_fixes() -> None:
    """Findings below a heading for each stage, with what to write instead."""
    build = evaluate(parse(SEVERAL_STAGES))
    check(
        GOLDEN / "several-stages.text.80.txt",
        drawn(text.render(Analysis((analyze_build(build, RULES),), None))),
    )


def test_a_fix_of_many_lines_is_cut() -> None:
    edits = tuple(Edit(number, number, "" if number == 2 else "one\ntwo") for number in range(1, 6))
    shown = lines(analysis_of(finding(fix=Fix(safe=False, edits=edits))))
    assert shown[2:10] == [
        "  perhaps instead (it changes what is built):",
        "  + one",
        "  + two",
        "    delete line 2",
        "  + one",
        "  + two",
        "    and 2 more",
        "",
    ]


def test_streamed_as_rendered() -> None:
    """File by file or at once: the same text."""
    for files in (
        (),
        corpus_analysis("brief").files,
        (*corpus_analysis("crlf").files, unreadable("x", "no such file")),
    ):
        analysis = Analysis(files, None)
        tally = Tally(None)
        streamed = "".join(drawn(part) for part in text.stream((tally.count(file) for file in files), tally))
        assert streamed == (drawn(text.render(analysis)) if files else "")
        tally = Tally(None)
        parts = json_view.stream((tally.count(file) for file in files), tally)
        assert json.loads("".join(parts)) == json_view.as_data(analysis)
