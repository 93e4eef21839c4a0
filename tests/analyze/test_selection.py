"""Words that mean rules: which rules run, which findings stay, how grave they are."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.configuration import Configuration, matches
from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.selection import Selection, check_words, covers, split_words
from multistage_cli.build.evaluate import evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse

TEXT = """\
FROM alpine:3.22 AS Tools
CMD sleep 1
CMD sleep 2
ENTRYPOINT ["a"]
ENTRYPOINT ["b"]
"""

pytestmark = pytest.mark.usefixtures("few_rules")


def codes(selection: Selection, text: str = TEXT) -> list[str]:
    build = evaluate(parse(text))
    findings = analyze_build(build, configuration=Configuration(selection=selection)).findings
    return sorted(f"{finding.code}:{finding.line}" for finding in findings)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("MS204", True), ("ms204", True), ("MS2", True), ("MS", True), ("unreachable-stage", True), ("all", True),
        ("DL3024", True), ("SC2086", True), ("SC", True), ("DL", True), ("DL3", True), ("SC2", True),
        ("DuplicateStageName", True), ("duplicatestagename", True), ("MS205", False), ("MS3", False),
        ("unreachable", False), ("", False), ("M", False), ("DL3025", False), ("MS2041", False), ("SCX", False),
    ],
)  # fmt: skip
def test_covers(word: str, expected: bool) -> None:
    aliases = ("DuplicateStageName", "DL3024", "SC")
    assert covers(word, "MS204", "unreachable-stage", aliases) is expected


def test_default_rules_run() -> None:
    assert codes(Selection()) == ["MS101:1", "MS203:2", "MS203:4", "MS501:2", "MS501:3"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(select=("MS5",)), ["MS501:2", "MS501:3"]),
        (Selection(select=("overwritten-instruction",)), ["MS203:2", "MS203:4"]),
        (Selection(select=("DL4003",)), ["MS203:2"]),
        (Selection(select=("MultipleInstructionsDisallowed",)), ["MS203:2", "MS203:4"]),
        (Selection(select=("MS5",), extend=("MS101",)), ["MS101:1", "MS501:2", "MS501:3"]),
        (Selection(ignore=("MS5", "MS101")), ["MS203:2", "MS203:4"]),
        (Selection(ignore=("DL4004", "MS5")), ["MS101:1", "MS203:2"]),
        (Selection(select=("MS",), ignore=("all",)), []),
        (Selection(select=()), []),
    ],
)
def test_selected(selection: Selection, expected: list[str]) -> None:
    assert codes(selection) == expected


def test_rules_that_are_off() -> None:
    text = "# whatever\nARG a=1\nFROM alpine:3.22\n"
    assert codes(Selection(), text) == []
    assert codes(Selection(extend=("MS108",)), text) == ["MS108:2"]
    assert codes(Selection(select=("all",)), text) == ["MS108:2"]


def test_the_longest_word_decides_the_severity() -> None:
    severities = {"MS": Severity.INFO, "MS5": Severity.ERROR, "DL4003": Severity.STYLE}
    build = evaluate(parse(TEXT))
    found = analyze_build(
        build, configuration=Configuration(selection=Selection(severities=severities))
    ).findings
    assert {f"{entry.code}:{entry.line}": entry.severity.value for entry in found} == {
        "MS101:1": "info", "MS203:2": "style", "MS203:4": "info", "MS501:2": "error", "MS501:3": "error",
    }  # fmt: skip


def test_one_on_top_of_another() -> None:
    below = Selection(select=("MS1",), ignore=("MS102",), severities={"MS1": Severity.INFO})
    above = Selection(ignore=("MS101",), severities={"MS1": Severity.ERROR})
    assert above.over(below) == Selection(("MS1",), (), ("MS102", "MS101"), {"MS1": Severity.ERROR})
    assert Selection(select=("MS2",)).over(below).select == ("MS2",)


def test_words_that_mean_nothing() -> None:
    check_words(["MS204", "all", "DL4003"], "--select")
    with pytest.raises(MultistageError, match='--select has "MS299", which is no rule; did you mean "MS'):
        check_words(["MS299"], "--select")
    with pytest.raises(MultistageError, match='did you mean "JSONArgsRecommended"'):
        check_words(["JSONArgRecommended"], "--ignore")
    with pytest.raises(MultistageError, match="`multistage explain` lists them"):
        check_words(["???"], "--ignore")


def test_options_are_split() -> None:
    assert split_words(["MS1,MS2", " DL3006 ", "a, b"]) == ("MS1", "MS2", "DL3006", "a", "b")


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("Dockerfile", "Dockerfile", True), ("a/Dockerfile", "Dockerfile", True), ("a/b/Dockerfile", "a", True),
        ("a/b/Dockerfile", "a/*", True), ("a/b/Dockerfile", "a/*/Dockerfile", True), ("a/b/c/D", "a/*/D", False),
        ("a/b/c/D", "a/**/D", True), ("a/D", "a/**/D", True), ("a/b/D", "/a", True), ("b/a/D", "/a/D", False),
        ("a/b/D", "./a/b", True), ("a/b/D", "b/", True), ("a/bc/D", "b", False), ("a/b/D", "**/b/**", True),
        ("tests/x/Dockerfile", "tests/**", True), ("a.Dockerfile", "*.Dockerfile", True),
    ],
)  # fmt: skip
def test_globs_of_paths(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_a_word_that_is_repeated_is_looked_at_once() -> None:
    both = Selection(extend=("MS1",) * 9, ignore=("MS5", "DL3006") * 9).over(Selection(ignore=("MS5",) * 9))
    assert (both.extend, both.ignore) == (("MS1",), ("MS5", "DL3006"))
