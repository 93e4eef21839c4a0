"""The measured image for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multistage_cli.sizes.measured.tables import measured_tables
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from multistage_cli.sizes.measured.model import Measured
    from multistage_cli.sizes.measured.tables import MeasuredTable

_INDENT = 3
_NARROW = 76  # columns below which a row's sizes stand below its texts


class MeasuredText(Struct, frozen=True):
    """The tables below each other."""

    measured: Measured

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, table in enumerate(measured_tables(self.measured)):
            if number:
                yield Text()
            yield _indented(Text(table.title))
            yield _indented(_stacked(table) if options.max_width < _NARROW else _grid(table))
            if table.notes:
                notes = Table.grid(padding=(0, 1, 0, 0))
                for note in table.notes:
                    notes.add_row(Text(glyphs(options).bullet, style="dim"), Text(note, style="dim"))
                yield _indented(notes)


def _grid(table: MeasuredTable) -> Table:
    """Where it is too narrow, texts break and sizes do not."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for number in range(len(table.columns)):
        right = number in table.right
        grid.add_column(justify="right" if right else "left", no_wrap=right, overflow="fold")
    grid.add_row(*(Text(title, style="dim") for title in table.columns))
    for row in table.rows:
        grid.add_row(*(Text(text) for text in row))
    return grid


def _stacked(table: MeasuredTable) -> Table:
    """Each row's texts, and its sizes below them."""
    grid = Table.grid()
    grid.add_column(overflow="fold")
    for row in table.rows:
        texts, sizes = [], []
        for number, (title, text) in enumerate(zip(table.columns, row, strict=True)):
            if text and (title == "line" or number not in table.right):
                named = text.isdecimal() if title == "line" else title not in {"what", "path"}
                texts.append(f"{title} {text}" if named else text)
            elif text:
                sizes.append(f"{title} {text}")
        if texts:
            grid.add_row(Text(", ".join(texts)))
        grid.add_row(Padding(Text(", ".join(sizes)), (0, 0, 0, 2)))
    return grid


def _indented(rendered: Table | Text) -> Padding:
    return Padding(rendered, (0, 0, 0, _INDENT), expand=False)
