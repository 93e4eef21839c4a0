"""The picture of the stages, and each stage and each arrow in words: what runs, what crosses, its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.stages import EdgeKind
from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.diagram import Diagram, arrow_words, draw
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.labels import (
    arrow_title,
    base_words,
    left_out_words,
    stage_lines,
    stage_name,
    target_words,
)
from multistage_cli.flow.svg import described, drawing, extent, fitting_style
from multistage_cli.report.html.source import COLOURS
from multistage_cli.report.html.words import line_link, sized
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.cache.model import Verdict
    from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage
    from multistage_cli.sizes.model import Layer, Sizes, StageSize

_MOST_CROSSINGS = 24
_MOST_PATHS = 8
_MOST_STEPS = 80
_LONGEST = 60
_WIDE, _HIGH = 1500, 1800  # pixels
_KINDS = {
    EdgeKind.BASE: "the stage continues it, with all that is in it",
    EdgeKind.COPY: "copied, so it is in the stage",
    EdgeKind.ADD: "added, so it is in the stage",
    EdgeKind.MOUNT: "mounted while one RUN runs, and not kept",
}


class Picture(Struct, frozen=True):
    """What is drawn: the flow, made smaller where it is large, and its diagram."""

    flow: Flow
    small: Flow
    diagram: Diagram

    @staticmethod
    def of(flow: Flow) -> Picture:
        """The picture of a flow."""
        shown = cut(flow)
        small = folded(shown)
        return Picture(shown, small, draw(small))

    @property
    def style(self) -> str:
        """What the style sheet says of this picture alone: numbers of ours, no text of a Dockerfile."""
        return fitting_style(".graph", extent(self.small, self.diagram)[0])


def section(picture: Picture, sizes: Sizes, steps: tuple[Verdict, ...]) -> str:
    """The picture beside the details of what is chosen in it; without a script all details follow it."""
    flow = picture.flow
    left_out = f'<p class="faint">{text(left_out_words(flow))}.</p>' if flow.left_out else ""
    svg = drawing(picture.small, picture.diagram, role="group", link_to="#stage-")
    return f"""<section id="stages" aria-labelledby="stages-title">
<h2 id="stages-title">How the stages feed each other</h2>
<p>{text(described(flow))} <span class="js" hidden>Choose a stage or an arrow to look into it: with the mouse, \
or with Tab, the arrow keys and Enter.</span></p>{left_out}
<div class="stages{_shape(picture)}">
<div class="picture">
<p class="js zoom" hidden><button type="button" data-zoom="0.8" aria-label="Smaller picture">-</button> \
<button type="button" data-zoom="1.25" aria-label="Larger picture">+</button> \
<button type="button" data-zoom="0">Fit</button> <button type="button" id="show-all" aria-pressed="false">\
Show all in words</button></p>
<figure class="graph" id="graph" tabindex="0" role="region" aria-label="The picture of the stages; all of it follows \
in words">
{svg}
</figure>
</div>
<div class="details" id="details">
{"".join(_details(picture, _Bytes(sizes), steps))}</div>
</div>
</section>
"""


def _shape(picture: Picture) -> str:
    """Classes of what has no room for words beside it, and of what is too high to be seen as a whole."""
    width, height = extent(picture.small, picture.diagram)
    return f"{' wide' if width > _WIDE else ''}{' high' if height > _HIGH else ''}"


class _Bytes:
    """What the estimate says, by stage and line."""

    def __init__(self, sizes: Sizes) -> None:
        self.stages: dict[str, StageSize] = {stage.stage: stage for stage in sizes.stages}
        self._layers: dict[tuple[str, int], list[Layer]] = {}
        for stage in sizes.stages:
            for layer in stage.layers:
                self._layers.setdefault((stage.stage, layer.line), []).append(layer)

    def of_line(self, stage: str, line: int, unknown: str = "") -> str:
        """What an instruction adds, where one alone stands there; `unknown` where nobody knows."""
        layers = self._layers.get((stage, line), [])
        if len(layers) != 1 or not layers[0].size.high:
            return unknown if len(layers) == 1 and layers[0].unknown else ""
        return sized(layers[0].size, more=bool(layers[0].unknown))

    def of_base(self, stage: str) -> str:
        found = self.stages.get(stage)
        if found is None or not found.base.known or not found.base.size.high:
            return ""
        return sized(found.base.size)


def _details(picture: Picture, sizes: _Bytes, steps: tuple[Verdict, ...]) -> Iterator[str]:
    flow, small = picture.flow, picture.small
    by_stage = arrows_by_stage(flow)
    of_stage: dict[str, list[Verdict]] = {}
    for step in steps:
        of_stage.setdefault(step.stage, []).append(step)
    drawn = {stage.name: place for place, stage in enumerate(small.stages)}
    for place, stage in enumerate(small.stages):
        for member in stage.members:
            drawn[member.name] = place
    arrows: dict[int, list[tuple[int, Arrow]]] = {}
    for number, wire in enumerate(picture.diagram.wires):
        arrows.setdefault(wire.arrow.to, []).append((number, wire.arrow))
    feeds: dict[str, list[FlowStage]] = {}
    for to, into in enumerate(by_stage):
        for source in dict.fromkeys(arrow.source for arrow in into):
            if source is not None:
                feeds.setdefault(flow.stages[source].name, []).append(flow.stages[to])
    written: set[int] = set()
    for stage, into in zip(flow.stages, by_stage, strict=True):
        here = drawn[stage.name]
        numbers = {(arrow.kind, arrow.reference): number for number, arrow in arrows.get(here, [])}
        taken = [(arrow, numbers.get((arrow.kind, _reference(arrow, flow, small, drawn)))) for arrow in into]
        box = small.stages[here]
        if box.index == stage.index:
            body = _body(flow, stage, taken, of_stage.get(stage.name, []), sizes) + _alike(box)
        else:
            # Drawn in another's box, as it does the same: forty times the same words would help nobody.
            leader = f'<a href="#stage-{box.index}">{text(stage_name(box.members[0]))}</a>'
            body = f"<p>Like {leader}: its own instructions are on lines {line_link(stage.line, stage.end_line)}.</p>"
        yield _stage(flow, stage, body, feeds.get(stage.name, []), sizes.stages.get(stage.name))
        if here not in written:
            written.add(here)
            for number, arrow in arrows.get(here, []):
                yield _arrow(small, number, arrow, sizes)


def _reference(arrow: Arrow, flow: Flow, small: Flow, drawn: dict[str, int]) -> str:
    """How the picture names where an arrow starts: a stage may be drawn in another's box."""
    if arrow.source is None:
        return arrow.reference
    return small.stages[drawn[flow.stages[arrow.source].name]].name


def _stage(flow: Flow, stage: FlowStage, body: str, feeds: list[FlowStage], size: StageSize | None) -> str:
    tag = ""
    if stage.name == flow.target:
        tag = ' <span class="tag good">target</span>'
    elif not stage.needed:
        tag = f' <span class="tag">not needed for {text(target_words(flow))}</span>'
    weight = f" · {sized(size.size, more=bool(size.unknown))} with its base" if size is not None else ""
    base = base_words(stage) + (" (not run)" if replaced(stage) else "")
    fed = _links(list(dict.fromkeys(feeds)))
    return (
        f'<article class="detail s{stage.index % COLOURS}" id="stage-{stage.index}"'
        f' data-first="{stage.line}" data-last="{stage.end_line}">'
        f"<h3>Stage {stage.index + 1}: {text(stage_name(stage))}{tag}</h3>"
        f'<p class="faint">{stage_lines(stage).capitalize()}{weight}<br>Base: <code>{text(base)}</code></p>'
        f"{body}{f'<p><strong>Feeds</strong> {fed}</p>' if fed else ''}</article>\n"
    )


def _body(
    flow: Flow,
    stage: FlowStage,
    taken: list[tuple[Arrow, int | None]],
    steps: list[Verdict],
    sizes: _Bytes,
) -> str:
    takes = "".join(_taken(flow, arrow, number) for arrow, number in taken)
    taken_list = f"<h4>Takes</h4><ul>{takes}</ul>" if takes else ""
    return f'<ol class="steps">{_steps(stage, steps, sizes)}</ol>{taken_list}'


def _alike(box: FlowStage) -> str:
    """The others that are drawn in the box of the first one."""
    others = _links([member for member in box.members if member.index != box.index])
    return f"<p><strong>Drawn as one with</strong> {others}</p>" if others else ""


def _links(stages: list[FlowStage]) -> str:
    return ", ".join(f'<a href="#stage-{stage.index}">{text(stage_name(stage))}</a>' for stage in stages)


def _steps(stage: FlowStage, steps: list[Verdict], sizes: _Bytes) -> str:
    rows = []
    for place, step in enumerate(steps[:_MOST_STEPS]):
        weight = sizes.of_base(stage.name) if place == 0 else sizes.of_line(stage.name, step.line)
        size = f" <small>{weight}</small>" if weight else ""
        link = line_link(step.line, step.end_line).replace(f"-{step.end_line}<", "<")
        rows.append(f"<li>{link} <code>{text(_short(step.instruction))}</code>{size}</li>")
    if (left := len(steps) - _MOST_STEPS) > 0:
        rows.append(f'<li class="faint">and {left} more</li>')
    return "".join(rows)


def _short(instruction: str) -> str:
    """As much of it as says which one it is: all of it stands in the listing."""
    return instruction if len(instruction) <= _LONGEST else f"{instruction[: _LONGEST - 3]}..."


def _taken(flow: Flow, arrow: Arrow, number: int | None) -> str:
    words = text(arrow_words(arrow, flow))
    return f'<li><a href="#arrow-{number}">{words}</a></li>' if number is not None else f"<li>{words}</li>"


def _arrow(flow: Flow, number: int, arrow: Arrow, sizes: _Bytes) -> str:
    to = flow.stages[arrow.to]
    start = text(arrow.reference)
    if arrow.source is not None:
        source = flow.stages[arrow.source]
        start = f'<a href="#stage-{source.index}">{text(stage_name(source))}</a>'
    rows = "".join(_crossing(edge, sizes) for edge in arrow.edges[:_MOST_CROSSINGS])
    if (left := len(arrow.edges) - _MOST_CROSSINGS) > 0:
        rows += f'<li class="faint">and {left} more</li>'
    first, last = arrow.edges[0].line, arrow.edges[-1].line
    lines = " ".join(str(line) for line in dict.fromkeys(edge.line for edge in arrow.edges[:_MOST_CROSSINGS]))
    return (
        f'<article class="detail arrow-detail {arrow.kind}" id="arrow-{number}" data-first="{first}"'
        f' data-last="{last}" data-lines="{lines}">'
        f'<h3>{start} <span aria-label="into">→</span> <a href="#stage-{to.index}">{text(stage_name(to))}</a></h3>'
        f'<p class="faint"><code>{text(arrow_title(arrow, flow.stages))}</code>: {_KINDS[arrow.kind]}</p>'
        f'<ul class="steps">{rows}</ul></article>\n'
    )


def _crossing(edge: FlowEdge, sizes: _Bytes) -> str:
    if edge.kind is EdgeKind.BASE:
        weight = sizes.of_base(edge.to)
        size = f" <small>{weight}</small>" if weight else ""
        return f"<li>{line_link(edge.line)} all of it{size}</li>"
    paths = ", ".join(f"<code>{text(path)}</code>" for path in edge.paths[:_MOST_PATHS])
    if (left := len(edge.paths) - _MOST_PATHS) > 0:
        paths += f" and {left} more"
    to = f" → <code>{text(edge.destination)}</code>" if edge.destination else ""
    weight = "" if edge.kind is EdgeKind.MOUNT else sizes.of_line(edge.to, edge.line, "size not known")
    size = f" <small>{weight}</small>" if weight else ""
    return f"<li>{line_link(edge.line)} {paths}{to}{size}</li>"
