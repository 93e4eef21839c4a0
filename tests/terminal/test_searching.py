"""Dockerfiles found in folders and by globs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multistage_cli.errors import MultistageError
from multistage_cli.terminal.nearby import nearest, text_of
from multistage_cli.terminal.searching import dockerfiles, is_dockerfile_name


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("FROM scratch\n")


def found(*given: str) -> list[str]:
    complaints: list[str] = []
    paths = [path.as_posix() for path in dockerfiles([Path(text) for text in given], complaints.append)]
    assert complaints == []
    return paths


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True), ("dockerfile", True), ("DOCKERFILE", True), ("Dockerfile.prod", True),
        ("dockerfile.dev", True), ("api.Dockerfile", True), ("api.dockerfile", True), ("Containerfile", True),
        ("containerfile", True), ("Dockerfile.dockerignore", False), ("api.Dockerfile.dockerignore", False),
        ("Dockerfile-old", False), ("MyDockerfile", False), ("Containerfile.x", False), (".dockerignore", False),
    ],
)  # fmt: skip
def test_names(name: str, expected: bool) -> None:
    assert is_dockerfile_name(name) is expected


def test_a_folder_is_searched_in_order() -> None:
    make(
        "b/Dockerfile",
        "a/z/Dockerfile.dev",
        "a/Dockerfile",
        "c/api.Dockerfile",
        "c/readme.md",
        "Containerfile",
    )
    expected = ["Containerfile", "a/Dockerfile", "a/z/Dockerfile.dev", "b/Dockerfile", "c/api.Dockerfile"]
    assert found(".") == expected
    assert found("c", "a", "a/Dockerfile") == ["c/api.Dockerfile", "a/Dockerfile", "a/z/Dockerfile.dev"]


def test_git_and_what_gitignore_names_is_skipped() -> None:
    make(
        ".git/Dockerfile",
        "out/Dockerfile",
        "src/Dockerfile",
        "src/gen/Dockerfile",
        "src/keep/Dockerfile",
        "x.Dockerfile",
    )
    Path(".gitignore").write_text("/out\n*.Dockerfile\n")
    Path("src/.gitignore").write_text("*\n!/keep\n!/keep/**\n")
    assert found(".") == ["src/keep/Dockerfile"]
    assert found("out/Dockerfile") == ["out/Dockerfile"]  # named by the user
    assert found("src") == ["src/keep/Dockerfile"]


def test_ignore_files_above_the_folder_count_inside_of_a_repository() -> None:
    make("src/gen/Dockerfile", "src/Dockerfile")
    Path(".gitignore").write_text("gen/\n")
    assert found("src") == ["src/Dockerfile", "src/gen/Dockerfile"]  # no repository, so not ours to read
    Path(".git").mkdir()
    assert found("src") == ["src/Dockerfile"]


def test_globs_that_the_shell_left_alone() -> None:
    make("a/Dockerfile", "b/Dockerfile", "b/notes.txt", "c/d/Dockerfile.x")
    assert found("*/Dockerfile") == ["a/Dockerfile", "b/Dockerfile"]
    assert found("**/Dockerfile*") == ["a/Dockerfile", "b/Dockerfile", "c/d/Dockerfile.x"]
    assert found("b/*") == ["b/Dockerfile"]
    assert found("[ab]") == ["a/Dockerfile", "b/Dockerfile"]
    make("odd[1]/Dockerfile")
    assert found("odd[1]/Dockerfile") == ["odd[1]/Dockerfile"]


def test_nothing_there() -> None:
    Path("empty").mkdir()
    with pytest.raises(
        MultistageError, match=r"no Dockerfile in empty \(looked for Dockerfile, .*name the file"
    ):
        found("empty")
    with pytest.raises(MultistageError, match="nothing matches nowhere/\\*; check the pattern"):
        found("nowhere/*")
    assert found("missing") == ["missing"]  # reading it says so


def test_links_to_folders_are_not_followed() -> None:
    make("a/Dockerfile")
    try:
        Path("a/loop").symlink_to(Path.cwd(), target_is_directory=True)
        Path("linked.Dockerfile").symlink_to("a/Dockerfile")
        Path("broken.Dockerfile").symlink_to("nowhere")
    except OSError:
        pytest.skip("no links here")
    assert found(".") == ["linked.Dockerfile", "a/Dockerfile"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_told() -> None:
    make("a/Dockerfile", "b/Dockerfile")
    Path("a").chmod(0)
    complaints: list[str] = []
    try:
        assert [path.as_posix() for path in dockerfiles([Path()], complaints.append)] == ["b/Dockerfile"]
    finally:
        Path("a").chmod(0o755)
    assert complaints == ["cannot search a: Permission denied"]


def test_the_nearest_file_of_a_name(folder: Path) -> None:
    make("one.toml", "a/two.toml", "a/b/Dockerfile")
    names = ("one.toml", "two.toml")
    assert nearest(Path("a/b"), names, lambda _: True) == folder / "a/two.toml"
    assert nearest(Path("a/b"), names, lambda path: path.name == "one.toml") == folder / "one.toml"
    Path("a/.git").mkdir()
    assert nearest(Path("a/b"), names, lambda path: path.name == "one.toml") is None


def test_text_of_a_configuration() -> None:
    Path("x").write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert text_of(Path("x")) == "a = 1\n"
    Path("x").write_bytes(b"\xff")
    with pytest.raises(MultistageError, match="x is not UTF-8 text; save it as UTF-8"):
        text_of(Path("x"))
    with pytest.raises(MultistageError, match="cannot read y: No such file"):
        text_of(Path("y"))
