"""A map in the order of first setting, whose versions share what did not change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from multistage_cli.build.persistent import PersistentMap

if TYPE_CHECKING:
    from collections.abc import Iterator

V = TypeVar("V")


class OrderedVersions(Mapping[str, V]):
    """Names and values; a change gives a new map and costs the same however large the map is."""

    __slots__ = ("_count", "_entries")

    def __init__(self, entries: PersistentMap[tuple[int, V]] | None = None, count: int = 0) -> None:
        self._entries: PersistentMap[tuple[int, V]] = PersistentMap() if entries is None else entries
        self._count = count

    def put(self, name: str, value: V) -> OrderedVersions[V]:
        """The map with one value set; a name that is there keeps its place."""
        found = self._entries.get(name)
        place = self._count if found is None else found[0]
        return OrderedVersions(self._entries.put(name, (place, value)), self._count + (found is None))

    def __getitem__(self, name: str) -> V:
        found = self._entries.get(name)
        if found is None:
            raise KeyError(name)
        return found[1]

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in sorted(self._entries.items(), key=_place))

    def __len__(self) -> int:
        return self._count


def _place(item: tuple[str, tuple[int, object]]) -> int:
    return item[1][0]
