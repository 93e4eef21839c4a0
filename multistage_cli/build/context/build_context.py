"""The build context on disk, as BuildKit sees it after .dockerignore.

Nothing here is read before it is asked for. Paths are relative to the build context and separated by
slashes on every system; bytes in names that are not UTF-8 are lone surrogates (`printable` makes them fit
for output). folders.py reads folders, sources.py follows links and expands wildcards, and
tests/engine/test_context.py compares with an engine.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from multistage_cli.build.claims import Claim
from multistage_cli.build.context.dockerignore import Ignore, parse
from multistage_cli.build.context.folders import ContextProblem, Folders, Kind, Row, join
from multistage_cli.build.context.go_paths import PatternError, inside
from multistage_cli.build.context.sources import Selected, is_directory, is_sendable, resolve, select, split
from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

IGNORE_FILE: Final = ".dockerignore"
_MOST_IGNORE_BYTES: Final = 16_000_000
"""The engine reads the file in one gRPC message, and those have 16 MiB at most."""


class Entry(Struct, frozen=True):
    """One thing in the build context.

    Attributes:
        path: relative to the build context; "." is the context itself.
        kind: what it is; an "other" is a FIFO, a socket or a device.
        size_bytes: of a file's content as it arrives, else 0.
        mode: permission bits.
        target: where a link points, as it is written; for what `select` reached over links, where that lies.
    """

    path: str
    kind: Kind
    size_bytes: int
    mode: int
    target: str | None = None


class Totals(Struct, frozen=True):
    """How much COPY sources bring along."""

    files: int = 0
    directories: int = 0
    links: int = 0
    others: int = 0
    size_bytes: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.files + other.files,
            self.directories + other.directories,
            self.links + other.links,
            self.others + other.others,
            self.size_bytes + other.size_bytes,
        )


class BuildContext:
    """A directory and what its ignore file leaves of it. Make one with `open_context`.

    Attributes:
        root: the directory.
        ignore: the patterns in force.
        ignore_file: the file they come from, or None where there is none.
        tell: is told, while sizes are added up, how many more files there were.
    """

    def __init__(self, root: Path, ignore: Ignore, ignore_file: str | None) -> None:
        self.root: Final = root
        self.ignore: Final = ignore
        self.ignore_file: Final = ignore_file
        self._folders = Folders(str(root), ignore)
        self._totals: dict[str, Totals] = {}
        self.tell: Callable[[int], None] | None = None

    @property
    def folders(self) -> Folders:
        """What reads the folders: for the modules of this package."""
        return self._folders

    @property
    def problems(self) -> tuple[ContextProblem, ...]:
        """What Docker will trip over, as far as the build context was looked at; at most a thousand."""
        return tuple(problem for _, problem in sorted(self._folders.problems.items()))

    def entries(self, below: str = "") -> Iterator[Entry]:
        """Everything below a directory, in the order in which Docker walks: by name, folder by folder.

        Links are entries and are not followed, except those in `below` itself; paths start with `below` as
        it was given. Nothing where that is no directory.
        """
        shown = inside(below)
        real = resolve(self._folders, shown)
        if real is None or not is_directory(self._folders, real):
            return
        for found in self._folders.walk(real, shown):
            yield _entry(found.path, found.row)

    def stat(self, path: str) -> Entry | None:
        """What lies at the path; a link in last place is not followed. None if it is not in the context."""
        shown = inside(path)
        if not shown:
            return _ROOT
        real = resolve(self._folders, shown, last=False)
        row = None if real is None else self._folders.row(real)
        return None if row is None else _entry(shown, row)

    def exists(self, path: str) -> bool:
        """Whether the build context holds something at the path, be it a link to nowhere."""
        return self.stat(path) is not None

    def ignored(self, path: str) -> bool:
        """Whether the ignore file leaves the path out; nothing need exist there."""
        return self.ignore.excludes(path)

    def read_text(self, path: str, limit_bytes: int = 1_000_000) -> str | None:
        """The text of a file as it arrives in the build, line ends untouched.

        None where it is missing or ignored, no file, larger than the limit, not UTF-8 or binary, or behind
        a link that leads out of the context. Never waits: a FIFO is not opened.
        """
        content = _read_bytes(self._folders, path, limit_bytes)
        if content is None or b"\0" in content:
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def read_bytes(self, path: str, limit_bytes: int) -> bytes | None:
        """A file as it arrives in the build, in the same way; None where it is larger than the limit."""
        return _read_bytes(self._folders, path, limit_bytes)

    def read_start(self, path: str, limit_bytes: int) -> bytes | None:
        """The first bytes of a file as it arrives in the build, in the same way."""
        real = resolve(self._folders, inside(path))
        row = self._folders.row(real) if real else None
        if real is None or row is None or row.kind != "file":
            return None
        return _read_up_to(self._folders.on_disk(real), limit_bytes) if row.size_bytes else b""

    def opened(self, path: str) -> BinaryIO | None:
        """A file as it arrives in the build, open for reading; None in the same cases, whatever its size."""
        real = resolve(self._folders, inside(path))
        row = self._folders.row(real) if real else None
        if real is None or row is None or row.kind != "file":
            return None
        return _opened(self._folders.on_disk(real))

    def names(self, folder: str) -> tuple[str, ...]:
        """The names in a directory, sorted; nothing where it is none. Links in the path are followed."""
        real = resolve(self._folders, inside(folder))
        if real is None or not is_directory(self._folders, real):
            return ()
        rows = self._folders.listing(real).items()
        return tuple(
            name for name, row in rows if row.included or self._folders.row(join(real, name)) is not None
        )

    def select(self, pattern: str) -> tuple[Entry, ...]:
        """What one source word of COPY or ADD selects, after variables and quotes: files and directories.

        A directory stands for all in it (`entries(entry.path)`). Links are followed, and the entry keeps the
        name it was selected by; one that leads nowhere stays a link. Wildcards are Go's: `*`, `?` and sets
        match within a folder, `**` is `*`. `missing` tells whether an empty answer stops the build.

        A set of wildcard characters, such as `[*]`, may select less in a build, where nothing else copies
        that folder: the client then picks files to send with moby's patterns, which read it otherwise.
        """
        return tuple(_selected_entry(found) for found in self._selected(pattern))

    def missing(self, pattern: str) -> Claim:
        """Whether the build stops because this source word of COPY or ADD is not there.

        A wildcard may select nothing, as long as the folder before it is in the build context. The client
        sends that folder only for what is selected in it or for the sake of other instructions: UNKNOWN.
        """
        fixed, wildcards = split(pattern)
        if resolve(self._folders, fixed) is None:
            return Claim.YES
        try:
            found = tuple(select(self._folders, pattern))
        except PatternError:
            return Claim.YES
        if any(item.row is not None and item.row.kind == "link" for item in found):
            return Claim.YES
        if wildcards and fixed and not found:
            return Claim.UNKNOWN
        return Claim.NO if not wildcards or is_sendable(pattern) else Claim.UNKNOWN

    def size_of(self, patterns: Iterable[str]) -> Totals:
        """How much these COPY sources bring along, directories with all in them, no source twice.

        Within a directory hard links stay links and take no space; between sources they do not.
        """
        directories: set[str] = set()
        rows: dict[str, Row] = {}
        for pattern in patterns:
            for found in self._selected(pattern):
                if found.row is None or found.row.kind == "directory":
                    directories.add(found.real)
                else:
                    rows[found.path] = found.row
        files = sum((_count((row,)) for row in rows.values()), Totals())
        return sum((self._size_below(real) for real in sorted(directories)), files)

    def _size_below(self, real: str) -> Totals:
        known = self._totals.get(real)
        if known is None:
            known = self._totals[real] = _total_below(self._folders, real, self.tell)
        return known

    def _selected(self, pattern: str) -> Iterator[Selected]:
        try:
            yield from select(self._folders, pattern)
        except PatternError:
            return


def open_context(directory: Path, dockerfile: Path | None = None) -> BuildContext:
    """Open a build context; `dockerfile` may have an ignore file of its own beside it.

    `<Dockerfile>.dockerignore`, in the Dockerfile's folder, goes before `.dockerignore` in the build context,
    also where it is empty (ReadEntrypoint and dockerIgnorePatterns in dockerui/config.go).

    Raises:
        MultistageError: the directory is missing or cannot be read.
    """
    try:
        with os.scandir(directory):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        shown = printable(str(directory))
        raise MultistageError(
            f"build context {shown}: {reason.lower()}; name a folder with --context"
        ) from error
    places = [(directory, IGNORE_FILE)]
    if dockerfile is not None:
        places.insert(0, (dockerfile.parent, dockerfile.name + IGNORE_FILE))
    for folder, name in places:
        content = _read_bytes(Folders(str(folder), Ignore()), name, _MOST_IGNORE_BYTES)
        if content is not None:
            text = content.decode("utf-8", "surrogateescape")
            return BuildContext(directory, parse(text), str(folder / name))
    return BuildContext(directory, Ignore(), None)


_ROOT: Final = Entry(".", "directory", 0, 0o755)


def _entry(path: str, row: Row) -> Entry:
    return Entry(path, row.kind, row.size_bytes, row.mode, row.target)


def _selected_entry(found: Selected) -> Entry:
    row = found.row
    if row is None:
        return Entry(found.path or ".", "directory", 0, _ROOT.mode, "." if found.path else None)
    if row.kind == "link":
        return _entry(found.path, row)
    target = found.real if found.real != found.path else None
    return Entry(found.path, row.kind, row.size_bytes, row.mode, target)


def _total_below(folders: Folders, real: str, tell: Callable[[int], None] | None) -> Totals:
    """Add up all below a folder. Plain files are many and cost no row; the others go the long way."""
    rows: list[Row] = []
    directories = files = size_bytes = 0
    waiting = [real]
    while waiting:
        folder = waiting.pop()
        odd, below, found, found_bytes = folders.scan(folder)
        files += found
        size_bytes += found_bytes
        if tell is not None:
            tell(found + len(odd))
        directories += len(below)
        waiting += [join(folder, name) for name in reversed(below)]
        for row in odd:
            if row.kind != "directory":
                rows.append(row)
            elif row.included:
                directories += 1
                waiting.append(join(folder, row.name))
            else:
                # It comes along only where something in it does.
                place = join(folder, row.name)
                inner = [entry.row for entry in folders.walk(place, place)]
                rows += (row, *inner) if inner else ()
    return Totals(files=files, directories=directories, size_bytes=size_bytes) + _count(rows)


def _count(rows: Iterable[Row]) -> Totals:
    """Add up; a file with several names counts its bytes once."""
    kinds = {"file": 0, "directory": 0, "link": 0, "other": 0}
    size_bytes = 0
    seen: set[tuple[int, int]] = set()
    for row in rows:
        kinds[row.kind] += 1
        if row.inode is None:
            size_bytes += row.size_bytes
        elif row.inode not in seen:
            seen.add(row.inode)
            size_bytes += row.size_bytes
    return Totals(kinds["file"], kinds["directory"], kinds["link"], kinds["other"], size_bytes)


def _read_bytes(folders: Folders, path: str, limit_bytes: int) -> bytes | None:
    """A file as it arrives in the build, or None where no such file of that size does."""
    real = resolve(folders, inside(path))
    row = folders.row(real) if real else None
    if real is None or row is None or row.kind != "file" or row.size_bytes > limit_bytes:
        return None
    # Also what Docker cannot read, and sends without content, has no bytes.
    return _read_file(folders.on_disk(real), limit_bytes) if row.size_bytes else b""


def _read_file(path: str, limit_bytes: int) -> bytes | None:
    """The bytes of a regular file, None if it is larger or cannot be read."""
    content = _read_up_to(path, limit_bytes + 1)
    return content if content is not None and len(content) <= limit_bytes else None


def _read_up_to(path: str, limit_bytes: int) -> bytes | None:
    """The first bytes of a regular file, None if it cannot be read."""
    file = _opened(path)
    if file is None:
        return None
    try:
        with file:
            return file.read(limit_bytes)
    except OSError:
        return None


def _opened(path: str) -> BinaryIO | None:
    """A regular file, None if it cannot be read; never follows or waits."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
        file = os.fdopen(descriptor, "rb")
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return file
        file.close()
    except (OSError, ValueError):
        pass
    return None
