"""The picture for Mermaid, which GitHub and GitLab draw in Markdown where it stands in a ```mermaid block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.flow.arrows import Arrow, arrows_by_stage
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.labels import arrow_title, base_words, stage_title, target_words
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.flow.graph import Flow, FlowStage

# What Mermaid draws at most (config: maxEdges 500, maxTextSize 50000); a page that shows it may not change that.
_MOST_EDGES = 480
_MOST_STAGES = 400
_MOST_CHARACTERS = 48_000
_LONGEST = 80  # characters of one text

_ARROWS = {EdgeKind.BASE: "==>", EdgeKind.COPY: "-->", EdgeKind.ADD: "-->", EdgeKind.MOUNT: "-.->"}
_PLAIN = re.compile(r"[^\w ./:,@+=()→…-]|_")
"""All but what means nothing to Mermaid, to Markdown inside of its labels, and to HTML."""

_STYLES = (
    "  classDef target stroke:#1a7f37,stroke-width:3px",
    "  classDef unneeded stroke-dasharray:6 4,opacity:0.65",
    "  classDef outside stroke-dasharray:2 3",
)


def render(flow: Flow) -> str:
    """A flowchart; as much of it as Mermaid draws, with a word where that is not all."""
    shown = cut(flow)
    for small in (folded(shown), folded(shown, 0)):
        arrows = sum(len(arrows) for arrows in arrows_by_stage(small))
        if arrows <= _MOST_EDGES and len(small.stages) <= _MOST_STAGES:
            for carries in (True, False):
                text = _chart(small, carries=carries)
                if len(text) <= _MOST_CHARACTERS:
                    return text
    return _chart(folded(shown, 0), carries=False, stages=_FEW)


_FEW = 60


def _chart(flow: Flow, *, carries: bool, stages: int | None = None) -> str:
    return "\n".join(_lines(flow, carries=carries, most_stages=stages or len(flow.stages))) + "\n"


def _lines(flow: Flow, *, carries: bool, most_stages: int) -> Iterator[str]:
    first = max(len(flow.stages) - most_stages, 0)  # the last ones matter most: the target is among them
    by_stage = arrows_by_stage(flow)
    yield "flowchart TB"
    outside: dict[tuple[SourceKind, str], str] = {}
    edges: list[str] = []
    for to, arrows in enumerate(by_stage[first:], first):
        for arrow in arrows:
            start = f"stage{arrow.source}"
            if arrow.source is None:
                start = outside.setdefault((arrow.origin, arrow.reference), f"outside{len(outside)}")
            elif arrow.source < first:
                continue
            label = f"|{_label(_words(arrow, flow))}|" if carries else ""
            edges.append(f"  {start} {_ARROWS[arrow.kind]}{label} stage{to}")
    for (origin, reference), name in outside.items():
        words = "Image" if origin is SourceKind.IMAGE else "Named context"
        yield f"  {name}([{_label(f'{words} {reference}')}]):::outside"
    if first:
        yield f"  more[{_label(f'{first} more stages: too many for Mermaid')}]:::unneeded"
    for place, stage in enumerate(flow.stages[first:], first):
        yield f"  stage{place}[{_label(*_about(flow, stage))}]{_look(flow, stage)}"
    yield from edges[:_MOST_EDGES]
    yield from _STYLES


def _about(flow: Flow, stage: FlowStage) -> Iterator[str]:
    yield stage_title(stage) + (" (target)" if stage.name == flow.target else "")
    yield f"Base: {base_words(stage)}"
    if not stage.needed:
        yield f"Not needed for {target_words(flow)}"


def _look(flow: Flow, stage: FlowStage) -> str:
    if stage.name == flow.target:
        return ":::target"
    return "" if stage.needed else ":::unneeded"


def _words(arrow: Arrow, flow: Flow) -> str:
    title = arrow_title(arrow, flow.stages).partition(" ")[0]
    carrying = [edge for edge in arrow.edges if edge.paths]
    if not carrying:
        return title
    more = sum(len(edge.paths) for edge in carrying) - 1
    return f"{title} {carrying[0].paths[0]}" + (f" +{more} more" if more else "")


def _label(*lines: str) -> str:
    """A quoted label of several lines, each character that might mean something as its entity."""
    return '"' + "<br/>".join(_PLAIN.sub(_entity, _short(line)) for line in lines) + '"'


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"
    return printable(text)


def _entity(found: re.Match[str]) -> str:
    return f"#{ord(found.group())};"
