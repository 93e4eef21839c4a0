"""The folders of a build context, read from disk the way Docker's client reads them.

What the client does comes from tonistiigi/fsutil (fs.go, stat.go, send.go) and was tried on an engine: links
are sent as links and never followed; FIFOs, sockets and devices are sent as what they are; a file that
cannot be opened is sent without its content; a folder that cannot be read, and a name that is not UTF-8,
stop the build.
"""

from __future__ import annotations

import os
import stat
import sys
from collections import OrderedDict
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from msgspec import Struct

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.context.dockerignore import Ignore
    from multistage_cli.build.context.ignore_level import Level

Kind = Literal["file", "directory", "link", "other"]

MOST_PROBLEMS: Final = 1_000
"""Kept per build context; what is wrong with the first thousand names is wrong with the rest."""

_MOST_ROWS: Final = 100_000
"""Names remembered between walks, about 30 MB: folders read longest ago are forgotten first."""

_WINDOWS: Final = os.name == "nt"
_FOLDS_CASE: Final = sys.platform in {"win32", "darwin", "cygwin"}
_READ_BITS: Final = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_FILE_TYPE: Final = 0o170000
_MOUNT_POINT_TAG: Final = 0xA0000003
"""st_reparse_tag of a junction: Python calls it a folder, and Go does not enter it."""


class Row(NamedTuple):
    """One name in a folder.

    `included` is false for a folder that comes along only where something in it does. `inode` tells hard
    links apart, and is None for a file with one name.
    """

    name: str
    kind: Kind
    size_bytes: int
    mode: int
    target: str | None
    included: bool
    inode: tuple[int, int] | None


class Found(NamedTuple):
    """A name met on a walk: as the walk's start was spelled, where it really lies, and what it is."""

    path: str
    real: str
    row: Row


class ContextProblem(Struct, frozen=True):
    """Something in the build context that Docker trips over; `fails` where it stops the build."""

    path: str
    message: str
    fails: bool


def join(folder: str, name: str) -> str:
    """A name in a folder of the build context, which is "" itself."""
    return f"{folder}/{name}" if folder else name


class Folders:
    """Reads folders once, after the ignore patterns, and keeps the last ones read.

    All paths are relative to the build context, and lead through no links.
    """

    def __init__(self, root: str, ignore: Ignore) -> None:
        self._prefix = root if root.endswith(("/", os.sep)) else root + os.sep
        self._ignore = ignore
        self._listings: OrderedDict[str, Mapping[str, Row]] = OrderedDict()
        self._rows = 0
        self._holding: dict[str, bool] = {}
        self._may_lack_rights = not _WINDOWS and os.geteuid() != 0
        # Of a regular file that surely arrives with its content.
        readable = _READ_BITS if self._may_lack_rights else 0
        self._plain_mode = (_FILE_TYPE | readable, stat.S_IFREG | readable)
        self.problems: dict[str, ContextProblem] = {}

    def on_disk(self, path: str) -> str:
        """Where the path lies on this machine."""
        return self._prefix + path

    def report(self, path: str, message: str, *, fails: bool) -> None:
        """Remember what is wrong with a path, once."""
        if path not in self.problems and len(self.problems) < MOST_PROBLEMS:
            self.problems[path] = ContextProblem(path, f"{printable(path)} {message}", fails)

    def listing(self, folder: str) -> Mapping[str, Row]:
        """What a folder holds, by name and in the order in which Docker walks; nothing if unreadable."""
        known = self._listings.get(folder)
        if known is not None:
            self._listings.move_to_end(folder)
            return known
        rows = self._read(folder)
        if len(rows) < _MOST_ROWS:
            self._listings[folder] = rows
            self._rows += len(rows)
            while self._rows > _MOST_ROWS:
                _, forgotten = self._listings.popitem(last=False)
                self._rows -= len(forgotten)
        return rows

    def row(self, path: str) -> Row | None:
        """What lies at the path, not following it, or None where the build context has nothing there."""
        folder, _, name = path.rpartition("/")
        # Where the disk finds "readme" for README, only the listing tells how the name is spelled.
        row = self.listing(folder).get(name) if self._knows(folder) or _FOLDS_CASE else self._look_up(path)
        if row is not None and not row.included and not self._holds(path):
            return None
        return row

    def walk(self, folder: str, shown: str) -> Iterator[Found]:
        """Everything below a folder, a folder before its contents; `shown` spells the folder's own path.

        A folder that is left out appears right before the first thing in it that is not.
        """
        waiting: list[Found] = []
        stack = [(iter(self.listing(folder).values()), folder, shown, 0)]
        while stack:
            rows, real, path, mark = stack[-1]
            row = next(rows, None)
            if row is None:
                stack.pop()
                del waiting[mark:]
                continue
            found = Found(join(path, row.name), join(real, row.name), row)
            if row.included:
                yield from waiting
                waiting.clear()
                yield found
            mark = len(waiting)
            if not row.included:
                waiting.append(found)
            if row.kind == "directory":
                stack.append((iter(self.listing(found.real).values()), found.real, found.path, mark))

    def scan(self, folder: str) -> tuple[list[Row], list[str], int, int]:
        """What a folder holds, for adding up: half the work of `listing`, and nothing is remembered.

        Returns:
            Rows that need a closer look, in order; the names of the other folders, in order; how many other
            files there are, each with one name and with its content; and their bytes.
        """
        level = self._ignore.level(folder)
        known = self._listings.get(folder)
        if known is not None or level.closed or _WINDOWS or not level.opens_as_listed:
            return list(self.listing(folder).values()), [], 0, 0
        excluded = level.excluder()
        mask, plain = self._plain_mode
        odd: list[os.DirEntry[str]] = []
        folders: list[str] = []
        files = size_bytes = 0
        try:
            with os.scandir(self.on_disk(folder)) as items:
                for item in items:
                    name = item.name
                    if (excluded is not None and excluded(name)) or not name.isascii():
                        odd.append(item)
                    elif item.is_dir(follow_symlinks=False):
                        folders.append(name)
                    else:
                        status = item.stat(follow_symlinks=False)
                        if status.st_nlink == 1 and status.st_mode & mask == plain:
                            files += 1
                            size_bytes += status.st_size
                        else:
                            odd.append(item)
        except OSError:  # of the folder or of a file that went away: the other way tells which
            return list(self.listing(folder).values()), [], 0, 0
        odd.sort(key=attrgetter("name"))
        rows = [row for item in odd if (row := self._read_item(level, folder, item)) is not None]
        return rows, sorted(folders), files, size_bytes

    def _knows(self, folder: str) -> bool:
        return folder in self._listings

    def _holds(self, folder: str) -> bool:
        """Whether anything in a folder that is left out comes along, and the folder with it."""
        known = self._holding.get(folder)
        if known is None:
            known = self._holding[folder] = next(self.walk(folder, folder), None) is not None
        return known

    def _look_up(self, path: str) -> Row | None:
        folder, _, name = path.rpartition("/")
        level = self._ignore.level(folder)
        if level.closed:
            return None
        try:
            status = Path(self.on_disk(path)).lstat()
        except (OSError, ValueError):
            return None
        return self._row(level, path, status, included=not level.excludes(name))

    def _read(self, folder: str) -> dict[str, Row]:
        level = self._ignore.level(folder)
        if level.closed:
            return {}
        try:
            with os.scandir(self.on_disk(folder)) as names:
                items = sorted(names, key=attrgetter("name"))
        except OSError as error:
            advice = "Docker stops the build: make it readable or leave it out in .dockerignore"
            self.report(folder or ".", f"cannot be read ({_reason(error)}); {advice}", fails=True)
            return {}
        rows = (self._read_item(level, folder, item) for item in items)
        return {row.name: row for row in rows if row is not None}

    def _read_item(self, level: Level, folder: str, item: os.DirEntry[str]) -> Row | None:
        path = join(folder, item.name)
        try:
            # Files that are left out are the many in node_modules and .git: they are not worth a stat.
            included = not level.excludes(item.name)
            if not included and not item.is_dir(follow_symlinks=False):
                return None
            status = item.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.report(path, f"cannot be read ({_reason(error)})", fails=True)
            return None
        return self._row(level, path, status, included=included)

    def _row(self, level: Level, path: str, status: os.stat_result, *, included: bool) -> Row | None:
        name = path[path.rfind("/") + 1 :]
        kind = _kind(status)
        if not included and (kind != "directory" or level.below(name).closed):
            return None
        if not (name.isascii() or _is_utf8(name)):
            advice = "rename it or leave it out in .dockerignore"
            self.report(path, f"has a name that is not UTF-8; Docker stops the build: {advice}", fails=True)
        mode = stat.S_IMODE(status.st_mode)
        if _WINDOWS:
            # mkstat in fsutil: Windows has no such bits, so everything may be executed.
            mode = (mode | 0o111) & 0o755
        if kind == "link":
            return Row(name, kind, 0, mode, self._target(path), included, None)
        if kind != "file":
            return Row(name, kind, 0, mode, None, included, None)
        size_bytes = 0 if self._arrives_empty(level, path, name, status) else status.st_size
        inode = (status.st_dev, status.st_ino) if status.st_nlink > 1 else None
        return Row(name, kind, size_bytes, mode, None, included, inode)

    def _arrives_empty(self, level: Level, path: str, name: str, status: os.stat_result) -> bool:
        pattern = level.empties(name)
        if pattern is not None:
            cause = f'line {pattern.line} of the ignore file, "{printable(pattern.source)}"'
            advice = "it repeats an earlier line: remove it"
            self.report(path, f"arrives without its content because of {cause}; {advice}", fails=False)
            return True
        if self._may_lack_rights and not _readable(self.on_disk(path), status):
            advice = "make it readable or leave it out in .dockerignore"
            self.report(path, f"cannot be read, so Docker sends it without content; {advice}", fails=False)
            return True
        return False

    def _target(self, path: str) -> str:
        try:
            return str(Path(self.on_disk(path)).readlink()).replace(os.sep, "/")
        except OSError:
            return ""


def _kind(status: os.stat_result) -> Kind:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        junction = getattr(status, "st_reparse_tag", 0) == _MOUNT_POINT_TAG
        return "other" if junction else "directory"
    return "link" if stat.S_ISLNK(mode) else "other"


def _readable(path: str, status: os.stat_result) -> bool:
    """Whether this user may open the file; asks the system where not everybody may."""
    if status.st_mode & _READ_BITS == _READ_BITS:
        return True
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
