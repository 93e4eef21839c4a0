"""What the target needs, as a tree: each arrow, and below it the stage where that starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.flow.canvas import Canvas
from multistage_cli.flow.folding import cut
from multistage_cli.flow.trees import Trees

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow


def render(flow: Flow) -> Canvas:
    """From the target down to what it needs; below that what it does not need."""
    shown = cut(flow)
    return Canvas(lambda charset, width: Trees(shown, charset, width).rows())
