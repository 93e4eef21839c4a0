"""`multistage commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from multistage_cli.commands.tools import ToolName
from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.commands.recipes import Recipes

ToolOption = Annotated[
    ToolName,
    typer.Option(
        "--tool",
        help="The program to write for: docker, podman, buildah (podman runs what it built) or nerdctl.",
        metavar="TOOL",
        rich_help_panel="The commands",
    ),
]


@room_command("text")
def commands(build: Build, tool: ToolOption = ToolName.DOCKER) -> Recipes:
    """Show what to type next: build, look inside, run, test.

    Each command is ready to be copied.
    --format bake and --format compose write a file that does the same.

    Example: multistage commands --tool podman --format shell --output build.sh
    """
    from multistage_cli.commands.recipes import collect_recipes

    return collect_recipes(build, tool)
