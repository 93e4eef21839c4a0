"""What re-runs, for people: the stages side by side where they fit, and the reasons below them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multistage_cli.cache.model import Result
from multistage_cli.cache.wording import headline, saved
from multistage_cli.printable import printable
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.cache.model import CacheReport, StageVerdicts, Verdict

_INDENT = 3
_GAP = 3
_NARROWEST_COLUMN = 34
_MOST_BESIDE = 4
_MOST_REASONS = 40
_MOST_ADVICE = 5


def render(report: CacheReport) -> RenderableType:
    """The change, the stages with what happens to each line, why, and what would rebuild less."""
    parts: list[RenderableType] = [
        _indented(Text(printable(headline(report)), style="bold")),
        Text(),
        Stages(report),
    ]
    if any(
        verdict.result is Result.RE_RUN or verdict.breaks or not verdict.certain
        for verdict in report.verdicts
    ):
        parts += [Text(), Reasons(report)]
    elif not report.change:
        parts += [Text(), Reasons(report, everything=True)]
    if report.advice:
        parts += [Text(), AdviceList(report)]
    if report.notes:
        parts += [Text(), *(_indented(Text(printable(note), style="dim")) for note in report.notes)]
    return Group(*parts)


class _Mark(Struct, frozen=True):
    sign: str
    style: str


def _mark(verdict: Verdict, options: ConsoleOptions) -> _Mark:
    signs = glyphs(options)
    if verdict.result is Result.RE_RUN:
        return _Mark(signs.failed, "bold red") if verdict.certain else _Mark("~", "bold yellow")
    if verdict.result is Result.CACHED:
        return _Mark(signs.passed, "green") if verdict.certain else _Mark("~", "green")
    if verdict.breaks:
        return _Mark(signs.failed, "bold red") if verdict.certain else _Mark("~", "bold yellow")
    return _Mark(" ", "dim")


class Stages(Struct, frozen=True):
    """The stages that are built, in their order; a pointer at the first step that breaks the chain."""

    report: CacheReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = [stage for stage in self.report.stages if stage.needed]
        first = self.report.first_broken
        width = options.max_width - _INDENT
        beside = max(1, min(len(needed), _MOST_BESIDE, (width + _GAP) // (_NARROWEST_COLUMN + _GAP)))
        column = (width + _GAP) // beside - _GAP
        for start in range(0, len(needed), beside):
            table = Table.grid(padding=(0, _GAP, 0, 0))
            row = needed[start : start + beside]
            for _ in row:
                table.add_column(width=column, no_wrap=True, overflow="crop")
            table.add_row(*(_stage(stage, first, self.report.target, column, options) for stage in row))
            if start:
                yield Text()
            yield _indented(table)
        spare = [stage for stage in self.report.stages if not stage.needed]
        if spare:
            names = ", ".join(printable(stage.title) for stage in spare)
            yield Text()
            yield _indented(Text(f"Not built for this target: {names}", style="dim"))
        if self.report.change:
            signs = glyphs(options)
            legend = f"{signs.passed} stays cached  {signs.failed} re-runs"
            if any(not verdict.certain for verdict in self.report.verdicts):
                legend += "  ~ hangs on what nobody knows before the build"
            yield Text()
            yield _indented(Text(legend, style="dim"))


def _stage(
    stage: StageVerdicts, first: Verdict | None, target: str | None, width: int, options: ConsoleOptions
) -> Text:
    name = printable(stage.title)
    text = Text()
    text.append(_fitted(f"{name} (target)" if stage.key == target else name, width), style="bold")
    digits = len(str(stage.verdicts[-1].line))
    pointer = ">" if options.ascii_only else "▶"
    for verdict in stage.verdicts:
        mark = _mark(verdict, options)
        text.append("\n")
        text.append(f"{pointer if verdict is first else ' '}", style="bold red")
        text.append(f"{mark.sign} ", style=mark.style)
        text.append(f"{verdict.line:>{digits}} ", style="dim")
        room = width - digits - 4
        text.append(_fitted(printable(verdict.instruction), room), style=mark.style)
    return text


def _fitted(text: str, width: int) -> str:
    """The text in that many cells at most."""
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 3, 0)).rstrip() + "..."


class Reasons(Struct, frozen=True):
    """Why each line re-runs; with `everything` also what the others depend on."""

    report: CacheReport
    everything: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.everything:
            shown = [entry for entry in self.report.verdicts if entry.result is Result.CACHED]
        else:
            shown = [
                entry
                for entry in self.report.verdicts
                if entry.breaks
                or entry.result is Result.RE_RUN
                or (entry.result is Result.CACHED and not entry.certain)
            ]
        groups = [list(group) for _, group in groupby(shown, key=_why)]
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        for group in groups[:_MOST_REASONS]:
            first, last = group[0], group[-1]
            mark = _mark(first, options)
            place = f"line {first.line}" if first is last else f"lines {first.line}-{last.line}"
            because = first.because if first is last else first.because.replace("follows ", "follow ", 1)
            style = "bold" if self.report.first_broken in group else ""
            table.add_row(
                Text(mark.sign, style=mark.style),
                Text(place, style="dim"),
                Text(printable(because), style=style),
            )
        yield _indented(table)
        if (rest := len(groups) - _MOST_REASONS) > 0:
            yield _indented(Text(f"and {rest} more: --format json shows all", style="dim"))


def _why(verdict: Verdict) -> tuple[str, Result, bool, str]:
    return verdict.stage, verdict.result, verdict.certain, verdict.because


class AdviceList(Struct, frozen=True):
    """What would rebuild less, the best first."""

    report: CacheReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _indented(Text("To rebuild less:"))
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        for entry in self.report.advice[:_MOST_ADVICE]:
            text = Text(printable(entry.text))
            text.append(f" ({saved(entry)})", style="dim")
            table.add_row(glyphs(options).bullet, text)
        yield _indented(table)


def _indented(rendered: RenderableType) -> Padding:
    return Padding(rendered, (0, 0, 0, _INDENT), expand=False)
