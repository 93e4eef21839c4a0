"""Every rule is proven by a real engine, or the reason why it cannot be is written down."""

from __future__ import annotations

import tomllib

from multistage_cli.analyze.rule import all_rules
from tests.engine.rule_proofs import PAIRS, PROOFS, pairs

UNPROVEN: dict[str, str] = tomllib.loads((PAIRS / "unproven.toml").read_text(encoding="utf-8"))


def test_each_rule_has_a_pair_or_a_reason_for_none() -> None:
    proven = {pair.rule for pair in pairs()}
    codes = {rule.code for rule in all_rules() if rule.name not in proven}
    assert codes == set(UNPROVEN)
    assert {rule.name for rule in all_rules()} >= proven, "a pair for a rule that is none"


def test_each_reason_says_something() -> None:
    assert list(UNPROVEN) == list(dict.fromkeys(UNPROVEN))
    assert all(len(reason) >= len("the image is the same") for reason in UNPROVEN.values())


def test_each_pair_has_a_proof() -> None:
    assert {pair.proof for pair in pairs()} <= PROOFS.keys()
    assert len(pairs()) >= 60
