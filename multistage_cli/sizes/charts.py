"""Bars in three shades for a terminal: up to the low end, on to the estimate, and on to the high end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from multistage_cli.sizes.wording import size_range

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.sizes.ranges import Range

INDENT = 3
NARROW = 46
"""Columns below which a label stands above its numbers."""
_SHORTEST_BAR = 8
_GOOD_BAR = 20  # cells that a long label leaves to the bars
_LONGEST_BAR = 60


def indented(rendered: RenderableType) -> Padding:
    """As far in as all of the page."""
    return Padding(rendered, (0, 0, 0, INDENT), expand=False)


class Row(Struct, frozen=True):
    """A line of the chart: `more` where things of unknown size come on top; `below` are its parts, in words.

    With `cut` a long label loses its end instead of taking a second line.
    """

    label: Text
    size: Range
    more: bool
    colour: str
    below: str = ""
    cut: bool = False

    def fitting(self, width: int) -> Text:
        """The label in that many cells."""
        label = self.label.copy()
        if self.cut and label.cell_len > width:
            label.truncate(max(1, width - 3))
            label.append("...")
        return label


class Chart(Struct, frozen=True):
    """The columns of the bars; a width of 0 leaves a column out, and a label stands above then."""

    label: int
    numbers: int
    bar: int
    largest: int

    @staticmethod
    def fitting(rows: list[Row], width: int) -> Chart:
        """Columns that hold these rows in that many columns of the terminal."""
        largest = max((row.size.high for row in rows), default=0)
        numbers = max((len(size_range(row.size, more=row.more)) for row in rows), default=0)
        longest = max((cell_len(row.label.plain) for row in rows), default=0)
        if width < NARROW:
            return Chart(0, numbers, 0, largest)
        label = min(longest, max(width * 2 // 5, width - numbers - 4 - _GOOD_BAR))
        bar = min(width - label - numbers - 4, _LONGEST_BAR)
        return Chart(label, numbers, bar if bar >= _SHORTEST_BAR else 0, largest)

    def is_shaded(self, row: Row) -> bool:
        """Whether a bar shows that it is not sure."""
        lengths = Bar(row.size, self.largest, row.colour).lengths(self.bar)
        return lengths[0] < lengths[2]

    def of(self, rows: list[Row]) -> RenderableType:
        """The rows in these columns, each with its parts below."""
        if self.label and any(row.below for row in rows):
            lines: list[RenderableType] = []
            for row in rows:
                lines.append(self._table([row]))
                if row.below:
                    lines.append(Padding(Text(row.below, style="dim"), (0, 0, 0, INDENT + 2), expand=False))
            return Group(*lines)
        return self._table(rows)

    def _table(self, rows: list[Row]) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0))
        if not self.label:
            table.add_column(overflow="fold")
            for row in rows:
                table.add_row(row.label)
                table.add_row(Text(f"  {size_range(row.size, more=row.more)}"))
                if row.below:
                    table.add_row(Text(f"  {row.below}", style="dim"))
            return indented(table)
        table.add_column(width=self.label, overflow="fold")
        table.add_column(width=self.numbers, justify="right", overflow="fold")
        if self.bar:
            table.add_column(width=self.bar)
        for row in rows:
            cells: list[RenderableType] = [row.fitting(self.label), Text(size_range(row.size, more=row.more))]
            if self.bar:
                cells.append(Bar(row.size, self.largest, row.colour))
            table.add_row(*cells)
        return indented(table)


class Bar(Struct, frozen=True):
    """A bar in three shades: up to the low end, on to the estimate, and on to the high end.

    Attributes:
        size: what it stands for.
        largest: the high end that fills the width.
        colour: of the bar.
    """

    size: Range
    largest: int
    colour: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        full, likely, perhaps = cells(options)
        low, estimate, high = self.lengths(options.max_width)
        yield Segment(full * low, Style(color=self.colour))
        yield Segment(likely * (estimate - low), Style(color=self.colour))
        yield Segment(perhaps * (high - estimate), Style(color=self.colour, dim=True))
        yield Segment.line()

    def lengths(self, width: int) -> tuple[int, int, int]:
        """How many of that many cells reach to the low end, to the estimate and to the high end."""
        low, estimate, high = (
            self._length(size, width) for size in (self.size.low, self.size.estimate, self.size.high)
        )
        return low, estimate, high

    def _length(self, size_bytes: int, width: int) -> int:
        if not size_bytes or not self.largest:
            return 0
        return max(1, min(width, round(width * size_bytes / self.largest)))


def cells(options: ConsoleOptions) -> tuple[str, str, str]:
    """What stands for `at least`, `expected` and `at most`."""
    return ("#", "=", "-") if options.ascii_only else ("█", "▒", "░")
