"""The measured image as it is shown; numbers by hand, so that no estimate that gets better changes them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from multistage_cli.sizes.measured.model import Measured, MeasuredLine, UnmatchedLayer, WastedPath, Weight
from multistage_cli.sizes.measured.tables import measured_data, measured_tables
from multistage_cli.sizes.measured.text import MeasuredText
from multistage_cli.sizes.model import Sizes
from multistage_cli.sizes.ranges import Range
from multistage_cli.sizes.views import bars, html, markdown
from multistage_cli.sizes.views import json as json_view
from tests.drawn import HOSTILE, WIDTHS, drawn, is_harmless, too_wide
from tests.golden import check
from tests.sizes.built import sizes_of

GOLDEN = Path(__file__).parent / "golden"

MEASURED = Measured(
    label="app.tar",
    size_bytes=186_400_000,
    estimate=Range(150_000_000, 170_000_000, 180_000_000),
    base="python:3.13-slim",
    base_bytes=121_000_000,
    base_estimate=Range(118_000_000, 119_000_000, 122_000_000),
    lines=(
        MeasuredLine("runtime", 8, "WORKDIR /app", Range(), 0),
        MeasuredLine(
            "runtime", 9, "RUN apt-get update && apt-get install -y --no-install-recommends l...",
            Range(30_000_000, 40_000_000, 48_000_000), 52_300_000, 812,
            (Weight("/usr/lib/x86_64-linux-gnu/libLLVM-19.so.1", 21_000_000), Weight("/var/cache/a", 900_000)),
            (Weight("/usr/lib/x86_64-linux-gnu", 45_000_000), Weight("/var/lib/apt/lists", 4_000_000)),
        ),
        MeasuredLine("runtime", 10, "COPY . .", Range.exactly(12_000), 12_000, 7, (Weight("/app/a.py", 12_000),)),
        MeasuredLine("runtime", 11, "RUN rm -r /var/lib/apt/lists", Range(), None),
    ),
    unmatched=(UnmatchedLayer("RUN /bin/sh -c touch /stamp", 13_088_000),),
    wasted=(
        WastedPath("/var/lib/apt/lists/mirror.example_dists_trixie_main_binary-amd64_Packages.lz4", 3_900_000, 9, None),
        WastedPath("/etc/passwd", 1_000, None, 9, of_base=True),
    ),
    wasted_bytes=4_101_000,
    base_wasted_bytes=2_000_000,
    base_heaviest=(Weight("/usr/local/lib/libpython3.13.so.1.0", 7_000_000),),
    base_directories=(Weight("/usr", 110_000_000), Weight("/usr/local/lib", 40_000_000)),
    notes=("line 11: nothing in the image's history fits",),
)  # fmt: skip


@cache
def sizes() -> Sizes:
    return replace(sizes_of("FROM python:3.13-slim\nWORKDIR /app\n"), measured=MEASURED)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_golden_text(width: int) -> None:
    check(GOLDEN / f"measured.{width}.txt", drawn(MeasuredText(MEASURED), width))


def test_golden_json() -> None:
    check(GOLDEN / "measured.json", json.dumps(measured_data(MEASURED), indent=2) + "\n")


def test_every_view_shows_the_tables() -> None:
    for text in (drawn(bars.render(sizes()), 120), markdown.render(sizes()), html.render(sizes())):
        for shown in ("app.tar", "52 MB", "libLLVM", "touch /stamp", "nothing in the image", "4.1 MB"):
            assert shown in text
    data = json.loads(json_view.render(sizes()))["measured"]
    assert data == measured_data(MEASURED)
    assert data["layers"][1] == {
        "stage": "runtime", "line": 9, "instruction": MEASURED.lines[1].instruction, "bytes": 52_300_000, "files": 812,
        "estimate": 40_000_000, "low": 30_000_000, "high": 48_000_000, "difference": -12_300_000, "within": False,
    }  # fmt: skip


def test_json_without_an_image_has_null() -> None:
    assert json.loads(json_view.render(replace(sizes(), measured=None)))["measured"] is None


def test_no_line_loses_its_size_at_any_width() -> None:
    for width in WIDTHS:
        assert too_wide(MeasuredText(MEASURED), width) == []
        text = drawn(MeasuredText(MEASURED), width, "ascii")
        assert text.isascii()
        assert "52 MB" in text.replace("\n", "") or width < 40


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_harmless_in_every_view(name: str) -> None:
    line = replace(MEASURED.lines[1], instruction=name, heaviest=(Weight(name, 9_000_000),))
    hostile = replace(
        MEASURED,
        label=name,
        base=name,
        lines=(line,),
        unmatched=(UnmatchedLayer(name, 1),),
        wasted=(WastedPath(name, 5_000_000, 9, 10),),
        notes=(name,),
    )
    for width in WIDTHS:
        assert is_harmless(drawn(MeasuredText(hostile), width))
    shown = replace(sizes(), measured=hostile)
    assert is_harmless(markdown.render(shown))
    assert is_harmless(html.render(shown))
    json.loads(json_view.render(shown))


def test_tables_have_a_cell_for_each_column() -> None:
    for table in measured_tables(MEASURED):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(number < len(table.columns) for number in table.right)


def test_a_directory_that_is_one_file_is_not_shown_beside_it() -> None:
    line = replace(
        MEASURED.lines[1],
        heaviest=(Weight("/opt/big", 50_000_000),),
        directories=(Weight("/opt", 50_000_100),),
    )
    tables = measured_tables(replace(MEASURED, lines=(line,), base_heaviest=(), base_directories=()))
    assert [row[1] for row in tables[1].rows] == ["/opt/big"]


def test_nothing_wasted_is_no_table() -> None:
    assert len(measured_tables(replace(MEASURED, wasted=(), wasted_bytes=0))) == 2
