"""What changed against another build: findings, stages, megabytes; in each view."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.cli import main
from multistage_cli.parser import parse
from multistage_cli.report.page import Page, collect_page, with_difference
from multistage_cli.report.views import json as json_view
from multistage_cli.report.views import markdown, text
from multistage_cli.terminal.revisions import OtherBuild
from tests.drawn import WIDTHS, drawn, is_harmless, too_wide_to_break, uncropped
from tests.golden import check
from tests.terminal.test_revisions import commit, git, write

GOLDEN = Path(__file__).parent / "golden"
BEFORE = """FROM python:3.12-slim
RUN apt-get update && apt-get install -y curl
USER 1000
CMD ["python", "/app/main.py"]
"""
AFTER = """# The first line is new.

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl gcc
CMD ["python", "/app/main.py"]
"""


def compared(before: str, after: str, label: str = "main (1234567)", *notes: str) -> Page:
    page = collect_page(evaluate(parse(after)))
    return with_difference(page, OtherBuild(label, evaluate(parse(before)), notes))


def codes(page: Page) -> tuple[list[str], list[str], int]:
    """The new findings, the fixed ones, and how many are as before."""
    assert page.difference is not None
    found = page.difference
    return [entry.code for entry in found.new], [entry.code for entry in found.fixed], found.kept


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """In a folder of its own, since commands name the image after the folder that they are typed in."""
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return compared(BEFORE, AFTER, "main (1234567)", "git does not track data/")


def test_new_and_fixed_findings(page: Page) -> None:
    new, fixed, kept = codes(page)
    assert "MS730" in new  # gcc ships
    assert "MS403" in fixed  # recommended packages
    assert "MS401" not in new + fixed  # the same line still has no version, though its words are others
    assert kept == len(page.analysis.findings) - len(new)
    assert page.difference is not None
    assert (page.difference.score.passed, page.difference.score.total) != (0, 0)


def test_findings_that_only_moved_are_the_same() -> None:
    assert codes(compared(BEFORE, f"\n\n\n{BEFORE}"))[:2] == ([], [])
    found = compared(BEFORE, f"\n\n\n{BEFORE}").difference
    assert found is not None
    assert found.sizes.changed == ()


def test_one_more_of_the_same_is_new() -> None:
    one = "FROM alpine:3.22\nCOPY --from=9 /a /b\n"
    new, fixed, kept = codes(compared(one, f"{one}COPY --from=9 /a /b\n"))
    assert len(new) >= 1
    assert fixed == []
    assert codes(compared(f"{one}COPY --from=9 /a /b\n", one))[1] == new
    assert kept >= 1


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_golden(page: Page, name: str) -> None:
    view = {"text": text, "markdown": markdown}[name]
    check(GOLDEN / f"against.{name}.txt", drawn(view.render(page), 100))


def test_text_at_every_width(page: Page) -> None:
    for width in WIDTHS:
        wide = [line for line in uncropped(text.render(page), width) if len(line) > width]
        assert all(too_wide_to_break(line) for line in wide)
        assert drawn(text.render(page), width, "ascii").isascii()


def test_json(page: Page) -> None:
    data = json.loads(json_view.render(page))["against"]
    assert data.keys() == {"against", "new", "fixed", "kept", "score", "sizes", "notes"}
    assert [entry["code"] for entry in data["new"]] == codes(page)[0]
    assert data["sizes"]["difference"]["estimate"] > 0
    assert data["notes"] == ["git does not track data/"]


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"Dockerfile": BEFORE})
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    write(tmp_path, {"Dockerfile": AFTER})
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--against", "HEAD", "--format", "markdown"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "### What changed against `HEAD (" in captured.out
    assert "MS730" in captured.out.split("**Fixed**")[0]
    assert main(["report", "--against", "nope"]) == 2
    assert capsys.readouterr().err.startswith("multistage: no such file: nope")


@pytest.mark.parametrize("label", ["</details><script>", "`x` @everyone", "a\nb", "\x1b[2J", "x | y"])
def test_hostile_label(label: str) -> None:
    page = compared(BEFORE, AFTER, label, label)
    for view in (text, markdown, json_view):
        assert is_harmless(drawn(view.render(page)))
    shown = re.sub(r"`[^`\n]*`", "", markdown.render(page))
    assert shown.count("<details>") == shown.count("</details>")
    assert "<script" not in shown


@pytest.mark.parametrize("command", ["report", "sizes"])
def test_against_with_a_build_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    write(tmp_path, {"Dockerfile": AFTER, "Other": BEFORE, "context/.dockerignore": "*.log\n"})
    monkeypatch.chdir(tmp_path)
    assert main([command, "--context", "context", "--against", "Other", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out)["against"]["against" if command == "sizes" else "sizes"]
