"""Sizes in words: what all views say alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.evaluate import DEFAULT_PLATFORM
from multistage_cli.printable import printable
from multistage_cli.sizes.ranges import about, number_of_megabytes, total

if TYPE_CHECKING:
    from multistage_cli.sizes.difference import LineDifference, StageDifference
    from multistage_cli.sizes.model import Layer, Part, Sizes, Spare, StageSize
    from multistage_cli.sizes.ranges import Range

_WIDE_RANGE = 10  # a range is shown where it is wider than this part of the estimate


def size_range(size: Range, *, more: bool = False) -> str:
    """`~152 MB`, or with its ends where they are far apart: `~152 MB (120-190)`; `+` for what is not known."""
    ends = f" ({number_of_megabytes(size.low)}-{number_of_megabytes(size.high)})" if _is_wide(size) else ""
    estimate = about(size.estimate) if size.estimate else "0 MB"
    return f"{estimate}{ends}{' +' if more else ''}"


def _is_wide(size: Range) -> bool:
    return (size.high - size.low) * _WIDE_RANGE > size.estimate and number_of_megabytes(size.high) != "0"


def saving(sizes: Sizes) -> str:
    """What this build saves and against what; empty where that is not sure."""
    if sizes.largest is None:
        return ""
    against = printable(sizes.largest.label.removeprefix("one stage, "))
    if sizes.saving_percent is None:
        # What is not known is in the other way too, with more of its kind.
        return f"Saving: {about(sizes.saving)} or more, against one stage on {against}"
    return f"Saving: {about(sizes.saving)} ({sizes.saving_percent}% smaller than one stage on {against})"


def stage_name(stage: StageSize) -> str:
    """The stage for people: its name as it was written, or `stage 1`."""
    return stage.label if not stage.label.isdecimal() else f"stage {stage.label}"


def role(stage: StageSize, sizes: Sizes) -> str:
    """What a stage is to the image: `the image`, `part of it`, `not needed`; empty for one that stays behind."""
    if stage.stage == sizes.target:
        return "the image"
    if stage.shipped:
        return "part of it"
    return "" if stage.needed else "not needed"


def parts_of(layer: Layer, most: int = 3) -> str:
    """The heaviest parts of a layer: `gcc ~150 MB, curl ~4.0 MB and 3 more ~1.2 MB`; empty for a single one."""
    ranked: list[Part] = sorted(layer.parts, key=lambda part: (-part.size.estimate, part.what))
    if len(ranked) <= 1:
        return ""
    shown = ", ".join(f"{printable(part.what)} {about(part.size.estimate)}" for part in ranked[:most])
    rest = ranked[most:]
    if not rest:
        return shown
    return f"{shown} and {len(rest)} more {about(sum(part.size.estimate for part in rest))}"


def spare_size(spare: Spare) -> str:
    """What it weighs."""
    return "size unknown" if spare.size is None else size_range(spare.size)


def spare_title(sizes: Sizes) -> str:
    """The heading over what need not be in the image, with what it weighs together."""
    known = [entry.size for entry in sizes.spare if entry.size is not None]
    whole = f": {size_range(total(known))}" if known else ""
    return f"In the image, and need not be{whole}"


def spare_advice(spare: Spare) -> str:
    """Why and what to do, in one sentence each."""
    likely = "likely: " if spare.likely else ""
    return f"{likely}{spare.because}; {spare.instead}"


def line_words(line: LineDifference) -> tuple[str, str]:
    """A sign (`+`, `-`, `~` or a space) and the place of a line: its number here, or the one that it had."""
    if line.before is None:
        return "+", f"line {line.after.line}" if line.after else ""
    if line.after is None:
        return "-", f"line {line.before.line} there"
    return " " if line.is_same else "~", f"line {line.after.line}"


def base_words(stage: StageDifference) -> str:
    """What a stage starts from now and started from before; empty where that is the same."""
    if not stage.base_changed or stage.before is None or stage.after is None:
        return ""
    before, after = stage.before.base.reference, stage.after.base.reference
    return f"FROM {before} -> {after}" if before != after else f"FROM {after}, another build"


def platform_note(platform: str) -> str:
    """What the numbers are worth for another platform; empty for the one that the facts are about."""
    if platform == DEFAULT_PLATFORM:
        return ""
    return (
        f"The facts are about {DEFAULT_PLATFORM}: base images and packages weigh something else on"
        f" {printable(platform)}, so ranges are wider"
    )
