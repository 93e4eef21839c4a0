"""docs/rules.md is what the rules say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from multistage_cli.analyze.rule import all_rules

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("rules_script", ROOT / "scripts" / "rules.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_page_is_made_of_the_rules(script: ModuleType) -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page == script.rules_page(), "write it anew: python scripts/rules.py"


def test_every_rule_has_a_family(script: ModuleType) -> None:
    assert {rule.code[:3] for rule in all_rules()} <= script.FAMILIES.keys()
