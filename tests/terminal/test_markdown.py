"""Text of unknown origin in Markdown: it stays text."""

from __future__ import annotations

import re

import pytest

from multistage_cli.terminal.markdown import code, escaped, table
from tests.drawn import HOSTILE, is_harmless

BREAKING = [
    "| a | b",
    "a \\| b",
    "a\\",
    "`code` ``more``",
    "`",
    "<script>alert(1)</script>",
    "</td></tr></table>",
    "<!-- -->",
    "[here](https://example.com)",
    "![picture](https://example.com/x.png)",
    "https://example.com www.example.com",
    "@everyone and somebody@example.com",
    "#12 GH-12 other/repository#3",
    "*bold* _slanted_ ~~gone~~",
    "# heading",
    "- item",
    "1. item",
    "+ item",
    "---",
    "&lt;b&gt; &#64;",
    "$x^2$",
    "line\nbreak",
    "    indented",
    "",
]


@pytest.mark.parametrize("text", [*BREAKING, *HOSTILE])
@pytest.mark.parametrize("form", [escaped, code])
def test_one_cell_stays_one_cell(text: str, form: object) -> None:
    assert callable(form)
    cell = form(text)
    assert is_harmless(cell)
    assert "\n" not in cell
    (_, _, row) = table(("a", "b"), [(cell, "x")])
    # A backslash and what follows it are one letter to whoever looks for the ends of cells.
    assert len(re.sub(r"\\[!-/:-@\[-`{-~]", "", row).split("|")) == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("python:3.12-slim", "python:3.12-slim"),
        ("a|b", "a\\|b"),
        ("<b>", "&lt;b&gt;"),
        ("&amp;", "&amp;amp;"),
        ("[x](y)", "\\[x\\](y)"),
        ("https://example.com", "https:&#8203;//example.com"),
        ("www.example.com", "www&#8203;.example.com"),
        ("@name", "@&#8203;name"),
        ("me@example.com", "me@&#8203;example.com"),
        ("pkg@1.2", "pkg@1.2"),
        ("#12", "\\#&#8203;12"),
        ("- x", "\\- x"),
        ("1. x", "1\\. x"),
        ("3 more", "3 more"),
        ("\x1b[31m", "\\\\x1b\\[31m"),
    ],
)
def test_text_is_read_as_it_is_written(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RUN x", "`RUN x`"),
        ("a|b", "`a\\|b`"),
        ("`x`", "`` `x` ``"),
        ("a```b", "```` a```b ````"),
        ("<b>@name", "`<b>@name`"),
        ("a\\|b", "a\\\\\\|b"),
        (" ", " "),
    ],
)
def test_code_has_a_fence_that_its_text_does_not_have(text: str, shown: str) -> None:
    assert code(text) == shown


def test_table_sets_numbers_to_the_right() -> None:
    assert table(("a", "b"), [("1", "2")], right=(1,)) == ["| a | b |", "| --- | ---: |", "| 1 | 2 |"]
