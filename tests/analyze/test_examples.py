"""Every rule's page: the examples in it, run through the real parser and evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.config.toml import configuration_of
from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.page import DOCKERFILE, Example, page_of
from multistage_cli.analyze.rule import Rule, all_rules, asked_of, named_stages
from multistage_cli.analyze.selection import is_known
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = "multistage.toml"


def build_of(example: Example, folder: Path) -> Build:
    """The build of an example whose files lie in a folder; a Dockerfile alone has no build context."""
    for name, text in example.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    file = folder / DOCKERFILE
    context = open_context(folder, file) if len(example.files) > 1 else None
    return evaluate(parse(example.dockerfile), file=file, context=context)


def found(rule: Rule, example: Example, folder: Path) -> list[tuple[int, str]]:
    """Line and message of all that one rule finds, with the configuration that the example has."""
    build = build_of(example, folder)
    text = dict(example.files).get(CONFIGURATION)
    configuration = Configuration() if text is None else configuration_of(text, CONFIGURATION)
    if rule.by_engine:
        findings = analyze_build(build, all_rules(), configuration=configuration).findings
        return [(entry.line, entry.message) for entry in findings if entry.code == rule.code]
    settings = configuration.settings
    asked = asked_of(build, settings, named_stages(build, settings.targets) or None)
    return sorted((match.span.first, match.message) for match in rule.check(build, asked))


def examples(kind: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.code}-{kind}-{number}")
        for rule in all_rules()
        for number, example in enumerate(getattr(page_of(rule), kind), 1)
    ]


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_bad_example_is_found_on_its_lines(rule: Rule, example: Example, tmp_path: Path) -> None:
    assert example.lines
    assert tuple(line for line, _ in found(rule, example, tmp_path)) == example.lines


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_example_is_silent(rule: Rule, example: Example, tmp_path: Path) -> None:
    assert found(rule, example, tmp_path) == []


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_good_example_is_not_refused(rule: Rule, example: Example, tmp_path: Path) -> None:
    problems = [problem.message for problem in build_of(example, tmp_path).problems]
    assert problems == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_rule_is_named_well(rule: Rule) -> None:
    assert rule.code.startswith("MS")
    assert len(rule.code) == 5
    assert rule.name == rule.name.lower()
    assert "_" not in rule.name
    page = page_of(rule)
    assert page.summary.endswith(".")
    assert page.fix.endswith(".")
    assert all(is_known(word) for word in (rule.code, rule.name, *rule.aliases))
