"""Rules about wget and curl."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rules.downloads import wget_and_curl, wget_progress_bar
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


@pytest.mark.parametrize(
    ("words", "loud"),
    [
        ("https://example.com/a", True),
        ("-O a https://example.com/a", True),
        ("-nc https://example.com/a", True),
        ("-O -q https://example.com/a", True),  # a file called -q
        ("-qO- https://example.com/a", False),
        ("-nv https://example.com/a", False),
        ("--no-verbose https://example.com/a", False),
        ("--progress=dot:giga https://example.com/a", False),
        ("-a log https://example.com/a", False),
        ("$OPTIONS https://example.com/a", False),
        ("--version", False),
        ("", False),
    ],
)
def test_wget(words: str, *, loud: bool) -> None:
    build = evaluate(parse(f"FROM debian:12-slim\nRUN wget {words}\n"))
    assert bool(list(wget_progress_bar.check(build))) is loud


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM debian:12-slim\nRUN wget -q a\nRUN curl b && wget -q c\nRUN curl d\n", [3]),
        ("FROM buildpack-deps:bookworm-curl\nRUN wget -q a\nRUN curl b\n", []),
        (
            "FROM debian:12-slim AS a\nRUN wget -q a\nFROM debian:12-slim\nRUN curl b\nCOPY --from=a /a /a\n",
            [],
        ),
        ("FROM debian:12-slim\nRUN apt-get install -y wget curl\n", []),
        ("FROM debian:12-slim\nRUN command -v wget || curl b\n", []),
    ],
)
def test_both(text: str, lines: list[int]) -> None:
    assert [match.span.first for match in wget_and_curl.check(evaluate(parse(text)))] == lines
