"""The Dockerfile line by line, each with its number, its stage's colour and what was found there."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

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
    rows = "\n".join(_rows(lines, flow.stages, flags))
    return f"""<section id="dockerfile" aria-labelledby="dockerfile-title">
<h2 id="dockerfile-title">{text(flow.path)}</h2>
<p class="faint">{plural(len(lines), "line")}; each stage has a colour at the left.</p>
<div class="source-box" tabindex="0" role="region" aria-label="The Dockerfile">
<ol class="source">
{rows}
</ol>
</div>
</section>
"""


def _rows(
    lines: list[str], stages: tuple[FlowStage, ...], flags: dict[int, list[tuple[int, Finding]]]
) -> Iterator[str]:
    starts = [stage.line for stage in stages]
    for number, line in enumerate(lines, start=1):
        place = bisect_right(starts, number) - 1
        inside = place >= 0 and number <= stages[place].end_line
        kind = f' class="s{place % COLOURS}"' if inside else ""
        yield (
            f'<li id="L{number}"{kind}><a href="#L{number}">{number}</a>'
            f"<code>{text(line.expandtabs(_TAB))}</code>{_flags(flags.get(number, []))}</li>"
        )


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
