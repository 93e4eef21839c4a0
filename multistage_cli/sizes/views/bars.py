"""The sizes for people: bars on one scale, then what stays out and what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from multistage_cli.printable import printable
from multistage_cli.sizes.ranges import megabytes, number_of_megabytes
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.sizes.model import Excluded, Sizes, StageSize
    from multistage_cli.sizes.ranges import Range

_INDENT = (0, 0, 0, 3)
_MOST_STAGES = 12
_MOST_EXCLUDED = 8
_MOST_UNKNOWN = 6
_WIDE = 70  # columns from which an excluded thing's place stands beside it


def render(sizes: Sizes) -> RenderableType:
    """The comparison, the stages, what is left out, and what the numbers could not take in."""
    parts: list[RenderableType] = [comparison(sizes), Text(), stages(sizes)]
    if sizes.excluded:
        parts += [Text(), excluded(sizes.excluded)]
    if sizes.unknown:
        parts += [Text(), not_known(sizes.unknown)]
    return Group(*parts)


def comparison(sizes: Sizes) -> RenderableType:
    """The ways to build the same, and what this one saves."""
    largest = max((entry.size.estimate for entry in sizes.comparison), default=0)
    more = bool(sizes.unknown)
    rows = [
        (
            Text(printable(entry.label)),
            Bar(entry.size, largest, "green" if entry is sizes.comparison[-1] else "yellow"),
            size_range(entry.size, more=more),
        )
        for entry in sizes.comparison
    ]
    parts: list[RenderableType] = [_bars(rows)]
    if sizes.saving:
        # What is not known weighs the same in both, so the difference holds and the percentage does not.
        percent = "" if sizes.unknown else f" ({sizes.saving_percent}% smaller)"
        saved = f"Saving: ~{megabytes(sizes.saving)}{percent}"
        parts += [Text(), Padding(Text(saved, style="bold green"), _INDENT, expand=False)]
    return Group(*parts)


def stages(sizes: Sizes) -> RenderableType:
    """A bar for each stage, in file order, all on the scale of the largest."""
    shown = [stage for stage in sizes.stages if stage.needed] or list(sizes.stages)
    left = shown[_MOST_STAGES:]
    # The image itself is always among them, however many stages there are.
    shown = shown[:_MOST_STAGES] + [stage for stage in left if stage.stage == sizes.target]
    largest = max((stage.size.estimate for stage in shown), default=0)
    rows = [
        (
            _stage_label(stage, sizes),
            Bar(stage.size, largest, _colour(stage)),
            size_range(stage.size, more=bool(stage.unknown)),
        )
        for stage in shown
    ]
    parts: list[RenderableType] = [Text("   Stages, with their base images:"), _bars(rows)]
    more = len([stage for stage in left if stage.stage != sizes.target])
    if more:
        parts.append(Text(f"   and {more} more: --format json shows all", style="dim"))
    return Group(*parts)


def excluded(entries: tuple[Excluded, ...]) -> RenderableType:
    """What the build needs and the image does not hold."""
    return ExcludedList(entries)


def not_known(texts: tuple[str, ...]) -> RenderableType:
    """What the numbers could not take in."""
    return UnknownList(texts)


def _stage_label(stage: StageSize, sizes: Sizes) -> Text:
    name = stage.label if not stage.label.isdecimal() else f"stage {stage.label}"
    label = Text(printable(name), style="bold" if stage.shipped else "")
    if stage.stage == sizes.target:
        label.append(" (the image)", style="dim")
    elif stage.shipped:
        label.append(" (part of the image)", style="dim")
    return label


def _colour(stage: StageSize) -> str:
    return "green" if stage.shipped else "blue"


def _bars(rows: list[tuple[Text, Bar, str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(ratio=5, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=6)
    for label, bar, size in rows:
        table.add_row(label, Text(size), bar)
    return Padding(table, _INDENT)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar up to the estimate, and a lighter one on to the high end.

    Attributes:
        size: what it stands for.
        largest: the estimate that fills the width.
        colour: of the bar.
    """

    size: Range
    largest: int
    colour: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        full, light = ("#", "-") if options.ascii_only else ("\N{FULL BLOCK}", "\N{LIGHT SHADE}")
        width = options.max_width
        filled = self._cells(self.size.estimate, width)
        reach = max(filled, self._cells(self.size.high, width))
        yield Segment(full * filled, Style(color=self.colour))
        yield Segment(light * (reach - filled), Style(color=self.colour, dim=True))
        yield Segment.line()

    def _cells(self, size_bytes: int, width: int) -> int:
        if self.largest == 0:
            return 0
        cells = min(width, round(width * size_bytes / self.largest))
        return max(1, cells) if size_bytes else 0


@dataclass(frozen=True, slots=True)
class ExcludedList:
    """The heaviest things that stay behind, with their stage and line."""

    entries: tuple[Excluded, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bullet = glyphs(options).bullet
        yield Text("   Excluded from the final image:")
        for entry in self.entries[:_MOST_EXCLUDED]:
            line = Text(f"   {bullet} {printable(entry.what)} (~{megabytes(entry.size.estimate)})")
            if options.max_width >= _WIDE:
                line.append(f"  stage {printable(entry.stage)}, line {entry.line}", style="dim")
            yield line
        rest = self.entries[_MOST_EXCLUDED:]
        if rest:
            weight = sum(entry.size.estimate for entry in rest)
            yield Text(f"   {bullet} {len(rest)} more (~{megabytes(weight)})", style="dim")


@dataclass(frozen=True, slots=True)
class UnknownList:
    """What may come on top of the estimate."""

    texts: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bullet = glyphs(options).bullet
        yield Text("   + Not in these numbers, because the file does not tell:")
        for text in self.texts[:_MOST_UNKNOWN]:
            yield Padding(Text(f"{bullet} {printable(text)}", style="dim"), _INDENT, expand=False)
        if len(self.texts) > _MOST_UNKNOWN:
            yield Text(
                f"   {bullet} {len(self.texts) - _MOST_UNKNOWN} more: --format json shows all", style="dim"
            )


def size_range(size: Range, *, more: bool = False) -> str:
    """`~152 MB`, or with its ends where they are far apart: `~152 MB (120-190)`; `+` for what is not known."""
    about = f"~{megabytes(size.estimate)}"
    if size.high - size.low <= size.estimate // 10:
        return f"{about} +" if more else about
    return f"{about} ({number_of_megabytes(size.low)}-{number_of_megabytes(size.high)}){' +' if more else ''}"
