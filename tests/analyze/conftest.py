"""A fixed set of rules, for tests that are about what is around the rules."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rule import Rule, all_rules

FEW = {"MS001", "MS101", "MS105", "MS108", "MS203", "MS204", "MS501", "MS901", "MS902", "MS903", "MS904"}


@pytest.fixture
def few_rules(monkeypatch: pytest.MonkeyPatch) -> tuple[Rule, ...]:
    """As if there were no other rules, however many are added."""
    chosen = tuple(rule for rule in all_rules() if rule.code in FEW)
    for module in ("engine", "selection"):
        monkeypatch.setattr(f"multistage_cli.analyze.{module}.all_rules", lambda: chosen)
    return chosen
