"""Pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multistage_cli.analyze.page import DOCKERFILE, lines_of, page_of, page_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from multistage_cli.analyze.page import Example
    from multistage_cli.analyze.rule import Rule
    from multistage_cli.explain.pages import Explanation


def render(explanation: Explanation) -> RenderableType:
    """The pages one below the other, or a list of the rules."""
    if not explanation.whole:
        return _list(explanation)
    parts: list[RenderableType] = []
    for rule in explanation.rules:
        parts.extend((*((Text(),) if parts else ()), Group(*_page(rule))))
    return Group(*parts)


def _list(explanation: Explanation) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for rule in explanation.rules:
        off = "" if rule.default else " (off)"
        table.add_row(rule.code, f"{rule.severity.value}{off}", f"{rule.name}: {page_of(rule).summary}")
    return table


def _page(rule: Rule) -> Iterator[RenderableType]:
    page = page_of(rule)
    yield Text(f"{rule.code} {rule.name}", style="bold")
    off = "" if rule.default else ", off unless it is selected"
    yield Text(f"{rule.severity.value}, {rule.confidence.value}{off}", style="dim")
    if rule.aliases:
        yield Text(f"also known as {', '.join(rule.aliases)}", style="dim")
    yield Text()
    yield Text(page.summary)
    for paragraph in page.why:
        yield Text()
        yield Text(paragraph)
    for example in page.bad:
        yield Text()
        yield Text(f"Bad, found on {lines_of(example)}:", style="red")
        yield from _example(example)
    for example in page.good:
        yield Text()
        yield Text("Good:", style="green")
        yield from _example(example)
    yield Text()
    yield Text(f"Fix: {page.fix}")
    if (url := page_url(rule.aliases)) is not None:
        yield Text(f"See also: {url}", style="dim", overflow="fold")


def _example(example: Example) -> Iterator[RenderableType]:
    for name, text in example.files:
        if name != DOCKERFILE:
            yield Padding(Text(f"with {name}:", style="dim"), (0, 0, 0, 2), expand=False)
        yield Padding(Text(text.rstrip("\n")), (0, 0, 0, 4), expand=False)
