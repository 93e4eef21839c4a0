"""The Dockerfile line by line, each with its number, its stage's colour and what was found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.flow.labels import stage_title
from multistage_cli.report.html.words import plural
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.analyze.engine import FileAnalysis, Finding
    from multistage_cli.flow.graph import Flow, FlowStage

COLOURS = 8
"""Of stages, in turn; `style.css` has them."""

_MOST_FLAGS = 3  # beside one line
_TAB = 4


def section(analysis: FileAnalysis, flow: Flow, shown: Iterable[Finding]) -> str:
    """The listing.

    Args:
        analysis: with the lines.
        flow: with the stages.
        shown: the findings that the page shows, in its order.
    """
    flags: dict[int, list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(shown):
        flags.setdefault(finding.line, []).append((number, finding))
    lines = list(analysis.lines)
    if lines and not lines[-1]:  # what stands behind the last line's end
        lines.pop()
    return f"""<section id="dockerfile" aria-labelledby="dockerfile-title">
<h2 id="dockerfile-title">{text(flow.path)}</h2>
<p class="faint">{plural(len(lines), "line")}; each stage has a colour at the left.</p>
<div class="source-box" tabindex="0" role="region" aria-label="The Dockerfile">
{"".join(_lists(lines, flow.stages, flags))}</div>
</section>
"""


def _lists(
    lines: list[str], stages: tuple[FlowStage, ...], flags: dict[int, list[tuple[int, Finding]]]
) -> Iterator[str]:
    """A list for what stands before the first stage, and one for each stage with what stands behind it.

    The browser counts, from where each list starts: a number is no part of the text, and is not copied with it.
    """
    ends = [*(stage.line for stage in stages), len(lines) + 1]
    if ends[0] > 1:
        yield _list("", "Before the first stage", range(1, ends[0]), lines, flags)
    for place, stage in enumerate(stages):
        name = text(stage_title(stage))
        numbers = range(stage.line, ends[place + 1])
        yield _list(f" s{stage.index % COLOURS}", name, numbers, lines, flags)


def _list(
    kind: str, name: str, numbers: range, lines: list[str], flags: dict[int, list[tuple[int, Finding]]]
) -> str:
    rows = "\n".join(
        f'<li id="L{number}">{text(lines[number - 1].expandtabs(_TAB))}{_flags(flags.get(number, []))}</li>'
        for number in numbers
    )
    return f'<ol class="source{kind}" start="{numbers.start}" aria-label="{name}">\n{rows}\n</ol>\n'


def _flags(found: list[tuple[int, Finding]]) -> str:
    if not found:
        return ""
    links = "".join(
        f'<a class="flag {finding.severity.value}" href="#finding-{number}"'
        f' title="{text(finding.message)}">{text(finding.code)}</a>'
        for number, finding in found[:_MOST_FLAGS]
    )
    more = f'<span class="faint">+{len(found) - _MOST_FLAGS}</span>' if len(found) > _MOST_FLAGS else ""
    return f'<span class="flags">{links}{more}</span>'
