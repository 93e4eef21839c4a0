"""What stays out of the image: never anything that some COPY --from or mount may bring into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.sizes.reach import taken_paths
from tests.sizes.built import build_of, sizes_of

APT = "RUN apt-get install -y --no-install-recommends"
BUILD = "FROM python:3.12-slim AS build\n"
LAST = "FROM python:3.12-slim\n"


def excluded(text: str, tmp_path: Path | None = None, files: dict[str, str] | None = None) -> list[str]:
    return [entry.what for entry in sizes_of(text, tmp_path, files).excluded]


def test_tools_caches_and_source_stay_behind(tmp_path: Path) -> None:
    sizes = sizes_of(
        f"{BUILD}RUN apt-get update && apt-get install -y --no-install-recommends gcc make\nWORKDIR /app\n"
        f"COPY . .\nRUN pip install --target /out flask\n{LAST}COPY --from=build /out /out\n",
        tmp_path,
        {"big.bin": "x" * 500_000},
    )
    found = {entry.what: entry for entry in sizes.excluded}
    assert list(found) == ["gcc", "apt package lists", "pip cache", "source (.)", "make"]
    assert (found["gcc"].stage, found["gcc"].line) == ("build", 2)
    assert (found["source (.)"].stage, found["source (.)"].line) == ("build", 4)
    weights = [entry.size.estimate for entry in sizes.excluded]
    assert weights == sorted(weights, reverse=True)


def test_small_things_are_not_worth_a_line(tmp_path: Path) -> None:
    assert (
        excluded(f"{BUILD}COPY . /app\n{LAST}COPY --from=build /x /x\n", tmp_path, {"a": "x" * 99_999}) == []
    )


def test_records_of_packages_and_guesses_are_not_named() -> None:
    build = f"{BUILD}{APT} surely-no-package\nRUN pip install --no-cache-dir --target /in surely-nobody\n"
    assert excluded(f"{build}{LAST}COPY --from=build /x /x\n") == []


def test_one_stage_leaves_nothing_out() -> None:
    assert excluded(f"{LAST}{APT} gcc\n") == []


def test_base_stages_ship() -> None:
    assert excluded(f"FROM python:3.12-slim AS base\n{APT} gcc\nFROM base\nCOPY --from=base /x /x\n") == []


def test_stages_that_are_not_needed_are_not_named() -> None:
    assert excluded(f"{BUILD}{APT} gcc\n{LAST}") == []


# What crosses.


@pytest.mark.parametrize("path", ["/out", "/out/flask", "/", "/out/*.py"])
def test_what_is_copied_is_not_excluded(path: str) -> None:
    text = f"{BUILD}RUN pip install --no-cache-dir --target /out flask\n{LAST}COPY --from=build {path} /x/\n"
    assert excluded(text) == []


def test_what_is_copied_through_another_stage_is_not_excluded() -> None:
    text = (
        f"{BUILD}RUN pip install --no-cache-dir --target /out flask\n"
        f"FROM scratch AS between\nCOPY --from=build /out /in/site\n{LAST}COPY --from=between {{}} /site\n"
    )
    for path in ("/in", "/in/site", "/in/site/flask"):
        assert "flask" not in excluded(text.format(path))
    assert "flask" in excluded(text.format("/else"))


def test_what_a_stage_that_continues_it_gives_away_is_not_excluded() -> None:
    text = (
        f"FROM python:3.12-slim AS one\nRUN pip install --no-cache-dir --target /out flask\n"
        f"FROM one AS two\nRUN true\n{LAST}COPY --from=two /out /out\n"
    )
    assert excluded(text) == []


@pytest.mark.parametrize("mount", ["from=build,target=/b", "from=build,source=/out,target=/b"])
def test_what_is_mounted_into_the_image_s_stage_may_be_copied_from_there(mount: str) -> None:
    text = (
        f"{BUILD}RUN pip install --no-cache-dir --target /out flask\nRUN pip install --no-cache-dir --target /in idna\n"
        f"{LAST}RUN --mount=type=bind,{mount} cp -r /b/x /x\n"
    )
    found = excluded(text)
    assert "flask" not in found
    assert ("idna" in found) == ("source" in mount)


@pytest.mark.parametrize("command", ["cp -r /in /out", "mv /in /out", "frobnicate", "tar -c /in > /out/x"])
def test_what_a_command_may_have_moved_is_not_excluded(command: str) -> None:
    text = f"{BUILD}RUN pip install --no-cache-dir --target /in flask\nRUN {command}\n{LAST}COPY --from=build /out /\n"
    assert "flask" not in excluded(text)
    assert "flask" in excluded(text.replace(command, "true"))


@pytest.mark.parametrize(
    ("path", "crosses"),
    [
        ("/app", set()),
        ("/usr/local/bin/app", set()),
        ("/etc/passwd", set()),
        ("/etc/ssl/certs/ca-certificates.crt", {"ca-certificates"}),
        ("/usr/share/zoneinfo", set()),
        ("/usr/lib/x86_64-linux-gnu/libpq.so.5", {"ca-certificates", "libpq5", "gcc"}),
        ("/", {"ca-certificates", "libpq5", "gcc"}),
    ],
)
def test_packages_cross_where_system_folders_are_copied(path: str, crosses: set[str]) -> None:
    build = f"FROM debian:bookworm-slim AS build\n{APT} ca-certificates libpq5 gcc\n"
    text = f"{build}FROM scratch\nCOPY --from=build {path} /\n"
    assert {"ca-certificates", "libpq5", "gcc"} - set(excluded(text)) == crosses


def test_a_cache_crosses_with_its_home() -> None:
    text = f"{BUILD}RUN pip install --target /opt/x flask\n{LAST}COPY --from=build {{}} /x\n"
    assert "pip cache" in excluded(text.format("/opt/x"))
    assert "pip cache" not in excluded(text.format("/root"))


def test_source_is_excluded_where_only_what_was_made_of_it_is_copied(tmp_path: Path) -> None:
    files = {"src/a": "x" * 200_000}
    text = f"{BUILD}WORKDIR /app\nCOPY . .\nRUN npm run build\n{LAST}COPY --from=build {{}} /x\n"
    assert "source (.)" in excluded(text.format("/app/dist"), tmp_path, files)
    assert "source (.)" not in excluded(text.format("/app/src"), tmp_path, files)
    assert "source (.)" not in excluded(text.format("/app"), tmp_path, files)


# Base images.


def test_base_image_of_another_kind() -> None:
    found = sizes_of(
        "FROM golang:1.26 AS build\nRUN echo a > /a\nFROM scratch\nCOPY --from=build /a /\n"
    ).excluded
    assert [(entry.what, entry.stage, entry.line) for entry in found] == [
        ("golang:1.26 (base image)", "build", 1)
    ]


def test_base_image_of_the_same_kind_counts_by_the_difference() -> None:
    sizes = sizes_of("FROM python:3.12 AS build\nRUN make\nFROM python:3.12-slim\nCOPY --from=build /a /\n")
    (entry,) = sizes.excluded
    assert entry.what == "python:3.12 beyond python:3.12-slim"
    full = sizes_of("FROM python:3.12\n").image.estimate
    slim = sizes_of("FROM python:3.12-slim\n").image.estimate
    assert entry.size.estimate == full - slim


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:3.12-slim AS build\nRUN make\nFROM python:3.12-slim\nCOPY --from=build /a /\n",
        "FROM alpine:3.22 AS build\nRUN make\nFROM nginx:1.31-alpine\nCOPY --from=build /a /\n",
        "FROM golang:1.26 AS build\nRUN make\nFROM scratch\nCOPY --from=build / /\n",
        "FROM golang:1.26 AS build\nRUN make\nFROM scratch\nCOPY --from=build /usr/lib /usr/lib\n",
        "FROM golang:1.26 AS build\nRUN make\nFROM build\nCOPY --from=build /a /\n",
        "FROM example.com/x AS build\nRUN make\nFROM scratch\nCOPY --from=build /a /\n",
    ],
    ids=["the same", "held by the other", "all copied", "system copied", "base stage", "unknown"],
)
def test_base_image_that_is_not_left_out(text: str) -> None:
    assert excluded(text) == []


def test_base_image_is_named_once() -> None:
    text = (
        "FROM golang:1.26 AS a\nRUN echo a > /a\nFROM golang:1.26 AS b\nRUN echo b > /b\n"
        "FROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n"
    )
    assert excluded(text) == ["golang:1.26 (base image)"]


# The paths.


def test_taken_paths() -> None:
    build = build_of(
        "FROM alpine AS a\nFROM a AS b\nFROM alpine AS c\nCOPY --from=b /x /kept\nCOPY --from=b /y /unused\n"
        "FROM alpine\nCOPY --from=c /kept/part /p\nCOPY --from=a /z* /\n"
    )
    assert taken_paths(build) == {3: {"/"}, 2: {"/kept/part"}, 1: {"/x"}, 0: {"/"}}


def test_more_paths_than_can_be_kept_apart_are_all() -> None:
    copies = "".join(f"COPY --from=a /{index} /\n" for index in range(300))
    assert taken_paths(build_of(f"FROM alpine AS a\nFROM alpine\n{copies}"))[0] == {"/"}
