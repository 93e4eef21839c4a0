"""What `.gitignore` files name, by hand and as git itself says."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from multistage_cli.terminal.gitignore import level

if TYPE_CHECKING:
    from pathlib import Path

PATHS = [
    "a.txt", "b.md", "build/a.txt", "build/deep/a.txt", "src/build/a.txt", "src/a.txt", "src/deep/build/x",
    "docs/a/b/c.txt", "docs/a/c.txt", "docs/c.txt", "#x", "!x", "a b", "trailing ", "star*", "[x]", "x",
    "axxb", "ab", "aXb", "a-b", "build.txt", "A.TXT", "foo/bar", "foo/bar/baz", "deep/foo/bar", "abc/def/ghi",
]  # fmt: skip
PATTERNS = [
    "*.txt", "build", "build/", "/build", "/build/", "src/build", "src/build/", "**/build", "**/build/", "build/**",
    "docs/**/c.txt", "docs/*/c.txt", "docs/**", "**", "*", "/*", "/*.txt", "a?t", "?.txt", "[ab].*", "[!a]*", "[^a]*",
    "[a-b].txt", r"\#x", r"\!x", "# comment", "", "   ", "a b", "a\\ b", "trailing\\ ",
    "trailing ", r"star\*", r"\[x\]",
    "[x]", "a*b", "a*x*b", "a**b", "foo/bar", "/foo/bar", "foo/**/baz", "**/foo/bar", "foo/*", "*/bar", "abc/**/ghi",
    "!a.txt", "*.txt\n!a.txt", "build\n!build/a.txt", "*.txt\n!src/", "/*\n!/src", "docs/**\n!docs/a", "x\r", "[",
    "[a", "[]x]", "[[:alpha:]]", "[[:digit:]]*", "a\\", "/", "//", "!", "**/", "/**/a.txt", "a/**/b", "src/", "*/",
    "**/*.txt", "foo**bar", "*a*a*a*a*a*b", "\\a.txt",
]  # fmt: skip


def ours(text: str, path: str) -> bool:
    """Whether the path stays out, by itself or with one of its folders."""
    found = level(text, 0, None)
    names = path.split("/")
    return found is not None and any(
        found.ignores(names[:end], is_folder=end < len(names)) for end in range(1, len(names) + 1)
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None or os.name == "nt":
        pytest.skip("there is no git, or none that takes these names")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    taken = {name for path in PATHS for name in (path, *path.rsplit("/", 1)[:-1])}
    for path in PATHS:
        place = folder / path
        if any(other.startswith(f"{path}/") for other in taken):
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("")
    return folder


@pytest.mark.parametrize("pattern", PATTERNS)
def test_as_git_says(repository: Path, pattern: str) -> None:
    (repository / ".gitignore").write_bytes(pattern.encode() + b"\n")
    files = [path for path in PATHS if (repository / path).is_file()]
    done = subprocess.run(
        ["git", "-C", str(repository), "-c", "core.ignorecase=false", "check-ignore", "--stdin", "-z"],
        input="\0".join(files).encode(),
        capture_output=True,
        check=False,
    )
    git = set(done.stdout.decode().split("\0")) - {""}
    assert {path for path in files if ours(pattern, path)} == git


def test_a_deeper_file_goes_first() -> None:
    top = level("*.txt\nkept\n", 0, None)
    below = level("!a.txt\n", 1, top)
    assert below is not None
    assert not below.ignores(["sub", "a.txt"], is_folder=False)
    assert below.ignores(["sub", "b.txt"], is_folder=False)
    assert below.ignores(["sub", "kept"], is_folder=True)
    assert level("# nothing\n", 1, top) is top


def test_hostile_patterns_end() -> None:
    found = level("*a" * 5_000 + "b\n" + "**/" * 2_000 + "x\n", 0, None)
    assert found is not None
    assert not found.ignores(["a" * 255] * 50, is_folder=False)
