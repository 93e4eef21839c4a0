"""Today's estimates beside the stored sizes."""

from __future__ import annotations

import csv
import math
import statistics
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.model import Sizes
from multistage_cli.sizes.ranges import Range, total
from tests.engine.sizes.case import HERE, Case, all_cases, build_of
from tests.engine.sizes.truth import Truth, stored

LAYERS = HERE / "layers.csv"
"""Single RUN instructions on debian:bookworm-slim and python:3.11-slim with what they really added: real builds of
2026-11-24 on amd64 stand-ins of these images with their apt and dpkg settings. Estimators are calibrated on them.

The stand-in of python:3.11-slim had the bytecode of its library and of pip already, which the published images do not
(Dockerfile-linux.template of docker-library/python deletes every .pyc), so estimates are taken without it there."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An estimate beside the truth.

    Attributes:
        what: it is about.
        true_bytes: the truth.
        size: the estimate.
        unknown: what the estimate says that it could not know.
    """

    what: str
    true_bytes: int
    size: Range
    unknown: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """How far off the estimate is, as a signed part of the truth; of nothing, one byte counts as all."""
        return (self.size.estimate - self.true_bytes) / max(1, self.true_bytes)

    @property
    def inside(self) -> bool:
        """Whether the truth lies in the range."""
        return self.size.low <= self.true_bytes <= self.size.high

    @property
    def width(self) -> float:
        """How wide the range is, as a part of the truth."""
        return (self.size.high - self.size.low) / max(1, self.true_bytes)


@dataclass(frozen=True, slots=True)
class LayerCompared:
    """One layer of one stage; the line is that of its instruction."""

    stage: str
    shipped: bool
    line: int
    compared: Compared


@dataclass(frozen=True, slots=True)
class CaseCompared:
    """One case.

    Attributes:
        case: what was built.
        truth: what it weighs.
        image: with the base image at the size that it had in the engine, which is no part of the estimate.
        added: the same without the base image.
        layers: of all stages that the target needs.
    """

    case: Case
    truth: Truth
    image: Compared
    added: Compared
    layers: tuple[LayerCompared, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """How good a set of estimates is.

    Attributes:
        count: of them.
        median_error: of the absolute errors, as parts of the truth.
        ninetieth_error: the 90th percentile of those.
        share_inside: whose truth lies in the range.
        mean_width: of the ranges, as parts of the truth.
    """

    count: int
    median_error: float
    ninetieth_error: float
    share_inside: float
    mean_width: float


def summary(compared: Sequence[Compared]) -> Summary:
    """Sums up; of at least one."""
    errors = sorted(abs(entry.error) for entry in compared)
    return Summary(
        count=len(errors),
        median_error=statistics.median(errors),
        # The nearest rank: an error that occurred, never one between two.
        ninetieth_error=errors[math.ceil(0.9 * len(errors)) - 1],
        share_inside=sum(entry.inside for entry in compared) / len(compared),
        mean_width=statistics.fmean(entry.width for entry in compared),
    )


@cache
def cases_compared() -> tuple[CaseCompared, ...]:
    """All cases whose truth is stored, by name."""
    found = []
    for case in all_cases():
        truth = stored(case)
        if truth is not None:
            with tempfile.TemporaryDirectory() as folder:
                found.append(compare(case, truth, Path(folder)))
    return tuple(found)


def compare(case: Case, truth: Truth, folder: Path) -> CaseCompared:
    """One case; its build context is made in the folder."""
    sizes = estimate_sizes(build_of(case.write(folder)))
    shipped = [stage for stage in sizes.stages if stage.shipped]
    on_top = total(layer.size for stage in shipped for layer in stage.layers)
    unknown = tuple(text for stage in shipped for layer in stage.layers for text in layer.unknown)
    base_bytes = truth.image.base_bytes
    return CaseCompared(
        case=case,
        truth=truth,
        image=Compared(
            case.name,
            truth.image.image_bytes,
            Range.exactly(base_bytes) + on_top,
            tuple(dict.fromkeys(unknown)),
        ),
        added=Compared(
            case.name, truth.image.image_bytes - base_bytes, on_top, tuple(dict.fromkeys(unknown))
        ),
        layers=tuple(_layers(sizes, truth)),
    )


def _layers(sizes: Sizes, truth: Truth) -> Iterable[LayerCompared]:
    for stage in sizes.stages:
        known = truth.stages.get(stage.stage)
        for layer in stage.layers if known else ():
            assert known is not None
            compared = Compared(layer.instruction, known.layers[layer.line], layer.size, layer.unknown)
            yield LayerCompared(stage.label, stage.shipped, layer.line, compared)


@cache
def single_layers() -> tuple[Compared, ...]:
    """The single RUN instructions, as stored."""
    with LAYERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        sizes = estimate_sizes(evaluate(parse(f"FROM {row['base']}\nRUN {row['run']}\n")))
        [layer] = sizes.stages[0].layers
        size = total(part.size for part in layer.parts if part.kind != "bytecode")
        found.append(Compared(row["run"], int(row["layer_bytes"]), size, layer.unknown))
    return tuple(found)
