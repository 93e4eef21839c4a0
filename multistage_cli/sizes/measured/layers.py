"""What a layer's tar holds: sizes and paths, kept small.

An image may hold a million files. Of each entry stay 16 bytes (a hash of the path and the size) and the path
itself in zlib chunks, some 8 bytes where paths resemble their neighbours; the paths are unpacked chunk by
chunk when they are asked for.
"""

from __future__ import annotations

import zlib
from array import array
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING

from multistage_cli.sizes.measured import tar
from multistage_cli.sizes.measured.model import Weight
from multistage_cli.sizes.measured.streams import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.sizes.measured.streams import Stream

DIRECTORY, OTHER, HARD_LINK, WHITEOUT, OPAQUE = -1, -2, -3, -4, -5
"""In place of a size: a directory, a link or a device, another name of a file, and what is gone from below."""

MOST_ENTRIES = 4_000_000
"""Of all layers together."""
MOST_FOLLOWED = 300_000
"""How many hard links, deletions or paths in several layers are followed one by one."""
_LONGEST_PATH_BYTES = 4096  # Linux's PATH_MAX
_NAMES_IN_A_CHUNK = 4096
_WHITEOUT, _OPAQUE = b".wh.", b".wh..wh..opq"  # OCI image layer specification, "Whiteouts"
_RESERVED = b".wh..wh."  # of AUFS: its own files, in no layer's size
_HEAVIEST = 10
_DEPTHS = (6, 4, 3, 2, 1)
_MOST_DIRECTORIES = 50_000
_MOSTLY_PERCENT = 90
_MASK = (1 << 64) - 1
_KEYS_AT_ONCE = 250_000


class LayerContents:
    """One layer.

    Attributes:
        size_bytes: the sum of its files, as Docker counts: hard links once, directories and links nothing.
        files: how many files.
        keys: a hash of each entry's path.
        sizes: of each entry, or what it is.
        links: hard links, by name, with the file that each is another name of.
        followed: whether all hard links are among them.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        self.files = 0
        self.keys = array("Q")
        self.sizes = array("q")
        self.links: dict[bytes, bytes] = {}
        self.followed = True
        self._names: list[bytes] = []
        self._open: list[bytes] = []

    def add(self, path: bytes, size: int) -> None:
        """One more entry."""
        self.keys.append(hash(path) & _MASK)
        self.sizes.append(size)
        self._open.append(path)
        if len(self._open) == _NAMES_IN_A_CHUNK:
            self._close()

    def _close(self) -> None:
        self._names.append(zlib.compress(b"\0".join(self._open), 1))
        self._open = []

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Each entry's path and size, in the order of the tar."""
        sizes = iter(self.sizes)
        for chunk in self._names:
            yield from zip(zlib.decompress(chunk).split(b"\0"), islice(sizes, _NAMES_IN_A_CHUNK), strict=True)
        yield from zip(self._open, sizes, strict=True)

    def finish(self) -> None:
        """Count; of a path that is there twice the last one stays, as when a tar is unpacked."""
        twice = repeated([self.keys])
        if twice:
            seen: set[int] = set()
            for index in range(len(self.keys) - 1, -1, -1):
                key = self.keys[index]
                if key in twice:
                    if key in seen and self.sizes[index] >= 0:
                        self.sizes[index] = OTHER
                    # A whiteout is about the layers below, not about the file of that name in this one.
                    if self.sizes[index] not in {WHITEOUT, OPAQUE}:
                        seen.add(key)
        self.size_bytes = sum(size for size in self.sizes if size > 0)
        self.files = sum(size >= 0 for size in self.sizes)


def heaviest(layers: Sequence[LayerContents]) -> tuple[tuple[Weight, ...], tuple[Weight, ...]]:
    """The largest files of some layers, and the directories with the most below them."""
    directories = _Directories()
    files: list[tuple[int, bytes]] = []
    for layer in layers:
        largest = nlargest(
            _HEAVIEST, (entry for entry in enumerate(layer.sizes) if entry[1] > 0), key=_weight
        )
        places = {index for index, _ in largest}
        for index, (name, size) in enumerate(layer.items()):
            if size > 0:
                directories.add(name, size)
                if index in places:
                    files.append((size, name))
    files.sort(key=lambda entry: (-entry[0], entry[1]))
    return tuple(Weight(shown(name), size) for size, name in files[:_HEAVIEST]), directories.heaviest()


def _weight(entry: tuple[int, int]) -> tuple[int, int]:
    return entry[1], -entry[0]


def read_layer(stream: Stream, most_entries: int = MOST_ENTRIES) -> LayerContents:
    """What a layer's tar holds.

    Raises:
        DamagedError: it is no tar, ends too early or holds too much.
    """
    found = LayerContents()
    for entry in tar.entries(stream):
        path = normal(entry.name)
        if len(found.keys) >= most_entries:
            raise DamagedError(f"it holds more than {MOST_ENTRIES:,} files, which is too much to follow")
        folder, _, name = path.rpartition(b"/")
        if name.startswith(_WHITEOUT):
            if name == _OPAQUE:
                found.add(folder, OPAQUE)
            elif not name.startswith(_RESERVED):
                found.add(folder + b"/" + name.removeprefix(_WHITEOUT), WHITEOUT)
        elif entry.kind == tar.FILE:
            found.add(path, entry.size)
        elif entry.kind == tar.DIRECTORY:
            if path:
                found.add(path, DIRECTORY)
        elif entry.kind == tar.HARD_LINK:
            found.add(path, HARD_LINK)
            if len(found.links) < MOST_FOLLOWED:
                found.links[path] = normal(entry.target)
            else:
                found.followed = False
        else:
            found.add(path, OTHER)
    found.finish()
    return found


def normal(name: bytes) -> bytes:
    """A path from the image's root, such as `/usr/bin/env`; `..` never leads above that; empty for the root."""
    if len(name) > _LONGEST_PATH_BYTES:
        raise DamagedError("a tar entry's name is longer than any file system takes")
    if name.startswith(b"./"):
        name = name[2:]
    plain = b"/" + name.strip(b"/")
    if b"//" in plain or b"/." in plain:
        parts: list[bytes] = []
        for part in plain.split(b"/"):
            if part == b"..":
                del parts[-1:]
            elif part not in {b"", b"."}:
                parts.append(part)
        plain = b"/" + b"/".join(parts)
    return plain if plain != b"/" else b""


def shown(path: bytes) -> str:
    """A path as text, bytes that are no UTF-8 as their escapes."""
    return (path or b"/").decode("utf-8", "backslashreplace")


def repeated(keys: Sequence[array[int]]) -> frozenset[int]:
    """The keys that are there more than once; sorted in parts, so that never many are copied at once."""
    parts = 1 + sum(len(layer) for layer in keys) // _KEYS_AT_ONCE
    found: set[int] = set()
    for part in range(parts):
        some = sorted(key for layer in keys for key in layer if parts == 1 or key % parts == part)
        found.update(one for one, other in zip(some, islice(some, 1, None), strict=False) if one == other)
    return frozenset(found)


class _Directories:
    """Bytes by directory, down to a depth that keeps them few."""

    def __init__(self) -> None:
        self._own: dict[bytes, int] = {}
        self._depths = list(_DEPTHS)

    def add(self, path: bytes, size: int) -> None:
        folder = self._cut(path.rpartition(b"/")[0])
        self._own[folder] = self._own.get(folder, 0) + size
        if len(self._own) > _MOST_DIRECTORIES and len(self._depths) > 1:
            del self._depths[0]
            own, self._own = self._own, {}
            for other, weight in own.items():
                short = self._cut(other)
                self._own[short] = self._own.get(short, 0) + weight

    def _cut(self, folder: bytes) -> bytes:
        """The folder, or the one above it that is not too deep."""
        if folder.count(b"/") <= self._depths[0]:
            return folder
        return b"/".join(folder.split(b"/")[: self._depths[0] + 1])

    def heaviest(self) -> tuple[Weight, ...]:
        """Without those that are nearly all one directory below them, which says more."""
        total: dict[bytes, int] = {}
        for folder, weight in self._own.items():
            above = folder
            while above:
                total[above] = total.get(above, 0) + weight
                above = above.rpartition(b"/")[0]
        passed = {
            path.rpartition(b"/")[0]
            for path, weight in total.items()
            if weight * 100 >= _MOSTLY_PERCENT * total.get(path.rpartition(b"/")[0], weight + weight)
        }
        kept = ((path, weight) for path, weight in total.items() if path not in passed)
        first = nlargest(_HEAVIEST, kept, key=lambda entry: (entry[1], entry[0]))
        return tuple(Weight(shown(path), weight) for path, weight in first)
