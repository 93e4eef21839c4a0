"""Train the model that `sample_service` serves and write `sample_service/model.json`.

    pip install -e '.[train]'
    python scripts/train_iris.py

The same scikit-learn on the same machine writes the same bytes. The data set comes with scikit-learn;
nothing is fetched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split

from sample_service.model import FORMAT, parameter_digest

DESTINATION = Path(__file__).resolve().parent.parent / "sample_service" / "model.json"
SPLIT_SEED = 20
HELD_OUT_SHARE = 0.2
INVERSE_REGULARISATION = 1.0
MAX_ITERATIONS = 10_000
TOLERANCE = 1e-8


def split() -> tuple[Any, Any, Any, Any]:
    """Features to train on and to measure on, then the labels of both: always the same split."""
    iris = load_iris()
    train_x, test_x, train_y, test_y = train_test_split(
        iris.data, iris.target, test_size=HELD_OUT_SHARE, random_state=SPLIT_SEED, stratify=iris.target
    )
    return train_x, test_x, train_y, test_y


def train() -> dict[str, Any]:
    """Fit on four fifths of the data, measure on the rest, and return the document that the service loads.

    The shipped coefficients are the measured ones: no refit on all data, which would make the
    accuracy that of another model.
    """
    iris = load_iris()
    train_x, test_x, train_y, test_y = split()
    classifier = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MAX_ITERATIONS, tol=TOLERANCE)
    classifier.fit(train_x, train_y)
    parameters = {
        "feature_names": [str(name) for name in iris.feature_names],
        "classes": [str(name) for name in iris.target_names],
        "coefficients": classifier.coef_.tolist(),
        "intercepts": classifier.intercept_.tolist(),
    }
    return {
        "format": FORMAT,
        "version": f"iris-{parameter_digest(parameters)}",
        **parameters,
        "evaluation": {
            "held_out_samples": len(test_y),
            "held_out_accuracy": float(classifier.score(test_x, test_y)),
            # Thirty flowers say little; this is the mean over ten splits of all 150.
            "cross_validated_accuracy": float(
                cross_val_score(classifier, iris.data, iris.target, cv=10).mean()
            ),
        },
        "provenance": {
            "method": "multinomial logistic regression, L2 penalty, lbfgs",
            "data": "Iris: R. A. Fisher, 1936, https://doi.org/10.1111/j.1469-1809.1936.tb02137.x",
            "data_source": "sklearn.datasets.load_iris",
            "data_sha256": hashlib.sha256(iris.data.tobytes() + iris.target.tobytes()).hexdigest(),
            "training_samples": len(train_y),
            "split": f"stratified, seed {SPLIT_SEED}",
            "inverse_regularisation": INVERSE_REGULARISATION,
            "script": "scripts/train_iris.py",
            "scikit_learn": sklearn.__version__,
        },
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--output", type=Path, default=DESTINATION, metavar="FILE")
    output: Path = arguments.parse_args().output
    document = train()
    output.write_text(json.dumps(document, indent=2) + "\n", encoding="ascii")
    evaluation = document["evaluation"]
    print(
        f"{document['version']}: {evaluation['held_out_accuracy']:.3f} right "
        f"on {evaluation['held_out_samples']} held-out flowers; written to {output}"
    )


if __name__ == "__main__":
    main()
