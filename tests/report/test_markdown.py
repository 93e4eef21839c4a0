"""The page as a pull request's comment."""

from __future__ import annotations

import re
from functools import cache

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.report.page import Page, collect_page
from multistage_cli.report.views import markdown
from tests.corpus import cases
from tests.drawn import HOSTILE, inside, is_harmless
from tests.golden import check
from tests.report.test_page import GOLDEN

NAMES = [found.name for found in cases()]
MOST = 65_536
"""Characters of a comment on GitHub."""


@cache
def corpus_page(name: str) -> Page:
    with inside(name) as build:
        return collect_page(build)


@pytest.mark.parametrize("name", ["brief", "node-npm-ci"])
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.md", markdown.render(corpus_page(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile(name: str) -> None:
    page = corpus_page(name)
    text = markdown.render(page)
    assert is_harmless(text)
    assert len(text) < MOST
    assert text.startswith(f"## `{page.path}`\n")
    assert text.count("<details>") == text.count("</details>")
    assert f"| {len(page.flow.stages)} | " in text
    widths = [
        len(re.sub(r"\\[!-/:-@\[-`{-~]", "", row).split("|"))
        for row in text.splitlines()
        if row.startswith("|")
    ]
    assert min(widths) >= 4
    assert "#### " not in text


def test_picture_is_left_away_where_nobody_could_read_it() -> None:
    stages = "".join(f"FROM alpine:3.22 AS s{index}\n" for index in range(60))
    assert "```mermaid" not in markdown.render(collect_page(evaluate(parse(stages))))
    assert "```mermaid" in markdown.render(corpus_page("brief"))


def test_comment_stays_below_what_github_takes() -> None:
    copies = "".join(f"COPY --from={index + 50} /{'x' * 900}{index} /b\n" for index in range(400))
    text = markdown.render(collect_page(evaluate(parse(f"FROM alpine:3.22\n{copies}"))))
    assert len(text) < MOST
    assert "more: `multistage analyze` shows all" in text or "are left out" in text


@pytest.mark.parametrize(
    "name", [*HOSTILE, "</details><script>alert(1)</script>", "```\n</details>", "@everyone"]
)
def test_hostile_words(name: str) -> None:
    words = name.replace("\n", " ").strip() or "x"
    page = collect_page(
        evaluate(parse(f"FROM {words}\nCOPY {words} /x\nRUN echo {words}\nLABEL a={words}\n"))
    )
    text = markdown.render(page)
    assert is_harmless(text)
    outside = re.sub(r"(`+)[^`].*?[^`]\1(?!`)", "", re.sub(r"```mermaid.*?\n```", "", text, flags=re.DOTALL))
    assert set(re.findall(r"<[^>]*>?", outside)) <= {"<details>", "</details>", "<summary>", "</summary>"}
