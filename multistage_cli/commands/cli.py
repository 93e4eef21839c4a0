"""`multistage commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.commands.recipes import Recipes


@room_command("text")
def commands(build: Build) -> Recipes:
    """Show what to type next: build, look inside, run, test."""
    from multistage_cli.commands.recipes import collect_recipes

    return collect_recipes(build)
