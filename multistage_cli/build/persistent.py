"""A map whose versions share what did not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

V = TypeVar("V")

_Node: TypeAlias = "dict[str, V] | tuple[_Node[V], ...]"

_BITS = 5
_MASK = (1 << _BITS) - 1
_LEAF_SIZE = 16
_DEEPEST = 10


class PersistentMap(Generic[V]):
    """Names and values; a change gives a new map and costs the same however large the map is.

    A trie over the names' hashes whose leaves are small dictionaries. A stage of 20,000 ENV lines keeps
    as many versions, so a copy for each would take quadratic time and memory.
    """

    __slots__ = ("_root",)

    def __init__(self, root: _Node[V] | None = None) -> None:
        self._root: _Node[V] = {} if root is None else root

    def get(self, name: str) -> V | None:
        """The value of a name, or None."""
        node = self._root
        if isinstance(node, dict):
            return node.get(name)
        bits = hash(name)
        while isinstance(node, tuple):
            node = node[bits & _MASK]
            bits >>= _BITS
        return node.get(name)

    def put(self, name: str, value: V) -> PersistentMap[V]:
        """The map with one value set."""
        return PersistentMap(_put(self._root, hash(name), name, value, 0))

    def items(self) -> Iterator[tuple[str, V]]:
        """All names and their values, in no order that means anything."""
        stack = [self._root]
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                stack.extend(node)
            else:
                yield from node.items()


def _put(node: _Node[V], bits: int, name: str, value: V, depth: int) -> _Node[V]:
    if isinstance(node, tuple):
        index = bits & _MASK
        child = _put(node[index], bits >> _BITS, name, value, depth + 1)
        return (*node[:index], child, *node[index + 1 :])
    leaf = {**node, name: value}
    if len(leaf) <= _LEAF_SIZE or depth == _DEEPEST:
        return leaf
    children: list[dict[str, V]] = [{} for _ in range(_MASK + 1)]
    for key, item in leaf.items():
        children[(hash(key) >> (depth * _BITS)) & _MASK][key] = item
    return tuple(children)
