"""The build context as files of an image."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.context import BuildContext, open_context
from multistage_cli.build.files import Files, Kind, Nature
from multistage_cli.build.files.context import ContextFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print(1)\n")
    (tmp_path / "src" / "main.py").chmod(0o640)
    (tmp_path / "start.sh").write_text("#!/bin/sh\n")
    (tmp_path / "start.sh").chmod(0o755)
    (tmp_path / "link").symlink_to("src")
    (tmp_path / "secret.txt").write_text("s")
    (tmp_path / ".dockerignore").write_text("secret.txt\n")
    return tmp_path


def files(folder: Path) -> Files:
    return Files.of(ContextFiles(open_context(folder)))


def test_modes_are_those_on_disk_and_all_belongs_to_root(folder: Path) -> None:
    entry = files(folder).entry("/src/main.py")
    assert (entry.exists, entry.kind, entry.mode, entry.uid, entry.gid) == (
        Claim.YES,
        Kind.FILE,
        0o640,
        0,
        0,
    )
    assert entry.content is not None
    assert entry.content.text == "print(1)\n"


def test_links_are_followed_on_demand(folder: Path) -> None:
    found = files(folder)
    assert found.entry("/link", follow=False).kind is Kind.LINK
    assert found.entry("/link").kind is Kind.DIRECTORY
    assert found.exists("/link/main.py") is Claim.YES


def test_ignored_and_missing_files_are_not_there(folder: Path) -> None:
    found = files(folder)
    assert found.exists("/secret.txt") is found.exists("/nothing") is found.exists("/src/x") is Claim.NO


def test_names_are_those_of_one_folder(folder: Path) -> None:
    found = files(folder)
    assert found.names("/") == (".dockerignore", "link", "src", "start.sh")
    assert found.names("/link") == found.names("/src") == ("main.py",)


def test_folders_that_only_hold_exceptions_are_there(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "kept.md").write_text("k")
    (tmp_path / "docs" / "left.md").write_text("l")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".dockerignore").write_text("docs\nempty\n!docs/kept.md\n!empty/x\n")
    found = files(tmp_path)
    assert found.names("/") == (".dockerignore", "docs")
    assert found.names("/docs") == ("kept.md",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_fifo_is_there_and_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    entry = files(tmp_path).entry("/pipe")
    assert (entry.exists, entry.kind, entry.content) == (Claim.YES, UNKNOWN, None)


def test_a_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read = BuildContext.read_start

    def counted(self: BuildContext, path: str, limit_bytes: int) -> bytes | None:
        opened.append(path)
        return read(self, path, limit_bytes)

    monkeypatch.setattr(BuildContext, "read_start", counted)
    found = files(folder)
    for _ in range(3):
        content = found.entry("/start.sh").content
        assert content is not None
        assert content.nature is Nature.SCRIPT
    assert opened == ["start.sh"]
