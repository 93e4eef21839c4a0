"""A layered layout of a graph, as Sugiyama, Tagawa and Toda describe it: boxes in rows, every link runs down.

Links that pass a row get a place of their own in it, so that no line crosses a box; links of one bundle (what
one stage gives in one way) share those places, so that a line branches instead of being repeated. Everything
is linear in boxes, links and places, and the number of places has a limit.

Lengths are in pixels of the picture, y grows downwards.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

Point = tuple[float, float]

MOST_ACROSS = 5
"""So many boxes stand side by side at most: wider pictures fit neither a page nor a screen."""

_GAP, _NARROW_GAP = 28.0, 16.0  # between boxes; where a line passes
_CHANNEL, _WIDEST_CHANNEL = 52.0, 130.0  # between rows, the more the farther lines run sideways
_PORT = 20.0  # between lines that leave or reach the same box
_SWEEPS = 6
_MOST_PLACES = 4_000


class Link(Struct, frozen=True):
    """A line from one box down to another, by their numbers.

    Attributes:
        source: where it starts.
        to: where it ends.
        bundle: lines of the same source and bundle run together as far as they can.
    """

    source: int
    to: int
    bundle: Hashable


class Layout(Struct, frozen=True):
    """Where everything is.

    Attributes:
        boxes: the upper left corner of each.
        routes: of each link the points that it passes, from its source to its end: straight where x stays,
            else curved. None for one that is too long to be drawn, or does not run down.
        width: of the whole.
        height: of the whole.
    """

    boxes: tuple[Point, ...]
    routes: tuple[tuple[Point, ...] | None, ...]
    width: float
    height: float


class _Item(Struct):
    """Something with a place in a row: a box, or where a bundle passes."""

    row: int
    width: float
    box: int | None
    above: list[int]
    below: list[int]
    x: float = 0.0  # of its middle


def lay_out(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Layout:
    """Find a place for each box and a way for each link.

    Args:
        sizes: width and height of each box; links run from lower numbers to higher ones.
        links: one that does not is left without a route.
    """
    return _Layered(sizes, links).layout()


class _Layered:
    def __init__(self, sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> None:
        self.sizes = sizes
        self.links = links
        self.rows_of = _rows(len(sizes), links)
        self.items = [
            _Item(row, size[0], number, [], [])
            for number, (row, size) in enumerate(zip(self.rows_of, sizes, strict=True))
        ]
        self.paths = self._paths()
        self.rows: list[list[int]] = [
            [] for _ in range(max((item.row for item in self.items), default=-1) + 1)
        ]
        for number, item in enumerate(self.items):
            self.rows[item.row].append(number)

    def layout(self) -> Layout:
        self._order()
        self._place()
        least = min((item.x - item.width / 2 for item in self.items), default=0.0)
        for item in self.items:
            item.x -= least
        tops, bottoms = self._heights()
        width = max((item.x + item.width / 2 for item in self.items), default=0.0)
        boxes = tuple(
            (self.items[number].x - size[0] / 2, tops[self.rows_of[number]])
            for number, size in enumerate(self.sizes)
        )
        return Layout(boxes, self._routes(tops, bottoms), width, bottoms[-1] if bottoms else 0.0)

    def _paths(self) -> list[list[int] | None]:
        """For each link the items that it passes, its ends included."""
        passing: dict[tuple[int, Hashable, int], int] = {}
        joined: set[tuple[int, int]] = set()
        found: list[list[int] | None] = []
        for link in self.links:
            first, last = self.rows_of[link.source], self.rows_of[link.to]
            if link.source >= link.to or last - first - 1 > _MOST_PLACES - len(passing):
                found.append(None)
                continue
            path = [link.source]
            for row in range(first + 1, last):
                key = (link.source, link.bundle, row)
                if key not in passing:
                    passing[key] = len(self.items)
                    self.items.append(_Item(row, 0.0, None, [], []))
                path.append(passing[key])
            path.append(link.to)
            for upper, lower in pairwise(path):
                if (upper, lower) not in joined:
                    joined.add((upper, lower))
                    self.items[upper].below.append(lower)
                    self.items[lower].above.append(upper)
            found.append(path)
        return found

    # Who stands left of whom.

    def _order(self) -> None:
        """Sort each row by where its neighbours stand, down and up, and keep what crosses least."""
        best, fewest = self.rows, self._crossings(self.rows)
        rows = self.rows
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            rows = self._swept(rows, down=sweep % 2 == 0)
            crossings = self._crossings(rows)
            if crossings < fewest:
                best, fewest = rows, crossings
        self.rows = best

    def _swept(self, rows: list[list[int]], *, down: bool) -> list[list[int]]:
        rank = [0.0] * len(self.items)
        found: list[list[int]] = []
        for row in rows if down else reversed(rows):
            for place, number in enumerate(row):
                item = self.items[number]
                around = item.above if down else item.below
                # What is joined to nothing stays about where it is.
                rank[number] = sum(rank[other] for other in around) / len(around) if around else place + 0.5
            ordered = sorted(row, key=rank.__getitem__)
            for place, number in enumerate(ordered):
                rank[number] = float(place)
            found.append(ordered)
        return found if down else found[::-1]

    def _crossings(self, rows: list[list[int]]) -> int:
        """How many lines cross, counted as inversions with a binary indexed tree."""
        place = [0] * len(self.items)
        for row in rows:
            for number, item in enumerate(row):
                place[item] = number
        total = 0
        for upper, lower in pairwise(rows):
            ends = [
                end for number in upper for end in sorted(place[other] for other in self.items[number].below)
            ]
            tree = [0] * (len(lower) + 1)
            for seen, end in enumerate(ends):
                at, before = end + 1, 0
                while at:
                    before += tree[at]
                    at &= at - 1
                total += seen - before
                at = end + 1
                while at <= len(lower):
                    tree[at] += 1
                    at += at & -at
        return total

    # How far right.

    def _place(self) -> None:
        """Pull everything towards its neighbours, row by row, as far as the order in the row lets it."""
        for row in self.rows:
            at = 0.0
            for place, number in enumerate(row):
                at += self._apart(row[place - 1], number) if place else 0.0
                self.items[number].x = at
            for number in row:
                self.items[number].x -= at / 2
        for _ in range(2):
            for row in self.rows:
                self._pull(row, down=True, up=False)
            for row in reversed(self.rows):
                self._pull(row, down=False, up=True)
        for row in self.rows:
            self._pull(row, down=True, up=True)

    def _apart(self, left: int, right: int) -> float:
        first, second = self.items[left], self.items[right]
        gap = _GAP if first.box is not None and second.box is not None else _NARROW_GAP
        return (first.width + second.width) / 2 + gap

    def _pull(self, row: list[int], *, down: bool, up: bool) -> None:
        """Least squares with the order kept: isotonic regression by pooling neighbours that push."""
        shift = 0.0
        blocks: list[tuple[float, float, list[int]]] = []  # sum, weight, items; x less the shift of each
        shifts: list[float] = []
        for place, number in enumerate(row):
            if place:
                shift += self._apart(row[place - 1], number)
            shifts.append(shift)
            item = self.items[number]
            around = [*(item.above if down else ()), *(item.below if up else ())]
            wanted = sum(self.items[other].x for other in around) / len(around) if around else item.x
            weight = 1.0 if item.box is not None else 4.0  # a long line is to be straight
            total, members = (wanted - shift) * weight, [place]
            while blocks and blocks[-1][0] / blocks[-1][1] > total / weight:
                earlier = blocks.pop()
                total, weight, members = earlier[0] + total, earlier[1] + weight, earlier[2] + members
            blocks.append((total, weight, members))
        for total, weight, members in blocks:
            for place in members:
                self.items[row[place]].x = total / weight + shifts[place]

    # How far down, and the lines.

    def _heights(self) -> tuple[list[float], list[float]]:
        tops: list[float] = []
        bottoms: list[float] = []
        at = 0.0
        for number, row in enumerate(self.rows):
            if number:
                farthest = max(
                    (
                        abs(self.items[other].x - self.items[item].x)
                        for item in row
                        for other in self.items[item].above
                    ),
                    default=0.0,
                )
                at += min(_CHANNEL + farthest / 12, _WIDEST_CHANNEL)
            tops.append(at)
            at += max(
                (self.sizes[box][1] for item in row if (box := self.items[item].box) is not None), default=0.0
            )
            bottoms.append(at)
        return tops, bottoms

    def _routes(self, tops: list[float], bottoms: list[float]) -> tuple[tuple[Point, ...] | None, ...]:
        starts, ends = self._ports()
        found: list[tuple[Point, ...] | None] = []
        for number, (link, path) in enumerate(zip(self.links, self.paths, strict=True)):
            if path is None:
                found.append(None)
                continue
            row = self.rows_of[link.source]
            start = starts[link.source, link.bundle]
            points = [(start, tops[row] + self.sizes[link.source][1]), (start, bottoms[row])]
            for passed in path[1:-1]:
                item = self.items[passed]
                points += [(item.x, tops[item.row]), (item.x, bottoms[item.row])]
            points.append((ends[number], tops[self.rows_of[link.to]]))
            found.append(tuple(points))
        return tuple(found)

    def _ports(self) -> tuple[dict[tuple[int, Hashable], float], dict[int, float]]:
        """Where bundles leave their boxes, and where links reach theirs: sorted by where they go."""
        leaving: dict[int, dict[Hashable, float]] = {}
        reaching: dict[int, list[tuple[float, int]]] = {}
        for number, (link, path) in enumerate(zip(self.links, self.paths, strict=True)):
            if path is None:
                continue
            leaving.setdefault(link.source, {}).setdefault(link.bundle, self.items[path[1]].x)
            reaching.setdefault(link.to, []).append((self.items[path[-2]].x, number))
        starts: dict[tuple[int, Hashable], float] = {}
        ends: dict[int, float] = {}
        for box, bundles in leaving.items():
            ordered = sorted(bundles, key=lambda bundle: bundles[bundle])
            for bundle, x in zip(ordered, self._spread(box, len(ordered)), strict=True):
                starts[box, bundle] = x
        for box, arrivals in reaching.items():
            for (_, number), x in zip(sorted(arrivals), self._spread(box, len(arrivals)), strict=True):
                ends[number] = x
        return starts, ends

    def _spread(self, box: int, count: int) -> list[float]:
        middle, width = self.items[box].x, self.items[box].width
        step = min(_PORT, width * 0.8 / max(count, 1))
        return [middle + (number - (count - 1) / 2) * step for number in range(count)]


def _rows(count: int, links: Sequence[Link]) -> list[int]:
    """For each box its row: below all that feeds it, and no row wider than it may be."""
    feeding: list[list[int]] = [[] for _ in range(count)]
    fed: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        if link.source < link.to:
            feeding[link.to].append(link.source)
            fed[link.source].append(link.to)
    rows = [0] * count
    used: list[int] = []
    beyond: list[int] = []  # of each full row the next one that may have room

    def free(row: int) -> int:
        full: list[int] = []
        while row < len(used) and used[row] >= MOST_ACROSS:
            full.append(row)
            row = beyond[row]
        while len(used) <= row:
            used.append(0)
            beyond.append(len(used))
        for passed in full:
            beyond[passed] = row
        return row

    for box in range(count):
        rows[box] = free(max((rows[source] + 1 for source in feeding[box]), default=0))
        used[rows[box]] += 1
    # What nothing feeds goes down to right above the first that it feeds: lines stay short.
    for box in range(count):
        if feeding[box] or not fed[box]:
            continue
        lowest = min(rows[end] for end in fed[box]) - 1
        for row in range(lowest, max(rows[box], lowest - MOST_ACROSS), -1):
            if used[row] < MOST_ACROSS:
                used[rows[box]] -= 1
                used[row] += 1
                rows[box] = row
                break
    kept = {row: number for number, row in enumerate(sorted(set(rows)))}
    return [kept[row] for row in rows]
