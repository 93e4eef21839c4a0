"""The command as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.cli import main

TEXT = """\
FROM alpine AS build
RUN true
FROM build AS test
RUN true
FROM scratch AS app
COPY --from=build /a /a
"""
FORMATS = ["boxes", "tree", "mermaid", "dot", "svg", "html"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text(TEXT)


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(("flow", *arguments)) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize("kind", FORMATS)
def test_a_target_that_is_named_leaves_the_rest_away(
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "test" in typed(capsys, "--format", kind)
    for target in ("app", "APP", "2"):
        shown = typed(capsys, "--format", kind, "--target", target)
        assert "test" not in shown
        assert "build" in shown


def test_json_keeps_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(typed(capsys, "--format", "json", "--target", "app"))
    assert [(stage["name"], stage["needed"]) for stage in data["stages"]] == [
        ("build", True),
        ("test", False),
        ("app", True),
    ]


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    shown = typed(capsys, "--help")
    assert "Example: multistage flow --target test --format svg --output flow.svg" in shown


@pytest.mark.parametrize("kind", ["svg", "html", "dot", "mermaid"])
def test_written_to_a_file_as_it_is(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "--format", kind, "--output", "picture") == ""
    assert Path("picture").read_text(encoding="utf-8") == typed(capsys, "--format", kind)
