"""The page for browsers: one file to attach to a build, which loads nothing and needs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.flow.svg import PAGE_STYLE
from multistage_cli.printable import printable
from multistage_cli.report.changes import collect_changes
from multistage_cli.report.html import changes, difference, findings, overview, source, stages, weights
from multistage_cli.terminal.page_shell import STYLE, data_block, html_page, text

if TYPE_CHECKING:
    from multistage_cli.report.changes import Changes
    from multistage_cli.report.page import Page

_FOLDER = Path(__file__).parent.parent / "html"
_NAVIGATION = (
    ("overview", "Overview"),
    ("stages", "Stages"),
    ("dockerfile", "Dockerfile"),
    ("findings", "Findings"),
    ("changes", "Changes"),
    ("sizes", "Sizes"),
    ("practices", "Practices"),
    ("commands", "Commands"),
)


def render(page: Page) -> str:
    """The whole page.

    Raises:
        ValueError: the page was made without its build. That is our bug.
    """
    build = page.build
    if build is None:
        raise ValueError("the page of report has no build to ask what a change rebuilds")
    told = collect_changes(build)
    picture = stages.Picture.of(page.flow)
    shown = findings.shown_findings(page.analysis)
    compared = ""
    navigation = list(_NAVIGATION)
    if page.difference is not None:
        compared = difference.section(page.difference, page.analysis.score, shown)
        navigation.insert(1, ("difference", "What changed"))
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in navigation)
    body = f"""<a class="skip" href="#overview">Skip to the content</a>
<header class="top">
<h1><span class="faint">Multistage build</span> <span class="path">{text(page.path)}</span></h1>
<nav aria-label="Sections"><ul>{links}</ul></nav>
<button type="button" id="theme" class="js" hidden>Dark</button>
</header>
<main>
{overview.section(page)}
{compared}{stages.section(picture, page.sizes, told.steps)}
<div class="bench">
{source.section(page.analysis, page.flow, shown)}
<div class="beside">
{findings.section(page.analysis, shown)}
{changes.section(told)}
{weights.section(page.sizes)}
{overview.practices(page)}
</div>
</div>
{overview.commands(page)}
{findings.rules_section(shown)}
</main>
<footer class="faint">Made by multistage, without building anything: sizes are estimates, and what they cannot know \
is said beside them.</footer>
<p id="said" class="unseen" role="status"></p>
"""
    return html_page(
        title=f"Multistage build: {page.path}",
        body=body,
        style=STYLE + PAGE_STYLE + picture.style + _part("style.css"),
        script=_part("script.js"),
        data=data_block("changes-data", _data(page, told)),
    )


def _data(page: Page, told: Changes) -> dict[str, object]:
    indexes = {stage.name: stage.index for stage in page.flow.stages}
    found = changes.as_data(told, indexes)
    names = {str(stage.index): printable(stage.label) for stage in page.flow.stages}
    return {**found, "stages": names, "path": printable(page.path)}


def _part(name: str) -> str:
    # Without the indentation, which no browser needs; and with line ends as browsers count them, or the digest in
    # the policy would fit nothing.
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
