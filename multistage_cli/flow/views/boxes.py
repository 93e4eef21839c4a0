"""A box for each stage, joined by arrows that say what they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.flow.canvas import Canvas
from multistage_cli.flow.drawing import Picture
from multistage_cli.flow.folding import cut, folded

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow


def render(flow: Flow) -> Canvas:
    """The stages in the order of the file, each below what it takes; of many, alike ones as one."""
    shown = folded(cut(flow))
    return Canvas(lambda charset, width: Picture(shown, charset, width).rows())
