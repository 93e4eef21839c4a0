"""The tree: from the target down to what it needs, then what it does not need.

A line for each stage, and below it one for each arrow into it, with the stage where that starts as its child.
A base needs one line only: "FROM base" already names the stage. Each stage is opened once. Where a branch
would grow out of the right side, it ends with "see below" and goes on at the left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from multistage_cli.build.stages import BaseKind, EdgeKind
from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.labels import (
    CROSSING,
    DIM,
    NAME,
    PLAIN,
    TARGET_NAME,
    Row,
    arrow_rows,
    base_words,
    cut_row,
    dimmed,
    left_out_words,
    stage_name,
    target_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.charset import Charset
    from multistage_cli.flow.graph import Flow, FlowStage

_WIDE = 60  # columns from which a branch is four cells wide, else two
_DEEPEST = 120  # cells of branches; more is unreadable, however wide the terminal is
_NARROWEST = 12  # in fewer columns Rich crops
_ROOM_FOR_BOTH = 32  # cells from which a name makes room for the base
_LEAST_BASE = 8  # cells of a base; less of it says nothing
_GAP = "  "


class Trees:
    """The tree of one flow, for one width and one set of characters."""

    def __init__(self, flow: Flow, charset: Charset, width: int) -> None:
        self.flow = flow
        self.charset = charset
        self.width = max(width, _NARROWEST)
        self.arrows = arrows_by_stage(flow)
        self.branch, self.last_branch, self.beside, self.below = charset.guides(wide=self.width >= _WIDE)
        self.deepest = min(self.width // 2, _DEEPEST)
        self.opened: set[int] = set()
        self.postponed: list[int] = []

    def rows(self) -> Iterator[Row]:
        """The lines from top to bottom, no row wider than the width."""
        stages = self.flow.stages
        target = next(place for place, stage in enumerate(stages) if stage.name == self.flow.target)
        yield from self._roots([target])
        unneeded = [place for place, stage in enumerate(stages) if not stage.needed]
        if self.flow.left_out:
            yield []
            yield [(self.charset.cut(self.charset.text(left_out_words(self.flow)), self.width), DIM)]
        if not unneeded:
            return
        yield []
        heading = self.charset.text(f"Not needed for {target_words(self.flow)}:")
        yield [(self.charset.cut(heading, self.width), DIM)]
        feeding = {arrow.source for index in unneeded for arrow in self.arrows[index]}
        # First those that nothing else takes from: they lead to the others, circles left aside.
        ends = [index for index in unneeded if index not in feeding]
        for row in self._roots([*ends, *unneeded]):
            yield dimmed(row)

    def _roots(self, indexes: list[int]) -> Iterator[Row]:
        for index in indexes:
            if index in self.opened or index in self.postponed:
                continue
            yield from self._root(index)
        while self.postponed:
            yield from self._root(self.postponed.pop(0))

    def _root(self, index: int) -> Iterator[Row]:
        stage = self.flow.stages[index]
        is_target = stage.name == self.flow.target
        mark: Row = [(_GAP, PLAIN), ("(target)", TARGET_NAME)] if is_target else []
        yield self._line("", "", stage, TARGET_NAME if is_target else NAME, mark)
        self.opened.add(index)
        yield from self._children(index, "")

    def _children(self, index: int, indent: str) -> Iterator[Row]:
        """What is below the line of a stage: its arrows, each with the stage where it starts."""
        if replaced(self.flow.stages[index]):
            return  # nothing of what it would have taken is used
        arrows = self.arrows[index]
        for arrow in arrows:
            last = arrow is arrows[-1]
            branch = indent + (self.last_branch if last else self.branch)
            deeper = indent + (self.below if last else self.beside)
            if arrow.kind is EdgeKind.BASE and arrow.source is not None:
                yield from self._stage(arrow.source, branch, deeper, "FROM ")
                continue
            yield from self._arrow(arrow, branch, deeper)
            if arrow.source is not None:
                yield from self._stage(arrow.source, deeper + self.last_branch, deeper + self.below, "")

    def _arrow(self, arrow: Arrow, branch: str, deeper: str) -> Iterator[Row]:
        width = self.width - cell_len(branch)
        first, *more = arrow_rows(arrow, self.flow.stages, self.charset, width, say_origin=True)
        yield [(branch, DIM), *first]
        # The line to the stage below passes what the arrow carries.
        passing = self.beside[:2] if arrow.source is not None else "  "
        for row in more:
            yield [(deeper + passing, DIM), *row[1:]]

    def _stage(self, index: int, branch: str, deeper: str, lead: str) -> Iterator[Row]:
        """The line of a stage that something starts at, and what is below it unless that stands elsewhere."""
        stage = self.flow.stages[index]
        mark: Row = []
        opens = index not in self.opened and index not in self.postponed
        if opens and self.arrows[index] and cell_len(deeper) + len(self.branch) > self.deepest:
            self.postponed.append(index)
            opens = False
        if not opens:
            where = "above" if index in self.opened else "below"
            mark = [(_GAP, PLAIN), (f"see {where}", DIM)]
        yield self._line(branch, lead, stage, NAME, mark)
        if opens:
            self.opened.add(index)
            yield from self._children(index, deeper)

    def _line(self, branch: str, lead: str, stage: FlowStage, style: str, mark: Row) -> Row:
        """A stage with its base, unless that is a stage, which has a line of its own; or with where it stands."""
        room = self.width - cell_len(branch + lead) - sum(cell_len(text) for text, _ in mark)
        name = self.charset.text(stage_name(stage))
        base = "" if mark and mark[-1][1] == DIM else self.charset.text(_base(stage))
        if base and cell_len(name) + len(_GAP) + cell_len(base) > room:
            if room >= _ROOM_FOR_BOTH:
                name = self.charset.cut(name, max(room // 2, room - len(_GAP) - cell_len(base)))
            left = room - len(_GAP) - cell_len(name)
            base = self.charset.cut_middle(base, left) if left >= _LEAST_BASE else ""
        row = [(branch, DIM), (lead, CROSSING), (self.charset.cut(name, room), style)]
        if base:
            row += [(_GAP, PLAIN), (base, PLAIN)]
        return cut_row([*row, *mark], self.charset, self.width)


def _base(stage: FlowStage) -> str:
    if stage.base_kind is not BaseKind.STAGE:
        return base_words(stage)
    return f"on {stage.platform}" if stage.platform else ""
