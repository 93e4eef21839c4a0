"""The service's arithmetic against scikit-learn's, where that is installed."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path

import pytest

import sample_service
from sample_service.model import load_model
from sample_service.settings import BUNDLED_MODEL

pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install -e '.[train]'")

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(sample_service.__file__).resolve().parent.parent / "scripts" / "train_iris.py"


@pytest.fixture(scope="module")
def training() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_iris", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_probabilities_are_those_of_scikit_learn_everywhere() -> None:
    model = load_model(BUNDLED_MODEL)
    classifier = LogisticRegression()
    classifier.classes_ = np.arange(len(model.classes))
    classifier.coef_ = np.array(model.coefficients)
    classifier.intercept_ = np.array(model.intercepts)
    source = random.Random(1936)
    made_up = [[source.uniform(0, 100) for _ in model.feature_names] for _ in range(2000)]
    flowers = [*load_iris().data.tolist(), *made_up]
    ours = [list(model.predict(flower).probabilities.values()) for flower in flowers]
    assert np.abs(np.array(ours) - classifier.predict_proba(flowers)).max() <= 1e-9


@pytest.fixture(scope="module")
def trained(training: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script writes, run as from a command line."""
    path = tmp_path_factory.mktemp("model") / "model.json"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("sys.argv", ["train_iris.py", "--output", str(path)])
        training.main()
    return path


def test_training_again_gives_the_bundled_model(trained: Path) -> None:
    document, bundled = (json.loads(path.read_text()) for path in (trained, BUNDLED_MODEL))
    # To the last digit only on the same kind of machine with the same releases.
    for name in ("coefficients", "intercepts"):
        assert np.array(document[name]) == pytest.approx(np.array(bundled[name]), abs=1e-5)
    for name in ("feature_names", "classes", "evaluation"):
        assert document[name] == bundled[name]
    assert document["provenance"]["data_sha256"] == bundled["provenance"]["data_sha256"]


def test_script_writes_a_model_that_the_service_loads(trained: Path) -> None:
    assert load_model(trained).predict([5.1, 3.5, 1.4, 0.2]).label == "setosa"


def test_bundled_accuracy_is_that_of_the_bundled_model(training: ModuleType) -> None:
    model = load_model(BUNDLED_MODEL)
    _, held_out, _, truth = training.split()
    right = sum(
        model.predict(flower).label == model.classes[label]
        for flower, label in zip(held_out.tolist(), truth.tolist(), strict=True)
    )
    assert right / len(truth) == model.held_out_accuracy
