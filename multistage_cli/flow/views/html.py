"""The picture as a page of its own: one file, no script, no network, with all of it in words below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.diagram import arrow_words, draw
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.labels import base_words, left_out_words, stage_lines, stage_name, target_words
from multistage_cli.flow.svg import PAGE_STYLE, described, drawing, extent, fitting_style
from multistage_cli.terminal.page_shell import STYLE, html_page, text

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow, FlowStage

_TABLE_STYLE = """\
main{margin:2rem auto;max-width:88rem;padding:0 1.5rem}
figure{margin:1rem 0;overflow-x:auto;border:1px solid var(--edge);border-radius:8px}
.table{overflow-x:auto}
table{width:100%}
th,td{border-bottom:1px solid var(--edge)}
tbody th{min-width:8rem}
td:nth-child(2){white-space:nowrap}td:nth-child(3){min-width:11rem}
td ul{margin:0;padding-left:1rem}
tr:target{background:var(--mark)}
@media print{figure{border:0}figure svg{min-width:0}tr{break-inside:avoid}}
"""


def render(flow: Flow) -> str:
    """A page with the picture, whose stages lead to their lines in a table of everything."""
    shown = cut(flow)
    small = folded(shown)
    diagram = draw(small)
    title = f"How the stages of {flow.path} feed each other"
    left_out = f'\n<p class="faint">{text(left_out_words(shown))}.</p>' if shown.left_out else ""
    body = f"""<main>
<h1>{text(title)}</h1>
<p>{text(described(shown))}</p>{left_out}
<figure tabindex="0" aria-label="The picture; it scrolls where it is wide">
{drawing(small, diagram, role="group", link_to="#stage-")}
</figure>
<h2 id="stages">Stages</h2>
<div class="table" tabindex="0" role="region" aria-labelledby="stages">
<table>
<thead><tr><th scope="col">Stage</th><th scope="col">Lines</th><th scope="col">Base</th><th scope="col">Takes</th>\
<th scope="col">Feeds</th></tr></thead>
<tbody>
{_rows(shown)}
</tbody>
</table>
</div>
</main>"""
    fitting = fitting_style("figure", extent(small, diagram)[0])
    return html_page(title=title, body=body, style=STYLE + PAGE_STYLE + fitting + _TABLE_STYLE)


def _rows(flow: Flow) -> str:
    by_stage = arrows_by_stage(flow)
    fed: list[list[int]] = [[] for _ in flow.stages]
    for to, arrows in enumerate(by_stage):
        for source in dict.fromkeys(arrow.source for arrow in arrows):
            if source is not None:
                fed[source].append(to)
    return "\n".join(
        _row(flow, stage, arrows, [flow.stages[place] for place in feeding])
        for stage, arrows, feeding in zip(flow.stages, by_stage, fed, strict=True)
    )


def _row(flow: Flow, stage: FlowStage, arrows: tuple[Arrow, ...], feeding: list[FlowStage]) -> str:
    name = f"{stage.index + 1}: {text(stage_name(stage))}"
    note = ""
    if stage.name == flow.target:
        note = '<br><span class="faint">target</span>'
    elif not stage.needed:
        note = f'<br><span class="faint">not needed for {text(target_words(flow))}</span>'
    lines = stage_lines(stage).partition(" ")[2]
    base = base_words(stage) + (" (not run)" if replaced(stage) else "")
    takes = _list([f"<code>{text(arrow_words(arrow, flow))}</code>" for arrow in arrows])
    feeds = ", ".join(f'<a href="#stage-{other.index}">{text(stage_name(other))}</a>' for other in feeding)
    return (
        f'<tr id="stage-{stage.index}"><th scope="row">{name}{note}</th><td>{lines}</td>'
        f"<td><code>{text(base)}</code></td><td>{takes}</td><td>{feeds}</td></tr>"
    )


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""
