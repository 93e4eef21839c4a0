"""The commands as a POSIX shell script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.commands.recipes import Recipes


def render(recipes: Recipes) -> str:
    """One command a line, each under a comment that says what it does."""
    # A comment ends with its line: a line break in a name must not start a command.
    return "\n".join(
        "".join(f"# {printable(line)}\n" for line in (entry.what, *entry.notes)) + f"{entry.shell}\n"
        for entry in recipes.recipes
    )
