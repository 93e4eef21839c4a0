"""What a Dockerfile teaches is drawn from it, and no sentence says what another one said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from multistage_cli.analyze.engine import analyze_build
from multistage_cli.report.page import collect_page
from multistage_cli.report.takeaways import takeaways
from multistage_cli.sizes.estimate import estimate_sizes
from tests.corpus import Case, cases
from tests.sizes.built import build_of


def taught(text: str, tmp_path: Path | None = None, files: dict[str, str] | None = None) -> list[str]:
    build = build_of(text, tmp_path, files)
    return list(takeaways(build, analyze_build(build), estimate_sizes(build)))


def about(found: list[str], word: str) -> str:
    """The one that holds the word; empty where there is none."""
    return next((text for text in found if word in text), "")


APT = "apt-get install -y --no-install-recommends"
GOOD = f"""\
FROM python:3.12-slim AS build
RUN {APT} build-essential
COPY requirements.txt .
RUN pip install --no-cache-dir --target /opt/site -r requirements.txt
FROM python:3.12-slim
COPY --from=build /opt/site /opt/site
USER www-data
EXPOSE 80
HEALTHCHECK CMD true
"""


def test_of_a_good_one() -> None:
    found = taught(GOOD)
    assert found[0].startswith("Stage build keeps build-essential (~")
    assert "less than one stage on python:3.12-slim" in found[0]
    assert found[1].startswith("python:3.12-slim as base image instead of python:3.12 saves about ")
    assert found[2:] == [
        "Of stage build only /opt/site ships (line 6)",
        "Dependencies stay cached when the source changes: pip has them from line 4",
        "The container runs as www-data (line 7), not as root",
        "HEALTHCHECK (line 9) tells an orchestrator when the container no longer answers",
    ]


def test_of_a_bad_one() -> None:
    found = taught(
        f"FROM python:3.12\nRUN apt-get update && {APT} vim\nCOPY . .\nRUN pip install -r r.txt\nEXPOSE 80\n"
    )
    assert found[0] == (
        "To mend first: Multistage Build (line 1), Slim Base Image (line 1), Non-root User (line 1) and 3 more;"
        " the checks above say how"
    )
    assert found[1].startswith("Line 2 leaves the apt package lists in the image (~20 MB): delete ")
    assert about(found, "heaviest") == ""


def test_what_the_build_stops_at_comes_first() -> None:
    assert (
        taught("FROM alpine:3.22\nCOPY --from=7 /a /b\n")[0]
        == "Line 2 stops the build: mend it before anything else"
    )


def test_saving_is_a_lower_bound_where_something_is_unknown() -> None:
    text = (
        "FROM golang:1.26 AS build\nRUN swiftc -o /a x.swift\nFROM scratch\nCOPY --from=build /a /\nUSER 1\n"
    )
    assert about(taught(text), "keeps") == (
        "Stage build keeps golang:1.26 (base image) (~874 MB) out of the image:"
        " about 874 MB or more less than one stage on golang:1.26"
    )


def test_no_saving_against_an_unknown_base() -> None:
    found = taught(
        "FROM golang:1.26 AS build\nRUN swiftc -o /a x.swift\nFROM example.com/x\nCOPY --from=build /a /\n"
    )
    assert about(found, "keeps") == "Stage build keeps golang:1.26 (base image) (~874 MB) out of the image"
    assert about(found, "saves") == ""


def test_base_that_a_stage_keeps_out_is_told_once() -> None:
    text = "FROM python:3.12 AS build\nRUN make\nFROM python:3.12-slim\nCOPY --from=build /a /a\n"
    found = taught(text)
    assert "python:3.12 beyond python:3.12-slim" in about(found, "keeps")
    assert about(found, "instead of") == ""


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ("COPY --from=build /a /a\n", "Of stage build only /a ships (line 4)"),
        ("COPY --from=build /a /b /x/\n", "Of stage build only /a and /b ship (line 4)"),
        ("COPY --from=build /a /\nCOPY --from=build /b /\n", "Of stage build only /a and /b ship (line 4)"),
        ("COPY --from=build /1 /2 /3 /4 /5 /\n", "Of stage build only /1, /2, /3 and 2 more ship (line 4)"),
        ("COPY --from=build / /\n", ""),
        ("COPY --from=build /a /\nRUN --mount=from=build,target=/b cp /b/c /c\n", ""),
        ("RUN --mount=from=build,target=/b cp /b/c /c\n", ""),
    ],
)
def test_what_alone_ships_of_a_stage(copies: str, expected: str) -> None:
    text = f"FROM alpine:3.22 AS build\nRUN make\nFROM alpine:3.22\n{copies}"
    assert about(taught(text), "only") == expected


def test_what_alone_ships_with_its_size(tmp_path: Path) -> None:
    text = "FROM alpine:3.22 AS build\nCOPY . /a\nFROM alpine:3.22\nCOPY --from=build /a /a\n"
    found = taught(text, tmp_path, {"x": "x" * 3_000_000})
    assert about(found, "only") == "Of stage build only /a ships (line 4, ~3.0 MB)"


def test_heaviest_line_is_told_where_nothing_else_is_said_of_it(tmp_path: Path) -> None:
    text = "FROM alpine:3.22\nCOPY . /a\n"
    found = taught(text, tmp_path, {"x": "x" * 6_000_000})
    assert (
        about(found, "heaviest") == "Line 2 is the heaviest on top of the base image, with ~6.0 MB: COPY . /a"
    )
    assert about(taught(text, tmp_path, {"x": "x" * 4_000_000}), "heaviest") == ""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("one",), "Stage one is not built for this target"),
        (("one", "two"), "Stages one and two are not built for this target"),
        (("a", "b", "c", "d", "e"), "Stages a, b, c and 2 more are not built for this target"),
    ],
)
def test_stages_that_are_not_built(names: tuple[str, ...], expected: str) -> None:
    text = "".join(f"FROM alpine:3.22 AS {name}\n" for name in names) + "FROM alpine:3.22\n"
    assert about(taught(text), "not built") == expected


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_every_dockerfile_of_the_corpus(case: Case) -> None:
    build = case.build()
    page = collect_page(build)
    found = page.takeaways
    assert 1 <= len(found) <= 6
    assert len({" ".join(text.split()[:4]) for text in found}) == len(found), "each begins in its own way"
    last = len(build.dockerfile.lines)
    for text in found:
        assert all(1 <= int(number) <= last for number in re.findall(r"[Ll]ine (\d+)", text))
        assert not text.removesuffix("...").endswith((".", " "))
