"""The sizes for people: bars on one scale with their parts, then what is in the image and what stays out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.console import Group
from rich.table import Table
from rich.text import Text

from multistage_cli.printable import printable
from multistage_cli.sizes.budget import Held, sentence
from multistage_cli.sizes.charts import NARROW, Chart, Row, cells, indented
from multistage_cli.sizes.differing import DifferenceText
from multistage_cli.sizes.measured.text import MeasuredText
from multistage_cli.sizes.ranges import about
from multistage_cli.sizes.wording import (
    parts_of,
    platform_note,
    role,
    saving,
    size_range,
    spare_advice,
    spare_size,
    spare_title,
    stage_name,
)
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.sizes.model import Excluded, Sizes, StageSize

__all__ = ["overview", "render", "saving", "size_range"]

_INDENT = 3
_MOST_STAGES = 12
_MOST_LAYERS = 12
_MOST_EXCLUDED = 8
_MOST_SPARE = 10
_MOST_UNKNOWN = 6
_SHORT_LIST = 3
_LEAST_SHOWN = 50_000  # bytes of a layer that is worth a line


def render(sizes: Sizes) -> RenderableType:
    """The budget, the comparison, stages and layers, what differs, what is left out, and what nobody knows."""
    return _page(sizes, layers=True, spare=_MOST_SPARE)


def overview(sizes: Sizes) -> RenderableType:
    """The same in short, as part of a larger page."""
    return _page(sizes, layers=False, spare=_SHORT_LIST)


def _page(sizes: Sizes, *, layers: bool, spare: int) -> RenderableType:
    parts: list[RenderableType] = []
    if sizes.budget:
        colour = {Held.YES: "green", Held.MAYBE: "yellow", Held.NO: "red"}[sizes.budget.held]
        parts += [indented(Text(sentence(sizes.budget), style=f"bold {colour}")), Text()]
    parts.append(Bars(sizes, layers=layers))
    if sizes.difference:
        parts += [Text(), DifferenceText(sizes.difference)]
    if sizes.spare:
        parts += [Text(), SpareList(sizes, spare)]
    if sizes.excluded:
        parts += [Text(), ExcludedList(sizes.excluded)]
    if sizes.unknown:
        parts += [Text(), UnknownList(sizes.unknown)]
    if note := platform_note(sizes.platform):
        parts += [Text(), indented(Text(f"{note}.", style="yellow"))]
    if sizes.measured:
        parts += [Text(), MeasuredText(sizes.measured)]
    return Group(*parts)


class Bars(Struct, frozen=True):
    """The ways to build the same, what this one saves, the stages and the layers: all on the scale of the largest."""

    sizes: Sizes
    layers: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        ways, stages, notes = list(_ways(self.sizes)), *_stages(self.sizes)
        layers = list(_layers(self.sizes)) if self.layers else []
        chart = Chart.fitting([*ways, *stages], options.max_width - _INDENT)
        yield chart.of(ways)
        if text := saving(self.sizes):
            yield Text()
            yield indented(Text(text, style="bold green"))
        yield Text()
        yield indented(Text("Stages, with their base images:"))
        yield chart.of(stages)
        for note in notes:
            yield indented(Text(note, style="dim"))
        own = Chart.fitting(layers, options.max_width - _INDENT)
        if len(layers) > 1:
            yield Text()
            yield indented(Text("The image, layer by layer:"))
            yield own.of(layers)
            left = sum(1 for _ in _layer_rows(self.sizes)) - len(layers)
            if left > 0:
                yield indented(Text(f"and {left} lighter layers: --format json shows all", style="dim"))
        shaded = any(chart.is_shaded(row) for row in (*ways, *stages)) or any(map(own.is_shaded, layers))
        if shaded:
            full, likely, perhaps = cells(options)
            legend = f"{full} at least  {likely} expected  {perhaps} at most"
            yield Text()
            yield indented(Text(legend, style="dim"))


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
    label = Text(printable(stage_name(stage)), style="bold" if stage.shipped else "")
    if stage.shipped:
        label.append(f" ({role(stage, sizes)})", style="dim")
    return label


def _layers(sizes: Sizes) -> Iterator[Row]:
    """The base image and the heaviest layers of the image, in their order."""
    rows = list(_layer_rows(sizes))
    ranked = sorted(range(1, len(rows)), key=lambda place: -rows[place].size.estimate)
    kept = {0, *ranked[:_MOST_LAYERS]}
    yield from (row for place, row in enumerate(rows) if place in kept)


def _layer_rows(sizes: Sizes) -> Iterator[Row]:
    yield Row(
        Text(f"FROM {printable(sizes.base.reference)}"),
        sizes.base.size,
        not sizes.base.known,
        "cyan",
        cut=True,
    )
    for stage in _chain(sizes):
        for layer in stage.layers:
            if layer.size.high >= _LEAST_SHOWN or layer.unknown:
                label = Text.assemble((f"{layer.line:>3} ", "dim"), printable(layer.instruction))
                yield Row(label, layer.size, bool(layer.unknown), "green", parts_of(layer), cut=True)


def _chain(sizes: Sizes) -> list[StageSize]:
    """The stages whose layers are in the image, the oldest first."""
    return [stage for stage in sizes.stages if stage.shipped]


class SpareList(Struct, frozen=True):
    """The heaviest things in the image that need not be there, with their place, why, and what to do."""

    sizes: Sizes
    most: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield indented(Text(spare_title(self.sizes)))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        spare = self.sizes.spare
        for entry in spare[: self.most]:
            what = Text.assemble(
                f"{printable(entry.what)}: {spare_size(entry)}",
                (f", stage {printable(entry.stage)}, line {entry.line}", "dim"),
            )
            table.add_row(glyphs(options).bullet, what)
            table.add_row("", Text(printable(spare_advice(entry)), style="dim"))
        if rest := len(spare) - self.most if len(spare) > self.most else 0:
            table.add_row(glyphs(options).bullet, Text(_more(rest, self.most), style="dim"))
        yield indented(table)


def _more(rest: int, most: int) -> str:
    return f"{rest} more: {'--format json' if most == _MOST_SPARE else 'multistage sizes'} shows all"


class ExcludedList(Struct, frozen=True):
    """The heaviest things that stay behind, with their stage and line."""

    entries: tuple[Excluded, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bullet = glyphs(options).bullet
        yield indented(Text("Excluded from the final image:"))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        wide = options.max_width >= NARROW
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
        yield indented(table)


class UnknownList(Struct, frozen=True):
    """What may come on top of the estimate."""

    texts: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield indented(Text("+ Not known, and so left out of these numbers or only in their range:"))
        shown = [Text(printable(text), style="dim") for text in self.texts[:_MOST_UNKNOWN]]
        if rest := len(self.texts) - _MOST_UNKNOWN:
            shown += [Text(f"{rest} more: --format json shows all", style="dim")] if rest > 0 else []
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        for text in shown:
            table.add_row(Text(glyphs(options).bullet, style="dim"), text)
        yield indented(table)
