"""The characters that a terminal can show: lines, arrows, and text cut to a width in cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from multistage_cli.build.stages import EdgeKind
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions

UP_DOWN, LEFT_RIGHT = "ud", "lr"
DOWN_RIGHT, DOWN_LEFT, UP_RIGHT, UP_LEFT = "dr", "dl", "ur", "ul"
FROM_RIGHT, FROM_LEFT, CROSSING = "udr", "udl", "udlr"

# For each shape: all single, all double, only its horizontal double, only its vertical double.
_LINES = {
    UP_DOWN: "│║│║",
    LEFT_RIGHT: "─══─",
    DOWN_RIGHT: "┌╔╒╓",
    DOWN_LEFT: "┐╗╕╖",
    UP_RIGHT: "└╚╘╙",
    UP_LEFT: "┘╝╛╜",
    FROM_RIGHT: "├╠╞╟",
    FROM_LEFT: "┤╣╡╢",
    CROSSING: "┼╬╪╫",
}
_DASHED = {UP_DOWN: "╎", LEFT_RIGHT: "╌"}
_ASCII_VERTICAL = {EdgeKind.BASE: "#", EdgeKind.MOUNT: ":"}
_ASCII_HORIZONTAL = {EdgeKind.BASE: "=", EdgeKind.MOUNT: "."}
_LONGEST = (
    1000  # characters: of more, only the ends are looked at, so that a megabyte of a name costs nothing
)
_ENOUGH = 4  # characters for each cell: nobody needs more


class Charset(Struct, frozen=True):
    """What can be shown.

    Attributes:
        encoding: of the terminal, pipe or file.
        unicode: whether that has every character; else lines are drawn in ASCII.
    """

    encoding: str
    unicode: bool

    @classmethod
    def of(cls, options: ConsoleOptions) -> Charset:
        """The one of the console that a picture is drawn for."""
        return cls(options.encoding, not options.ascii_only)

    @property
    def ellipsis(self) -> str:
        """Stands for what was cut off."""
        return "…" if self.unicode else "..."

    @property
    def arrow_head(self) -> str:
        """Points down."""
        return "▼" if self.unicode else "v"

    def guides(self, *, wide: bool) -> tuple[str, str, str, str]:
        """Of a tree: before a child, before the last child, below a child, below the last child."""
        if self.unicode:
            return ("├── ", "└── ", "│   ", "    ") if wide else ("├ ", "└ ", "│ ", "  ")
        return ("|-- ", "`-- ", "|   ", "    ") if wide else ("|-", "`-", "| ", "  ")

    def line(self, shape: str, vertical: EdgeKind | None, horizontal: EdgeKind | None = None) -> str:
        """A piece of line: double for a base, dashed for a mount, single for all else and for boxes.

        Args:
            shape: one of the constants of this module.
            vertical: the kind of what runs up and down.
            horizontal: the kind of what runs left and right.
        """
        if not self.unicode:
            return _ascii_line(shape, vertical, horizontal)
        if shape in _DASHED and EdgeKind.MOUNT in {vertical, horizontal}:
            return _DASHED[shape]
        double = (horizontal is EdgeKind.BASE, vertical is EdgeKind.BASE)
        return _LINES[shape][{(False, False): 0, (True, True): 1, (True, False): 2, (False, True): 3}[double]]

    def text(self, raw: str) -> str:
        """Text of the Dockerfile on one line, harmless, in characters that can be shown."""
        if len(raw) > _LONGEST:
            raw = raw[: _LONGEST // 2] + self.ellipsis + raw[-_LONGEST // 2 :]
        shown = printable(raw)
        return (
            shown if self.unicode else shown.encode(self.encoding, "backslashreplace").decode(self.encoding)
        )

    def cut(self, text: str, width: int) -> str:
        """The text in at most so many cells, its end cut off where it must be."""
        if len(text) <= width * _ENOUGH and cell_len(text) <= width:
            return text
        room = max(width - len(self.ellipsis), 0)
        kept = set_cell_size(text[: width * _ENOUGH], room).rstrip()
        return set_cell_size(kept + self.ellipsis, max(width, 0)).rstrip()

    def cut_middle(self, text: str, width: int) -> str:
        """The text in at most so many cells, its middle cut out where it must be: the ends tell most."""
        if len(text) <= width * _ENOUGH and cell_len(text) <= width:
            return text
        room = width - len(self.ellipsis)
        if room < len(self.ellipsis):
            return self.cut(text, width)
        tail = text[-(room // 2) :]
        while cell_len(tail) > room // 2:
            tail = tail[1:]
        head = set_cell_size(text[: width * _ENOUGH], room - cell_len(tail)).rstrip()
        return head + self.ellipsis + tail


def _ascii_line(shape: str, vertical: EdgeKind | None, horizontal: EdgeKind | None) -> str:
    upright = "|" if vertical is None else _ASCII_VERTICAL.get(vertical, "|")
    if shape in {UP_DOWN, CROSSING}:  # where lines cross, the level one passes behind
        return upright
    if shape == LEFT_RIGHT:
        return "-" if horizontal is None else _ASCII_HORIZONTAL.get(horizontal, "-")
    return "+"


def wrapped(words: Iterable[str], width: int) -> list[str]:
    """The words in lines of at most so many cells, separated by commas; a longer word has its own line."""
    lines: list[str] = []
    used = 0
    for word in words:
        size = cell_len(word)
        if lines and used + 2 + size + 1 <= width:  # a comma may follow
            lines[-1] += f", {word}"
            used += 2 + size
            continue
        if lines:
            lines[-1] += ","
        lines.append(word)
        used = size
    return lines
