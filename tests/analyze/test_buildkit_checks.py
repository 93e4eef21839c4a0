"""BuildKit's build checks: our lines are those that the engine named (stored answers; see tests/checks.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.engine import Finding, analyze_build
from multistage_cli.analyze.rule import Rule, all_rules
from tests.checks import Check, answers, checks

if TYPE_CHECKING:
    from pathlib import Path

BUILDKIT = {
    "ConsistentInstructionCasing", "CopyIgnoredFile", "DuplicateStageName", "ExposeInvalidFormat",
    "ExposeProtoCasing", "FromAsCasing", "FromPlatformFlagConstDisallowed", "InvalidBaseImagePlatform",
    "InvalidDefaultArgInFrom", "InvalidDefinitionDescription", "JSONArgsRecommended", "LegacyKeyValueFormat",
    "MaintainerDeprecated", "MultipleInstructionsDisallowed", "NoEmptyContinuation", "RedundantTargetPlatform",
    "ReservedStageName", "SecretsUsedInArgOrEnv", "StageNameCasing", "UndefinedArgInFrom", "UndefinedVar",
    "WorkdirRelativePath",
}  # fmt: skip


def alias_of(entry: Rule | Finding) -> str | None:
    return next((alias for alias in entry.aliases if alias in BUILDKIT), None)


def found(check: Check, folder: Path) -> list[Finding]:
    rules = None if check.directed else [entry for entry in all_rules() if alias_of(entry)]
    return [entry for entry in analyze_build(check.build(folder), rules).findings if alias_of(entry)]


def params(*, newer: bool = False, unasked: bool = False) -> list[object]:
    chosen = [check for check in checks() if (check.newer, check.unasked) == (newer, unasked)]
    return [pytest.param(check, id=check.name) for check in chosen]


def test_every_check_has_a_rule_and_is_hit() -> None:
    assert {alias_of(entry) for entry in all_rules()} - {None} == BUILDKIT
    hit = {warned.rule for answer in answers().values() for warned in answer.warnings}
    assert hit == BUILDKIT - {"InvalidBaseImagePlatform"}  # see UNASKED


def test_there_are_enough_files() -> None:
    assert len(checks()) >= 150
    assert answers().keys() == {check.name for check in checks() if not check.unasked}


@pytest.mark.parametrize("check", params())
def test_lines_are_the_engines(check: Check, tmp_path: Path) -> None:
    ours = {(str(alias_of(entry)), entry.line) for entry in found(check, tmp_path)}
    answer = answers()[check.name]
    if answer.error is None:
        assert ours == answer.lines
    else:  # the engine stops at the error, and we go on
        assert ours >= answer.lines


@pytest.mark.parametrize("check", params())
def test_variables_are_named(check: Check, tmp_path: Path) -> None:
    """Each variable that the engine calls undefined is in a message of ours on that line."""
    findings = found(check, tmp_path)
    for warned in answers()[check.name].warnings:
        if warned.rule in {"UndefinedVar", "UndefinedArgInFrom"}:
            name = warned.detail.split("'")[1].lstrip("$")
            said = [entry.message for entry in findings if alias_of(entry) == warned.rule]
            assert any(f"${name} " in f"{message} " or f"${name}," in message for message in said)


NEWER = {
    "ignored with an exception for another": set(),
    "ignored, written with a dot": {2},
    "ignored, written from the root": {2},
    "a dot in the ignore file": set(),
    "secret names of files and versions": set(),
}
"""Lines as BuildKit has them since CopyIgnoredFile cleans the path and leaves exceptions alone, and since
SecretsUsedInArgOrEnv takes "file" and "version" for harmless."""


@pytest.mark.parametrize("check", params(newer=True))
def test_lines_are_those_of_later_versions(check: Check, tmp_path: Path) -> None:
    assert {entry.line for entry in found(check, tmp_path)} == NEWER[check.name]


UNASKED = {
    "image of one architecture": {1},
    "image of one architecture for that platform": set(),
    "image of one architecture in an unneeded stage": {1},
    "image of one architecture on a mirror": {1},
    "image of the build's architecture": set(),
    "image of one architecture below a stage": {1},
}
"""Lines of InvalidBaseImagePlatform: only a registry hands out an image of another platform than the one that was
asked for, so these names are not the engine's to know; tests/engine/test_checks.py asks it with a registry."""


@pytest.mark.parametrize("check", params(unasked=True))
def test_lines_of_what_needs_a_registry(check: Check, tmp_path: Path) -> None:
    assert {entry.line for entry in found(check, tmp_path)} == UNASKED[check.name]
