"""The commands for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from multistage_cli.commands.recipes import quoted
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.commands.recipes import Recipe, Recipes

_INDENT = "   "
_FURTHER = _INDENT + "  "  # of a line that goes on
_LEAST_ROOM = 8  # cells for a piece of a word, however narrow the terminal is


def render(recipes: Recipes) -> RenderableType:
    """What each command does, and the command below it as it can be copied."""
    parts: list[RenderableType] = []
    for entry in recipes.recipes:
        parts.extend((CommandView(entry), Text()))
    return Group(*parts[:-1])


class CommandView(Struct, frozen=True):
    """A command under its comment; one that is too long goes on after a backslash, as a shell reads it."""

    recipe: Recipe

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Each line of it is a comment, so that a copy of all of it runs nothing else.
        room = max(options.max_width - len(_INDENT) - 2, 1)
        for words in (self.recipe.what, *self.recipe.notes):
            for line in Text(printable(words)).wrap(console, room):
                yield Text(f"{_INDENT}# {line.plain.rstrip()}", style="dim", no_wrap=True, overflow="ignore")
        # Never wrapped by Rich: what it breaks would not survive copying.
        for row in _rows(self.recipe.argv, options.max_width):
            yield Text(row, style="bold", no_wrap=True, overflow="ignore")


def _rows(argv: tuple[str, ...], width: int) -> Iterator[str]:
    """The command in rows of at most so many cells that a shell reads as one line.

    Between words a row ends in a space and a backslash. Inside of a word that is too long, it ends in a
    backslash alone, and the next row starts at the very left: a shell joins the two without a space.
    """
    row, is_empty = _INDENT, True
    room = max(width - len(_FURTHER) - 2, _LEAST_ROOM)
    for unit in _units(argv):
        whole = " ".join(map(_shown, unit))
        # An option stays with its value where both fit on a row.
        for words in (unit,) if cell_len(whole) <= room else tuple((word,) for word in unit):
            text = " ".join(map(_shown, words))
            if not is_empty and cell_len(f"{row} {text}") > width - 2:
                yield f"{row} \\"
                row, is_empty = _FURTHER, True
            if cell_len(text) > room:
                first, *others = _pieces(words[0], room, max(width - 1, _LEAST_ROOM))
                row += first
                for piece in others:
                    yield f"{row}\\"
                    row = piece
            else:
                row += text if is_empty else f" {text}"
            is_empty = False
    yield row


def _units(argv: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words, an option with its value."""
    pending: str | None = None
    for word in argv:
        if word.startswith("-"):
            if pending is not None:
                yield (pending,)
            pending = word
        elif pending is not None:
            yield (pending, word)
            pending = None
        else:
            yield (word,)
    if pending is not None:
        yield (pending,)


def _shown(word: str) -> str:
    return printable(quoted(word))


def _pieces(word: str, first_room: int, room: int) -> list[str]:
    """A word in pieces, each in quotes of its own and, with them, at most so many cells wide."""
    found: list[str] = []
    start, left = 0, first_room - 2
    for place, letter in enumerate(word):
        # '"'"' at most, or in octal
        cost = 5 if letter == "'" else cell_len(printable(letter if letter.isprintable() else quoted(letter)))
        if cost > left and place > start:
            found.append(_shown(word[start:place]))
            start, left = place, room - 2
        left -= cost
    return [*found, _shown(word[start:])]
