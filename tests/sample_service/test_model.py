from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from sample_service.model import Model, ModelError, load_model, parameter_digest
from sample_service.settings import BUNDLED_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What scikit-learn 1.9.1 says for the same coefficients; test_training.py holds the two against each other
# on all of the data where scikit-learn is installed.
EXPECTED = [
    ([1.0, 2.0, 3.0, 4.0], [0.11186415019129836, 0.02117370904235601, 0.8669621407663456]),
    ([5.1, 3.5, 1.4, 0.2], [0.9780330827548811, 0.021966883648212074, 3.359690669672789e-08]),
    ([6.0, 2.9, 4.5, 1.5], [0.007741732885907473, 0.8095801375634415, 0.182678129550651]),
    ([6.3, 3.3, 6.0, 2.5], [2.4700336820776205e-06, 0.0066162800230406705, 0.9933812499432773]),
    ([5.9, 3.0, 5.1, 1.8], [0.0008290169875595864, 0.2728562812614819, 0.7263147017509585]),
    ([0.0, 0.0, 0.0, 0.0], [0.9994552956995851, 0.0005447037734204221, 5.269942904593872e-10]),
    ([100.0, 100.0, 100.0, 100.0], [3.447952953265085e-279, 1.4997086542857383e-190, 1.0]),
]


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(BUNDLED_MODEL)


@pytest.fixture
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(BUNDLED_MODEL.read_text())
    return loaded


@pytest.mark.parametrize(("features", "probabilities"), EXPECTED)
def test_probabilities_are_those_of_scikit_learn(
    model: Model, features: list[float], probabilities: list[float]
) -> None:
    prediction = model.predict(features)
    assert list(prediction.probabilities) == list(model.classes)
    assert list(prediction.probabilities.values()) == pytest.approx(probabilities, rel=0, abs=1e-9)
    assert prediction.label == model.classes[probabilities.index(max(probabilities))]


@pytest.mark.parametrize("features", [[0.0] * 4, [100.0] * 4, [100.0, 0.0, 100.0, 0.0], [1e300] * 4])
def test_extreme_features_still_give_probabilities(model: Model, features: list[float]) -> None:
    values = model.predict(features).probabilities.values()
    assert all(0 <= value <= 1 for value in values)
    assert math.fsum(values) == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 3, 5])
def test_wrong_number_of_features_is_refused(model: Model, count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} features where the model takes 4"):
        model.predict([1.0] * count)


def test_bundled_model_says_where_it_comes_from(document: dict[str, Any]) -> None:
    assert document["version"] == f"iris-{parameter_digest(document)}"
    assert document["classes"] == ["setosa", "versicolor", "virginica"]
    assert len(document["feature_names"]) == 4
    assert document["evaluation"]["held_out_accuracy"] >= 0.9
    assert {"data", "method", "scikit_learn", "script", "split"} <= set(document["provenance"])


def _retrained(document: dict[str, Any]) -> None:
    document["coefficients"][0][0] += 1e-12


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({name: value})


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda document: document.pop("intercepts"), "'intercepts' is missing"),
        (lambda document: document["coefficients"].pop(), "one row of coefficients"),
        (lambda document: document["coefficients"][1].pop(), "one coefficient per feature"),
        (lambda document: document["intercepts"].append(0.0), "one intercept per class"),
        (_set("classes", ["setosa"] * 3), "a name of its own"),
        (_set("classes", ["setosa", "versicolor", 3]), "3 where a name belongs"),
        (_set("intercepts", [0.0, 0.0, math.nan]), "nan where a finite number belongs"),
        (_set("intercepts", [0.0, 0.0, True]), "True where a finite number belongs"),
        (_set("intercepts", [0.0, 0.0, 10**400]), "too large"),
        (_set("intercepts", 3), "not iterable"),
        (_set("evaluation", {"held_out_accuracy": 1.5}), "between 0 and 1"),
        (_set("format", 2), "format 2, expected 1"),
        (_set("version", "iris-000000000000"), "its parameters are those of iris-"),
        (_retrained, "its parameters are those of iris-"),
    ],
)
def test_damaged_model_is_refused_with_the_reason(
    document: dict[str, Any], damage: Callable[[dict[str, Any]], None], reason: str, tmp_path: Path
) -> None:
    damage(document)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(document))
    with pytest.raises(ModelError, match=reason) as raised:
        load_model(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", "[" * 100_000, "1" * 5000, '{"format": 1}', "\ud800"]
)
def test_file_that_is_no_model_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot read the model"):
        load_model(tmp_path / "none.json")
