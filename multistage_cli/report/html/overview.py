"""The first screen, the scorecard and the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.practices import Status
from multistage_cli.printable import printable
from multistage_cli.report.html.findings import counted
from multistage_cli.report.html.words import line_link
from multistage_cli.sizes.views.bars import saving, size_range
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from multistage_cli.report.page import Page

_MARKS = {
    Status.PASSED: ("good", "✓", "passed"),
    Status.FAILED: ("bad", "✗", "failed"),
    Status.NOT_APPLICABLE: ("faint", "-", "not applicable"),
}
_CHECKS_ABOVE = "; the checks above say how"
_MOST_STAGES = 12  # that commands look into


def section(page: Page) -> str:
    """Key figures, and what to take away."""
    sizes, score, stages = page.sizes, page.analysis.score, page.flow.stages
    needed = sum(stage.needed for stage in stages)
    all_needed = "all needed" if needed == len(stages) else f"{needed} needed for this target"
    weight = saving(sizes) or ("+ stands for what is not known" if sizes.unknown else "estimated, not built")
    figures = [
        ("Image", size_range(sizes.image, more=bool(sizes.unknown)), weight, "#sizes"),
        ("Stages", str(len(stages)), all_needed, "#stages"),
        ("Practices", f"{score.passed} of {score.total}", "of those that apply", "#practices"),
        ("Findings", str(len(page.analysis.findings)), counted(page.analysis), "#findings"),
    ]
    items = "".join(
        f'<div><dt><a href="{place}">{name}</a></dt><dd><strong>{text(value)}</strong>'
        f'<span class="faint">{text(note)}</span></dd></div>'
        for name, value, note, place in figures
    )
    # In a terminal the checks stand above; here they follow.
    told = "".join(f"<li>{text(words.removesuffix(_CHECKS_ABOVE))}</li>" for words in page.takeaways)
    takeaways = f"<h2>Key takeaways</h2>\n<ol>{told}</ol>" if told else ""
    return f"""<section id="overview" aria-label="Overview">
<dl class="figures">{items}</dl>
{takeaways}
</section>
"""


def practices(page: Page) -> str:
    """The scorecard."""
    score = page.analysis.score
    rows = "".join(
        f'<tr><td class="{_MARKS[entry.status][0]} mark"><span aria-hidden="true">{_MARKS[entry.status][1]}</span>'
        f'<span class="unseen">{_MARKS[entry.status][2]}</span></td><th scope="row">{text(entry.name)}</th>'
        f"<td>{text(entry.message)}{f' (line {line_link(entry.line)})' if entry.line else ''}</td></tr>\n"
        for entry in page.analysis.practices
    )
    return f"""<section id="practices" aria-labelledby="practices-title">
<h2 id="practices-title">Practices: {score.passed} of {score.total} hold</h2>
<table class="practices"><thead class="unseen"><tr><th scope="col">Result</th><th scope="col">Practice</th>\
<th scope="col">Why</th></tr></thead>
<tbody>{rows}</tbody></table>
</section>
"""


def commands(page: Page) -> str:
    """What to type next; a copy is what is shown, so that nothing unseen gets into a terminal."""
    shown, left = page.recipes.shortened(_MOST_STAGES)
    items = []
    for number, recipe in enumerate(shown.recipes):
        notes = "".join(f'<p class="faint">{text(note)}</p>' for note in recipe.notes)
        items.append(
            f'<li><h3 id="command-{number}">{text(recipe.what)}</h3>{notes}<div class="command">'
            f'<pre><code>{text(printable(recipe.shell))}</code></pre><button type="button" class="copy js" hidden '
            f'aria-describedby="command-{number}">Copy</button></div></li>\n'
        )
    more = f'<p class="faint">and {left} more: <code>multistage commands</code> shows all</p>' if left else ""
    return f"""<section id="commands" aria-labelledby="commands-title">
<h2 id="commands-title">What to type next</h2>
<ol class="plain commands">
{"".join(items)}</ol>{more}
</section>
"""
