"""A scenario of each rule, built now: the engine still does what is stored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.engine.cache.compare import stored
from tests.engine.cache.record import Engine, record
from tests.engine.cache.scenario import Scenario
from tests.engine.cache.scenarios import SCENARIOS

pytestmark = pytest.mark.engine

FIRST = {scenario.family: scenario for scenario in reversed(SCENARIOS)}


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine that answers and has the image that the scenarios start from."""
    if shutil.which("docker") is None:
        unavailable("there is no docker command")
    found = Engine()
    try:
        found.store()
        found.run("image", "inspect", "busybox:musl")
    except RuntimeError as error:
        unavailable(str(error))
    yield found
    found.clean()


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("MULTISTAGE_REQUIRE_ENGINE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.parametrize("scenario", FIRST.values(), ids=FIRST.keys())
def test_engine_does_what_is_stored(engine: Engine, scenario: Scenario, tmp_path: Path) -> None:
    results = stored()[f"{scenario.family}/{scenario.name}"]
    assert record(engine, scenario, tmp_path) == results[engine.store()]
