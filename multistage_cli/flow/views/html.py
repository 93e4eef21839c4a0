"""The picture as a page of its own: one file, no script, no network, with all of it in words below."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from multistage_cli.flow.arrows import Arrow, arrows_by_stage, replaced
from multistage_cli.flow.diagram import arrow_words, draw
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.labels import base_words, left_out_words, stage_lines, stage_name, target_words
from multistage_cli.flow.svg import STYLE, described, drawing
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow, FlowStage

_PAGE_STYLE = """\
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--edge:#d1d9e0;--mark:#fff8c5;--link:#0969da}
@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--edge:#3d444d;--mark:#3a2f00;\
--link:#58a6ff}}
body{margin:2rem auto;max-width:75rem;padding:0 1rem;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}
figure{margin:1rem 0;overflow-x:auto;border:1px solid var(--edge);border-radius:8px}
figure svg{display:block;margin:auto}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem;border-bottom:1px solid var(--edge);\
overflow-wrap:anywhere}
tbody th{min-width:8rem}
td:nth-child(2){white-space:nowrap}td:nth-child(3){min-width:11rem}
td ul{margin:0;padding-left:1rem}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
a{color:var(--link)}
tr:target{background:var(--mark)}
.faint{color:var(--faint)}
@media print{figure{border:0}tr{break-inside:avoid}}
"""


def render(flow: Flow) -> str:
    """A page with the picture, whose stages lead to their lines in a table of everything."""
    shown = cut(flow)
    style = _PAGE_STYLE + STYLE
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    small = folded(shown)
    title = f"How the stages of {_text(flow.path)} feed each other"
    left_out = f'\n<p class="faint">{_text(left_out_words(shown))}.</p>' if shown.left_out else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{_text(described(shown))}</p>{left_out}
<figure tabindex="0" aria-label="The picture; it scrolls where it is wide">
{drawing(small, draw(small), role="group", link_to="#stage-")}
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
</main>
</body>
</html>
"""


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
    name = f"{stage.index + 1}: {_text(stage_name(stage))}"
    note = ""
    if stage.name == flow.target:
        note = '<br><span class="faint">target</span>'
    elif not stage.needed:
        note = f'<br><span class="faint">not needed for {_text(target_words(flow))}</span>'
    lines = stage_lines(stage).partition(" ")[2]
    base = base_words(stage) + (" (not run)" if replaced(stage) else "")
    takes = _list([f"<code>{_text(arrow_words(arrow, flow))}</code>" for arrow in arrows])
    feeds = ", ".join(f'<a href="#stage-{other.index}">{_text(stage_name(other))}</a>' for other in feeding)
    return (
        f'<tr id="stage-{stage.index}"><th scope="row">{name}{note}</th><td>{lines}</td>'
        f"<td><code>{_text(base)}</code></td><td>{takes}</td><td>{feeds}</td></tr>"
    )


def _list(items: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def _text(text: str) -> str:
    return escape(printable(text))
