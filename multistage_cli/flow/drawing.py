"""The boxes: one for each stage in the order of the file, with arrows between them and lanes beside them.

From left to right a picture has a margin, the lanes (two cells each, the highest column outermost), and the
boxes, all of one width. Above each box that takes something runs its trunk, the line that everything joins,
with the words on its right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.flow import charset as shapes
from multistage_cli.flow.arrows import Arrow, arrows_by_stage
from multistage_cli.flow.content import BoxLine, contents, padded
from multistage_cli.flow.labels import (
    CROSSING,
    DIM,
    PLAIN,
    TARGET,
    Row,
    arrow_rows,
    dimmed,
    left_out_words,
    row_width,
    stage_name,
)
from multistage_cli.flow.lanes import Lane, is_backward, is_direct, lay_lanes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.charset import Charset
    from multistage_cli.flow.graph import Flow, FlowStage

_ROOMY = 40  # columns from which there is room for a margin, lanes, and a word left of the trunk
_NARROWEST = 12  # in fewer columns Rich crops
_LANE_CELLS = 2
_MOST_LANES = 8
_LEAST_INNER, _MOST_INNER = 54, 92  # cells between the borders; the first only where there is room
_SHOWN_ARROWS = 6
"""So many arrows of one lane are listed in full; of more, all but one of these, and the names of the rest."""

_LEGEND = {
    EdgeKind.COPY: "copied",
    EdgeKind.ADD: "added",
    EdgeKind.BASE: "continued (FROM)",
    EdgeKind.MOUNT: "mounted for one RUN, not kept",
}
_ORIGINS = {SourceKind.IMAGE: "pulled, not built here", SourceKind.CONTEXT: "named with --build-context"}


class _Bundle(Struct, frozen=True):
    """Arrows that reach a stage over the same way.

    Attributes:
        lane: the line beside the boxes, None where there is none.
        word: where they come from if no line shows it; empty where the box right above is the source.
        arrows: in the order of the file.
    """

    lane: Lane | None
    word: str
    arrows: list[Arrow] = field(default_factory=list)


class _Hook(Struct, frozen=True):
    """A level line between a lane, or a word, and what is on the right.

    Attributes:
        style: a Rich style.
        kind: of what crosses.
        lane: where it starts, or None for a word.
        word: where it comes from, if there is no lane.
        shape: of the piece of line on the lane itself.
    """

    style: str
    kind: EdgeKind
    lane: Lane | None
    word: str
    shape: str


class Picture:
    """The boxes of one flow, for one width and one set of characters."""

    def __init__(self, flow: Flow, charset: Charset, width: int) -> None:
        self.flow = flow
        self.charset = charset
        self.width = max(width, _NARROWEST)
        self.roomy = self.width >= _ROOMY
        self.arrows = arrows_by_stage(flow)
        lanes = lay_lanes(self.arrows, min(_MOST_LANES, self.width // 6 - 5) if self.roomy else 0)
        margin = 2 if self.roomy else 0
        self.box_at = margin + _LANE_CELLS * (1 + max((lane.column for lane in lanes), default=-1))
        self.trunk_at = self.box_at + (9 if self.roomy else 1)
        most = min(self.width - self.box_at - margin - 2, _MOST_INNER)
        self.contents = contents(flow, self.arrows, charset, most - 2)
        widest = max(line.width for lines in self.contents for line in lines) + 2
        self.inner = min(most, max(widest, _LEAST_INNER))
        self.lanes_from: dict[int, list[Lane]] = {}
        self.lane_of: dict[tuple[int | None, EdgeKind], Lane] = {}
        for lane in lanes:
            for source in lane.sources:
                self.lanes_from.setdefault(source, []).append(lane)
                self.lane_of[source, lane.kind] = lane
        self.running: list[Lane] = []

    def rows(self) -> Iterator[Row]:
        """The picture from top to bottom, no row wider than the width."""
        for place, (stage, arrows) in enumerate(zip(self.flow.stages, self.arrows, strict=True)):
            if arrows:
                yield from self._trunk(place, self._bundles(arrows))
            elif place:
                yield self._beside_lanes()
            yield from self._box(place, stage)
        yield from self._legend()

    # Boxes.

    def _box(self, place: int, stage: FlowStage) -> Iterator[Row]:
        lines = self.contents[place]
        border = TARGET if stage.name == self.flow.target else PLAIN if stage.needed else DIM
        lanes = dict(enumerate(self.lanes_from.get(place, ())))
        lines = [*lines, *[BoxLine([], [])] * (len(lanes) - len(lines))]
        level = self.charset.line(shapes.LEFT_RIGHT, None) * self.inner
        side = self.charset.line(shapes.UP_DOWN, None)
        yield [*self._gutter(), self._border(shapes.DOWN_RIGHT, level, shapes.DOWN_LEFT, border)]
        for number, line in enumerate(lines):
            left, gutter = side, self._gutter()
            if lane := lanes.get(number):
                left, gutter = self._leaving(place, lane)
            text = padded(line, self.inner - 2)
            if not stage.needed:
                text = dimmed(text)
            yield [*gutter, (left, border), (" ", PLAIN), *text, (" ", PLAIN), (side, border)]
        yield [*self._gutter(), self._border(shapes.UP_RIGHT, level, shapes.UP_LEFT, border)]

    def _border(self, left: str, level: str, right: str, style: str) -> tuple[str, str]:
        return self.charset.line(left, None) + level + self.charset.line(right, None), style

    def _leaving(self, place: int, lane: Lane) -> tuple[str, Row]:
        """The border piece and the gutter of a line of the box where a lane starts or gains a source."""
        starts = place == lane.first
        shape = shapes.DOWN_RIGHT if starts else shapes.FROM_RIGHT
        hook = _Hook(CROSSING if lane.needed else DIM, lane.kind, lane, "", shape)
        gutter = self._gutter(hook, self.box_at)
        if starts:
            self.running.append(lane)
        return self.charset.line(shapes.FROM_LEFT, None, lane.kind), gutter

    # Between the boxes.

    def _bundles(self, arrows: tuple[Arrow, ...]) -> list[_Bundle]:
        found: dict[tuple[object, ...], _Bundle] = {}
        for arrow in arrows:
            lane, word = None, ""
            if arrow.source is None:
                word = "image" if arrow.origin is SourceKind.IMAGE else "context"
            elif is_backward(arrow):
                word = "itself" if arrow.source == arrow.to else "below"
            elif not is_direct(arrow):
                lane = self.lane_of.get((arrow.source, arrow.kind))
                word = "" if lane else "above"
            found.setdefault((lane, word, arrow.kind), _Bundle(lane, word)).arrows.append(arrow)
        return list(found.values())

    def _trunk(self, place: int, bundles: list[_Bundle]) -> Iterator[Row]:
        kinds = {bundle.arrows[0].kind for bundle in bundles}
        kind = kinds.pop() if len(kinds) == 1 else None
        style = CROSSING if any(bundle.arrows[0].needed for bundle in bundles) else DIM
        upright = (self.charset.line(shapes.UP_DOWN, kind), style)
        begun = any(bundle.lane is None and not bundle.word for bundle in bundles)
        if place:
            yield self._beside_lanes(*([upright] if begun else []))
        for bundle in bundles:
            labels = self._labels(bundle)
            last = max(number for number, (arrives, _) in enumerate(labels) if arrives)
            for number, (arrives, words) in enumerate(labels):
                hook = self._hook(place, bundle, last=number == last) if arrives else None
                if hook is None:
                    yield self._beside_lanes(upright, ("  ", PLAIN), *words)
                else:
                    shape = shapes.FROM_LEFT if begun else shapes.DOWN_LEFT
                    joint = (self.charset.line(shape, kind, hook.kind), style)
                    yield [*self._gutter(hook, self.trunk_at), joint, ("  ", PLAIN), *words]
                begun = True
        yield self._beside_lanes((self.charset.arrow_head, style))

    def _hook(self, place: int, bundle: _Bundle, *, last: bool) -> _Hook | None:
        """The line from the lane, or from a word, to the trunk; where the lane ends there, it is taken off."""
        arrow = bundle.arrows[0]
        style = CROSSING if arrow.needed else DIM
        if bundle.lane is not None:
            ends = last and bundle.lane.last == place
            if ends:
                self.running.remove(bundle.lane)
            shape = shapes.UP_RIGHT if ends else shapes.FROM_RIGHT
            return _Hook(style, arrow.kind, bundle.lane, "", shape)
        if bundle.word and self.roomy:
            return _Hook(style, arrow.kind, None, bundle.word, "")
        return None

    def _labels(self, bundle: _Bundle) -> list[tuple[bool, Row]]:
        """The words on the right of the trunk, row by row, and whether an arrow arrives there."""
        width = self.width - self.trunk_at - 3
        arrows = bundle.arrows
        shown = arrows if len(arrows) <= _SHOWN_ARROWS else arrows[: _SHOWN_ARROWS - 1]
        found: list[tuple[bool, Row]] = []
        for arrow in shown:
            rows = arrow_rows(arrow, self.flow.stages, self.charset, width, say_origin=not self.roomy)
            if not arrow.needed:
                rows = [dimmed(row) for row in rows]
            found += [(number == 0, row) for number, row in enumerate(rows)]
        if left := arrows[len(shown) :]:
            names = ", ".join(self._source_name(arrow) for arrow in left)
            found.append((True, [(self.charset.cut(f"+{len(left)} more: {names}", width), DIM)]))
        return found

    def _source_name(self, arrow: Arrow) -> str:
        stage = None if arrow.source is None else self.flow.stages[arrow.source]
        return self.charset.text(arrow.reference if stage is None else stage_name(stage))

    # Left of the boxes.

    def _beside_lanes(self, *row: tuple[str, str]) -> Row:
        """A row whose spans start at the trunk."""
        return [*self._gutter(), (" " * (self.trunk_at - self.box_at), PLAIN), *row]

    def _gutter(self, hook: _Hook | None = None, end: int | None = None) -> Row:
        """The margin and the lanes, and a hook from one of them; up to the boxes or up to `end`."""
        cells: Row = [(" ", PLAIN)] * (end or self.box_at)
        for lane in self.running:
            upright = self.charset.line(shapes.UP_DOWN, lane.kind)
            cells[self._lane_at(lane)] = (upright, CROSSING if lane.needed else DIM)
        if hook is None:
            return cells
        level = (self.charset.line(shapes.LEFT_RIGHT, None, hook.kind), hook.style)
        if hook.lane is None:
            for number, letter in enumerate(hook.word, self.box_at):
                cells[number] = (letter, hook.style)
            start = self.box_at + len(hook.word) + 1
        else:
            start = self._lane_at(hook.lane) + 1
            corner = self.charset.line(hook.shape, hook.lane.kind, hook.kind)
            cells[start - 1] = (corner, CROSSING if hook.lane.needed else DIM)
        crossed = {self._lane_at(lane): lane for lane in self.running}
        for place in range(start, len(cells)):
            lane_there = crossed.get(place)
            if lane_there is None:
                cells[place] = level
            else:
                cells[place] = (
                    self.charset.line(shapes.CROSSING, lane_there.kind, hook.kind),
                    cells[place][1],
                )
        return cells

    def _lane_at(self, lane: Lane) -> int:
        return self.box_at - _LANE_CELLS * (lane.column + 1)

    # Below the boxes.

    def _legend(self) -> Iterator[Row]:
        """What the kinds of line mean, where there is more than one, and what the words beside them mean."""
        arrows = [arrow for into in self.arrows for arrow in into]
        kinds = {arrow.kind for arrow in arrows}
        entries: list[Row] = []
        if len(kinds) > 1:
            for kind in (kind for kind in _LEGEND if kind in kinds):
                sample = self.charset.line(shapes.LEFT_RIGHT, None, kind) * 3
                entries.append([(sample, CROSSING), self._explained(_LEGEND[kind], 3)])
        origins = {arrow.origin for arrow in arrows} if self.roomy else set()
        entries += [
            [(origin.value, CROSSING), self._explained(f"= {words}", len(origin))]
            for origin, words in _ORIGINS.items()
            if origin in origins
        ]
        margin = (" " * (2 if self.roomy else 0), PLAIN)
        line: Row = [margin]
        rows = [line]
        for entry in entries:
            if len(line) > 1 and row_width(line) + 3 + row_width(entry) > self.width:
                line = [margin]
                rows.append(line)
            line += [("   ", PLAIN), *entry] if len(line) > 1 else entry
        if entries:
            yield []
            yield from rows
        if self.flow.left_out:
            yield []
            yield [
                margin,
                (self.charset.cut(self.charset.text(left_out_words(self.flow)), self.width - 2), DIM),
            ]

    def _explained(self, words: str, beside: int) -> tuple[str, str]:
        return self.charset.cut(f" {words}", self.width - beside), DIM
