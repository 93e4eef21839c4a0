"""The result of an estimate, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multistage_cli.sizes.ranges import Range


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a layer that has a size of its own.

    Attributes:
        what: such as `gcc` or `requirements.txt`.
        kind: `apt`, `pip`, `files`, `lists`, `cache`, `stage` and so on.
        size: its range.
        path: where it lies in the image, where that is known; None for all over the place.
    """

    what: str
    kind: str
    size: Range
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What one instruction adds.

    Attributes:
        line: of the instruction.
        instruction: its text on one line.
        size: the sum of its parts.
        parts: in the order of the commands.
        unknown: what the numbers could not take in, in words; the layer may weigh more by it.
    """

    line: int
    instruction: str
    size: Range
    parts: tuple[Part, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BaseSize:
    """A base image and what it weighs; `unknown` says in words what is not known of it."""

    reference: str
    size: Range
    unknown: str | None = None


@dataclass(frozen=True, slots=True)
class StageSize:
    """A stage: its size holds the base and all layers of the stages that it continues.

    Attributes:
        stage: its name, or its index as a string.
        label: the name as it was written, or the index.
        shipped: whether its layers are in the target's image.
        needed: whether the target needs it.
        size: with its base.
        layers: its own, by line.
        base: what it starts from.
    """

    stage: str
    label: str
    shipped: bool
    needed: bool
    size: Range
    layers: tuple[Layer, ...]
    base: BaseSize

    @property
    def unknown(self) -> tuple[str, ...]:
        """What its layers and its base could not take in."""
        base = (self.base.unknown,) if self.base.unknown else ()
        return (*base, *(text for layer in self.layers for text in layer.unknown))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way to build the same, and how large its image would be."""

    label: str
    size: Range


@dataclass(frozen=True, slots=True)
class Excluded:
    """Something that the build needs and the image does not hold: where it stays, and since which line."""

    what: str
    size: Range
    stage: str
    line: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """The estimate of a whole build.

    Attributes:
        path: the Dockerfile.
        target: the name of the stage that is built.
        platform: of the build.
        image: the target's image.
        base: what the image starts from at last.
        stages: in file order.
        comparison: other ways to build the same, the largest first, then this one.
        excluded: the heaviest first.
        unknown: what the image's numbers could not take in, in words.
    """

    path: str
    target: str
    platform: str
    image: Range
    base: BaseSize
    stages: tuple[StageSize, ...]
    comparison: tuple[Comparison, ...]
    excluded: tuple[Excluded, ...]
    unknown: tuple[str, ...]

    @property
    def saving(self) -> int:
        """Bytes that this build saves against the largest other way; 0 where there is none larger."""
        return max(
            0, max((entry.size.estimate for entry in self.comparison), default=0) - self.image.estimate
        )

    @property
    def saving_percent(self) -> int:
        """The same in percent of the largest other way."""
        largest = max((entry.size.estimate for entry in self.comparison), default=0)
        return round(100 * self.saving / largest) if largest else 0
