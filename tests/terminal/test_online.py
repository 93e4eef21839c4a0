"""`--online` on the command line: every command takes it, and nothing opens a connection without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from multistage_cli.cli import main
from multistage_cli.terminal.online import online_of_this_run

COMMANDS = ("analyze", "cache", "commands", "flow", "inspect", "report", "sizes")
NOBODY = "127.0.0.1:1"  # a port that no registry of anybody's listens on
DOCKERFILE = f'FROM {NOBODY}/shop/base:1\nUSER app\nHEALTHCHECK NONE\nCMD ["serve"]\n'

PROGRAM = """\
import io, json, sys
from contextlib import redirect_stdout
from multistage_cli.cli import main
with redirect_stdout(io.StringIO()):
    main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""
CONNECTING = {"http.client", "urllib.request", "ssl", "multistage_cli.facts.online"}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a Dockerfile, and no cache or login of this machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    Path("Dockerfile").write_text(DOCKERFILE)
    online_of_this_run.cache_clear()


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_network_the_run_goes_on(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("--line", "2") if command == "inspect" else ()
    code = main([command, *line])
    without = capsys.readouterr()
    assert main([command, "--online", *line]) == code
    found = capsys.readouterr()
    assert found.out == without.out
    expected = (
        f"multistage: --online: cannot reach {NOBODY} (connection refused); going on with the shipped facts\n"
    )
    assert found.err.removeprefix(without.err) == expected


def test_several_files_ask_once(capsys: pytest.CaptureFixture[str]) -> None:
    Path("second.Dockerfile").write_text(DOCKERFILE)
    main(["analyze", "--online", ".", "--jobs", "1"])
    assert capsys.readouterr().err.count("cannot reach") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_that_connects_is_imported_without_it(command: str) -> None:
    line = ("--line", "2") if command == "inspect" else ()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, command, *line],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not CONNECTING & set(json.loads(done.stdout))
