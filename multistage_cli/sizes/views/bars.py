"""The sizes for people: bars on one scale, then what stays out and what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from multistage_cli.printable import printable
from multistage_cli.sizes.measured.text import MeasuredText
from multistage_cli.sizes.ranges import about, number_of_megabytes
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.sizes.model import Excluded, Sizes, StageSize
    from multistage_cli.sizes.ranges import Range

_INDENT = 3
_MOST_STAGES = 12
_MOST_EXCLUDED = 8
_MOST_UNKNOWN = 6
_NARROW = 46  # columns below which a label stands above its numbers
_SHORTEST_BAR = 8
_GOOD_BAR = 20  # cells that a long label leaves to the bars
_LONGEST_BAR = 60
_WIDE_RANGE = 10  # a range is shown where it is wider than this part of the estimate


def render(sizes: Sizes) -> RenderableType:
    """The comparison, the stages, what is left out, and what the numbers could not take in."""
    parts: list[RenderableType] = [Bars(sizes)]
    if sizes.excluded:
        parts += [Text(), ExcludedList(sizes.excluded)]
    if sizes.unknown:
        parts += [Text(), UnknownList(sizes.unknown)]
    if sizes.measured:
        parts += [Text(), MeasuredText(sizes.measured)]
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the chart: `more` where things of unknown size come on top."""

    label: Text
    size: Range
    more: bool
    colour: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The ways to build the same, what this one saves, and the stages: all on the scale of the largest."""

    sizes: Sizes

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ways, stages, notes = list(_ways(self.sizes)), *_stages(self.sizes)
        chart = Chart.fitting([*ways, *stages], options.max_width - _INDENT)
        yield chart.of(ways)
        if text := saving(self.sizes):
            yield Text()
            yield _indented(Text(text, style="bold green"))
        yield Text()
        yield _indented(Text("Stages, with their base images:"))
        yield chart.of(stages)
        for note in notes:
            yield _indented(Text(note, style="dim"))
        if any(chart.is_shaded(row) for row in (*ways, *stages)):
            full, likely, perhaps = _cells(options)
            legend = f"{full} at least  {likely} expected  {perhaps} at most"
            yield Text()
            yield _indented(Text(legend, style="dim"))


def saving(sizes: Sizes) -> str:
    """What this build saves and against what; empty where that is not sure."""
    if sizes.largest is None:
        return ""
    against = printable(sizes.largest.label.removeprefix("one stage, "))
    if sizes.saving_percent is None:
        # What is not known is in the other way too, with more of its kind.
        return f"Saving: {about(sizes.saving)} or more, against one stage on {against}"
    return f"Saving: {about(sizes.saving)} ({sizes.saving_percent}% smaller than one stage on {against})"


def _ways(sizes: Sizes) -> Iterator[Row]:
    for entry in sizes.comparison:
        colour = "green" if entry is sizes.comparison[-1] else "yellow"
        yield Row(Text(printable(entry.label)), entry.size, entry.more, colour)


def _stages(sizes: Sizes) -> tuple[list[Row], list[str]]:
    """The rows of the stages, and what to say below them."""
    needed = [stage for stage in sizes.stages if stage.needed]
    # The heaviest, and always the image itself, in the order of the file.
    ranked = sorted(needed, key=lambda stage: (stage.stage != sizes.target, -stage.size.estimate))
    kept = {stage.stage for stage in ranked[:_MOST_STAGES]}
    rows = [
        Row(_stage_label(stage, sizes), stage.size, bool(stage.unknown), "green" if stage.shipped else "blue")
        for stage in needed
        if stage.stage in kept
    ]
    notes = []
    if len(needed) > len(rows):
        notes.append(f"and {len(needed) - len(rows)} lighter ones: --format json shows all")
    if spare := len(sizes.stages) - len(needed):
        notes.append(f"{spare} {'stage is' if spare == 1 else 'stages are'} not needed for this target")
    return rows, notes


def _stage_label(stage: StageSize, sizes: Sizes) -> Text:
    name = stage.label if not stage.label.isdecimal() else f"stage {stage.label}"
    label = Text(printable(name), style="bold" if stage.shipped else "")
    if stage.stage == sizes.target:
        label.append(" (the image)", style="dim")
    elif stage.shipped:
        label.append(" (part of it)", style="dim")
    return label


@dataclass(frozen=True, slots=True)
class Chart:
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
        if width < _NARROW:
            return Chart(0, numbers, 0, largest)
        label = min(longest, max(width * 2 // 5, width - numbers - 4 - _GOOD_BAR))
        bar = min(width - label - numbers - 4, _LONGEST_BAR)
        return Chart(label, numbers, bar if bar >= _SHORTEST_BAR else 0, largest)

    def is_shaded(self, row: Row) -> bool:
        """Whether a bar shows that it is not sure."""
        lengths = Bar(row.size, self.largest, row.colour).lengths(self.bar)
        return lengths[0] < lengths[2]

    def of(self, rows: list[Row]) -> RenderableType:
        """The rows in these columns."""
        table = Table.grid(padding=(0, 2, 0, 0))
        if not self.label:
            table.add_column(overflow="fold")
            for row in rows:
                table.add_row(row.label)
                table.add_row(Text(f"  {size_range(row.size, more=row.more)}"))
            return _indented(table)
        table.add_column(width=self.label, overflow="fold")
        table.add_column(width=self.numbers, justify="right", overflow="fold")
        if self.bar:
            table.add_column(width=self.bar)
        for row in rows:
            cells: list[RenderableType] = [row.label, Text(size_range(row.size, more=row.more))]
            if self.bar:
                cells.append(Bar(row.size, self.largest, row.colour))
            table.add_row(*cells)
        return _indented(table)


@dataclass(frozen=True, slots=True)
class Bar:
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
        full, likely, perhaps = _cells(options)
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


def _cells(options: ConsoleOptions) -> tuple[str, str, str]:
    return ("#", "=", "-") if options.ascii_only else ("█", "▒", "░")


@dataclass(frozen=True, slots=True)
class ExcludedList:
    """The heaviest things that stay behind, with their stage and line."""

    entries: tuple[Excluded, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bullet = glyphs(options).bullet
        yield _indented(Text("Excluded from the final image:"))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        wide = options.max_width >= _NARROW
        if wide:
            table.add_column(overflow="fold", style="dim", max_width=options.max_width // 2)
        for entry in self.entries[:_MOST_EXCLUDED]:
            what = Text(f"{printable(entry.what)} ({about(entry.size.estimate)})")
            place = f"stage {printable(entry.stage)}, line {entry.line}"
            if wide:
                table.add_row(bullet, what, Text(f" {place}"))
            else:
                table.add_row(bullet, what.append(f", {place}", style="dim"))
        rest = self.entries[_MOST_EXCLUDED:]
        if rest:
            weight = sum(entry.size.estimate for entry in rest)
            table.add_row(bullet, Text(f"{len(rest)} more ({about(weight)})", style="dim"))
        yield _indented(table)


@dataclass(frozen=True, slots=True)
class UnknownList:
    """What may come on top of the estimate."""

    texts: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _indented(Text("+ Not known, and so left out of these numbers or only in their range:"))
        shown = [Text(printable(text), style="dim") for text in self.texts[:_MOST_UNKNOWN]]
        if rest := len(self.texts) - _MOST_UNKNOWN:
            shown += [Text(f"{rest} more: --format json shows all", style="dim")] if rest > 0 else []
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        for text in shown:
            table.add_row(Text(glyphs(options).bullet, style="dim"), text)
        yield _indented(table)


def _indented(rendered: RenderableType) -> Padding:
    return Padding(rendered, (0, 0, 0, _INDENT), expand=False)


def _is_wide(size: Range) -> bool:
    return (size.high - size.low) * _WIDE_RANGE > size.estimate and number_of_megabytes(size.high) != "0"


def size_range(size: Range, *, more: bool = False) -> str:
    """`~152 MB`, or with its ends where they are far apart: `~152 MB (120-190)`; `+` for what is not known."""
    ends = f" ({number_of_megabytes(size.low)}-{number_of_megabytes(size.high)})" if _is_wide(size) else ""
    estimate = about(size.estimate) if size.estimate else "0 MB"
    return f"{estimate}{ends}{' +' if more else ''}"
