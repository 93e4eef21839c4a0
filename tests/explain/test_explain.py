"""`multistage explain`: every rule's page, in every format."""

from __future__ import annotations

import json

import pytest

from multistage_cli.analyze.rule import Rule, all_rules
from multistage_cli.cli import main

RULES = [pytest.param(rule, id=rule.code) for rule in all_rules()]


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("explain", *arguments, "--width", "100")) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("rule", RULES)
def test_page_of_every_rule(rule: Rule, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, rule.code)
    assert text.startswith(f"{rule.code} {rule.name}\n{rule.severity.value}, {rule.confidence.value}")
    assert "\nFix: " in text
    markdown = shown(capsys, rule.name, "--format", "markdown")
    assert markdown.startswith(f"# {rule.code} {rule.name}\n\n")
    (data,) = json.loads(shown(capsys, rule.code.lower(), "--format", "json"))["rules"]
    assert (data["code"], data["name"], data["aliases"]) == (rule.code, rule.name, list(rule.aliases))
    assert data["summary"] in text.replace("\n", " ")


def test_other_tools_names_find_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "DL4003").startswith("MS203 overwritten-instruction\n")
    assert shown(capsys, "StageNameCasing").startswith("MS101 stage-name-casing\n")
    assert [line[:5] for line in shown(capsys, "MS10").splitlines() if line.startswith("MS10")] == [
        rule.code for rule in all_rules() if rule.code.startswith("MS10")
    ]


def test_list_of_all_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line[:5] for line in shown(capsys).splitlines() if line.startswith("MS")] == [
        rule.code for rule in all_rules()
    ]
    assert shown(capsys, "--format", "markdown").count("\n| MS") == len(all_rules())
    assert len(json.loads(shown(capsys, "--format", "json"))["rules"]) == len(all_rules())


def test_no_such_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("explain", "shell-form-comand")) == 2
    assert capsys.readouterr().err == (
        'multistage: there is no rule "shell-form-comand"; did you mean "shell-form-command"?\n'
    )
