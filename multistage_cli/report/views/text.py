"""The page for a terminal, in the order in which a person asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multistage_cli.analyze.views.text import FindingView, scorecard
from multistage_cli.commands.views.text import render as commands
from multistage_cli.flow.views.boxes import render as boxes
from multistage_cli.printable import printable
from multistage_cli.sizes.differing import DifferenceText
from multistage_cli.sizes.views.bars import overview as bars
from multistage_cli.terminal.glyphs import glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from multistage_cli.report.against import PageDifference
    from multistage_cli.report.page import Page

_MOST_FINDINGS = 5
_MOST_STAGES = 2  # that commands look into
_WIDEST_RULE = 78
_INDENT = 3


def render(page: Page) -> RenderableType:
    """Every section under its heading."""
    count = len(page.flow.stages)
    head = Text.assemble(
        "Analyzing: ",
        (printable(page.path), "bold"),
        f"\nFound {count} build stage{'s' if count != 1 else ''}",
    )
    parts: list[RenderableType] = [Heading("MULTISTAGE BUILD", strong=True), _indented(head)]
    sections: list[tuple[str, RenderableType]] = []
    if page.difference:
        sections.append((f"Against {printable(page.difference.against)}", _difference(page.difference, page)))
    sections += [
        ("Build Stage Flow", boxes(page.flow)),
        ("Best Practices Validation", _practices(page)),
        ("Estimated Size Comparison", bars(page.sizes)),
        ("Build Commands", _commands(page)),
        ("Key Takeaways", _takeaways(page)),
    ]
    for title, section in sections:
        parts.extend((Text(), Heading(title), section))
    return Group(*parts)


def _difference(difference: PageDifference, page: Page) -> RenderableType:
    """What is new, what is fixed, and what the stages weigh now."""
    new, fixed = difference.new, difference.fixed
    parts: list[RenderableType] = []
    for finding in new[:_MOST_FINDINGS]:
        parts.extend((_indented(FindingView(finding, page.analysis.lines)), Text()))
    if len(new) > _MOST_FINDINGS:
        parts.extend((_indented(Text(f"and {len(new) - _MOST_FINDINGS} more new ones", style="dim")), Text()))
    told = Text.assemble(
        (f"{len(new)} new finding{'' if len(new) == 1 else 's'}", "red" if new else ""),
        ", ",
        (f"{len(fixed)} fixed", "green" if fixed else ""),
        f", {difference.kept} as before",
    )
    for finding in fixed[:_MOST_FINDINGS]:
        told.append(f"\nfixed: {finding.code} {finding.name}, line {finding.line} there", style="green")
    if len(fixed) > _MOST_FINDINGS:
        told.append(f"\nand {len(fixed) - _MOST_FINDINGS} more fixed", style="dim")
    for note in difference.notes:
        told.append(f"\n{printable(note)}", style="yellow")
    return Group(*parts, _indented(told), Text(), DifferenceText(difference.sizes, headed=False))


def _practices(page: Page) -> RenderableType:
    findings = page.analysis.findings
    parts: list[RenderableType] = []
    for finding in findings[:_MOST_FINDINGS]:
        parts.extend((_indented(FindingView(finding, page.analysis.lines)), Text()))
    if len(findings) > _MOST_FINDINGS:
        text = f"and {len(findings) - _MOST_FINDINGS} more: multistage analyze shows all"
        parts.extend((_indented(Text(text, style="dim")), Text()))
    return Group(*parts, scorecard(page.analysis.practices, page.analysis.score))


def _commands(page: Page) -> RenderableType:
    shown, left = page.recipes.shortened(_MOST_STAGES)
    if not left:
        return commands(shown)
    more = Text(f"and {left} more: multistage commands shows all", style="dim")
    return Group(commands(shown), Text(), _indented(more))


def _takeaways(page: Page) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for number, text in enumerate(page.takeaways, start=1):
        table.add_row(Text(f"{number}.", style="bold"), Text(printable(text)))
    return _indented(table)


def _indented(rendered: RenderableType) -> Padding:
    return Padding(rendered, (0, 0, 0, _INDENT), expand=False)


class Heading(Struct, frozen=True):
    """A title over a line as wide as the page, at most as wide as reads well."""

    title: str
    strong: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rule = "=" if self.strong else glyphs(options).rule
        width = min(options.max_width, _WIDEST_RULE)
        if self.strong:
            yield Text(rule * width, style="cyan")
        yield Text(self.title, style="bold")
        yield Text(rule * width, style="cyan" if self.strong else "dim")
