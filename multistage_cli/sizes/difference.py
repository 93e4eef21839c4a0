"""What differs between the sizes of two builds: per stage, per line, and in the image."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from multistage_cli.sizes.ranges import Range, about, number_of_megabytes, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from multistage_cli.sizes.model import Layer, Sizes, StageSize

_MOST_COMPARED: Final = 4_000_000
"""Pairs of lines of two stages; more are matched by their position, since that is linear."""
_NOTHING: Final = 50_000  # bytes: what rounds to no megabyte


class Presence(StrEnum):
    """In which of the two builds something is."""

    BOTH = "both"
    ADDED = "added"
    REMOVED = "removed"


class Delta(Struct, frozen=True):
    """How many bytes more there are now; below zero for fewer.

    What is the same in both builds is as wrong in one as in the other, so it leaves nothing in the range.

    Attributes:
        low: at least; `estimate` and `high` likewise.
        more: whether things of unknown size differ, too.
    """

    low: int = 0
    estimate: int = 0
    high: int = 0
    more: bool = False

    @property
    def is_none(self) -> bool:
        """Whether nothing differs that would show."""
        return not self.more and self.low > -_NOTHING and self.high < _NOTHING


class LineDifference(Struct, frozen=True):
    """An instruction that adds a layer in one of the builds, or in both.

    Attributes:
        presence: where it is.
        before: its layer in the other build, None where it is not there.
        after: its layer in this build.
        delta: what it adds more.
    """

    presence: Presence
    before: Layer | None
    after: Layer | None
    delta: Delta

    @property
    def is_same(self) -> bool:
        """Whether it stands in both with the same text and nothing differs."""
        both = self.before is not None and self.after is not None
        return both and self.delta.is_none and _text(self.before) == _text(self.after)


class StageDifference(Struct, frozen=True):
    """A stage of one of the builds, or of both.

    Attributes:
        presence: where it is.
        before: in the other build.
        after: in this build.
        delta: of its size with its base.
        base: of its base alone.
        lines: of its own layers, in the order of this build; what is gone stands where it stood.
    """

    presence: Presence
    before: StageSize | None
    after: StageSize | None
    delta: Delta
    base: Delta
    lines: tuple[LineDifference, ...]

    @property
    def label(self) -> str:
        """Its name, as this build writes it where it is there."""
        stage = self.after or self.before
        return "" if stage is None else stage.label

    @property
    def renamed_from(self) -> str | None:
        """Its name in the other build, where that is another one."""
        if self.before is None or self.after is None or self.before.label == self.after.label:
            return None
        return self.before.label

    @property
    def base_changed(self) -> bool:
        """Whether it starts from something else, or from something of another size."""
        if self.before is None or self.after is None:
            return False
        return self.before.base.reference != self.after.base.reference or not self.base.is_none

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return (
            self.presence is Presence.BOTH
            and self.delta.is_none
            and not self.base_changed
            and all(line.is_same for line in self.lines)
        )


class Difference(Struct, frozen=True):
    """This build against another one.

    Attributes:
        against: how to name the other build to people.
        before: the size of the other build's image.
        after: the size of this build's image.
        delta: what the image has more.
        stages: in the order of this build, then those that are gone.
        notes: what makes the comparison less than exact, in words.
    """

    against: str
    before: Range
    after: Range
    delta: Delta
    stages: tuple[StageDifference, ...]
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[StageDifference, ...]:
        """The stages in which something differs."""
        return tuple(stage for stage in self.stages if not stage.is_same)


def compare_builds(before: Sizes, after: Sizes, against: str, notes: tuple[str, ...] = ()) -> Difference:
    """What `after` has more or less than `before`.

    Stages are matched by name, then by position; lines by their text, then by position within the stage.
    """
    return Difference(
        against=against,
        before=before.image,
        after=after.image,
        delta=_delta(_of_image(before), _of_image(after)),
        stages=tuple(_stage(*pair) for pair in _pairs(before, after)),
        notes=notes,
    )


# Stages.


def _pairs(before: Sizes, after: Sizes) -> Iterator[tuple[StageSize | None, StageSize | None]]:
    earlier = dict(enumerate(before.stages))
    names = {stage.stage: index for index, stage in earlier.items() if not stage.stage.isdecimal()}
    found: dict[int, int] = {}
    for index, stage in enumerate(after.stages):
        if stage.stage in names:
            found[index] = names[stage.stage]
    taken = set(found.values())
    images = [_index(sizes) for sizes in (after, before)]
    if images[0] not in found and images[1] not in taken:
        found[images[0]] = images[1]
        taken.add(images[1])
    for index in range(len(after.stages)):
        if index not in found and index in earlier and index not in taken:
            found[index] = index
            taken.add(index)
    for index, stage in enumerate(after.stages):
        place = found.get(index)
        yield None if place is None else earlier[place], stage
    for index, stage in earlier.items():
        if index not in taken:
            yield stage, None


def _index(sizes: Sizes) -> int:
    return next(index for index, stage in enumerate(sizes.stages) if stage.stage == sizes.target)


def _stage(before: StageSize | None, after: StageSize | None) -> StageDifference:
    lines = tuple(_lines(before.layers if before else (), after.layers if after else ()))
    sides = [
        (_of_base(stage), [item for layer in (stage.layers if stage else ()) for item in _of_layer(layer)])
        for stage in (before, after)
    ]
    base = _delta(sides[0][0], sides[1][0])
    whole = _delta([*sides[0][0], *sides[0][1]], [*sides[1][0], *sides[1][1]])
    return StageDifference(_presence(before, after), before, after, whole, base, lines)


def _presence(before: object, after: object) -> Presence:
    if before is None:
        return Presence.ADDED
    return Presence.BOTH if after is not None else Presence.REMOVED


# Lines.


def _lines(before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[LineDifference]:
    for one, other in _matched(before, after):
        delta = _delta(_of_layer(one), _of_layer(other))
        yield LineDifference(_presence(one, other), one, other, delta)


def _matched(before: Sequence[Layer], after: Sequence[Layer]) -> Iterator[tuple[Layer | None, Layer | None]]:
    old, new = [_text(layer) for layer in before], [_text(layer) for layer in after]
    if len(old) * len(new) > _MOST_COMPARED:
        yield from _by_position(before, after)
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(before[i:j], after[k:m], strict=True)
        else:
            yield from _by_position(before[i:j], after[k:m])


def _by_position(
    before: Sequence[Layer], after: Sequence[Layer]
) -> Iterator[tuple[Layer | None, Layer | None]]:
    """One after the other, as long as both are the same instruction with other words."""
    rest = list(before)
    for layer in after:
        place = next((index for index, other in enumerate(rest[:1]) if _name(other) == _name(layer)), None)
        yield (None if place is None else rest.pop(place)), layer
    for other in rest:
        yield other, None


def _text(layer: Layer | None) -> str:
    return "" if layer is None else layer.instruction


def _name(layer: Layer) -> str:
    return layer.instruction.partition(" ")[0]


# Bytes.

_Item: TypeAlias = "tuple[str, str, Range | None]"
"""Something with a size: what, its kind, and its range; None for something of unknown size."""
_PLACE: Final = re.compile(r"\b(?:on )?lines? [0-9]+")


def _of_image(sizes: Sizes) -> list[_Item]:
    shipped = [stage for stage in sizes.stages if stage.shipped]
    items = [item for stage in shipped for layer in stage.layers for item in _of_layer(layer)]
    return [*items, (sizes.base.reference, "base", sizes.base.size)]


def _of_base(stage: StageSize | None) -> list[_Item]:
    # What is not known of a base image is in its range, and two of the same name are the same image.
    return [] if stage is None else [(stage.base.reference, "base", stage.base.size)]


def _of_layer(layer: Layer | None) -> list[_Item]:
    if layer is None:
        return []
    # Where lines have moved, what is unknown on them is the same all the same.
    unknown: list[_Item] = [(_PLACE.sub("", text), "unknown", None) for text in layer.unknown]
    return [*((part.what, part.kind, part.size) for part in layer.parts), *unknown]


def _delta(before: Iterable[_Item], after: Iterable[_Item]) -> Delta:
    old, new = Counter(before), Counter(after)
    gone, come = old - new, new - old
    estimate = 0
    doubts: list[Range] = []
    for items, sign in ((come, 1), (gone, -1)):
        for (_, _, size), count in items.items():
            if size is None:
                continue
            estimate += sign * count * size.estimate
            below, above = (size.estimate - size.low, size.high - size.estimate)[::sign]
            doubts += [Range(0, below, below + above)] * count
    # How far all of it is off together, downwards and upwards, by the rule for all sums.
    doubt = total(doubts)
    more = any(size is None for _, _, size in (*gone, *come))
    return Delta(
        estimate - (doubt.estimate - doubt.low), estimate, estimate + (doubt.high - doubt.estimate), more
    )


# Words.


def signed(delta: Delta) -> str:
    """`+12 MB`, `-3.4 MB (-5.0 to -1.2)`, `no change`; and whether things of unknown size differ, too."""
    more = ", and things of unknown size" if delta.more else ""
    if delta.is_none:
        return "no change"
    if delta.low == delta.high == 0:
        return "unknown" if delta.more else "no change"
    ends = ""
    if delta.high - delta.low > max(abs(delta.estimate) // 5, 200_000):
        ends = f" ({_ends(delta.low)} to {_ends(delta.high)})"
    return f"{_number(delta.estimate)} MB{ends}{more}"


def _number(size_bytes: int) -> str:
    if abs(size_bytes) < _NOTHING:
        return "0"
    return f"{'+' if size_bytes > 0 else '-'}{number_of_megabytes(abs(size_bytes))}"


def _ends(size_bytes: int) -> str:
    return "0" if abs(size_bytes) < _NOTHING else _number(size_bytes)


def headline(difference: Difference) -> str:
    """The image in one line: `The image: ~152 MB -> ~120 MB, -32 MB`."""
    before, after = about(difference.before.estimate), about(difference.after.estimate)
    return f"{before} -> {after}, {signed(difference.delta)}"
