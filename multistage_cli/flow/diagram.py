"""A flow as boxes of text with lines between them, measured and laid out: what svg and html draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.labels import (
    SHOWN,
    arrow_note,
    arrow_title,
    base_words,
    stage_lines,
    stage_name,
    stage_title,
    target_words,
)
from multistage_cli.flow.layered import Layout, Link, lay_out
from multistage_cli.flow.measure import fitted, text_width
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage

TITLE, TEXT = 15.0, 12.5
"""Font sizes in pixels."""

PADDING, LINE = 14.0, 19.0
TITLE_LINE, RULE_LINE = 26.0, 9.0
_LEAST, _MOST = 220.0, 460.0  # width of a stage's box
_MOST_EXTERNAL = 300.0
_SHOWN_TAKEN = 5  # lines of one box about what it takes
_MOST_NAMES = 20
_LONGEST = 400  # characters of one text


class Line(Struct, frozen=True):
    """One line of text in a box.

    Attributes:
        text: cut to fit.
        kind: of what crosses, where the line says that.
        faint: whether it matters less.
    """

    text: str
    kind: EdgeKind | None = None
    faint: bool = False


class Box(Struct, frozen=True):
    """A stage, or something outside of the file that one takes from.

    Attributes:
        stage: None for an image or a named context.
        title: cut to fit.
        aside: at the right end of the title's line.
        lines: below the title.
        taken: below a rule: what crosses into it.
        full: everything uncut, for a tooltip.
        width, height: in pixels.
        needed: whether the target needs it.
        is_target: whether it is the target.
    """

    stage: FlowStage | None
    title: str
    aside: str
    lines: tuple[Line, ...]
    taken: tuple[Line, ...]
    full: str
    width: float
    height: float
    needed: bool
    is_target: bool


class Wire(Struct, frozen=True):
    """A line between two boxes.

    Attributes:
        source, to: places of boxes.
        arrow: what crosses.
        full: the same in words.
    """

    source: int
    to: int
    arrow: Arrow
    full: str


class Diagram(Struct, frozen=True):
    """All that is drawn: `layout.boxes` belongs to `boxes`, `layout.routes` to `wires`."""

    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    layout: Layout


def draw(flow: Flow) -> Diagram:
    """Lay a flow out; its stages are taken as they are: cut and fold them before."""
    by_stage = arrows_by_stage(flow)
    outside: dict[tuple[SourceKind, str], list[Arrow]] = {}
    for arrow in (arrow for arrows in by_stage for arrow in arrows):
        if arrow.source is None:
            outside.setdefault((arrow.origin, arrow.reference), []).append(arrow)
    first = len(outside)
    places = {key: place for place, key in enumerate(outside)}
    boxes = [_external(origin, name, arrows) for (origin, name), arrows in outside.items()]
    boxes += [_box(flow, stage, arrows) for stage, arrows in zip(flow.stages, by_stage, strict=True)]
    wires = tuple(
        Wire(
            source=places[arrow.origin, arrow.reference] if arrow.source is None else first + arrow.source,
            to=first + arrow.to,
            arrow=arrow,
            full=arrow_words(arrow, flow),
        )
        for arrows in by_stage
        for arrow in arrows
    )
    links = [Link(wire.source, wire.to, wire.arrow.kind) for wire in wires]
    return Diagram(tuple(boxes), wires, lay_out([(box.width, box.height) for box in boxes], links))


def arrow_words(arrow: Arrow, flow: Flow, *, most: int = SHOWN, say_origin: bool = True) -> str:
    """An arrow on one line: where it comes from, and what it carries.

    Args:
        arrow: the arrow.
        flow: where it is from.
        most: so many copies are listed.
        say_origin: whether to say so where it starts outside the file.
    """
    words = [arrow_title(arrow, flow.stages), arrow_note(arrow, say_origin=say_origin)]
    carrying = [edge for edge in arrow.edges if edge.paths]
    carried = [_carried(edge) for edge in carrying[:most]]
    if len(carrying) > most:
        carried.append(f"+{len(carrying) - most} more")
    return _clean(" ".join(word for word in (*words, "; ".join(carried)) if word))


def _carried(edge: FlowEdge) -> str:
    shown = edge.paths if len(edge.paths) <= SHOWN else edge.paths[: SHOWN - 1]
    more = f", +{len(edge.paths) - len(shown)} more" if len(edge.paths) > len(shown) else ""
    return ", ".join(shown) + more + (f" → {edge.destination}" if edge.destination else "")


def _clean(text: str) -> str:
    """Text of the Dockerfile, harmless and of a length that can be looked at."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"
    return printable(text)


def _box(flow: Flow, stage: FlowStage, arrows: tuple[Arrow, ...]) -> Box:
    is_target = stage.name == flow.target
    title = _clean(stage_title(stage))
    aside = f"target, {stage_lines(stage)}" if is_target else stage_lines(stage)
    lines = [Line(text) for text in _about(flow, stage, arrows)]
    if not stage.needed:
        lines.append(Line(_clean(f"Not needed for {target_words(flow)}"), faint=True))
    shown = arrows if len(arrows) <= _SHOWN_TAKEN else arrows[: _SHOWN_TAKEN - 1]
    taken = [Line(_taken(arrow, flow), arrow.kind) for arrow in shown]
    if len(arrows) > len(shown):
        taken.append(Line(f"+{len(arrows) - len(shown)} more", faint=True))
    full = "\n".join([f"{title}, {aside}", *(line.text for line in lines)])
    wanted = [text_width(line.text, TEXT) + (16 if line.kind else 0) for line in (*lines, *taken)]
    head = text_width(title, TITLE, bold=True) + 24 + text_width(aside, TEXT)
    width = min(max(head, *wanted, _LEAST - 2 * PADDING), _MOST - 2 * PADDING)
    height = (
        PADDING + TITLE_LINE + LINE * (len(lines) + len(taken)) + (RULE_LINE if taken else 0.0) + PADDING / 2
    )
    return Box(
        stage=stage,
        title=fitted(title, TITLE, width - 24 - text_width(aside, TEXT), bold=True),
        aside=aside,
        lines=tuple(Line(fitted(line.text, TEXT, width), None, line.faint) for line in lines),
        taken=tuple(
            Line(fitted(line.text, TEXT, width - (16 if line.kind else 0)), line.kind, line.faint)
            for line in taken
        ),
        full=full,
        width=width + 2 * PADDING,
        height=height,
        needed=stage.needed,
        is_target=is_target,
    )


def _taken(arrow: Arrow, flow: Flow) -> str:
    # All copies where they are short; of a long list the first one says most.
    words = arrow_words(arrow, flow, say_origin=False)
    if text_width(words, TEXT) + 16 <= _MOST - 2 * PADDING:
        return words
    return arrow_words(arrow, flow, most=1, say_origin=False)


def _about(flow: Flow, stage: FlowStage, arrows: tuple[Arrow, ...]) -> Iterator[str]:
    if stage.members:
        names = [stage_name(member) for member in stage.members[:_MOST_NAMES]]
        for start in range(0, len(names), 4):
            lead = "" if start else "Names: "
            comma = "," if start + 4 < len(names) else ""
            yield _clean(lead + ", ".join(names[start : start + 4]) + comma)
        if len(stage.members) > len(names):
            yield f"+{len(stage.members) - len(names)} more"
    base = next((arrow.source for arrow in arrows if arrow.kind is EdgeKind.BASE), None)
    yield _clean(f"Base: {base_words(stage, None if base is None else flow.stages[base])}")
    instructions = ", ".join(stage.instructions) or "none"
    yield _clean(f"Instructions: {'not run' if replaced(stage) else instructions}")


def _external(origin: SourceKind, name: str, arrows: list[Arrow]) -> Box:
    title = _clean(name)
    words = "Image, not built here" if origin is SourceKind.IMAGE else "Named context"
    width = min(
        max(text_width(title, TEXT, bold=True), text_width(words, TEXT)), _MOST_EXTERNAL - 2 * PADDING
    )
    return Box(
        stage=None,
        title=fitted(title, TEXT, width, bold=True),
        aside="",
        lines=(Line(words, faint=True),),
        taken=(),
        full=f"{title}\n{words}",
        width=width + 2 * PADDING,
        height=PADDING + 2 * LINE,
        needed=any(arrow.needed for arrow in arrows),
        is_target=False,
    )
