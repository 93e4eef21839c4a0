"""What differs from another build, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.table import Table
from rich.text import Text

from multistage_cli.printable import printable
from multistage_cli.sizes.charts import NARROW, indented
from multistage_cli.sizes.difference import Presence, headline, signed
from multistage_cli.sizes.wording import base_words, line_words, size_range
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from multistage_cli.sizes.difference import Delta, Difference, LineDifference, StageDifference

_MOST_STAGES = 20
_MOST_LINES = 40
_LEAST_INSTRUCTION = 12  # columns


class DifferenceText(Struct, frozen=True):
    """The image's difference, then the stages and lines that differ."""

    difference: Difference
    headed: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        difference = self.difference
        if self.headed:
            yield indented(Text(f"Against {printable(difference.against)}:", style="bold"))
        colour = _colour(difference.delta)
        yield indented(Text.assemble("The image: ", (headline(difference), f"bold {colour}")))
        changed = difference.changed
        if not changed:
            yield indented(Text("No stage and no line of it differs.", style="dim"))
        for stage in changed[:_MOST_STAGES]:
            yield Text()
            yield indented(_stage_text(stage))
            yield indented(_lines(stage, options))
            if left := max(0, sum(not line.is_same for line in stage.lines) - _MOST_LINES):
                yield indented(Text(f"  and {left} more lines: --format json shows all", style="dim"))
        if left := max(0, len(changed) - _MOST_STAGES):
            yield indented(Text(f"and {left} more stages: --format json shows all", style="dim"))
        same = len(difference.stages) - len(changed)
        if changed and same:
            yield indented(Text(f"{same} {'stage is' if same == 1 else 'stages are'} the same", style="dim"))
        for note in difference.notes:
            yield indented(Text(f"{glyphs(options).bullet} {printable(note)}", style="yellow"))


def _colour(delta: Delta) -> str:
    if delta.is_none:
        return "default"
    return "red" if delta.estimate > 0 else "green"


def _stage_text(stage: StageDifference) -> Text:
    words = {Presence.ADDED: " is new", Presence.REMOVED: " is gone", Presence.BOTH: ""}[stage.presence]
    name = f"stage {stage.label}"
    if stage.renamed_from is not None:
        words = f" (was {printable(stage.renamed_from)})"
    size = (stage.after or stage.before) if stage.presence is not Presence.BOTH else None
    told = signed(stage.delta) if size is None else size_range(size.size)
    text = Text.assemble((printable(name), "bold"), f"{words}: ", (told, _colour(stage.delta)))
    if base := base_words(stage):
        text.append(f"\n  {printable(base)} ({signed(stage.base)})")
    return text


def _lines(stage: StageDifference, options: ConsoleOptions) -> Table:
    rows = [line for line in stage.lines if not line.is_same][:_MOST_LINES]
    table = Table.grid(padding=(0, 2, 0, 0))
    if options.max_width < NARROW:
        table.add_column(overflow="fold")
        for line in rows:
            for row in _row(line, options):
                table.add_row(Text.assemble(row[0], " ", row[1], " ", row[2]))
                table.add_row(Text("    ").append_text(row[3]))
        return table
    table.add_column(width=2)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", min_width=_LEAST_INSTRUCTION)
    table.add_column(overflow="fold", justify="right", max_width=max(16, options.max_width // 3))
    for line in rows:
        for row in _row(line, options):
            table.add_row(*row)
    return table


def _row(line: LineDifference, options: ConsoleOptions) -> Iterator[tuple[Text, Text, Text, Text]]:
    sign, place = line_words(line)
    colour = {"+": "red", "-": "green"}.get(sign, "yellow")
    layer = line.after or line.before
    told = Text(signed(line.delta), style=_colour(line.delta))
    text = "" if layer is None else layer.instruction
    yield Text(f" {sign}", style=colour), Text(place, style="dim"), Text(printable(text)), told
    if line.before is not None and line.after is not None and line.before.instruction != text:
        was = Text(f"was {printable(line.before.instruction)}", style="dim")
        yield Text(""), Text(f"line {line.before.line} there", style="dim"), was, Text("")
