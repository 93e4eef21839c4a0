"""The same build in one stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.sizes.model import Comparison
from tests.corpus import Case, cases
from tests.sizes.built import sizes_of

APT = "apt-get install -y --no-install-recommends"


def ways(
    text: str, tmp_path: Path | None = None, files: dict[str, str] | None = None
) -> dict[str, Comparison]:
    return {entry.label: entry for entry in sizes_of(text, tmp_path, files).comparison}


TWO = (
    f"FROM python:3.12-slim AS build\nRUN {APT} gcc\n"
    "RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir flask\n"
    "FROM python:3.12-slim\nCOPY --from=build /venv /venv\n"
)


def test_full_slim_and_as_written() -> None:
    found = ways(TWO)
    assert list(found) == ["one stage, python:3.12", "one stage, python:3.12-slim", "as written"]
    full, slim, written = (entry.size.estimate for entry in found.values())
    assert full > slim > written
    assert not any(entry.more for entry in found.values())


def test_one_stage_holds_the_base_and_each_thing_once() -> None:
    sizes = sizes_of(TWO)
    slim = sizes.comparison[1].size.estimate
    assert slim == sizes.stages[0].size.estimate


def test_what_two_stages_install_is_there_once() -> None:
    once = f"FROM python:3.12-slim\nRUN {APT} git\n"
    twice = once.replace("slim", "slim AS build", 1) + once + "COPY --from=build /x /x\n"
    one = ways(twice)["one stage, python:3.12-slim"].size
    assert one.estimate == sizes_of(once).image.estimate


def test_files_that_two_stages_copy_are_there_once(tmp_path: Path) -> None:
    files = {"a": "x" * 1_000_000}
    text = (
        "FROM python:3.12-slim AS build\nCOPY . /b\nRUN make\n"
        "FROM python:3.12-slim\nCOPY . /app\nCOPY --from=build /x /\n"
    )
    one = ways(text, tmp_path, files)["one stage, python:3.12-slim"].size.estimate
    assert one == sizes_of("FROM python:3.12-slim\n").image.estimate + 1_000_000


def test_tools_that_the_full_image_has_are_not_added_to_it() -> None:
    found = ways(TWO)
    base = sizes_of("FROM python:3.12\n").image.estimate
    assert found["one stage, python:3.12"].size.estimate - base < 40_000_000  # flask, and nothing of gcc


def test_it_starts_from_the_heaviest_base() -> None:
    text = "FROM alpine:3.22 AS tool\nRUN apk add --no-cache jq\nFROM node:22-alpine\nCOPY --from=tool /usr/bin/jq /\n"
    assert list(ways(text)) == ["one stage, node:22-alpine", "as written"]


def test_single_stage_is_compared_with_the_other_variant_only() -> None:
    assert list(ways("FROM python:3.12-slim\n")) == ["one stage, python:3.12", "as written"]
    assert list(ways("FROM python:3.12\n")) == ["one stage, python:3.12-slim", "as written"]
    assert list(ways("FROM alpine:3.22\n")) == ["as written"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM example.com/x AS build\nRUN make\nFROM python:3.12-slim\nCOPY --from=build /x /\n",
        "FROM python:3.12 AS build\nRUN make\nFROM example.com/x\nCOPY --from=build /x /\n",
        "ARG B\nFROM python:3.12 AS build\nRUN make\nFROM ${B}\nCOPY --from=build /x /\n",
        "FROM node:22-alpine AS b\nRUN make\nFROM debian:bookworm-slim\nRUN apt-get update\nCOPY --from=b /x /\n",
        "FROM alpine:3.22 AS a\nRUN apk add jq\nFROM debian:bookworm-slim\nRUN apt-get update\nCOPY --from=a /x /\n",
        "FROM scratch\nCOPY <<E /a\n1\nE\n",
    ],
    ids=["unknown builder", "unknown target", "argument", "apt on alpine", "apk and apt", "scratch"],
)
def test_no_comparison_where_it_would_be_a_guess(text: str) -> None:
    sizes = sizes_of(text)
    assert [entry.label for entry in sizes.comparison] == ["as written"]
    assert (sizes.saving, sizes.saving_percent) == (0, None)


def test_variants_that_the_package_manager_does_not_run_on_are_left_out() -> None:
    text = "FROM golang:1.26-alpine AS build\n{}RUN go build -o /a\nFROM scratch\nCOPY --from=build /a /\n"
    assert "one stage, golang:1.26" in ways(text.format(""))
    assert "one stage, golang:1.26" not in ways(text.format("RUN apk add gcc\n"))


def test_what_is_not_known_comes_on_top() -> None:
    text = "FROM golang:1.26 AS build\nRUN frobnicate\nFROM scratch\nCOPY --from=build /a /\n"
    sizes = sizes_of(text)
    assert all(entry.more for entry in sizes.comparison)
    assert sizes.saving > 800_000_000
    assert sizes.saving_percent is None


def test_what_the_target_is_for_comes_on_top() -> None:
    text = "FROM node:22-slim AS build\nCOPY <<E /x\n1\nE\nFROM {}\nCOPY --from=build /x /x\n"
    assert ways(text.format("nginx:1.31"))["one stage, node:22-slim"].more
    assert not ways(text.format("node:22-slim"))["one stage, node:22-slim"].more
    assert not ways(text.format("debian:bookworm-slim"))["one stage, node:22-slim"].more


def test_saving() -> None:
    sizes = sizes_of(TWO)
    assert sizes.largest is sizes.comparison[0]
    assert sizes.saving == sizes.comparison[0].size.estimate - sizes.image.estimate
    assert sizes.saving_percent == round(100 * sizes.saving / sizes.comparison[0].size.estimate)


def test_a_few_kilobytes_are_no_saving() -> None:
    text = "FROM alpine:3.22 AS a\nCOPY <<E /big\n12345\nE\nFROM alpine:3.22\nCOPY --from=a /other /\n"
    assert sizes_of(text).saving == 0


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_every_comparison_of_the_corpus_makes_sense(case: Case) -> None:
    from multistage_cli.sizes.estimate import estimate_sizes

    build = case.build()
    sizes = estimate_sizes(build)
    *others, written = sizes.comparison
    assert (written.label, written.size) == ("as written", sizes.image)
    assert len({entry.label for entry in others}) == len(others) <= 2
    assert [e.size.estimate for e in others] == sorted((e.size.estimate for e in others), reverse=True)
    if sizes.saving:
        assert sizes.base.known
    if len(build.needed) > 1 and others:
        # One stage on the base that the build itself names holds at least what the image holds.
        heaviest = max(entry.size.high for entry in others)
        assert heaviest >= sizes.image.low
