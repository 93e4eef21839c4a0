"""What a built image weighs, line by line beside the estimate, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from multistage_cli.sizes.ranges import Range


class Weight(Struct, frozen=True):
    """A path and the bytes of the files at or below it."""

    path: str
    size_bytes: int


class MeasuredLine(Struct, frozen=True):
    """An instruction of the Dockerfile and its layer.

    Attributes:
        stage: the label of its stage.
        line: of the instruction.
        instruction: its text on one line.
        estimate: its range.
        size_bytes: of its layer, 0 where it made none; None where no layer of the image fits it.
        files: in the layer.
        heaviest: its largest files.
        directories: its heaviest directories.
    """

    stage: str
    line: int
    instruction: str
    estimate: Range
    size_bytes: int | None
    files: int = 0
    heaviest: tuple[Weight, ...] = ()
    directories: tuple[Weight, ...] = ()

    @property
    def difference_bytes(self) -> int | None:
        """The estimate less the truth."""
        return None if self.size_bytes is None else self.estimate.estimate - self.size_bytes

    @property
    def is_within(self) -> bool | None:
        """Whether the truth is in the range."""
        return None if self.size_bytes is None else self.estimate.low <= self.size_bytes <= self.estimate.high


class UnmatchedLayer(Struct, frozen=True):
    """A layer that no instruction of the Dockerfile fits: what made it, as the image's history says."""

    created_by: str
    size_bytes: int


class WastedPath(Struct, frozen=True):
    """A file that a later layer writes again or deletes, and that the image holds all the same.

    Attributes:
        path: of the file.
        size_bytes: that stay in the image.
        line: of the instruction that wrote it; None where that is no line of this Dockerfile.
        by_line: of the instruction that hides it, likewise.
        of_base: whether it comes with the base image.
    """

    path: str
    size_bytes: int
    line: int | None
    by_line: int | None
    of_base: bool = False


class Measured(Struct, frozen=True):
    """An image beside the estimate.

    Attributes:
        label: the archive, or the image's name.
        size_bytes: of the image: the sum of its layers.
        estimate: of the image.
        base: the base image, as in FROM.
        base_bytes: of the layers below the first instruction's; None where that cannot be told.
        base_estimate: of the base image.
        lines: in the order of the build.
        unmatched: layers that belong to no line, the lowest first.
        wasted: what layers on top of the base image hide, the heaviest first.
        wasted_bytes: of all, listed or not.
        base_wasted_bytes: that layers of the base image hide of each other, which no line here changes.
        base_heaviest: the largest files of the base image.
        base_directories: its heaviest directories.
        notes: what the comparison could not do, in words.
    """

    label: str
    size_bytes: int
    estimate: Range
    base: str
    base_bytes: int | None
    base_estimate: Range
    lines: tuple[MeasuredLine, ...]
    unmatched: tuple[UnmatchedLayer, ...]
    wasted: tuple[WastedPath, ...]
    wasted_bytes: int
    base_wasted_bytes: int = 0
    base_heaviest: tuple[Weight, ...] = ()
    base_directories: tuple[Weight, ...] = ()
    notes: tuple[str, ...] = ()
