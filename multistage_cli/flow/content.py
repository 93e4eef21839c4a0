"""What stands inside the box of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.stages import EdgeKind
from multistage_cli.flow.arrows import replaced
from multistage_cli.flow.charset import Charset, wrapped
from multistage_cli.flow.labels import (
    DIM,
    NAME,
    PLAIN,
    TARGET_NAME,
    Row,
    base_words,
    row_width,
    stage_lines,
    stage_name,
    stage_title,
    target_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.arrows import Arrow
    from multistage_cli.flow.graph import Flow, FlowStage

_GAP = 2  # cells between what is left and what is right in a line
_INDENT = 2  # of what does not fit beside its label
_MOST_NAMES = 20
_LEAST_COLUMN = 24  # cells beside the label of the instructions; in fewer they go below it


class BoxLine(Struct, frozen=True):
    """One line of a box: what stands left, and what stands at the right border."""

    left: Row
    right: Row

    @property
    def width(self) -> int:
        """Cells that it needs."""
        return row_width(self.left) + (row_width(self.right) + _GAP if self.right else 0)


def contents(
    flow: Flow, arrows: tuple[tuple[Arrow, ...], ...], charset: Charset, width: int
) -> list[list[BoxLine]]:
    """For each stage the lines of its box, none wider than so many cells."""
    bases = {
        arrow.to: flow.stages[arrow.source]
        for into in arrows
        for arrow in into
        if arrow.kind is EdgeKind.BASE and arrow.source is not None
    }
    target = target_words(flow)

    def lines(place: int, stage: FlowStage) -> Iterator[BoxLine]:
        is_target = stage.name == flow.target
        yield from _title(stage, charset, width, is_target=is_target)
        base = charset.text(base_words(stage, bases.get(place)))
        names = _names(stage, charset, width) if stage.members else ()
        for line in (*names, *_base(base, charset, width), *_instructions(stage, charset, width)):
            yield BoxLine([(line, PLAIN)], [])
        if not stage.needed:
            yield BoxLine([(charset.cut(f"Not needed for {charset.text(target)}", width), DIM)], [])

    return [list(lines(place, stage)) for place, stage in enumerate(flow.stages)]


def _title(stage: FlowStage, charset: Charset, width: int, *, is_target: bool) -> Iterator[BoxLine]:
    style = TARGET_NAME if is_target else NAME
    title = charset.text(stage_title(stage))
    place = stage_lines(stage)
    full: Row = [("target", TARGET_NAME), (f", {place}", DIM)] if is_target else [(place, DIM)]
    for right in (full, full[:1] if is_target else []):
        line = BoxLine([(title, style)], right)
        if line.width <= width:
            yield line
            return
    yield BoxLine([(charset.cut(title, width), style)], [])
    if is_target:
        yield BoxLine([(charset.cut("Target", width), TARGET_NAME)], [])


def _base(base: str, charset: Charset, width: int) -> Iterator[str]:
    line = f"Base: {base}"
    if charset.cut_middle(line, width) == line:
        yield line
        return
    yield charset.cut("Base:", width)
    yield " " * _INDENT + charset.cut_middle(base, width - _INDENT)


def _names(stage: FlowStage, charset: Charset, width: int) -> Iterator[str]:
    words = [charset.text(stage_name(member)) for member in stage.members]
    if len(words) > _MOST_NAMES:
        words[_MOST_NAMES - 1 :] = [f"+{len(words) - _MOST_NAMES + 1} more"]
    yield from _listed("Names:", words, charset, width)


def _instructions(stage: FlowStage, charset: Charset, width: int) -> Iterator[str]:
    words = [charset.text(name) for name in stage.instructions]
    if replaced(stage) or not words:
        words = ["not run" if words else "none"]
    yield from _listed("Instructions:", words, charset, width)


def _listed(label: str, words: list[str], charset: Charset, width: int) -> Iterator[str]:
    beside = len(label) + 1
    line = f"{label} {', '.join(words)}"
    if charset.cut(line, width) == line:
        yield line
    elif width - beside >= _LEAST_COLUMN:
        first, *rest = (charset.cut(line, width - beside) for line in wrapped(words, width - beside))
        yield f"{label} {first}"
        for line in rest:
            yield " " * beside + line
    else:
        yield charset.cut(label, width)
        for line in wrapped(words, width - _INDENT):
            yield " " * _INDENT + charset.cut(line, width - _INDENT)


def padded(line: BoxLine, width: int) -> Row:
    """The line with its right part at the right border of a box so many cells wide inside."""
    return [*line.left, (" " * (width - row_width(line.left) - row_width(line.right)), PLAIN), *line.right]
