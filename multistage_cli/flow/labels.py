"""What the pictures say: about a stage, and beside an arrow.

A row is a list of spans, each a text and a Rich style; nothing here is ever read as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from multistage_cli.build.stages import BaseKind, EdgeKind, SourceKind
from multistage_cli.flow.arrows import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.flow.arrows import Arrow
    from multistage_cli.flow.charset import Charset
    from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage

Span = tuple[str, str]
Row = list[Span]

PLAIN = ""
DIM = "dim"
NAME = "bold"
TARGET = "green"
TARGET_NAME = "bold green"
CROSSING = "cyan"
STYLES = (PLAIN, DIM, NAME, TARGET, TARGET_NAME, CROSSING)
"""Every style there is: the terminal's own colours, so that they suit light and dark ones."""

_INDENT = ("  ", PLAIN)

SHOWN = 3
"""So many paths or copies are listed in full; of more, the first two and how many are left."""

_BASE_NOTES = {
    BaseKind.CONTEXT: " (named context)",
    BaseKind.UNKNOWN: " (unknown)",
    BaseKind.SCRATCH: " (empty)",
}


def is_named(stage: FlowStage) -> bool:
    """Whether FROM gives the stage a name."""
    return stage.label != str(stage.index)


def _name_leads_here(stage: FlowStage) -> bool:
    """Whether the stage has a name, and no later stage takes it away."""
    return is_named(stage) and stage.name == stage.label.lower()


def stage_name(stage: FlowStage) -> str:
    """The stage for people, with its index where its name does not lead to it; of alike ones the first."""
    if stage.members:
        return f"{stage_name(stage.members[0])} and {len(stage.members) - 1} more"
    if not is_named(stage):
        return f"no name (index {stage.index})"
    return stage.label if _name_leads_here(stage) else f"{stage.label} (index {stage.index})"


def stage_numbers(stage: FlowStage) -> str:
    """`Stage 3`, or of alike ones `Stages 3-8, 10`: counted from 1, as a build prints them."""
    if not stage.members:
        return f"Stage {stage.index + 1}"
    runs: list[list[int]] = []
    for number in (member.index + 1 for member in stage.members):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:SHOWN]]
    return f"Stages {', '.join(shown)}" + (", ..." if len(runs) > SHOWN else "")


def stage_title(stage: FlowStage) -> str:
    """The first line about a stage."""
    if stage.members:
        return f"{stage_numbers(stage)}: {len(stage.members)} alike"
    return f"{stage_numbers(stage)}: {stage_name(stage)}"


def stage_lines(stage: FlowStage) -> str:
    """Its lines in the Dockerfile."""
    span = f"{stage.line}-{stage.end_line}" if stage.end_line > stage.line else f"{stage.line}"
    return f"line{'s' if stage.end_line > stage.line else ''} {span}"


def target_words(flow: Flow) -> str:
    """The target in a sentence."""
    target = next(stage for stage in flow.stages if stage.name == flow.target)
    return f"target {target.label}" if is_named(target) else "the target"


def left_out_words(flow: Flow) -> str:
    """How many stages are not shown, and why."""
    one = flow.left_out == 1
    return f"Left away: {flow.left_out} stage{'' if one else 's'} that {target_words(flow)} does not need"


def base_words(stage: FlowStage, continued: FlowStage | None = None) -> str:
    """What a stage starts from.

    Args:
        stage: the stage.
        continued: the stage that it starts from, if that is to be said.
    """
    if replaced(stage):
        return "a named context instead of this stage"
    words = stage.base + _BASE_NOTES.get(stage.base_kind, "")
    if continued is not None and not continued.members:
        words += f" (continues stage {continued.index + 1})"
    return words + (f" on {stage.platform}" if stage.platform else "")


def arrow_title(arrow: Arrow, stages: tuple[FlowStage, ...]) -> str:
    """The instruction that makes it cross, in Docker's words."""
    reference = arrow.reference
    if arrow.source is not None:
        stage = stages[arrow.source]
        if arrow.kind is EdgeKind.BASE or stage.members:
            reference = stage_name(stage)
        elif _name_leads_here(stage):
            reference = stage.label
    match arrow.kind:
        case EdgeKind.BASE:
            return f"FROM {reference}"
        case EdgeKind.MOUNT:
            return f"RUN --mount=from={reference}"
        case EdgeKind.COPY | EdgeKind.ADD:
            return f"{arrow.kind.upper()} --from={reference}"


def arrow_note(arrow: Arrow, *, say_origin: bool) -> str:
    """What is odd about where it starts, or nothing.

    Args:
        arrow: the arrow.
        say_origin: whether to say so where it starts outside the file.
    """
    if arrow.source is not None and arrow.source >= arrow.to:
        return "(itself)" if arrow.source == arrow.to else "(comes later in the file)"
    if say_origin and arrow.source is None:
        return "(image)" if arrow.origin is SourceKind.IMAGE else "(named context)"
    return ""


def arrow_rows(
    arrow: Arrow, stages: tuple[FlowStage, ...], charset: Charset, width: int, *, say_origin: bool
) -> list[Row]:
    """The words beside an arrow: on one line where they fit, else each copy on its own.

    Args:
        arrow: the arrow.
        stages: of the whole flow.
        charset: what can be shown.
        width: in cells, of each row.
        say_origin: whether to say so where it starts outside the file.

    Returns:
        At least one row; all but the first start with a span that indents them.
    """
    title = charset.text(arrow_title(arrow, stages))
    note = arrow_note(arrow, say_origin=say_origin)
    carried = [edge for edge in arrow.edges if edge.paths]
    noted = [_INDENT, (note, DIM)] if note else []
    if len(carried) == 1:
        spans = _carried_spans(carried[0], charset)
        row = [(title, CROSSING), (" ", PLAIN), *spans, *noted]
        if row_width(row) <= width:
            return [row]
    rows: list[Row] = [[(title, CROSSING), *noted]]
    if row_width(rows[0]) > width:
        word, _, rest = title.partition(" ")
        rows = (
            [[(title, CROSSING)]]
            if cell_len(title) <= width
            else [[(word, CROSSING)], [_INDENT, (rest, CROSSING)]]
        )
        rows += [[_INDENT, (note, DIM)]] if note else []
    for edge in carried if len(carried) <= SHOWN else carried[: SHOWN - 1]:
        rows += _carried_rows(edge, charset, width - cell_len(_INDENT[0]))
    if len(carried) > SHOWN:
        rows.append([_INDENT, (f"+{len(carried) - SHOWN + 1} more", DIM)])
    return [cut_row(row, charset, width) for row in rows]


def _carried(edge: FlowEdge, charset: Charset) -> tuple[str, str]:
    shown = edge.paths if len(edge.paths) <= SHOWN else edge.paths[: SHOWN - 1]
    words = [charset.text(path) for path in shown]
    if len(edge.paths) > SHOWN:
        words.append(f"+{len(edge.paths) - SHOWN + 1} more")
    return ", ".join(words), charset.text(edge.destination or "")


def _carried_spans(edge: FlowEdge, charset: Charset) -> Row:
    paths, destination = _carried(edge, charset)
    return [(paths, PLAIN), (" -> ", DIM), (destination, PLAIN)] if destination else [(paths, PLAIN)]


def _carried_rows(edge: FlowEdge, charset: Charset, width: int) -> list[Row]:
    spans = _carried_spans(edge, charset)
    if row_width(spans) <= width:
        return [[_INDENT, *spans]]
    paths, destination = _carried(edge, charset)
    rows: list[Row] = [[_INDENT, (charset.cut_middle(paths, width), PLAIN)]]
    if destination:
        rows.append([_INDENT, ("-> ", DIM), (charset.cut_middle(destination, width - 3), PLAIN)])
    return rows


def row_width(row: Iterable[Span]) -> int:
    """Cells that the row takes."""
    return sum(cell_len(text) for text, _ in row)


def cut_row(row: Row, charset: Charset, width: int) -> Row:
    """The row cut to so many cells, for terminals so narrow that nothing else helps."""
    found: Row = []
    for text, style in row:
        if width <= 0:
            break
        kept = charset.cut_middle(text, width)
        found.append((kept, style))
        width -= cell_len(kept)
    return found


def dimmed(row: Row) -> Row:
    """The row as it looks where the target does not need it."""
    return [(text, DIM) for text, _ in row]
