"""The result of an estimate, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.sizes.budget import Held

if TYPE_CHECKING:
    from multistage_cli.sizes.budget import Budget
    from multistage_cli.sizes.difference import Difference
    from multistage_cli.sizes.measured.model import Measured
    from multistage_cli.sizes.ranges import Range

_LEAST_SAVING_BYTES = 1_000_000


class Part(Struct, frozen=True):
    """Something in a layer that has a size of its own.

    Attributes:
        what: such as `gcc` or `requirements.txt`.
        kind: `apt` and `pip` packages, `records` and `lists` of apt, a `cache`, `files` of the build context,
            what comes from another `stage` or all of an `image`, `bytecode` of Python's own, files `written` by
            a command, and files of earlier layers that a command changes or moves, which are there `again`.
        size: its range.
        path: where it lies in the image, where that is known; None for all over the place.
        guessed: whether nothing is known of it, so that its size is that of any of its kind.
    """

    what: str
    kind: str
    size: Range
    path: str | None = None
    guessed: bool = False


class Outcome(Struct, frozen=True):
    """What one command adds to its layer, as far as an estimator knows it.

    Attributes:
        parts: with the place where each lies afterwards; a part without one lies nobody knows where.
        unknown: what the parts could not take in, in words; the layer may weigh more by it.
        places: the paths that `unknown` is about, where that follows; empty for anywhere.
    """

    parts: tuple[Part, ...] = ()
    unknown: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class Layer(Struct, frozen=True):
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


class BaseSize(Struct, frozen=True):
    """A base image and what it weighs.

    Attributes:
        reference: as in FROM, expanded.
        size: its range.
        unknown: what is not known of it, in words.
        known: whether the range is about this image at all, and not about any.
    """

    reference: str
    size: Range
    unknown: str | None = None
    known: bool = True


class StageSize(Struct, frozen=True):
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


class Comparison(Struct, frozen=True):
    """One way to build the same.

    Attributes:
        label: what it is.
        size: of its image.
        more: whether things of unknown size come on top.
    """

    label: str
    size: Range
    more: bool = False


class Excluded(Struct, frozen=True):
    """Something that the build needs and the image does not hold: where it stays, and since which line."""

    what: str
    size: Range
    stage: str
    line: int


class Spare(Struct, frozen=True):
    """Something that is in the image and need not be.

    Attributes:
        what: such as `gcc, libpq-dev` or `.git of the build context`.
        size: its range; None where nobody knows.
        stage: where it comes in.
        line: of the instruction that brings it.
        because: why it need not be there, in words.
        instead: what to do.
        likely: whether that is only likely, because something outside of the Dockerfile may use it.
    """

    what: str
    size: Range | None
    stage: str
    line: int
    because: str
    instead: str
    likely: bool = False


class Sizes(Struct, frozen=True):
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
        spare: what is in the image and need not be, the heaviest first.
        budget: whether the image stays within a size, where the user set one.
        difference: what differs from another build, where the user named one.
        measured: an image that was built, where the user named one.
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
    spare: tuple[Spare, ...] = ()
    budget: Budget | None = None
    difference: Difference | None = None
    measured: Measured | None = None

    @property
    def exit_code(self) -> int:
        """1 where the estimate is over the budget, else 0."""
        return int(self.budget is not None and self.budget.held is Held.NO)

    @property
    def on_top(self) -> bool:
        """Whether things of unknown size come on top of the image's range."""
        return any(layer.unknown for stage in self.stages if stage.shipped for layer in stage.layers)

    @property
    def largest(self) -> Comparison | None:
        """The other way that this build is measured against; None where this one saves nothing for sure.

        What is not known of this build is not known of the other one either, since that holds all of it; but
        of a base image that nobody knows nothing can be said.
        """
        others = self.comparison[:-1]
        found = max(others, key=lambda entry: entry.size.estimate, default=None)
        if found is None or not self.base.known:
            return None
        saved = found.size.estimate - self.image.estimate
        return found if saved >= max(_LEAST_SAVING_BYTES, found.size.estimate // 100) else None

    @property
    def saving(self) -> int:
        """Bytes that this build saves against the largest other way; 0 where that is not sure."""
        return self.largest.size.estimate - self.image.estimate if self.largest else 0

    @property
    def saving_percent(self) -> int | None:
        """The same in percent of the largest other way; None where something of unknown size comes on top."""
        if self.largest is None or self.unknown or self.largest.more:
            return None
        return round(100 * self.saving / self.largest.size.estimate)
