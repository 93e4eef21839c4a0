"""The model: a multinomial logistic regression, read from JSON and evaluated in plain Python.

scikit-learn trains it (`scripts/train_iris.py`) and stays out of the image: with it come numpy and scipy,
well over 100 MB, for what is twelve multiplications here.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT: Final = 1
MIN_CLASSES: Final = 2


class ModelError(ValueError):
    """The model's file cannot be used; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The most probable class, and the probability of each in the model's order; they add up to 1."""

    label: str
    probabilities: dict[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """A trained classifier.

    Attributes:
        version: Name that follows from the parameters: another model has another version.
        feature_names: What each feature is, with its unit, in the order that `predict` takes.
        classes: Names of the classes.
        coefficients: One row per class, one number per feature.
        intercepts: One number per class.
        held_out_accuracy: Share of the flowers kept out of the training that it gets right, 0 to 1.
    """

    version: str
    feature_names: tuple[str, ...]
    classes: tuple[str, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    held_out_accuracy: float

    def predict(self, features: Sequence[float]) -> Prediction:
        """Classify one flower.

        Args:
            features: One finite number per feature, in the order of `feature_names`.

        Raises:
            ValueError: there are more or fewer numbers than features.
        """
        if len(features) != len(self.feature_names):
            raise ValueError(f"{len(features)} features where the model takes {len(self.feature_names)}")
        scores = [
            sum(map(mul, row, features), intercept)
            for row, intercept in zip(self.coefficients, self.intercepts, strict=True)
        ]
        # exp() of a score itself overflows above 709; probabilities depend on differences alone.
        highest = max(scores)
        weights = [math.exp(score - highest) for score in scores]
        total = sum(weights)
        probabilities = {name: weight / total for name, weight in zip(self.classes, weights, strict=True)}
        return Prediction(self.classes[scores.index(highest)], probabilities)


def load_model(path: Path) -> Model:
    """Read a model's file and check that it is whole.

    Raises:
        ModelError: the file cannot be read, is no model of this format, or was changed since training.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot read the model {path}: {error}") from error
    try:
        return _model(document)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} is no model that this service can use: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _model(document: Any) -> Model:
    if not isinstance(document, dict):
        raise TypeError("not a JSON object")
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']!r}, expected {FORMAT}")
    model = Model(
        version=_text(document["version"]),
        feature_names=tuple(_text(name) for name in document["feature_names"]),
        classes=tuple(_text(name) for name in document["classes"]),
        coefficients=tuple(tuple(_number(number) for number in row) for row in document["coefficients"]),
        intercepts=tuple(_number(number) for number in document["intercepts"]),
        held_out_accuracy=_number(document["evaluation"]["held_out_accuracy"]),
    )
    if len(model.classes) < MIN_CLASSES or len(set(model.classes)) != len(model.classes):
        raise ValueError("needs two classes or more, each with a name of its own")
    if len(model.coefficients) != len(model.classes) or len(model.intercepts) != len(model.classes):
        raise ValueError("needs one row of coefficients and one intercept per class")
    if not model.feature_names or any(len(row) != len(model.feature_names) for row in model.coefficients):
        raise ValueError("needs one coefficient per feature in every row")
    if not 0 <= model.held_out_accuracy <= 1:
        raise ValueError("held_out_accuracy must lie between 0 and 1")
    expected = f"iris-{parameter_digest(document)}"
    if model.version != expected:
        raise ValueError(f"version {model.version}, but its parameters are those of {expected}")
    return model


def parameter_digest(document: dict[str, Any]) -> str:
    """First 12 hexadecimal digits of the SHA-256 over the parameters as compact, sorted JSON."""
    names = ("feature_names", "classes", "coefficients", "intercepts")
    text = json.dumps({name: document[name] for name in names}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} where a name belongs")
    return value


def _number(value: Any) -> float:
    # bool is an int to Python, and json.loads() takes NaN and Infinity.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} where a finite number belongs")
    return float(value)
