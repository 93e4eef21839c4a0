"""The commands for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from multistage_cli.commands.recipes import Recipes


def render(recipes: Recipes) -> RenderableType:
    """What each command does, and the command below it, unbroken so that it can be copied."""
    parts: list[RenderableType] = []
    for entry in recipes.recipes:
        parts.append(Text(f"# {printable(entry.what)}", style="dim"))
        parts.append(Text(printable(entry.shell), style="bold", no_wrap=True, overflow="ignore"))
        parts.append(Text())
    return Padding(Group(*parts[:-1]), (0, 0, 0, 3))
