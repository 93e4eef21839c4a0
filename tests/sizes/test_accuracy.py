"""Estimates beside sizes that were really built: stored ones, so that no engine is needed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from multistage_cli.sizes.ranges import Range
from tests.engine.sizes.case import Case, all_cases
from tests.engine.sizes.proof import Compared, cases_compared, single_layers, summary
from tests.engine.sizes.truth import stored

ROOT = Path(__file__).resolve().parent.parent.parent
CASES = all_cases()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "accuracy_script", ROOT / "scripts" / "accuracy.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_stored_sizes_are_of_the_case_as_it_is(case: Case) -> None:
    truth = stored(case)
    again = f"measure it again: python -m tests.engine.sizes.record {case.name}"
    assert truth is not None, again
    assert truth.case == case.digest(), again


def test_every_kind_is_held_out_too() -> None:
    kinds = {case.kind for case in CASES}
    assert len(CASES) >= 36
    assert {case.kind for case in CASES if not case.calibrated} == kinds
    assert {case.kind for case in CASES if case.calibrated} == kinds


def test_layers_add_up_to_the_image() -> None:
    for found in cases_compared():
        on_top = sum(layer.compared.true_bytes for layer in found.layers if layer.shipped)
        assert found.truth.image.base_bytes + on_top == found.truth.image.image_bytes, found.case.name


def test_estimates_are_as_good_as_promised() -> None:
    found = summary([entry.image for entry in cases_compared() if not entry.case.calibrated])
    assert found.median_error <= 0.03
    assert found.ninetieth_error <= 0.10
    assert found.share_inside >= 0.90
    assert found.mean_width <= 0.20


def test_single_layers_are_in_their_ranges() -> None:
    found = summary(single_layers())
    assert found.count == 44
    assert found.median_error <= 0.05
    assert found.share_inside >= 0.90


def test_page_is_made_of_the_estimates(script: ModuleType) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert page == script.accuracy_page(), "write it anew: python -m scripts.accuracy"


def test_the_worst_cases_are_explained(script: ModuleType) -> None:
    unexplained = [found.case.name for found in script.worst(cases_compared()) if not found.case.why]
    assert unexplained == [], "say in case.toml why the estimate is off"


def test_a_summary_is_of_absolute_errors() -> None:
    exact = Compared("exact", 100, Range.exactly(100))
    below = Compared("below", 100, Range(80, 90, 110))
    outside = Compared("outside", 100, Range(130, 150, 170))
    found = summary([exact, below, outside])
    assert (found.median_error, found.ninetieth_error) == (pytest.approx(0.1), pytest.approx(0.5))
    assert found.share_inside == pytest.approx(2 / 3)
    assert found.mean_width == pytest.approx((0 + 0.3 + 0.4) / 3)
