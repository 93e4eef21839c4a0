"""Completion in real shells: each sources what the program prints for it, and completes a command line."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("bash, zsh and fish are driven through a POSIX terminal", allow_module_level=True)

DOCKERFILE = "FROM alpine:3.22 AS tools\nFROM tools AS Build\nFROM alpine:3.22 AS runtime\n"
FOLDER = Path(sys.executable).parent
COMMANDS = {"analyze", "cache", "commands", "explain", "flow", "inspect", "report", "sizes"}
ANSWER_SECONDS = 30


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder with a Dockerfile, an empty home, and the program first in PATH."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "Other").write_text("FROM scratch AS elsewhere\n")
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PATH": f"{FOLDER}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
    }


def run(shell: str, script: str, environment: dict[str, str]) -> list[str]:
    """What a script prints in a real shell."""
    executable = shutil.which(shell)
    if executable is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        timeout=ANSWER_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


CASES = [
    pytest.param("", COMMANDS, id="commands"),
    pytest.param("fl", {"flow"}, id="start of a command"),
    pytest.param("flow --target ", {"tools", "Build", "runtime"}, id="stages"),
    pytest.param("flow --target b", {"build"}, id="stages in any case"),
    pytest.param("--target r", {"runtime"}, id="stages without a command"),
    pytest.param("sizes Other --target ", {"elsewhere"}, id="stages of the named file"),
    pytest.param("analyze Other --target e", {"elsewhere"}, id="stages of the first of several files"),
    pytest.param("flow Missing --target ", set(), id="no file, no stages"),
    pytest.param("flow --format ", {"boxes", "tree", "json", "mermaid", "dot", "svg", "html"}, id="formats"),
]


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_bash(line: str, expected: set[str], environment: dict[str, str]) -> None:
    words = ["multistage", *line.split(" ")]
    script = (
        "source <(multistage --show-completion); complete -p multistage >/dev/null\n"
        f"COMP_WORDS=({' '.join(words)}"
        + (" ''" if not words[-1] else "")
        + f"); COMP_CWORD={len(words) - 1}\n"
        '_multistage_completion multistage; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    assert {found for found in run("bash", script, environment) if found} == expected


@pytest.mark.parametrize(("line", "expected"), CASES)
def test_fish(line: str, expected: set[str], environment: dict[str, str]) -> None:
    script = f'multistage --show-completion | source; complete --do-complete "multistage {line}"; true'
    found = {entry.split("\t")[0] for entry in run("fish", script, environment) if entry}
    # Without an answer of ours fish offers files.
    assert found - {"Dockerfile", "Other", "home/"} == expected


class Zsh:
    """A real zsh at a pseudo-terminal, where keys are pressed and the screen is read."""

    def __init__(self, environment: dict[str, str]) -> None:
        import pty

        executable = shutil.which("zsh")
        if executable is None:
            pytest.skip("zsh is not installed")
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(executable, [executable, "-f", "-i"], environment)

    def type(self, keys: str, wanted: str) -> str:
        """Press keys, and return what appears from then on until `wanted` is among it."""
        screen = ""
        os.write(self.terminal, keys.encode())
        end = time.monotonic() + ANSWER_SECONDS
        while wanted not in screen:
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, screen
            screen += os.read(self.terminal, 4096).decode("utf-8", "replace")
        return screen

    def close(self) -> None:
        """End the shell, whatever it is doing."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.fixture
def zsh(environment: dict[str, str]) -> Iterator[Zsh]:
    shell = Zsh({**environment, "PS1": "READY> "})
    shell.type("", "READY> ")
    shell.type("autoload -Uz compinit && compinit -u; echo compinit-$?\n", "compinit-0")
    # In a shell whose last command is not the program itself, so that it finds zsh as its parent.
    shell.type('eval "$(multistage --show-completion; true)"; echo sourced-$?\n', "sourced-0")
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("multistage fl", "flow"),
        ("multistage flow --target ru", "runtime"),
        ("multistage sizes Other --target e", "elsewhere"),
        ("multistage flow --format tr", "tree"),
    ],
)
def test_zsh(zsh: Zsh, typed: str, completed: str) -> None:
    # The shell echoes what is typed; what the key adds completes the word.
    zsh.type(typed, typed.removeprefix("multistage"))
    added = completed.removeprefix(typed.rsplit(" ", 1)[-1])
    assert added in zsh.type("\t", added)


def test_powershell_script_is_printed(environment: dict[str, str]) -> None:
    """PowerShell itself is no package of Debian's: its script is made by Typer, and asked as it would ask."""
    done = subprocess.run(
        [FOLDER / "multistage"],
        capture_output=True,
        text=True,
        env={
            **environment,
            "_MULTISTAGE_COMPLETE": "complete_powershell",
            "_TYPER_COMPLETE_ARGS": "multistage flow --target ",
            "_TYPER_COMPLETE_WORD_TO_COMPLETE": "",
        },
        timeout=ANSWER_SECONDS,
        check=False,
    )
    assert {line.split(":::")[0] for line in done.stdout.splitlines()} == {"tools", "Build", "runtime"}
