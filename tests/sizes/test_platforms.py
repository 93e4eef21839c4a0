"""Other platforms: the facts are about one, so ranges are wider for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.ranges import total
from multistage_cli.sizes.views import bars, html, markdown
from multistage_cli.sizes.wording import platform_note
from tests.drawn import drawn

if TYPE_CHECKING:
    from pathlib import Path

    from multistage_cli.sizes.model import Sizes

TEXT = """FROM --platform=linux/amd64 python:3.12 AS build
RUN apt-get update && apt-get install -y gcc
FROM debian:bookworm-slim AS base
COPY data /data
FROM base
RUN apt-get update && apt-get install -y --no-install-recommends curl
"""


def built(folder: Path, platform: str) -> Sizes:
    folder.mkdir(exist_ok=True)
    (folder / "data").write_text("x" * 1000)
    return estimate_sizes(evaluate(parse(TEXT), platform=platform, context=open_context(folder)))


def test_ranges_of_another_platform_hold_those_of_the_facts(tmp_path: Path) -> None:
    known, other = built(tmp_path, "linux/amd64"), built(tmp_path, "linux/arm64")
    assert other.image.low < known.image.low < known.image.estimate == other.image.estimate
    assert known.image.high < other.image.high
    assert other.image == other.stages[2].size == other.comparison[-1].size
    assert other.stages[2].size == total(
        (other.stages[1].size, *(layer.size for layer in other.stages[2].layers))
    )
    assert any("linux/arm64" in text for text in other.unknown)


def test_what_is_the_same_everywhere_stays_exact(tmp_path: Path) -> None:
    known, other = built(tmp_path, "linux/amd64"), built(tmp_path, "linux/arm64")
    assert other.stages[1].layers == known.stages[1].layers  # files of the build context
    assert other.stages[0].size == known.stages[0].size  # a stage with a platform of its own


def test_every_view_says_so(tmp_path: Path) -> None:
    note = platform_note("linux/arm64")
    assert note.startswith("The facts are about linux/amd64: ")
    other = built(tmp_path, "linux/arm64")
    assert note in drawn(bars.render(other), 200)
    assert note in markdown.render(other)
    assert note in html.render(other)
    assert platform_note("linux/amd64") == ""
    assert "facts are about" not in drawn(bars.render(built(tmp_path, "linux/amd64")))
