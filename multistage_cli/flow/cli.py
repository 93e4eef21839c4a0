"""`multistage flow`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.flow.graph import Flow

Context = typer.Context  # looked up by name when the command is made


@room_command("boxes")
def flow(build: Build, ctx: Context) -> Flow:
    """Show how the stages feed each other.

    Without --target, stages that the last one does not need are dim.
    With it, they are left away.

    Example: multistage flow --target test --format svg --output flow.svg
    """
    from msgspec.structs import replace

    from multistage_cli.flow.graph import collect_flow

    return replace(collect_flow(build), only_needed=ctx.params.get("target") is not None)
