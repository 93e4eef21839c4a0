"""The frame of every page: what it lets in, and what nothing can break out of."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from multistage_cli.terminal.page_shell import STYLE, data_block, html_page, range_bar, text
from tests.drawn import HOSTILE, is_harmless


def policy(page: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&#x27;", "'")


def digest(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def test_page_without_a_script_allows_none() -> None:
    page = html_page(title="Title", body="<main></main>")
    assert policy(page) == (
        f"default-src 'none'; style-src {digest(STYLE)}; base-uri 'none'; form-action 'none'"
    )
    assert "<script" not in page


def test_script_and_style_are_named_by_their_digests() -> None:
    page = html_page(title="Title", body="", style="b{}", script="go()")
    assert f"style-src {digest('b{}')}; " in policy(page)
    assert f"script-src {digest('go()')}; " in policy(page)
    assert "unsafe" not in policy(page)
    assert "<style>b{}</style>" in page
    assert "<script>go()</script>" in page


@pytest.mark.parametrize("words", [*HOSTILE, '"><script>', "' onload='x", "&lt;"])
def test_text_is_harmless(words: str) -> None:
    found = text(words)
    assert is_harmless(found)
    assert not set(found) & set("<>\"'")
    assert f"<title>{found}</title>" in html_page(title=words, body="")


@pytest.mark.parametrize(
    "words", [*HOSTILE, "</script><script>x()</script>", "<!--<script>", "\u2028", "&amp;"]
)
def test_data_comes_back_and_does_not_break_out(words: str) -> None:
    block = data_block("known", {"words": words})
    start, end = '<script type="application/json" id="known">', "</script>\n"
    assert block.startswith(start)
    assert block.endswith(end)
    inside = block[len(start) : -len(end)]
    assert inside.isascii()
    assert not set(inside) & set("<>&")
    assert json.loads(inside) == {"words": words}


@pytest.mark.parametrize(
    ("sizes", "widths"),
    [
        ((100, 200, 400, 400), ["25%", "25%", "50%"]),
        ((0, 200, 400, 400), ["50%", "50%"]),
        ((100, 100, 100, 400), ["25%"]),
        ((1, 1, 1, 1_000_000), ["0.4%"]),
        ((0, 0, 0, 400), []),
        ((0, 0, 0, 0), []),
    ],
)
def test_bar_shows_its_range(sizes: tuple[int, int, int, int], widths: list[str]) -> None:
    found = re.findall(r'width="([^"]+)"', range_bar(*sizes, ships=True))
    assert found == widths
