"""The scorecard of every Dockerfile of the corpus, as a careful reader judged it."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.practices import judge
from tests.corpus import Case, cases


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_scorecard(case: Case) -> None:
    found = {practice.name: practice.status.value for practice in judge(case.build())}
    expected = {name: verdict["status"] for name, verdict in case.expected.get("practices", {}).items()}
    assert {name: found[name] for name in expected} == expected
