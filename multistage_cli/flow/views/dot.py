"""The picture for Graphviz: `multistage flow --format dot | dot -Tsvg`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.folding import cut
from multistage_cli.flow.labels import (
    SHOWN,
    arrow_title,
    base_words,
    stage_lines,
    stage_title,
    target_words,
)
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.graph import Flow, FlowStage

_KINDS = {
    EdgeKind.BASE: 'color="#8250df", penwidth=2.5',
    EdgeKind.COPY: 'color="#0969da", penwidth=1.5',
    EdgeKind.ADD: 'color="#0969da", penwidth=1.5',
    EdgeKind.MOUNT: 'color="#bc4c00", style=dashed',
}
_LONGEST = 120  # characters of one text: Graphviz draws every label in full


def render(flow: Flow) -> str:
    """A digraph of every stage, whatever their number: Graphviz is at home with thousands."""
    return "\n".join(_lines(cut(flow))) + "\n"


def _lines(flow: Flow) -> Iterator[str]:
    yield f"digraph {_quoted(flow.path)} {{"
    yield '  graph [rankdir=TB, fontname="Helvetica", bgcolor="transparent", nodesep=0.4, ranksep=0.6];'
    yield '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", fontname="Helvetica", fontsize=11];'
    yield '  edge [fontname="Helvetica", fontsize=9];'
    by_stage = arrows_by_stage(flow)
    outside: dict[tuple[SourceKind, str], int] = {}
    for arrow in (arrow for arrows in by_stage for arrow in arrows):
        if arrow.source is None and (arrow.origin, arrow.reference) not in outside:
            number = outside[arrow.origin, arrow.reference] = len(outside)
            words = "image" if arrow.origin is SourceKind.IMAGE else "named context"
            yield f'  outside{number} [label={_quoted(arrow.reference, words)}, style="rounded,dashed"];'
    for place, (stage, arrows) in enumerate(zip(flow.stages, by_stage, strict=True)):
        yield f"  stage{place} [label={_quoted(*_about(flow, stage, arrows))}{_look(flow, stage)}];"
    for to, arrows in enumerate(by_stage):
        for arrow in arrows:
            outer = arrow.source is None
            start = f"outside{outside[arrow.origin, arrow.reference]}" if outer else f"stage{arrow.source}"
            pale = "" if arrow.needed else ', fontcolor="#59636e"'
            yield f"  {start} -> stage{to} [label={_quoted(*_carried(arrow, flow))}, {_KINDS[arrow.kind]}{pale}];"
    yield "}"


def _about(flow: Flow, stage: FlowStage, arrows: tuple[Arrow, ...]) -> Iterator[str]:
    yield f"{stage_title(stage)} ({stage_lines(stage)})"
    base = next((arrow.source for arrow in arrows if arrow.kind is EdgeKind.BASE), None)
    yield f"Base: {base_words(stage, None if base is None else flow.stages[base])}"
    if not replaced(stage):
        yield ", ".join(stage.instructions)
    if stage.name == flow.target:
        yield "Target"
    elif not stage.needed:
        yield f"Not needed for {target_words(flow)}"


def _look(flow: Flow, stage: FlowStage) -> str:
    if stage.name == flow.target:
        return ', color="#1a7f37", penwidth=2.5'
    return "" if stage.needed else ', style="rounded,dashed", color="#59636e", fontcolor="#59636e"'


def _carried(arrow: Arrow, flow: Flow) -> Iterator[str]:
    yield arrow_title(arrow, flow.stages)
    carrying = [edge for edge in arrow.edges if edge.paths]
    for edge in carrying[:SHOWN]:
        more = f" +{len(edge.paths) - 1} more" if len(edge.paths) > 1 else ""
        yield f"{edge.paths[0]}{more}" + (f" → {edge.destination}" if edge.destination else "")
    if len(carrying) > SHOWN:
        yield f"+{len(carrying) - SHOWN} more"


def _quoted(*lines: str) -> str:
    r"""A label of several lines.

    Graphviz reads a backslash as the start of an escape (`\N` is the node's name) and `&amp;` as HTML does.
    """
    shown = (
        printable(line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]}…{line[-_LONGEST // 2 :]}")
        .replace("\\", "\\\\")
        .replace("&", "&amp;")
        .replace('"', '\\"')
        for line in lines
    )
    return '"' + "\\n".join(shown) + '"'
