"""What re-runs as it is shown: golden files, any width, and names that try to break out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from multistage_cli.cache.model import Advice, CacheReport, Result, StageVerdicts, Verdict
from multistage_cli.cache.views import json as json_view
from multistage_cli.cache.views import markdown, text
from tests.cache.contexts import project, run
from tests.drawn import HOSTILE, WIDTHS, drawn, is_harmless
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
QUESTIONS = {
    "file": ("--changed", "src/app.py"),
    "manifest": ("--changed", "requirements.txt"),
    "argument": ("--changed-arg", "VERSION"),
    "image": ("--changed-image", "python:3.12-slim"),
    "nothing": ("--changed", "missing.txt"),
    "open": (),
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", QUESTIONS)
def test_golden_text(tmp_path: Path, name: str, width: int) -> None:
    code, output, errors = run(project(tmp_path), "--width", str(width), *QUESTIONS[name])
    assert (code, errors) == (0, "")
    check(GOLDEN / f"{name}.text.{width}.txt", output)


@pytest.mark.parametrize("name", QUESTIONS)
def test_golden_markdown_and_json(tmp_path: Path, name: str) -> None:
    root = project(tmp_path)
    check(GOLDEN / f"{name}.md", run(root, "--format", "markdown", *QUESTIONS[name])[1])
    check(GOLDEN / f"{name}.json", run(root, "--format", "json", *QUESTIONS[name])[1])


def report_of(text_: str) -> CacheReport:
    """A report in which everything that a user writes is this text."""
    verdicts = tuple(
        Verdict(line, line, text_, text_, result, certain, text_, None)
        for line, (result, certain) in enumerate(
            [(result, certain) for result in Result for certain in (True, False)], start=1
        )
        if result is not Result.NOT_BUILT
    )
    spare = Verdict(99, 99, text_, text_, Result.NOT_BUILT, certain=True, because=text_)
    stages = (
        StageVerdicts(text_, text_, text_, needed=True, verdicts=verdicts),
        StageVerdicts("spare", text_, text_, needed=False, verdicts=(spare,)),
    )
    return CacheReport(
        text_, text_, text_, stages, (text_,), (Advice(1, text_, "move", text_, 2.0, 3_000_000),)
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_holds_at_any_width(hostile: str, width: int) -> None:
    shown = drawn(text.render(report_of(hostile)), width)
    assert is_harmless(shown)
    assert all(cell_len(line) <= width for line in shown.splitlines())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markdown_stays_a_table(hostile: str) -> None:
    shown = markdown.render(report_of(hostile))
    assert is_harmless(shown)
    rows = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 8
    assert all(row.replace("\\\\", "").replace("\\|", "").count("|") == 5 for row in rows)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_json_holds_any_text(hostile: str) -> None:
    assert json.loads(json_view.render(report_of(hostile)))["change"] == hostile


def test_many_lines_are_cut_with_a_word_about_it(tmp_path: Path) -> None:
    dockerfile = "FROM python:3.12-slim\n" + "COPY . .\nRUN true\n" * 30
    output = run(project(tmp_path, dockerfile), "--changed", "src/app.py")[1]
    assert "and 20 more: --format json shows all" in output
