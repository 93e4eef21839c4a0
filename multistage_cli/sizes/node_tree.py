"""Where npm and yarn put the packages of a tree: as high as no other version is in the way.

Two packages that need different versions of a third get a copy each, so the copies have to be counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DEEPEST = 30  # folders in folders; whatever lies deeper is taken for there already


class Asked(Struct, frozen=True):
    """A package that something needs: its name, what to look it up by, and whether it may be missing."""

    name: str
    key: str
    optional: bool = False


class _Folder(Struct):
    """A package with the packages inside of it; `inside` maps names to identities."""

    parent: _Folder | None = None
    depth: int = 0
    inside: dict[str, str] = field(default_factory=dict)


def placed(
    roots: Iterable[Asked],
    needs: Callable[[str], Iterable[Asked]],
    identity: Callable[[str], str],
    most: int,
) -> list[Asked]:
    """Every copy that is installed, breadth first.

    Args:
        roots: what the project itself needs.
        needs: what a package needs, by its key.
        identity: what two keys of the same release share.
        most: copies after which it ends.
    """
    root = _Folder()
    waiting = [(root, asked) for asked in roots]
    found: list[Asked] = []
    place = 0
    while place < len(waiting) and len(found) < most:
        folder, asked = waiting[place]
        place += 1
        wanted = identity(asked.key)
        target = _free_folder(folder, asked.name, wanted)
        if target is None:
            continue
        target.inside[asked.name] = wanted
        found.append(asked)
        if target.depth < _DEEPEST:
            own = _Folder(target, target.depth + 1)
            waiting += [
                (own, Asked(need.name, need.key, need.optional or asked.optional))
                for need in needs(asked.key)
            ]
    return found


def _free_folder(folder: _Folder, name: str, wanted: str) -> _Folder | None:
    """The highest folder that a package can lie in and be seen; None where it is seen already."""
    above: _Folder | None = folder
    free = folder
    while above is not None:
        there = above.inside.get(name)
        if there is not None:
            return None if there == wanted else free
        free = above
        above = above.parent
    return free
