"""What every HTML page of ours is made in: one file that nothing can be loaded into, in light and in dark.

A page names its style sheet and its script by their digests, so that a browser runs and applies these two and
nothing else, whatever a Dockerfile smuggles into the text between.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from multistage_cli.printable import printable

STYLE: Final = """\
:root{color-scheme:light dark;\
--paper:light-dark(#fff,#0d1117);--box:light-dark(#f6f8fa,#161b22);--ink:light-dark(#1f2328,#e6edf3);\
--faint:light-dark(#59636e,#9198a1);--edge:light-dark(#d1d9e0,#3d444d);--line:light-dark(#8b949e,#6e7681);\
--mark:light-dark(#fff8c5,#3a2f00);--link:light-dark(#0969da,#58a6ff);--good:light-dark(#1a7f37,#3fb950);\
--warn:light-dark(#9a6700,#d29922);--bad:light-dark(#cf222e,#f85149);--copy:light-dark(#0969da,#58a6ff);\
--base:light-dark(#8250df,#bc8cff);--mount:light-dark(#bc4c00,#f0883e);\
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}
*,::before,::after{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1,h2,h3,h4{line-height:1.25;text-wrap:balance}
h1{font-size:1.5rem}h2{font-size:1.25rem}h3{font-size:1rem}
code,pre,kbd{font:.875em/1.5 var(--mono);overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
table{border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;overflow-wrap:anywhere}
.faint{color:var(--faint)}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{display:block;width:100%;height:.75rem}
.bar .low{fill:var(--copy)}.bar .estimate{fill:var(--copy);opacity:.6}.bar .high{fill:var(--copy);opacity:.25}
.bar.ships .low,.bar.ships .estimate,.bar.ships .high{fill:var(--good)}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{:root,:root[data-theme]{color-scheme:light}body{font-size:11pt}a{color:inherit;text-decoration:none}}
"""
"""Colours, letters and size bars; a theme is forced by `data-theme` on the root element."""

_LEAST_PERCENT = 0.4  # so that what is there at all can be seen


def html_page(*, title: str, body: str, style: str = STYLE, script: str = "", data: str = "") -> str:
    """A whole page.

    Args:
        title: plain text.
        body: HTML in which all text went through `text`.
        style: the style sheet: ours alone, nothing of a Dockerfile in it.
        script: the same of the script.
        data: blocks of `data_block`, which the script reads.
    """
    policy = f"default-src 'none'; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"
    if script:
        policy += f"; script-src {_digest(script)}; require-trusted-types-for 'script'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>{style}</style>
</head>
<body>
{body}
{data}{f"<script>{script}</script>" if script else ""}
</body>
</html>
"""


def text(words: str) -> str:
    """Any text, harmless between tags and in a quoted attribute."""
    return escape(printable(words))


def data_block(name: str, value: object) -> str:
    """Data for the page's script, as JSON that cannot end its element or start a comment in it.

    Args:
        name: the `id` of the element.
        value: what `json.dumps` takes; its strings are shown by the script, so clean them with `printable`.
    """
    # ASCII alone, so that no line separator of Unicode and no half of a letter stands in it.
    written = json.dumps(value, separators=(",", ":"))
    for letter in "<>&":
        written = written.replace(letter, f"\\u{ord(letter):04x}")
    return f'<script type="application/json" id="{name}">{written}</script>\n'


def range_bar(
    low_bytes: int, estimate_bytes: int, high_bytes: int, largest_bytes: int, *, ships: bool
) -> str:
    """A bar in three shades, up to each of the three numbers; the numbers themselves stand beside it.

    Args:
        low_bytes: at least.
        estimate_bytes: expected.
        high_bytes: at most.
        largest_bytes: what fills the width.
        ships: whether it is about what ends up in the image.
    """
    parts = []
    start = 0.0
    for name, size_bytes in (("low", low_bytes), ("estimate", estimate_bytes), ("high", high_bytes)):
        end = min(100.0, round(100 * size_bytes / largest_bytes, 1)) if largest_bytes else 0.0
        end = max(end, _LEAST_PERCENT) if size_bytes else end
        if end > start:
            place = f' x="{start:g}%"' if start else ""
            parts.append(f'<rect class="{name}"{place} width="{end - start:.3g}%" height="100%"/>')
            start = end
    kind = "bar ships" if ships else "bar"
    return f'<svg class="{kind}" aria-hidden="true">{"".join(parts)}</svg>'


def _digest(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
