"""What the cases' images really weigh, as stored: one JSON file for each case in the folder `truth`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from tests.engine.sizes.case import TRUTH, Case


@dataclass(frozen=True, slots=True)
class TrueStage:
    """A stage as it was built.

    Attributes:
        base: the image that it starts from at last, or `scratch`.
        base_bytes: of that image in the engine that built it, which may be a stand-in of the published one.
        image_bytes: of the stage with its base.
        layers: bytes of each instruction that may add a layer, by its line, base stages' layers left out.
    """

    base: str
    base_bytes: int
    image_bytes: int
    layers: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """What one case weighs.

    Attributes:
        case: digest of the case that was built.
        date: when.
        engine: version of the Docker engine.
        target: the stage that is built.
        stages: those that the target needs, by name or index.
    """

    case: str
    date: str
    engine: str
    target: str
    stages: Mapping[str, TrueStage]

    @property
    def image(self) -> TrueStage:
        """The stage that is built."""
        return self.stages[self.target]


def stored(case: Case) -> Truth | None:
    """What is stored of a case; None before it was recorded."""
    file = TRUTH / f"{case.name}.json"
    if not file.is_file():
        return None
    told = json.loads(file.read_text(encoding="utf-8"))
    stages = {
        name: TrueStage(**{**stage, "layers": {int(line): size for line, size in stage["layers"].items()}})
        for name, stage in told.pop("stages").items()
    }
    return Truth(**told, stages=stages)


def store(case: Case, truth: Truth) -> None:
    """Keeps what was measured."""
    TRUTH.mkdir(exist_ok=True)
    text = json.dumps(asdict(truth), indent=1) + "\n"
    (TRUTH / f"{case.name}.json").write_text(text, encoding="utf-8")
