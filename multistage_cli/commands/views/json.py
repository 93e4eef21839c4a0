"""The commands for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multistage_cli.commands.recipes import Recipes


def render(recipes: Recipes) -> str:
    """The recipes as JSON."""
    return json.dumps(as_data(recipes), indent=2)


def as_data(recipes: Recipes) -> dict[str, object]:
    """The recipes as dictionaries and lists."""
    return {
        "version": 1,
        "commands": [
            {"what": entry.what, "tool": entry.tool, "argv": list(entry.argv), "shell": entry.shell}
            for entry in recipes.recipes
        ],
    }
