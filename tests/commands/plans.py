"""Recipes from a text, as if it lay in a folder."""

from __future__ import annotations

from pathlib import Path

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.commands.recipes import Recipe, Recipes, collect_recipes
from multistage_cli.commands.tools import ToolName
from multistage_cli.parser import parse


def collected(
    text: str,
    folder: Path | None = None,
    *,
    name: str = "Dockerfile",
    tool: ToolName = ToolName.DOCKER,
    target: str | None = None,
    build_args: dict[str, str] | None = None,
    build_contexts: dict[str, str] | None = None,
    platform: str = "linux/amd64",
) -> Recipes:
    build = evaluate(
        parse(text),
        file=folder / name if folder else None,
        context=open_context(folder) if folder else None,
        target=target,
        build_args=build_args,
        build_contexts=build_contexts,
        platform=platform,
    )
    return collect_recipes(build, tool)


def with_recipes(*recipes: Recipe) -> Recipes:
    """These commands, for views that only show them."""
    found = collected("FROM scratch\n")
    return Recipes(recipes, found.tool, found.plan)
