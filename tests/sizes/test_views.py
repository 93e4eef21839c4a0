"""The sizes as they are shown: golden files, and what holds for every width, terminal and name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.model import Comparison, Excluded, Sizes
from multistage_cli.sizes.ranges import Range
from multistage_cli.sizes.views import bars
from multistage_cli.sizes.views import json as json_view
from tests.corpus import case, cases
from tests.drawn import HOSTILE, WIDTHS, coloured, drawn, inside, is_harmless, too_wide
from tests.golden import check
from tests.sizes.built import sizes_of

GOLDEN = Path(__file__).parent / "golden"
SHOWN = ["brief", "go-distroless", "node-npm-ci", "multi-target-python", "cpp-gcc-single", "python-uv"]
NAMES = [found.name for found in cases()]


@cache
def corpus_sizes(name: str) -> Sizes:
    return estimate_sizes(case(name).build())


# Golden files.


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.bars.80.txt", drawn(bars.render(corpus_sizes(name))))


@pytest.mark.parametrize("width", [20, 60, 200])
def test_golden_widths(width: int) -> None:
    check(GOLDEN / f"brief.bars.{width}.txt", drawn(bars.render(corpus_sizes("brief")), width))


def test_golden_ascii() -> None:
    text = drawn(bars.render(corpus_sizes("go-distroless")), encoding="ascii")
    assert text.isascii()
    check(GOLDEN / "go-distroless.bars.80.ascii.txt", text)


def test_golden_json() -> None:
    with inside("brief") as build:
        check(GOLDEN / "brief.json", json_view.render(estimate_sizes(build)) + "\n")


# The shape that interface.md promises.

RANGE = {"low", "estimate", "high"}


def assert_range(data: dict[str, Any]) -> None:
    assert data.keys() >= RANGE
    assert 0 <= data["low"] <= data["estimate"] <= data["high"]


@pytest.mark.parametrize("name", NAMES)
def test_json_of_the_corpus(name: str) -> None:
    build = case(name).build()
    data = json.loads(json_view.render(corpus_sizes(name)))
    assert data.keys() >= {
        "version", "path", "target", "platform", "image", "base", "stages", "comparison", "excluded", "measured",
    }  # fmt: skip
    assert (data["version"], data["path"], data["platform"]) == (1, "Dockerfile", "linux/amd64")
    assert data["target"] == case(name).expected["target"]
    assert_range(data["image"])
    assert_range(data["base"])
    assert isinstance(data["base"]["ref"], str)
    keys = [stage.key for stage in build.graph.stages]
    assert [stage["stage"] for stage in data["stages"]] == keys
    assert {stage["stage"] for stage in data["stages"] if stage["shipped"]} == {
        entry.stage.key for entry in build.shipped
    }
    for stage in data["stages"]:
        assert_range(stage)
        for layer in stage["layers"]:
            assert_range(layer)
            assert layer["line"] >= 1
            assert layer["estimate"] == sum(part["bytes"] for part in layer["parts"])
            assert all(part.keys() == {"what", "kind", "bytes"} for part in layer["parts"])
            assert all(isinstance(text, str) and text for text in layer["unknown"])
    assert data["comparison"][-1]["label"] == "as written"
    for entry in data["comparison"]:
        assert_range(entry)
    for entry in data["excluded"]:
        assert entry.keys() == {"what", "bytes", "stage", "line"}
        assert entry["stage"] in keys
    assert data["measured"] is None


# What holds always.


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_at_every_width(name: str) -> None:
    view = bars.render(corpus_sizes(name))
    for width in WIDTHS:
        assert too_wide(view, width) == []
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()


@pytest.mark.parametrize("name", NAMES)
def test_each_needed_stage_or_how_many_are_left_out(name: str) -> None:
    sizes = corpus_sizes(name)
    text = drawn(bars.render(sizes), 200)
    needed = [stage for stage in sizes.stages if stage.needed]
    if len(needed) <= 12:
        for stage in needed:
            assert (stage.label if not stage.label.isdecimal() else f"stage {stage.label}") in text
        assert "lighter" not in text
    else:
        assert f"and {len(needed) - 12} lighter ones" in text
    assert "(the image)" in text
    assert ("not needed for this target" in text) == (len(needed) < len(sizes.stages))


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless(name: str) -> None:
    real = corpus_sizes("brief")
    stages = tuple(
        replace(stage, label=name, stage=f"{name}{index}") for index, stage in enumerate(real.stages)
    )
    sizes = replace(
        real,
        stages=stages,
        target=stages[-1].stage,
        comparison=(
            *(Comparison(f"one stage, {name}", entry.size, more=True) for entry in real.comparison),
            real.comparison[-1],
        ),
        excluded=(Excluded(name, Range.exactly(10**9), name, 3),) * 10,
        unknown=(name, f"{name} again"),
    )
    for width in WIDTHS:
        view = bars.render(sizes)
        assert too_wide(view, width) == []
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()
    json.loads(json_view.render(sizes))


def test_markup_is_shown_as_it_is_written() -> None:
    sizes = replace(corpus_sizes("brief"), unknown=("[red]x[/red] :smile:",))
    assert "[red]x[/red] :smile:" in drawn(bars.render(sizes))


# Bars.


def lines(sizes: Sizes, width: int = 80) -> list[str]:
    return drawn(bars.render(sizes), width).splitlines()


def test_all_bars_have_one_scale() -> None:
    found = lines(corpus_sizes("brief"))
    written = next(line for line in found if "as written" in line)
    target = next(line for line in found if "(the image)" in line)
    assert written[written.index("█") :] == target[target.index("█") :]


def test_uncertainty_is_seen_in_the_bar() -> None:
    known, unknown = corpus_sizes("config-only-nginx"), corpus_sizes("cpp-gcc-single")
    assert not {"▒", "░"} & set("".join(lines(known)))
    bar = next(line for line in lines(unknown) if "(the image)" in line)
    assert bar.count("░") > bar.count("▒") > bar.count("█") > 0
    assert "█ at least  ▒ expected  ░ at most" in "\n".join(lines(unknown))
    assert "# at least  = expected  - at most" in drawn(bars.render(unknown), encoding="ascii")


def test_image_of_unknown_things_only() -> None:
    text = drawn(bars.render(sizes_of("FROM scratch\nADD https://example.com/x /\n")))
    assert "as written           0 MB +" in text
    assert "the size of https://example.com/x, added on line 2" in text


def test_saving_says_against_what_and_how_sure_it_is() -> None:
    assert bars.saving(corpus_sizes("brief")).endswith("% smaller than one stage on python:3.11-bookworm)")
    assert bars.saving(corpus_sizes("go-distroless")).endswith("% smaller than one stage on golang:1.26)")
    assert bars.saving(corpus_sizes("cpp-gcc-single")) == ""


def test_more_than_a_screen_is_folded() -> None:
    stages = "".join(f"FROM alpine:3.22 AS s{index}\nRUN curl x\n" for index in range(20))
    copies = "".join(f"COPY --from=s{index} /{index} /\n" for index in range(20))
    sizes = sizes_of(f"{stages}FROM alpine:3.22 AS last\n{copies}")
    text = drawn(bars.render(sizes))
    assert "and 9 lighter ones: --format json shows all" in text
    assert "last (the image)" in text
    assert "14 more: --format json shows all" in text
    many = replace(sizes, excluded=(Excluded("x", Range.exactly(10**6), "s0", 1),) * 11)
    assert "3 more (~3.0 MB)" in drawn(bars.render(many))


def test_colours_tell_what_ships() -> None:
    text = coloured(bars.render(corpus_sizes("brief")))
    builder, runtime = (
        next(line for line in text.splitlines() if name in line) for name in ("builder  ", "runtime")
    )
    assert "\x1b[34m█" in builder
    assert "\x1b[32m█" in runtime
    assert "\x1b[1mruntime" in runtime
    assert "\x1b[1mbuilder" not in builder
