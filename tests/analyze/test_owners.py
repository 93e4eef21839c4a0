"""Dockerfiles as well-kept projects have them, and all that we say of them: no owner is to call it noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.analyze.findings import Severity
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

GOOD = sorted((Path(__file__).parent / "good").glob("*.Dockerfile"))
WORTH_KNOWING = {
    # Pins and numbers of users are advice for some; the rest says what a reader of the file may not see.
    "MS221", "MS224", "MS244", "MS401", "MS403", "MS410", "MS523", "MS720", "MS804",
}  # fmt: skip
WARNED = {"deno": [("MS221", 8)]}
"""A base image without any tag."""


def findings(file: Path) -> list[tuple[str, int, Severity]]:
    build = evaluate(parse(file.read_text(encoding="utf-8")), path=file.name)
    return [(entry.code, entry.line, entry.severity) for entry in analyze_build(build).findings]


def name_of(file: Path) -> str:
    return file.name.removesuffix(".Dockerfile")


@pytest.mark.parametrize("file", GOOD, ids=name_of)
def test_an_owner_finds_no_noise(file: Path) -> None:
    found = findings(file)
    grave = [(code, line) for code, line, severity in found if severity.at_least(Severity.WARNING)]
    assert grave == WARNED.get(name_of(file), [])
    assert {code for code, *_ in found} <= WORTH_KNOWING
    assert len(found) <= 6


def test_there_are_many_of_them() -> None:
    assert len(GOOD) >= 25
    assert {name_of(file) for file in GOOD} >= set(WARNED)
