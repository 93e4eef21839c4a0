"""Comments that silence rules, and what is said of those that silence nothing."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.selection import Selection
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

pytestmark = pytest.mark.usefixtures("few_rules")


def codes(text: str, selection: Selection | None = None) -> list[str]:
    build = evaluate(parse(text))
    configuration = Configuration(selection=selection or Selection())
    findings = analyze_build(build, configuration=configuration).findings
    return [f"{finding.code}:{finding.line}" for finding in findings]


def file(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("FROM alpine:3.22 AS a", *lines))


@pytest.mark.parametrize(
    "comment",
    [
        "# multistage: ignore=MS501", "# multistage: ignore=MS501 because", "#multistage:ignore = MS501 , MS105 why",
        "#   multistage:  ignore=shell-form-command", "# multistage: ignore=MS5", "# MULTISTAGE: Ignore=ms501",
        "# multistage: ignore=DL3025", "# multistage: ignore=JSONArgsRecommended", "# multistage: ignore=all",
        "# hadolint ignore=DL3025", "# hadolint ignore=DL3025,SC2086", "#hadolint   ignore = DL3025 , DL4000",
        "# hadolint ignore=DL3025 # because", "# multistage: stage-ignore=MS501", "# multistage: file-ignore=MS501",
        "# hadolint global ignore=DL3025",
    ],
)  # fmt: skip
def test_one_comment_silences_the_next_instruction(comment: str) -> None:
    found = codes(file(comment, "CMD sleep 1"))
    assert [entry for entry in found if entry.startswith("MS501")] == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["# multistage: ignore=MS501", "RUN true", "CMD a"], ["MS902:2", "MS501:4"]),
        (["# multistage: ignore=MS501", "", "# other", "CMD a"], []),
        (["CMD a", "# multistage: ignore=MS501"], ["MS501:2", "MS902:3"]),
        (["CMD a \\", "# multistage: ignore=MS501", "  b"], []),
        (["# multistage: ignore=MS501", "# hadolint ignore=DL3025", "CMD a"], []),
        (["# hadolint ignore=DL3025", "RUN true", "CMD a"], ["MS501:4"]),
        (["# multistage: ignore=MS501", "CMD a", "# multistage: ignore=MS501", "CMD b"], ["MS203:3"]),
        (["# multistage: ignore=MS203,MS501", "CMD a", "CMD b"], ["MS501:4"]),
        (["RUN <<E", "# multistage: ignore=MS501", "E", "CMD a"], ["MS501:5"]),
    ],
)
def test_reach_of_an_instructions_ignore(lines: list[str], expected: list[str]) -> None:
    assert codes(file(*lines)) == expected


TWO = """\
FROM alpine:3.22 AS a
CMD x
{}
FROM alpine:3.22 AS b
CMD y
FROM alpine:3.22 AS c
CMD z
"""


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# multistage: stage-ignore=MS501", ["MS501:2", "MS501:7"]),
        ("# hadolint stage ignore=DL3025", ["MS501:2", "MS501:7"]),
        ("# multistage: ignore=MS501", ["MS501:2", "MS902:3", "MS501:5", "MS501:7"]),
        ("# multistage: file-ignore=MS501", []),
        ("RUN true\n# multistage: stage-ignore=MS501\nRUN true", ["MS501:7", "MS501:9"]),
        ("RUN true\n# hadolint stage ignore=DL3025\nRUN true", ["MS501:2", "MS501:7", "MS501:9"]),
    ],
)
def test_reach_of_a_stages_ignore(comment: str, expected: list[str]) -> None:
    assert codes(TWO.format(comment)) == expected


def test_what_is_said_of_comments() -> None:
    assert codes(file("# multistage: ignore=MS105", "CMD []")) == ["MS902:2"]
    assert codes(file("# multistage: ignore=MS9999", "CMD []")) == ["MS903:2"]
    assert codes(file("# multistage: ignore MS501", "CMD a")) == ["MS903:2", "MS501:3"]
    assert codes(file("# multistage is good at this", "CMD []")) == []
    assert codes(file("# hadolint ignore=DL9999", "CMD []")) == []
    assert codes(file("# multistage: file-ignore=MS902", "# multistage: ignore=MS105", "CMD []")) == [
        "MS902:2",
        "MS902:3",
    ]


def test_an_unknown_rule_has_a_suggestion() -> None:
    build = evaluate(parse(file("# multistage: ignore=shell-form-comand", "CMD []")))
    (found,) = analyze_build(build).findings
    assert found.message == 'shell-form-comand is no rule; did you mean "shell-form-command"?'


def test_only_rules_that_ran_are_judged() -> None:
    text = file("# multistage: ignore=MS105", "CMD []")
    assert codes(text, Selection(ignore=("MS105",))) == []
    assert codes(text, Selection(select=("MS5", "MS9"))) == []
    assert codes(text, Selection(ignore=("MS9",))) == []
    assert codes(file("# multistage: ignore=MS108", "CMD []")) == []  # off


def test_the_directive_check() -> None:
    both = "FROM alpine:3.22\nCMD a\nENV b c\n"
    assert codes(f"# check=skip=JSONArgsRecommended\n{both}") == ["MS105:4"]
    assert codes(f"# check=skip=all\n{both}") == []
    build = evaluate(parse(f"# check=error=true\n{both}"))
    assert {entry.severity.value for entry in analyze_build(build).findings} == {"error"}
    described = "# whatever\nARG x=1\nFROM alpine:3.22\n"
    assert codes(f"# check=experimental=InvalidDefinitionDescription\n{described}") == ["MS108:3"]
    assert codes(f"# check=experimental=all\n{described}", Selection(select=("MS1",))) == ["MS108:3"]


def test_thousands_of_comments_and_findings() -> None:
    lines = [f"# multistage: ignore=MS105 {number}\nENV a {number}" for number in range(2_000)]
    assert codes(file(*lines)) == []
