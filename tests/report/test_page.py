"""The page: every section in its order, in every width, for every Dockerfile."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len

from multistage_cli.analyze.engine import Analysis
from multistage_cli.analyze.views.json import as_data as analysis_data
from multistage_cli.build.evaluate import evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse
from multistage_cli.report.page import Page, collect_page
from multistage_cli.report.views import json as json_view
from multistage_cli.report.views import text
from multistage_cli.sizes.views.json import as_data as sizes_data
from tests.corpus import cases
from tests.drawn import WIDTHS, drawn, inside, is_harmless, too_wide_to_break, uncropped
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
SHOWN = ["brief", "go-distroless", "node-npm-ci", "multi-target-python", "ubuntu-everything", "python-uv"]
NAMES = [found.name for found in cases()]
HEADINGS = [
    "MULTISTAGE BUILD",
    "Build Stage Flow",
    "Best Practices Validation",
    "Estimated Size Comparison",
    "Build Commands",
    "Key Takeaways",
]


@cache
def corpus_page(name: str) -> Page:
    with inside(name) as build:
        return collect_page(build)


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str) -> None:
    check(GOLDEN / f"{name}.text.80.txt", drawn(text.render(corpus_page(name))))


def test_golden_json() -> None:
    check(GOLDEN / "brief.json", json_view.render(corpus_page("brief")) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_sections_stand_in_their_order(name: str) -> None:
    lines = drawn(text.render(corpus_page(name))).splitlines()
    places = [lines.index(heading) for heading in HEADINGS]
    assert places == sorted(places)
    count = len(corpus_page(name).flow.stages)
    assert f"   Found {count} build stage{'s' if count > 1 else ''}" in lines
    assert "   Analyzing: Dockerfile" in lines


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_at_every_width(name: str) -> None:
    page = corpus_page(name)
    for width in WIDTHS:
        view = text.render(page)
        wide = [line for line in uncropped(view, width) if cell_len(line) > width]
        assert all(too_wide_to_break(line) for line in wide)
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()


@pytest.mark.parametrize("name", NAMES)
def test_json_holds_what_the_rooms_say(name: str) -> None:
    page = corpus_page(name)
    data = json.loads(json_view.render(page))
    assert data.keys() == {"version", "path", "flow", "analyze", "sizes", "commands", "takeaways", "against"}
    assert data["version"] == 1
    assert data["analyze"] == json.loads(json.dumps(analysis_data(Analysis((page.analysis,), None))))
    assert data["sizes"] == json.loads(json.dumps(sizes_data(page.sizes)))
    assert data["takeaways"] == list(page.takeaways)
    assert data["against"] is None


def test_findings_beyond_the_fifth_are_only_counted() -> None:
    copies = "".join(f"COPY --from={index} /a /b\n" for index in range(50, 58))
    page = collect_page(evaluate(parse(f"FROM alpine:3.22\n{copies}")))
    shown = drawn(text.render(page))
    assert shown.count("error MS001") == 5
    assert "   and 3 more: multistage analyze shows all" in shown


def test_commands_of_many_stages_are_only_counted() -> None:
    shown = drawn(text.render(corpus_page("hundred-stages")))
    assert shown.count("# Build only the") == 2
    assert "# Run the container" in shown
    assert "more: multistage commands shows all" in shown


def test_file_without_stages() -> None:
    with pytest.raises(MultistageError, match="has no FROM"):
        collect_page(evaluate(parse("ARG A\n")))
