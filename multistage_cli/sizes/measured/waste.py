"""Bytes that are in the image for nothing: a later layer writes the same path again, or deletes it.

Layers are walked from the top down, as a union mount looks them up. Only paths that are in more than one
layer, and what was deleted, are remembered by name.
"""

from __future__ import annotations

from heapq import nlargest
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, field

from multistage_cli.sizes.measured.layers import (
    DIRECTORY,
    MOST_FOLLOWED,
    OPAQUE,
    WHITEOUT,
    repeated,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.sizes.measured.layers import LayerContents

_HEAVIEST = 20
_MASK = (1 << 64) - 1


class Hidden(Struct, frozen=True):
    """A file that a later layer hides.

    Attributes:
        path: of the file.
        size_bytes: that it weighs in its layer.
        layer: where it is, counted from 0 at the bottom.
        by: the layer that writes it again or deletes it.
    """

    path: str
    size_bytes: int
    layer: int
    by: int


class Waste(Struct, frozen=True):
    """All of it.

    Attributes:
        heaviest: the largest files first, without what the lowest layers hide of each other.
        size_bytes: of all, listed or not.
        lowest_bytes: that the lowest layers hide of each other.
        complete: whether everything could be followed.
    """

    heaviest: tuple[Hidden, ...]
    size_bytes: int
    lowest_bytes: int
    complete: bool


class _Above(Struct):
    """What the layers above hide, each with the nearest of them.

    Attributes:
        paths: a path and all below it.
        folders: a path that is a directory now, if it was something else.
        inside: what is below a path.
    """

    paths: dict[bytes, int] = field(default_factory=dict)
    folders: dict[bytes, int] = field(default_factory=dict)
    inside: dict[bytes, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths) + len(self.folders) + len(self.inside)

    def hider(self, path: bytes) -> int | None:
        """The nearest layer above that hides a file."""
        found = [self.paths.get(path), self.folders.get(path)]
        folder = path
        while folder:
            folder = folder.rpartition(b"/")[0]
            found += [self.paths.get(folder), self.inside.get(folder)]
        return min((layer for layer in found if layer is not None), default=None)

    def take(self, path: bytes, size: int, layer: int) -> None:
        if size == OPAQUE:
            self.inside[path] = layer
        elif size == DIRECTORY:
            self.folders[path] = layer
        else:
            self.paths[path] = layer


def wasted(layers: Sequence[LayerContents], lowest: int = 0) -> Waste:
    """What later layers hide of earlier ones.

    Args:
        layers: the lowest first.
        lowest: how many of them are the base image's, so that nothing can be done about what they hide.
    """
    several = repeated([layer.keys for layer in layers])
    above = _Above()
    heaviest: list[Hidden] = []
    size_bytes = lowest_bytes = 0
    complete = all(layer.followed for layer in layers)

    def counted(hidden: Iterator[Hidden]) -> Iterator[Hidden]:
        nonlocal size_bytes, lowest_bytes
        for entry in hidden:
            if entry.by < lowest:
                lowest_bytes += entry.size_bytes
            else:
                size_bytes += entry.size_bytes
                yield entry

    for index in range(len(layers) - 1, -1, -1):
        if len(above):
            hidden = counted(_hidden(layers[index], above, index))
            heaviest = nlargest(_HEAVIEST, chain(heaviest, hidden), key=_weight)
        if index:
            complete = _remember(layers[index], above, index, several) and complete
    return Waste(tuple(heaviest), size_bytes, lowest_bytes, complete)


def _weight(entry: Hidden) -> tuple[int, str]:
    return entry.size_bytes, entry.path


def _remember(layer: LayerContents, above: _Above, index: int, several: frozenset[int]) -> bool:
    """Take in what a layer hides of those below; False where that is too much to keep."""
    for path, size in layer.items():
        if size in {WHITEOUT, OPAQUE} or hash(path) & _MASK in several:
            if len(above) >= MOST_FOLLOWED:
                return False
            above.take(path, size, index)
    return True


def _hidden(layer: LayerContents, above: _Above, index: int) -> Iterator[Hidden]:
    """Its files that are hidden; a file with several names is so once all its names are."""
    linked = frozenset(layer.links.values())
    pending: dict[bytes, tuple[int, int]] = {}
    for path, size in layer.items():
        if size > 0 and (by := above.hider(path)) is not None:
            if path in linked:
                pending[path] = size, by
            else:
                yield Hidden(shown(path), size, index, by)
    for name, target in layer.links.items():
        if target in pending:
            hider = above.hider(name)
            if hider is None:
                del pending[target]
            else:
                size, by = pending[target]
                pending[target] = size, max(by, hider)
    for path, (size, by) in pending.items():
        yield Hidden(shown(path), size, index, by)
