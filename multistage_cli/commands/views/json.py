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
    plan = recipes.plan
    asks = plan.target.asks
    return {
        "version": 1,
        "tool": recipes.tool.value,
        "commands": [
            {
                "what": entry.what,
                "tool": entry.tool,
                "argv": list(entry.argv),
                "shell": entry.shell,
                "stage": entry.stage,
                "notes": list(entry.notes),
            }
            for entry in recipes.recipes
        ],
        "build_args": [
            {
                "name": argument.name,
                "default": argument.default,
                "given": argument.given,
                "required": argument.required,
                "lines": list(argument.lines),
            }
            for argument in plan.arguments
        ],
        "secrets": [{"id": name, "env": variable} for name, variable in sorted(asks.secrets)],
        "ssh": sorted(asks.ssh),
    }
