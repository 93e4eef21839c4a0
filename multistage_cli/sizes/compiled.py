"""What compilers and bundlers put out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.sizes.model import Outcome

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation
    from multistage_cli.sizes.scene import Scene


def compiled(scene: Scene, change: Compilation) -> Outcome:
    """The binaries and bundles of one command."""
    del scene
    return Outcome(unknown=(f"what {change.tool} builds on line {change.line}",), places=change.outputs)
