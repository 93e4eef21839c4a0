"""The page as Markdown, for a pull request's comment: what changed first, the rest folded away below."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.views.markdown import finding_table, practice_table
from multistage_cli.flow.views.mermaid import render as mermaid
from multistage_cli.sizes.difference import signed
from multistage_cli.sizes.ranges import about
from multistage_cli.sizes.views.markdown import difference_section, sections, spare_section
from multistage_cli.sizes.wording import size_range
from multistage_cli.terminal.markdown import code, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.analyze.engine import Finding
    from multistage_cli.report.against import PageDifference
    from multistage_cli.report.page import Page

_MOST_FINDINGS = 40
_MOST_SPARE = 5
_MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 characters in a comment."""
_MOST_DRAWN = 50  # stages that a picture is still of use for


def render(page: Page) -> str:
    """The summary, what changed, then the findings; the picture, the sizes and the takeaways are folded away.

    A part that would make the comment longer than GitHub takes is left out, and a line says so.
    """
    parts = ["\n".join(lines) + "\n" for lines in _parts(page)]
    text = ""
    left = 0
    for part in parts:
        if len(text) + len(part) > _MOST_CHARACTERS:
            left += 1
        else:
            text += part
    if left:
        text += (
            f"\n{left} sections are left out, since a comment would not hold them: see `multistage report`\n"
        )
    return text


def _parts(page: Page) -> Iterator[list[str]]:
    yield list(_head(page))
    if page.difference:
        yield list(_difference(page.difference))
    yield list(_findings(page))
    yield list(spare_section(page.sizes, _MOST_SPARE))
    if len(page.flow.stages) <= _MOST_DRAWN:
        yield list(_folded("How the stages feed each other", _fenced(mermaid(page.flow), "mermaid")))
    yield list(_folded("Practices", practice_table(page.analysis)))
    yield list(_folded("Sizes", islice(sections(page.sizes), 1, None)))
    if page.takeaways:
        texts = (f"{number}. {escaped(told)}" for number, told in enumerate(page.takeaways, start=1))
        yield list(_folded("Key takeaways", texts))


def _head(page: Page) -> Iterator[str]:
    count, score = len(page.flow.stages), page.analysis.score
    yield f"## {code(page.path)}"
    yield ""
    yield "| Stages | Findings | Practices | Image |"
    yield "| ---: | --- | ---: | ---: |"
    size = size_range(page.sizes.image, more=page.sizes.on_top)
    practices = f"{score.passed}/{score.total}"
    if page.difference:
        size += f", {signed(page.difference.sizes.delta)}"
        before = page.difference.score
        if (before.passed, before.total) != (score.passed, score.total):
            practices += f", was {before.passed}/{before.total}"
    yield f"| {count} | {_counts(page.analysis.findings)} | {practices} | {size} |"


def _counts(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    names = {
        Severity.ERROR: "error",
        Severity.WARNING: "warning",
        Severity.INFO: "info",
        Severity.STYLE: "style",
    }
    shown = [
        f"{counts[severity]} {name}{'s' if counts[severity] > 1 and name in {'error', 'warning'} else ''}"
        for severity, name in names.items()
        if counts[severity]
    ]
    return ", ".join(shown) or "none"


def _difference(difference: PageDifference) -> Iterator[str]:
    yield from ("", f"### What changed against {code(difference.against)}", "")
    new, fixed = len(difference.new), len(difference.fixed)
    yield f"- {new} new finding{'' if new == 1 else 's'}, {fixed} fixed, {difference.kept} as before"
    before, after = difference.sizes.before.estimate, difference.sizes.after.estimate
    yield f"- image {about(before)} -> {about(after)}: **{signed(difference.sizes.delta)}**"
    yield from (f"- {escaped(note)}" for note in difference.notes)
    if difference.new:
        yield from ("", f"**New finding{'' if new == 1 else 's'}**", "")
        yield from finding_table(difference.new[:_MOST_FINDINGS])
        yield from _more(new)
    if difference.fixed:
        yield from ("", "**Fixed** (with the lines that they had)", "")
        yield from finding_table(difference.fixed[:_MOST_FINDINGS])
        yield from _more(fixed)
    yield from _folded("Stages and lines", islice(difference_section(difference.sizes), 1, None))


def _findings(page: Page) -> Iterator[str]:
    findings = page.analysis.findings
    yield ""
    if not findings:
        yield "No findings."
        return
    if page.difference:  # what is new stands above already
        yield from _folded(
            "The finding" if len(findings) == 1 else f"All {len(findings)} findings",
            finding_table(findings[:_MOST_FINDINGS]),
        )
    else:
        yield from ("### Findings", "")
        yield from finding_table(findings[:_MOST_FINDINGS])
    yield from _more(len(findings))


def _more(count: int) -> Iterator[str]:
    if count > _MOST_FINDINGS:
        yield from ("", f"and {count - _MOST_FINDINGS} more: `multistage analyze` shows all")


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines that a click unfolds; the title is ours alone."""
    yield from ("", f"<details><summary>{title}</summary>", "")
    yield from lines
    yield from ("", "</details>")


def _fenced(text: str, language: str) -> Iterator[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    yield from (f"{fence}{language}", text.rstrip("\n"), fence)
