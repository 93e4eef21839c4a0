"""Finding Dockerfiles: in folders, by globs, in a stable order."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.errors import MultistageError
from multistage_cli.terminal.gitignore import Level, level

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GITIGNORE = ".gitignore"
_LOOKED_FOR = "Dockerfile, Dockerfile.*, *.Dockerfile and Containerfile"
_MOST_IGNORE_BYTES = 1_000_000


def is_dockerfile_name(name: str) -> bool:
    """Whether a file's name says that it is a Dockerfile; an ignore file of its own is none."""
    lower = name.lower()
    if lower.endswith(".dockerignore"):
        return False
    return (
        lower in {"dockerfile", "containerfile"}
        or lower.startswith("dockerfile.")
        or lower.endswith(".dockerfile")
    )


def dockerfiles(given: Iterable[Path], complain: Callable[[str], None]) -> tuple[Path, ...]:
    """The Dockerfiles that paths name: files as they are, folders and globs searched; none twice.

    Args:
        given: files, folders, globs, or `-`.
        complain: told of each folder that cannot be read.

    Raises:
        MultistageError: a folder or a glob holds none.
    """
    found: dict[Path, None] = {}
    for path in given:
        before = len(found)
        expanded = _expanded(path)
        for entry in expanded:
            if str(entry) != "-" and entry.is_dir():
                below = list(_search(entry, complain))
                if not below and len(expanded) == 1:
                    raise MultistageError(
                        f"no Dockerfile in {entry} (looked for {_LOOKED_FOR}); name the file itself"
                    )
                found |= dict.fromkeys(below)
            else:
                found[entry] = None
        if len(found) == before and expanded != [path]:
            raise MultistageError(f"nothing matches {path}; check the pattern")
    return tuple(found)


def _expanded(path: Path) -> list[Path]:
    """What a glob names, for shells that leave that to the program; a path that exists is no glob."""
    text = str(path)
    if not glob.has_magic(text) or path.exists():
        return [path]
    top = Path(path.anchor or ".")
    matched = sorted(top.glob(str(path.relative_to(path.anchor))))
    return [entry for entry in matched if entry.is_dir() or is_dockerfile_name(entry.name)]


def _search(top: Path, complain: Callable[[str], None]) -> Iterator[Path]:
    """Folder by folder, by name; links to folders are not followed."""
    depth, above = _levels_above(top)
    base = list(top.resolve().parts[-depth:]) if depth else []
    stack: list[tuple[Path, list[str], Level | None]] = [(top, base, above)]
    while stack:
        folder, names, outer = stack.pop()
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            complain(f"cannot search {folder}: {error.strerror or error}")
            continue
        here = _level_of(folder, len(names), outer)
        folders = []
        for entry in inside:
            path = [*names, entry.name]
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and not (here and here.ignores(path, is_folder=True)):
                    folders.append((folder / entry.name, path, here))
            elif (
                is_dockerfile_name(entry.name)
                and entry.is_file()
                and not (here and here.ignores(path, is_folder=False))
            ):
                yield folder / entry.name
        stack.extend(reversed(folders))


def _levels_above(top: Path) -> tuple[int, Level | None]:
    """How deep the folder lies in its repository, and what the ignore files above it say."""
    real = top.resolve()
    repository = next((place for place in (real, *real.parents) if (place / ".git").exists()), None)
    if repository is None or repository == real:
        return 0, None
    parts = real.relative_to(repository).parts
    found: Level | None = None
    for depth in range(len(parts)):
        found = _level_of(repository.joinpath(*parts[:depth]), depth, found)
    return len(parts), found


def _level_of(folder: Path, depth: int, above: Level | None) -> Level | None:
    try:
        with (folder / GITIGNORE).open("rb") as file:
            text = file.read(_MOST_IGNORE_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return above
    return level(text, depth, above)
