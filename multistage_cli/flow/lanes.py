"""Which arrows of the boxes run down the left side, and in which column.

An arrow from the box right above needs no lane. All others would need one each; but stages that feed the
very same later stages in the same way share one, which says the same with fewer lines: forty tools that are
copied into one image are one lane with forty stages on it. Where the columns still run out, lanes that join
few boxes are left away; what an arrow carries and where it comes from is always said in words at its end.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from multistage_cli.build.stages import EdgeKind
    from multistage_cli.flow.arrows import Arrow

_FARTHEST = 16
"""So many boxes may a lane run on for each box that it joins."""


class Lane(Struct, frozen=True):
    """A line beside the boxes; every source feeds every consumer.

    Attributes:
        kind: of all its arrows.
        sources: indexes of the stages where it starts, ascending, all above the consumers.
        consumers: indexes of the stages where it ends, ascending.
        column: 0 is next to the boxes.
        needed: whether the target needs any of its arrows.
    """

    kind: EdgeKind
    sources: tuple[int, ...]
    consumers: tuple[int, ...]
    column: int
    needed: bool

    @property
    def first(self) -> int:
        """The stage where the line begins."""
        return self.sources[0]

    @property
    def last(self) -> int:
        """The stage above which the line ends."""
        return self.consumers[-1]

    @property
    def span(self) -> int:
        """How many boxes it passes or touches, less one."""
        return self.last - self.first

    @property
    def ends(self) -> int:
        """How many boxes it joins, less one."""
        return len(self.sources) + len(self.consumers) - 1


def is_direct(arrow: Arrow) -> bool:
    """Whether the arrow comes from the box right above."""
    return arrow.source == arrow.to - 1


def is_backward(arrow: Arrow) -> bool:
    """Whether the arrow comes from its own stage or from one below, which a build refuses."""
    return arrow.source is not None and arrow.source >= arrow.to


def lay_lanes(by_stage: tuple[tuple[Arrow, ...], ...], columns: int) -> tuple[Lane, ...]:
    """The lanes of a picture that has room for so many columns, in the order of their first stage."""
    consumers: dict[tuple[int, EdgeKind], list[int]] = {}
    needed: set[tuple[int, EdgeKind]] = set()
    for arrows in by_stage:
        for arrow in arrows:
            if arrow.source is not None and not is_direct(arrow) and not is_backward(arrow):
                consumers.setdefault((arrow.source, arrow.kind), []).append(arrow.to)
                if arrow.needed:
                    needed.add((arrow.source, arrow.kind))
    shared: dict[tuple[EdgeKind, tuple[int, ...]], list[int]] = {}
    for (source, kind), ends in consumers.items():
        shared.setdefault((kind, tuple(ends)), []).append(source)
    wanted = [
        Lane(kind, tuple(sorted(sources)), ends, 0, any((source, kind) in needed for source in sources))
        for (kind, ends), sources in shared.items()
    ]
    # A single line past dozens of boxes helps nobody, and it costs its column for all that way.
    wanted = [lane for lane in wanted if lane.span <= _FARTHEST * lane.ends]
    chosen = _placed(sorted(wanted, key=lambda lane: (-lane.ends, lane.span, lane.first, lane.kind)), columns)
    # Short lanes lie inside long ones, so that few lines cross; but not where one would lose its place.
    nested = _placed(sorted(chosen, key=lambda lane: (lane.span, lane.first, lane.kind)), columns)
    best = nested if len(nested) == len(chosen) else chosen
    return tuple(sorted(best, key=lambda lane: (lane.first, -lane.column)))


def _placed(wanted: list[Lane], columns: int) -> list[Lane]:
    """Those for which there is room, the first come first served, each in the innermost free column."""
    taken: list[list[tuple[int, int]]] = [[] for _ in range(columns)]
    found: list[Lane] = []
    for lane in wanted:
        for column, spans in enumerate(taken):
            if _take(spans, lane.first, lane.last):
                found.append(replace(lane, column=column))
                break
    return found


def _take(spans: list[tuple[int, int]], first: int, last: int) -> bool:
    """Take the rows from box `first` to box `last`, the last excluded, unless one of them is taken."""
    place = bisect_left(spans, (first, last))
    if place < len(spans) and spans[place][0] < last:
        return False
    if place and spans[place - 1][1] > first:
        return False
    spans.insert(place, (first, last))
    return True
