"""The picture for a browser or a document, drawn without Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.flow.diagram import draw
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.svg import STYLE, drawing

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow


def render(flow: Flow) -> str:
    """An SVG file of its own, for light and dark; of many stages, alike ones are one box."""
    shown = folded(cut(flow))
    return drawing(shown, draw(shown), role="img", style=STYLE) + "\n"
