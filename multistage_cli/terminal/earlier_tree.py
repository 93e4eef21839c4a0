"""A revision's files, written into a folder that then stands for the build context of that time.

They come from git's objects as they are: nothing of the repository's configuration has a say, as it would in a
checkout or in `git archive` (filters, `export-ignore`, line ends). What a hostile tree may hold does no harm:
a path that leads out of the folder is left out, and links are made last, so that nothing is written through one.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from multistage_cli.terminal.git import Repository, TreeEntry

_FILE, _EXECUTABLE, _LINK, _SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
_MOST_FILES: Final = 1_000_000
_MOST_CONTENT_BYTES: Final = 16_000_000
"""Of one file. A larger one gets its size and no content: nothing reads a manifest of that size."""
_MOST_BYTES: Final = 1_000_000_000
"""Of content in all; the files that come later get their sizes only."""
_MOST_POINTER_BYTES: Final = 1_024
_LARGEST: Final = 1 << 43  # the size of a file that the file systems in use can still hold
_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?size ([0-9]{1,15})\n"
)
"""What git holds in the place of a file in Large File Storage (git-lfs docs/spec.md)."""


def write_tree(
    repository: Repository, folder: Path, wanted: Callable[[str], bool] = lambda _: True
) -> tuple[str, ...]:
    """Write all that a revision holds below the repository's folder into an empty folder.

    Args:
        repository: with its revision.
        folder: the empty folder.
        wanted: whether anybody will look at a path; others are left away.

    Returns:
        What could not be had, in words.

    Raises:
        MultistageError: there are more files than anyone would build with, or the folder cannot be written.
    """
    entries: list[TreeEntry] = []
    for entry in repository.tree():
        if len(entries) >= _MOST_FILES:
            raise MultistageError(
                f"{repository.revision} has more than {_MOST_FILES:,} files; name a Dockerfile"
            )
        if _is_inside(entry.path) and wanted(entry.path):
            entries.append(entry)
    submodules = [entry.path for entry in entries if entry.mode == _SUBMODULE]
    try:
        missing = _write(repository, folder, entries)
    except OSError as error:
        raise MultistageError(
            f"cannot write the files of {repository.revision} to {folder}: {error.strerror or error}"
        ) from None
    notes = [f"what the submodule {path} held is not known" for path in submodules[:3]]
    if missing:
        notes.append(
            f"git has no content of {missing} files of {repository.revision}: their sizes count as nothing"
        )
    return tuple(notes)


def _is_inside(path: str) -> bool:
    """Whether a path stays in the folder on every system; git itself refuses to check out any other."""
    parts = path.split("/")
    return all(part not in {"", ".", ".."} and "\\" not in part for part in parts) and not (
        os.name == "nt" and ":" in path
    )


def _write(repository: Repository, folder: Path, entries: list[TreeEntry]) -> int:
    """Write files, then links; gives how many of them git has no content of."""
    made: set[str] = set()
    for entry in entries:
        inner = entry.path if entry.mode == _SUBMODULE else entry.path.rpartition("/")[0]
        if inner not in made:
            made.add(inner)
            (folder / inner).mkdir(parents=True, exist_ok=True)
    read: list[TreeEntry] = []
    left = _MOST_BYTES
    for entry in entries:
        if entry.mode == _SUBMODULE:
            continue
        if entry.size_bytes <= min(_MOST_CONTENT_BYTES, left):
            left -= entry.size_bytes
            read.append(entry)
        elif entry.mode != _LINK:
            _put(folder / entry.path, b"", entry.size_bytes, entry.mode)
    links: list[tuple[TreeEntry, bytes]] = []
    missing = 0
    with repository.blobs(entry.name for entry in read) as stream:
        for entry, content in zip(read, _contents(stream, len(read)), strict=False):
            if content is None:
                missing += 1
            elif entry.mode == _LINK:
                links.append((entry, content))
            else:
                _put(folder / entry.path, content, _real_size(content), entry.mode)
    for entry, content in links:
        target = content.decode("utf-8", "surrogateescape")
        with suppress(FileExistsError, ValueError):  # ValueError: a NUL byte
            (folder / entry.path).symlink_to(target)
    return missing


def _contents(stream: IO[bytes], count: int) -> Iterator[bytes | None]:
    """The contents in the order in which they were asked for; None for one that is not there."""
    for _ in range(count):
        head = stream.readline().split()
        if not head:
            raise MultistageError("git cat-file ended early; try again")
        _, *kind, size = head  # a name, a type and a size; of what is not there a name and `missing`
        if not kind or not size.isdigit():
            yield None
            continue
        content = stream.read(int(size))
        stream.read(1)
        yield content


def _real_size(content: bytes) -> int:
    """How large the file is in a work tree."""
    if len(content) <= _MOST_POINTER_BYTES and (found := _POINTER.match(content)):
        return min(int(found[1]), _LARGEST)
    return len(content)


def _put(path: Path, content: bytes, size_bytes: int, mode: int) -> None:
    """A file that holds the content, and no byte more on disk where it is to be larger.

    With as few calls of the system as that takes: there may be hundreds of thousands of files.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with suppress(FileExistsError):
        file = os.open(path, flags, 0o755 if mode == _EXECUTABLE else 0o644)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest) :]
            if size_bytes > len(content):
                os.truncate(file, min(size_bytes, _LARGEST))
        finally:
            os.close(file)


def paths_shown(paths: Iterable[str], most: int = 3) -> str:
    """The first paths of a list: `data/, .env and 4 more`."""
    names = list(paths)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
