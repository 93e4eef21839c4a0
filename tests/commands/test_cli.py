"""The command as a person types it: options, exit codes, and what goes where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.cli import main

TEXT = "FROM busybox AS tools\nRUN true\nFROM busybox\nCOPY --from=tools /a /a\nUSER 1\nEXPOSE 8080\nCMD x\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tmp_path / "shop"
    found.mkdir()
    monkeypatch.chdir(found)
    Path("Dockerfile").write_text(TEXT)


def typed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(("commands", *arguments)) == code
    captured = capsys.readouterr()
    assert (captured.err if code == 0 else captured.out) == ""
    return captured.out if code == 0 else captured.err


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah", "nerdctl"])
def test_each_tool(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"   {tool} build -t shop:v1 .\n" in typed(capsys, "--tool", tool)
    data = json.loads(typed(capsys, "--tool", tool, "--format", "json"))
    assert data["tool"] == tool
    assert data["commands"][0]["argv"] == [tool, "build", "-t", "shop:v1", "."]


@pytest.mark.parametrize("kind", ["text", "json", "shell", "bake", "compose"])
def test_each_format(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "shop:v1" in typed(capsys, "--format", kind)


def test_an_unknown_tool(capsys: pytest.CaptureFixture[str]) -> None:
    message = typed(capsys, "--tool", "rocket", code=2)
    assert message.startswith("multistage: Invalid value for '--tool'")
    assert message.endswith("see multistage commands --help\n")


def test_a_tool_that_reads_no_bake_files(capsys: pytest.CaptureFixture[str]) -> None:
    message = typed(capsys, "--tool", "podman", "--format", "bake", code=2)
    assert message == "multistage: docker reads Bake files, podman does not; leave --tool away\n"


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    shown = typed(capsys, "--help")
    assert "Example: multistage commands --tool podman --format shell --output build.sh" in shown
    assert "The commands" in shown
    assert "The build" in shown


def test_written_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(capsys, "--format", "compose", "--output", "compose.yaml") == ""
    assert Path("compose.yaml").read_text().startswith("# docker compose up --build\n")
