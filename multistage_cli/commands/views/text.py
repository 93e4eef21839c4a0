"""The commands for people."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.commands.recipes import Recipe, Recipes

_INDENT = 3


def render(recipes: Recipes) -> RenderableType:
    """What each command does, and the command below it as it can be copied."""
    parts: list[RenderableType] = []
    for entry in recipes.recipes:
        parts.extend((CommandView(entry), Text()))
    return Group(*parts[:-1])


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command under its comment; one that is too long goes on after a backslash, as a shell reads it."""

    recipe: Recipe

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = " " * _INDENT
        # Each line of it is a comment, so that a copy of all of it runs nothing else.
        for line in Text(printable(self.recipe.what)).wrap(console, max(options.max_width - _INDENT - 2, 1)):
            yield Text(f"{indent}# {line.plain.rstrip()}", style="dim", no_wrap=True, overflow="ignore")
        width = max(options.max_width - _INDENT - 2, 1)
        lines = [""]
        for words in _units(self.recipe.argv):
            joined = f"{lines[-1]} {words}" if lines[-1].strip() else f"{lines[-1]}{words}"
            if cell_len(joined) > width and lines[-1].strip():
                lines.append(f"  {words}")
            else:
                lines[-1] = joined
        text = f" \\\n{indent}".join(lines)
        # Never wrapped by Rich: a break inside of a word would not survive copying.
        yield Text(f"{indent}{text}", style="bold", no_wrap=True, overflow="ignore")


def _units(argv: tuple[str, ...]) -> Iterator[str]:
    """The words as a shell reads them, an option with its value."""
    words = [printable(shlex.quote(argument)) for argument in argv]
    pending = ""
    for word in words:
        if pending and word.startswith("-"):
            yield pending
            pending = word
        elif pending:
            yield f"{pending} {word}"
            pending = ""
        elif word.startswith("-"):
            pending = word
        else:
            yield word
    if pending:
        yield pending
