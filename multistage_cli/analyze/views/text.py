"""Findings and practices for people."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.cells import cell_len
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.practices import Status
from multistage_cli.printable import printable
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.analyze.engine import Analysis, FileAnalysis, Finding, Fix, Tally
    from multistage_cli.analyze.practices import Practice, Score

_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
    Severity.STYLE: "dim",
}
_MARK_STYLES = {Status.PASSED: "green", Status.FAILED: "bold red", Status.NOT_APPLICABLE: "dim"}
_WIDE = 70  # columns from which a practice's message stands beside its name
_MAX_SOURCE_LINES = 3
_TAB = 4


def render(analysis: Analysis) -> RenderableType:
    """For each file its findings with their source lines, then its scorecard."""
    parts: list[RenderableType] = []
    for file in analysis.files:
        parts.extend((_file(file, named=len(analysis.files) > 1), Text()))
    if len(analysis.files) > 1:
        return Group(*parts, Text(summary(analysis.tally), style="bold"))
    return Group(*parts[:-1])


def stream(files: Iterator[FileAnalysis], tally: Tally) -> Iterator[RenderableType]:
    """The same, file by file as they come."""
    first = next(files, None)
    if first is None:
        return
    second = next(files, None)
    if second is None:
        yield _file(first, named=False)
        return
    for file in chain((first, second), files):
        yield Group(_file(file, named=True), Text())
    yield Text(summary(tally), style="bold")


def statistics(tally: Tally) -> RenderableType:
    """How often each rule found something, the most frequent first, and the summary."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="bold")
    table.add_column(no_wrap=True)
    table.add_column()
    for (code, name), count in sorted(tally.rules.items(), key=lambda entry: (-entry[1], entry[0])):
        table.add_row(str(count), code, name)
    return Group(*((table, Text()) if tally.rules else ()), Text(summary(tally), style="bold"))


def summary(tally: Tally) -> str:
    """How many files there are and what was found in them, the gravest first."""
    counts = tally.severities
    found = [
        f"{counts[severity]} {severity.value}{'' if counts[severity] == 1 else 's'}"
        for severity in Severity
        if counts[severity]
    ]
    found += [f"{tally.unread} not read"] if tally.unread else []
    files = "1 file" if tally.files == 1 else f"{tally.files} files"
    return f"{files}: {', '.join(found) or 'nothing found'}"


def _file(file: FileAnalysis, *, named: bool) -> RenderableType:
    parts: list[RenderableType] = []
    if named:
        parts.append(Text(printable(file.path), style="bold"))
    if file.error:
        return Group(
            *parts, Padding(Text(printable(file.error), style="bold red"), (0, 0, 0, 2), expand=False)
        )
    # A heading for each stage, where there is more than one: which one ships makes the difference.
    grouped = len({finding.stage for finding in file.findings}) > 1
    for stage, findings in groupby(file.findings, key=lambda finding: finding.stage):
        if grouped:
            heading = "outside of all stages" if stage is None else f"stage {printable(stage)}"
            parts.extend((Text(heading, style="bold underline"), Text()))
        for finding in findings:
            parts.extend((FindingView(finding, file.lines, grouped=grouped), Text()))
    parts.append(scorecard(file.practices, file.score))
    return Group(*parts)


def scorecard(practices: tuple[Practice, ...], score: Score) -> RenderableType:
    """The table of practices, its marks first, and the score below."""
    if not practices:
        return Text("no stage, so there is no practice to judge", style="dim")
    return Scorecard(practices, score)


class Scorecard(Struct, frozen=True):
    """Practices with their marks; on a narrow terminal each message stands below its practice."""

    practices: tuple[Practice, ...]
    score: Score

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        signs = glyphs(options)
        marks = {
            Status.PASSED: signs.passed,
            Status.FAILED: signs.failed,
            Status.NOT_APPLICABLE: signs.skipped,
        }
        wide = options.max_width >= _WIDE
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=1)
        table.add_column(no_wrap=wide, overflow="fold")
        if wide:
            table.add_column(overflow="fold")
            table.add_column(no_wrap=True, style="dim")
        for practice in self.practices:
            mark = Text(marks[practice.status], style=_MARK_STYLES[practice.status])
            dim = practice.status is Status.NOT_APPLICABLE
            name = Text(practice.name, style="dim" if dim else "bold")
            message = Text(printable(practice.message), style="dim" if dim else "")
            line = f"line {practice.line}" if practice.line else ""
            if wide:
                table.add_row(mark, name, message, line)
            else:
                table.add_row(mark, Group(name, message.append(f" ({line})" if line else "", style="dim")))
        yield Padding(table, (0, 0, 0, 3), expand=False)
        whole = self.score.passed == self.score.total
        yield Text()
        score = Text.assemble(
            "Score: ",
            (f"{self.score.passed}/{self.score.total} checks passed", "bold green" if whole else "bold"),
        )
        yield Padding(score, (0, 0, 0, 3), expand=False)


class FindingView(Struct, frozen=True):
    """A finding, the lines that it is about, and what to do."""

    finding: Finding
    lines: tuple[str, ...]
    grouped: bool = False  # below its stage's heading, which it need not repeat

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        finding = self.finding
        named = finding.stage is not None and not self.grouped
        stage = f" in stage {printable(finding.stage or '')}" if named else ""
        yield Text.assemble(
            (finding.severity.value, _STYLES[finding.severity]),
            (f" {finding.code} ", "dim"),
            f"line {finding.line}{stage}: ",
            printable(finding.message),
        )
        yield from self._source(options)
        for entry in finding.related:
            yield Text(f"  line {entry.line}: {printable(entry.message)}", style="dim")
        if finding.fix is not None:
            yield from _fix(finding.fix)

    def _source(self, options: ConsoleOptions) -> Iterator[RenderableType]:
        finding = self.finding
        last = min(finding.end_line, finding.line + _MAX_SOURCE_LINES - 1)
        width = len(str(last))
        for number in range(finding.line, min(last, len(self.lines)) + 1):
            line = self.lines[number - 1]
            source = Text(f"  {number:>{width}} | ", style="dim", no_wrap=True, overflow="ellipsis")
            source.append(_shown(line), style="default")
            yield source
            if number == finding.line and finding.column is not None:
                before = cell_len(_shown(line[: finding.column - 1]))
                caret = f"  {'':>{width}} | {' ' * before}{glyphs(options).caret}"
                style = _STYLES[finding.severity]
                yield Text(caret, style=style, no_wrap=True, overflow="crop")
        if finding.end_line > last:
            yield Text(f"  {'':>{width}} | ... to line {finding.end_line}", style="dim")


def _fix(fix: Fix) -> Iterator[RenderableType]:
    """What to write instead; where that changes what the build does, it says so."""
    yield Text("  instead:" if fix.safe else "  perhaps instead (it changes what is built):", style="dim")
    for edit in fix.edits[:_MAX_SOURCE_LINES]:
        places = str(edit.line) if edit.line == edit.end_line else f"{edit.line} to {edit.end_line}"
        if not edit.text:
            yield Text(f"    delete line {places}", style="green")
        for line in edit.text.split("\n")[:_MAX_SOURCE_LINES] if edit.text else ():
            text = Text("  + ", style="green", no_wrap=True, overflow="ellipsis")
            yield text.append(_shown(line))
    if len(fix.edits) > _MAX_SOURCE_LINES:
        yield Text(f"    and {len(fix.edits) - _MAX_SOURCE_LINES} more", style="green")


def _shown(line: str) -> str:
    return printable(line.expandtabs(_TAB))
