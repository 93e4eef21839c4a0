"""`multistage flow`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.flow.graph import Flow


@room_command("boxes")
def flow(build: Build) -> Flow:
    """Show how the stages feed each other."""
    from multistage_cli.flow.graph import collect_flow

    return collect_flow(build)
