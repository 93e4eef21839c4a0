"""Digests of what an instruction selects, differences between two build contexts, and what a name is part of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multistage_cli.build.context import (
    Change,
    ContextDigests,
    Coverage,
    Difference,
    Differences,
    Selector,
    open_context,
)

Tree = dict[str, str | tuple[str]]

TREE: Tree = {"a.txt": "a", "src/app.py": "app", "src/lib/x.py": "x", "README.md": "readme", "link": ("src",)}


def make(root: Path, tree: Tree) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        elif isinstance(content, tuple):
            path.symlink_to(content[0])
        else:
            path.write_text(content, encoding="utf-8")
    return root


def digest(root: Path, *words: str, exclude: tuple[str, ...] = (), wildcards: bool = True) -> bytes:
    return ContextDigests(open_context(root)).of(Selector(words, exclude, wildcards))


SAME = {
    "times": lambda root: os.utime(root / "a.txt", (0, 0)),
    "the same bytes again": lambda root: (root / "a.txt").write_text("a"),
    "the mode of the context itself": lambda root: root.chmod(0o700),
}
OTHER = {
    "content": lambda root: (root / "src/app.py").write_text("other"),
    "mode": lambda root: (root / "a.txt").chmod(0o755),
    "a folder's mode": lambda root: (root / "src").chmod(0o700),
    "a new file": lambda root: (root / "src/new").write_text(""),
    "a file less": lambda root: (root / "src/lib/x.py").unlink(),
    "an empty folder": lambda root: (root / "empty").mkdir(),
    "a name": lambda root: (root / "a.txt").rename(root / "b.txt"),
    "a link's target": lambda root: ((root / "link").unlink(), (root / "link").symlink_to("a.txt")),
}


@pytest.mark.parametrize("name", SAME)
def test_digest_of_a_folder_stays(tmp_path: Path, name: str) -> None:
    make(tmp_path, TREE)
    before = digest(tmp_path, ".")
    SAME[name](tmp_path)
    assert digest(tmp_path, ".") == before


@pytest.mark.parametrize("name", OTHER)
def test_digest_of_a_folder_changes(tmp_path: Path, name: str) -> None:
    make(tmp_path, TREE)
    before = digest(tmp_path, ".")
    OTHER[name](tmp_path)
    assert digest(tmp_path, ".") != before


def test_digest_takes_in_only_what_is_selected(tmp_path: Path) -> None:
    make(tmp_path, {**TREE, ".dockerignore": "*.log", "x.log": "1"})
    whole, source, files = digest(tmp_path, "."), digest(tmp_path, "src"), digest(tmp_path, "*.txt")
    (tmp_path / "x.log").write_text("2")
    assert digest(tmp_path, ".") == whole
    (tmp_path / "README.md").write_text("other")
    assert digest(tmp_path, ".") != whole
    assert (digest(tmp_path, "src"), digest(tmp_path, "*.txt")) == (source, files)


def test_name_of_a_plain_source_does_not_count(tmp_path: Path) -> None:
    make(tmp_path, {"one/x": "same", "two/y": "same", "a/b/c": "deep", "d/c": "deep"})
    assert digest(tmp_path, "one/x") == digest(tmp_path, "two/y")
    assert digest(tmp_path, "a/b") == digest(tmp_path, "d")
    assert digest(tmp_path, "one") != digest(tmp_path, "two")


def test_links_are_followed_where_they_are_named(tmp_path: Path) -> None:
    make(tmp_path, TREE)
    assert digest(tmp_path, "link") == digest(tmp_path, "src")
    assert digest(tmp_path, "link/app.py") == digest(tmp_path, "src/app.py")


def test_order_of_sources_does_not_count(tmp_path: Path) -> None:
    make(tmp_path, TREE)
    assert digest(tmp_path, "a.txt", "README.md") == digest(tmp_path, "README.md", "a.txt")


def test_wildcards_see_last_names_only(tmp_path: Path) -> None:
    make(tmp_path, {"one/x.txt": "x"})
    before = digest(tmp_path, "*/x.txt")
    (tmp_path / "one").rename(tmp_path / "two")
    assert digest(tmp_path, "*/x.txt") == before
    (tmp_path / "two/x.txt").rename(tmp_path / "two/y.txt")
    assert digest(tmp_path, "*/*.txt") != before


def test_excluded_files_do_not_count(tmp_path: Path) -> None:
    make(tmp_path, TREE)
    before = digest(tmp_path, ".", exclude=("*.md",))
    (tmp_path / "README.md").write_text("other")
    assert digest(tmp_path, ".", exclude=("*.md",)) == before
    (tmp_path / "a.txt").write_text("other")
    assert digest(tmp_path, ".", exclude=("*.md",)) != before


def test_mount_has_no_wildcards(tmp_path: Path) -> None:
    make(tmp_path, {"*": "star", "b": "b"})
    before = digest(tmp_path, "*", wildcards=False)
    (tmp_path / "b").write_text("other")
    assert digest(tmp_path, "*", wildcards=False) == before
    assert digest(tmp_path, "missing") == digest(tmp_path, "neither")


# Differences


def differences(
    before: Path, after: Path, *words: str, exclude: tuple[str, ...] = ()
) -> list[tuple[str, Change]]:
    found = Differences(open_context(before), open_context(after)).of(Selector(words, exclude))
    return [(entry.path, entry.change) for entry in found.differences]


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[Path, Path]:
    return make(tmp_path / "before", TREE), make(tmp_path / "after", TREE)


def test_copies_do_not_differ(contexts: tuple[Path, Path]) -> None:
    assert differences(*contexts, ".") == []


def test_differences_are_named(contexts: tuple[Path, Path]) -> None:
    _, after = contexts
    (after / "src/app.py").write_text("APP")
    (after / "a.txt").chmod(0o755)
    (after / "new").mkdir()
    (after / "new/file").write_text("")
    (after / "README.md").unlink()
    assert differences(*contexts, ".") == [
        ("README.md", Change.GONE),
        ("a.txt", Change.MODE),
        ("new", Change.NEW),
        ("new/file", Change.NEW),
        ("src/app.py", Change.CHANGED),
    ]
    assert differences(*contexts, "src") == [("src/app.py", Change.CHANGED)]
    assert differences(*contexts, "link") == [("link/app.py", Change.CHANGED)]
    assert differences(*contexts, "*.txt") == [("a.txt", Change.MODE)]
    assert differences(*contexts, ".", exclude=("src", "new")) == [
        ("README.md", Change.GONE),
        ("a.txt", Change.MODE),
    ]


def test_ignore_file_lets_in_and_leaves_out(contexts: tuple[Path, Path]) -> None:
    before, after = contexts
    (before / ".dockerignore").write_text(".dockerignore\nsrc")
    (after / ".dockerignore").write_text(".dockerignore\n*.md")
    assert differences(before, after, ".") == [
        ("README.md", Change.LEFT_OUT),
        ("src", Change.LET_IN),
        ("src/app.py", Change.LET_IN),
        ("src/lib", Change.LET_IN),
        ("src/lib/x.py", Change.LET_IN),
    ]


def test_what_a_builder_may_overlook(contexts: tuple[Path, Path]) -> None:
    before, after = contexts
    (after / "src").chmod(0o700)
    compared = Differences(open_context(before), open_context(after)).of(Selector((".",)))
    assert compared.overlooked
    (after / "a.txt").write_text("b")
    os.utime(before / "a.txt", (1, 1))
    os.utime(after / "a.txt", (1, 1))
    assert Differences(open_context(before), open_context(after)).of(Selector((".",))).overlooked
    os.utime(after / "a.txt", (2, 2))
    assert not Differences(open_context(before), open_context(after)).of(Selector((".",))).overlooked


def test_touched_files_are_not_read(contexts: tuple[Path, Path]) -> None:
    context = open_context(contexts[1])
    touched = (Difference("src/app.py", Change.CHANGED), Difference("docs", Change.CHANGED, folder=True))
    found = Differences(context, context, touched)
    assert [entry.path for entry in found.of(Selector((".",))).differences] == ["docs", "src/app.py"]
    assert [entry.path for entry in found.of(Selector(("src",))).differences] == ["src/app.py"]
    assert [entry.path for entry in found.of(Selector(("docs/api/*.md",))).differences] == ["docs"]
    assert found.of(Selector(("src/lib",))).differences == ()


def test_moved_files_under_a_wildcard_are_not_certain(contexts: tuple[Path, Path]) -> None:
    context = open_context(contexts[1])
    touched = (Difference("one/x.txt", Change.GONE), Difference("two/x.txt", Change.NEW))
    assert not Differences(context, context, touched).of(Selector(("*/x.txt",))).certain
    assert Differences(context, context, touched).of(Selector((".",))).certain


@pytest.mark.parametrize(
    ("earlier", "later", "moved"),
    [("one/x", "two/x", True), ("one/x", "two/y", False), ("gone/x", "two/x", None)],
)
def test_same_content_elsewhere(tmp_path: Path, earlier: str, later: str, moved: bool | None) -> None:
    context = open_context(make(tmp_path, {"one/x": "same", "two/x": "same", "two/y": "other"}))
    touched = (Difference("gone/x", Change.GONE),)
    assert Differences(context, context, touched).moved(Selector((earlier,)), Selector((later,))) is moved


# Coverage


@pytest.mark.parametrize(
    ("words", "path", "covered"),
    [
        ((".",), "anything/at/all", True),
        (("/",), "anything", True),
        (("src",), "src/app.py", True),
        (("src/",), "src/app.py", True),
        (("src",), "srcs/app.py", False),
        (("../src",), "src/app.py", True),
        (("a.txt", "src"), "src/new", True),
        (("*.txt",), "b.txt", True),
        (("*.txt",), "src/b.txt", False),
        (("*/lib",), "src/lib/deep/y", True),
        (("s[a-z]c/*.py",), "src/new.py", True),
        (("s[a-z]c/*.py",), "src/lib/new.py", False),
        (("link",), "src/app.py", True),
        (("link",), "link", True),
        (("link/app.py",), "src/app.py", True),
        (("link/app.py",), "src/lib/x.py", False),
        ((".",), "x.log", False),
        (("[",), "[", False),
    ],
)
def test_a_name_is_part_of_a_selection(
    tmp_path: Path, words: tuple[str, ...], path: str, covered: bool
) -> None:
    make(tmp_path, {**TREE, ".dockerignore": "*.log"})
    assert Coverage(open_context(tmp_path), Selector(words)).covers(path) is covered


def test_excluded_names_and_folders(tmp_path: Path) -> None:
    context = open_context(make(tmp_path, TREE))
    coverage = Coverage(context, Selector(("src",), ("lib",)))
    assert not coverage.covers("src/lib/x.py")
    assert coverage.covers("src/app.py")
    assert coverage.covers(".", folder=True)
    assert not coverage.covers("docs", folder=True)
