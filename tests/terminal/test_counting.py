"""The files that are counted on standard error while a large build context is read."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from multistage_cli.build.context import BuildContext, open_context
from multistage_cli.terminal import counting
from multistage_cli.terminal.counting import counted_files


class Terminal(io.StringIO):
    """Standard error, as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def context(tmp_path: Path) -> BuildContext:
    for number in range(30):
        (tmp_path / f"folder{number}").mkdir()
        (tmp_path / f"folder{number}" / "file").write_text("1")
    return open_context(tmp_path)


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Not a fixture: pytest puts its own standard error in place between those and the test."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setenv("TERM", "xterm-256color")
    return found


def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every folder took long."""
    monkeypatch.setattr(counting, "_SILENT_SECONDS", 0.0)
    monkeypatch.setattr(counting, "_BETWEEN_SECONDS", 0.0)


def test_files_are_counted_where_it_takes_long(
    context: BuildContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = terminal_of(monkeypatch)
    slow(monkeypatch)
    with counted_files(context, color="never"):
        assert context.size_of(["."]).files == 30
    shown = terminal.getvalue()
    assert "reading the build context" in shown
    assert "30 files" in shown
    assert context.tell is None


def test_short_work_shows_nothing(context: BuildContext, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with counted_files(context):
        context.size_of(["."])
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_no_one_looks(
    context: BuildContext, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow(monkeypatch)
    with counted_files(context):
        context.size_of(["."])
        assert context.tell is None
    assert capsys.readouterr() == ("", "")


def test_the_line_goes_when_the_work_fails(context: BuildContext, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    slow(monkeypatch)

    def fail() -> None:
        with counted_files(context):
            context.size_of(["."])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert context.tell is None
    assert terminal.getvalue().endswith("\x1b[2K")  # the last thing written empties the line


def test_without_a_build_context(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with counted_files(None):
        pass
    assert terminal.getvalue() == ""
