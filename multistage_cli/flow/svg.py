"""A diagram as SVG: text and lines with classes, and one style sheet for light and dark.

Everything that comes from the Dockerfile went through `printable` before, so that it holds no character that
XML has no place for, and is escaped here.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from multistage_cli.build.stages import EdgeKind
from multistage_cli.flow.diagram import LINE, PADDING, RULE_LINE, TEXT, TITLE_LINE
from multistage_cli.flow.labels import stage_name, target_words
from multistage_cli.flow.measure import text_width
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.flow.diagram import Box, Diagram, Line, Wire
    from multistage_cli.flow.graph import Flow
    from multistage_cli.flow.layered import Point

STYLE = """\
.flow{--paper:#fff;--ink:#1f2328;--faint:#59636e;--box:#f6f8fa;--edge:#8b949e;--target:#1a7f37;--copy:#0969da;\
--base:#8250df;--mount:#bc4c00;font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
@media (prefers-color-scheme:dark){.flow{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--box:#161b22;--edge:#6e7681;\
--target:#3fb950;--copy:#58a6ff;--base:#bc8cff;--mount:#f0883e}}
.flow text{fill:var(--ink);font-size:12.5px;white-space:pre}
.flow .paper{fill:var(--paper)}
.flow .title{font-size:15px;font-weight:600}
.flow .external .title{font-size:12.5px}
.flow .faint{fill:var(--faint)}
.flow .box{fill:var(--box);stroke:var(--edge);stroke-width:1.25}
.flow .external .box{fill:var(--paper);stroke-dasharray:2 3}
.flow .target .box{stroke:var(--target);stroke-width:2.5}
.flow .target .title,.flow .badge{fill:var(--target)}
.flow .unneeded .box{stroke-dasharray:6 4}
.flow .unneeded{opacity:.65}
.flow .rule{stroke:var(--edge);stroke-width:.75}
.flow .wire{fill:none;stroke-width:2}
.flow .copy,.flow .add{stroke:var(--copy)}
.flow .base{stroke:var(--base);stroke-width:3.5}
.flow .mount{stroke:var(--mount);stroke-dasharray:7 5}
.flow .head{stroke:none;fill:var(--copy)}
.flow .head.base{fill:var(--base)}
.flow .head.mount{fill:var(--mount)}
.flow .arrow:hover .wire{stroke-width:5}
.flow a:hover .box,.flow a:focus .box{stroke:var(--copy);stroke-width:2.5}
"""
"""Colour is never alone in what it says: kinds of lines differ in width and dashes, the target has a word."""

PAGE_STYLE = (
    STYLE
    + """\
:root .flow{--paper:inherit;--ink:inherit;--faint:inherit;--box:inherit;--edge:var(--line);--copy:inherit;\
--base:inherit;--mount:inherit;--target:var(--good)}
"""
)
"""For a picture within a page: in the colours of what is around it, whatever theme a person chose there."""

_MARGIN = 20.0
_LEGEND_LINE = 24.0
_ABOVE_LEGEND = 22.0
_LEGEND = {
    EdgeKind.BASE: "continued (FROM)",
    EdgeKind.COPY: "copied (COPY --from)",
    EdgeKind.ADD: "added (ADD)",
    EdgeKind.MOUNT: "mounted for one RUN, not kept",
}
_HEAD = 9.0
_LEAST_SCALE = 0.55  # titles are 8 pixels high then


def drawing(flow: Flow, diagram: Diagram, *, role: str, style: str = "", link_to: str = "") -> str:
    """The picture as an `svg` element.

    Args:
        flow: as it is drawn.
        diagram: of that flow.
        role: its ARIA role.
        style: a style sheet to put into it, which may be empty where the page around has one.
        link_to: what the addresses of stages start with, such as `#stage-`; empty for no links.
    """
    legend, _ = _legend(flow, diagram)
    width, height = extent(flow, diagram)
    below = diagram.layout.height + _MARGIN + _ABOVE_LEGEND
    shift = (width - diagram.layout.width) / 2
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" role="{role}" aria-labelledby="flow-title flow-desc"'
        f' width="{_number(width)}" height="{_number(height)}" viewBox="0 0 {_number(width)} {_number(height)}">'
    )
    parts = [
        head,
        f'<title id="flow-title">{_text(f"How the stages of {flow.path} feed each other")}</title>',
        f'<desc id="flow-desc">{_text(described(flow))}</desc>',
    ]
    if style:
        parts.append(f"<style>{style}</style>")
    parts.append(f'<rect class="paper" width="{_number(width)}" height="{_number(height)}"/>')
    parts.append(f'<g transform="translate({_number(shift)} {_number(_MARGIN)})">')
    parts += [
        _wire(diagram, wire, route) for wire, route in zip(diagram.wires, diagram.layout.routes, strict=True)
    ]
    for box, corner in zip(diagram.boxes, diagram.layout.boxes, strict=True):
        drawn = _box(box, corner)
        if link_to and box.stage is not None:
            drawn = f'<a href="{_text(f"{link_to}{box.stage.index}")}">{drawn}</a>'
        parts.append(drawn)
    parts.append("</g>")
    for number, row in enumerate(legend):
        parts.append(
            f'<g transform="translate({_number(_MARGIN)} {_number(below + number * _LEGEND_LINE)})">{row}</g>'
        )
    parts.append("</svg>")
    return "\n".join(parts)


def extent(flow: Flow, diagram: Diagram) -> tuple[float, float]:
    """Width and height of the picture in pixels, as long as nothing makes it smaller."""
    legend, width = _legend(flow, diagram)
    height = diagram.layout.height + 2 * _MARGIN + _LEGEND_LINE * len(legend)
    return max(width, diagram.layout.width) + 2 * _MARGIN, height + (_ABOVE_LEGEND if legend else 0.0)


def fitting_style(frame: str, width: float) -> str:
    """Rules that make the picture fit its frame; one that could not be read then keeps a width, and scrolls.

    Args:
        frame: the selector of what the picture is in.
        width: of the picture, from `extent`.
    """
    least = round(width * _LEAST_SCALE)
    return f"{frame} svg{{display:block;margin:auto;max-width:100%;min-width:{least}px;height:auto}}\n"


def described(flow: Flow) -> str:
    """The picture in a sentence or two, for those who do not see it."""
    count = sum(len(stage.members) or 1 for stage in flow.stages)
    unneeded = [stage_name(stage) for stage in flow.stages if not stage.needed]
    boxes = f" in {len(flow.stages)} boxes" if count > len(flow.stages) else ""
    words = f"{count} build stage{'s' if count != 1 else ''}{boxes}; {target_words(flow)} is built."
    if unneeded:
        more = len(unneeded) - _MOST_NAMED
        shown = ", ".join(unneeded[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        words += f" It does not need {shown}."
    return words


_MOST_NAMED = 10


def _text(text: str) -> str:
    return escape(printable(text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _box(box: Box, corner: Point) -> str:
    x, y = corner
    classes = ["stage" if box.stage else "external"]
    classes += ["target"] if box.is_target else []
    classes += [] if box.needed else ["unneeded"]
    right = x + box.width - PADDING
    first_line = LINE if box.stage is None else TITLE_LINE
    at = y + PADDING + (TEXT if box.stage is None else 13)
    radius = _number(box.height / 2 if box.stage is None else 8)
    known = f' data-stage="{box.stage.index}"' if box.stage else ""
    parts = [f'<g class="{" ".join(classes)}"{known}><title>{_lines(box.full)}</title>']
    parts.append(
        f'<rect class="box" x="{_number(x)}" y="{_number(y)}" width="{_number(box.width)}"'
        f' height="{_number(box.height)}" rx="{radius}"/>'
    )
    if box.stage is None:  # short texts in the middle
        middle = _number(x + box.width / 2)
        parts.append(
            f'<text class="title" x="{middle}" y="{_number(at - 4)}" text-anchor="middle">{_text(box.title)}</text>'
        )
        for line in box.lines:
            at += first_line
            parts.append(
                f'<text class="faint" x="{middle}" y="{_number(at - 6)}" text-anchor="middle">{_text(line.text)}</text>'
            )
        return "\n".join([*parts, "</g>"])
    left = x + PADDING
    parts.append(f'<text class="title" x="{_number(left)}" y="{_number(at)}">{_text(box.title)}</text>')
    aside = "badge" if box.is_target else "faint"
    parts.append(
        f'<text class="{aside}" x="{_number(right)}" y="{_number(at)}" text-anchor="end">{_text(box.aside)}</text>'
    )
    at += first_line - LINE
    for line in box.lines:
        at += LINE
        parts.append(_line(line, left, at))
    if box.taken:
        rule = at + RULE_LINE + 1
        parts.append(f'<path class="rule" d="M{_number(x)} {_number(rule)}H{_number(x + box.width)}"/>')
        at += RULE_LINE
    for line in box.taken:
        at += LINE
        parts.append(_line(line, left, at))
    return "\n".join([*parts, "</g>"])


def _lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.split("\n"))


def _line(line: Line, left: float, at: float) -> str:
    faint = ' class="faint"' if line.faint else ""
    if line.kind is None:
        return f'<text{faint} x="{_number(left)}" y="{_number(at)}">{_text(line.text)}</text>'
    sign = f'<path class="wire {line.kind}" d="M{_number(left)} {_number(at - 4)}h10"/>'
    return f'{sign}<text{faint} x="{_number(left + 16)}" y="{_number(at)}">{_text(line.text)}</text>'


def _wire(diagram: Diagram, wire: Wire, route: tuple[Point, ...] | None) -> str:
    kind = wire.arrow.kind
    classes = f"arrow{'' if wire.arrow.needed else ' unneeded'}"
    if route is None:
        # No line, but an arrow that comes out of nowhere: its box says in words where it comes from.
        x, y = diagram.layout.boxes[wire.to]
        route = ((x + 24, y - 30), (x + 24, y))
    *_, (x, y) = route
    path = _path(route[:-1], (x, y - _HEAD + 1))
    head = f"M{_number(x)} {_number(y)}l{_number(-_HEAD / 2)} {_number(-_HEAD)}h{_number(_HEAD)}z"
    return (
        f'<g class="{classes}"{_ends(diagram, wire)}><title>{_text(wire.full)}</title>'
        f'<path class="wire {kind}" d="{path}"/>'
        f'<path class="head {kind}" d="{head}"/></g>'
    )


def _ends(diagram: Diagram, wire: Wire) -> str:
    """The indexes of the stages at its ends, for a page's script."""
    ends = {"from": diagram.boxes[wire.source].stage, "to": diagram.boxes[wire.to].stage}
    return "".join(f' data-{end}="{stage.index}"' for end, stage in ends.items() if stage is not None)


def _path(points: tuple[Point, ...], end: Point) -> str:
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise((*points, end)):
        if abs(x - to_x) < 0.1:  # noqa: PLR2004 - less than a pixel shows
            parts.append(f"V{_number(to_y)}")
        else:
            middle = _number((y + to_y) / 2)
            parts.append(f"C{_number(x)} {middle} {_number(to_x)} {middle} {_number(to_x)} {_number(to_y)}")
    return "".join(parts)


def _legend(flow: Flow, diagram: Diagram) -> tuple[list[str], float]:
    """What lines and borders mean, row by row, and how wide the widest row is."""
    kinds = {wire.arrow.kind for wire in diagram.wires}
    entries = [
        (f'<path class="wire {kind}" d="M0 -4h26"/>', words)
        for kind, words in _LEGEND.items()
        if kind in kinds
    ]
    border = '<g class="{}"><rect class="box" x="0.5" y="-12" width="25" height="15" rx="{}"/></g>'
    if any(box.stage is None for box in diagram.boxes):
        entries.append((border.format("external", 7.5), "from outside this file"))
    if any(not stage.needed for stage in flow.stages):
        entries.append((border.format("unneeded", 4), f"not needed for {target_words(flow)}"))
    if flow.left_out:
        entries.append(("", f"{flow.left_out} left away: not needed for {target_words(flow)}"))
    rows: list[str] = []
    widest = at = 0.0
    for sign, words in entries:
        text = printable(words)
        beside = 34.0 if sign else 0.0
        needed = beside + text_width(text, TEXT)
        if not rows or at + needed > max(diagram.layout.width, _LEAST_LEGEND):
            rows.append("")
            at = 0.0
        rows[-1] += (
            f'<g transform="translate({_number(at)} 8)">{sign}'
            f'<text class="faint" x="{_number(beside)}">{escape(text)}</text></g>'
        )
        widest = max(widest, at + needed)
        at += needed + 24
    return rows, widest


_LEAST_LEGEND = 360.0
