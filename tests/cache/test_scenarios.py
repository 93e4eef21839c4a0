"""Our answers beside those of a Docker engine, as stored by `python -m tests.engine.cache.record`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.cache.compare import STORES, answers, lines, stored
from tests.engine.cache.scenario import Scenario
from tests.engine.cache.scenarios import SCENARIOS

RESULTS = stored()
FEWEST = 60
SURE = {"selection", "copy", "run"}
"""Rules about what stands in the files alone: there nothing may be left open."""


def parameters() -> list[object]:
    return [pytest.param(entry, id=f"{entry.family}/{entry.name}") for entry in SCENARIOS]


@pytest.mark.parametrize("scenario", parameters())
def test_a_certain_answer_is_what_the_engine_did(scenario: Scenario, tmp_path: Path) -> None:
    results = RESULTS[f"{scenario.family}/{scenario.name}"]
    for question, answer in answers(scenario, tmp_path):
        for line in lines(answer, results):
            assert not line.wrong_and_certain, (question, line)
            assert line.certain or scenario.family not in SURE, (question, line)


def test_stored_results_belong_to_these_scenarios() -> None:
    names = {f"{scenario.family}/{scenario.name}": scenario.digest for scenario in SCENARIOS}
    assert len(names) == len(SCENARIOS) >= FEWEST
    assert {name: result["scenario"] for name, result in RESULTS.items()} == names
    assert all(store in result for result in RESULTS.values() for store in STORES)
