"""What a rule says of a Dockerfile is what really happens, and does not happen to its mended twin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.findings import Severity
from tests.engine.rule_proofs import PROOFS, Pair, engine_for, pairs

if TYPE_CHECKING:
    from tests.engine.conftest import Docker

pytestmark = pytest.mark.engine


def bases(pair: Pair) -> set[str]:
    """The images that a pair needs, as far as they are written out."""
    named: set[str] = set()
    for half in ("bad", "good"):
        text = (pair.folder(half) / "Dockerfile").read_text(encoding="utf-8")
        found = re.findall(r"(?im)^FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?", text)
        stages = {name.lower() for _, name in found if name}
        named |= {
            base for base, _ in found if base.lower() not in stages and base != "scratch" and "$" not in base
        }
    for option in pair.build:
        name, _, stands_for = option.removeprefix("--build-context=").partition("=docker-image://")
        if name in named:
            named = {*named - {name}, stands_for}
    return named


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.name)
def test_the_bad_one_is_found_where_it_fails(pair: Pair) -> None:
    found = pair.findings("bad")
    assert tuple(entry.line for entry in found if entry.name == pair.rule) == pair.lines, found
    errors = {entry.name for entry in found if entry.severity is Severity.ERROR}
    assert errors <= {pair.rule, *pair.also}, found


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.name)
def test_the_good_one_is_not_found(pair: Pair) -> None:
    found = pair.findings("good")
    assert [entry for entry in found if entry.name == pair.rule or entry.severity is Severity.ERROR] == []


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.name)
def test_the_engine_agrees(pair: Pair, docker: Docker) -> None:
    for base in sorted(bases(pair)):
        if docker.attempt("image", "inspect", base).returncode != 0 and "bulid" not in base:
            pytest.skip(f"the engine has no image {base}")
    with engine_for(docker, pair) as engine:
        PROOFS[pair.proof](engine)
