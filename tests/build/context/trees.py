"""Folders that tests make, and build contexts of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from multistage_cli.build.context import Entry

NOBODY = 65534
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


@dataclass(frozen=True)
class Link:
    """Stands for a symbolic link in the trees below."""

    target: str


Tree = dict[str, str | bytes | Link | None]


def make(root: Path, tree: Tree) -> Path:
    """Write files, links and (None) empty folders."""
    for name, content in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(exist_ok=True)
        elif isinstance(content, Link):
            try:
                path.symlink_to(content.target)
            except OSError:
                pytest.skip("this system makes no links")
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def paths(entries: Iterator[Entry] | tuple[Entry, ...]) -> list[str]:
    return [entry.path for entry in entries]


SOURCES: Tree = {
    "src/app.py": "12345",
    "src/lib/x.py": "1",
    "src/lib/y.txt": "22",
    "a.txt": "a",
    "b.txt": "bb",
    "a b": "s",
    "empty": None,
    "real/f": "f",
    "real/in": Link("../a.txt"),
    "ln": Link("real"),
    "lf": Link("real/f"),
    "abs": Link("/real/f"),
    "up": Link("../../../real/f"),
    "out": Link("../../../etc/hostname"),
    "dang": Link("nowhere"),
    "loop": Link("loop"),
    "far": Link("ln/../src"),
    ".dockerignore": ".dockerignore\nb.txt\n",
}
