"""Whole commands with `--online`, against a real registry on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from multistage_cli.cli import main
from multistage_cli.terminal.online import online_of_this_run
from tests.facts.online.images import Registry, image_of, layer_of

FILES = {"srv/app.py": b"print('hello')\n" * 1_000, "bin/sh": bytes(200_000)}
FILES_BYTES = sum(map(len, FILES.values()))
CONFIG = {"User": "1000", "WorkingDir": "/srv", "Env": ["PORT=8080"], "Cmd": ["python", "app.py"]}


@pytest.fixture
def dockerfile(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Dockerfile that starts from an image of the registry."""
    registry.push("shop/base", image_of([layer_of(FILES)], CONFIG), "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    online_of_this_run.cache_clear()
    path = tmp_path / "Dockerfile"
    path.write_text(f"FROM {registry.host}/shop/base:1\nENV URL=http://localhost:${{PORT}}\n")
    return str(path)


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    main([*arguments, "--format", "json"])
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_sizes(dockerfile: str, capsys: pytest.CaptureFixture[str]) -> None:
    without = answered(capsys, "sizes", dockerfile)
    assert without["stages"][0]["shipped"]
    assert without["image"]["low"] < without["image"]["high"]
    found = answered(capsys, "sizes", dockerfile, "--online")
    exactly = {"low": FILES_BYTES, "estimate": FILES_BYTES, "high": FILES_BYTES}
    assert {name: found["image"][name] for name in exactly} == exactly


def test_inspect(dockerfile: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", dockerfile, "--line", "2", "--online"])
    shown = capsys.readouterr().out
    for text in ("http://localhost:8080", "/srv", "python app.py", "1000"):
        assert text in shown


def test_analyze_knows_the_user(dockerfile: str, capsys: pytest.CaptureFixture[str]) -> None:
    def non_root(*more: str) -> str:
        practices = answered(capsys, "analyze", dockerfile, *more)["files"][0]["practices"]
        return next(entry["status"] for entry in practices if entry["name"] == "Non-root User")

    assert non_root("--online") == "passed"
    assert non_root() != "passed"


def test_a_cache_that_cannot_be_written(
    dockerfile: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "file"
    place.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    online_of_this_run.cache_clear()
    assert answered(capsys, "sizes", dockerfile, "--online")["image"]["estimate"] == FILES_BYTES


def test_a_login_is_never_kept(
    dockerfile: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, registry: Registry
) -> None:
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": "YWRhOnMzY3JldA=="}}}))
    online_of_this_run.cache_clear()
    answered(capsys, "sizes", dockerfile, "--online")
    kept = [path.read_text() for path in (tmp_path / "cache").rglob("*.json")]
    assert kept
    assert not any("YWRhOnMzY3JldA" in text or "s3cret" in text for text in kept)
