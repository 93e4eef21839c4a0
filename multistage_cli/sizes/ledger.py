"""What one RUN has put into its layer so far: parts and doubts, each at its place.

Only what is there at its end is in the layer, so what the same RUN deletes leaves again and what it moves goes
along. A trie, since a RUN may write and delete thousands of paths.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from multistage_cli.sizes.places import WILDCARDS, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.sizes.model import Part


_COPIES = frozenset({"again", "written"})  # kinds of parts that are copies of files whose sizes are known


class _Place(Struct):
    children: dict[str, _Place] = field(default_factory=dict)
    parts: dict[int, Part] = field(default_factory=dict)
    doubts: dict[int, str] = field(default_factory=dict)
    whole: bool = False

    def walk(self) -> Iterator[tuple[_Place, tuple[str, ...]]]:
        """Every place, with the names from here on."""
        waiting: list[tuple[_Place, tuple[str, ...]]] = [(self, ())]
        while waiting:
            place, names = waiting.pop()
            yield place, names
            waiting += [(child, (*names, name)) for name, child in place.children.items()]


class Ledger:
    """The parts and the doubts of one RUN; later ones at a path come on top of earlier ones there."""

    def __init__(self) -> None:
        self._root = _Place()
        self._numbers = count()

    def add(self, part: Part) -> None:
        """A part, at its path where it has one."""
        self._at(part.path).parts[next(self._numbers)] = part

    def put_file(self, part: Part) -> None:
        """A part that is one file, in the place of what the RUN had there."""
        place = self._at(part.path)
        place.parts, place.doubts, place.whole = {next(self._numbers): part}, {}, True

    def doubt(self, text: str, path: str | None = None) -> None:
        """Something of unknown size, at a path or anywhere."""
        self._at(path).doubts[next(self._numbers)] = text

    def take_over(self, path: str) -> None:
        """All that earlier layers hold at a path is in this one now."""
        self._at(path).whole = True

    def holds(self, path: str) -> bool:
        """Whether all that lies at a path is in this layer already, so that a change of it costs nothing."""
        place = self._root
        for name in names_of(path):
            if place.whole:
                return True
            found = place.children.get(name)
            if found is None:
                return False
            place = found
        return place.whole

    def delete(self, path: str, *, surely: bool, own_bytes: int = 0) -> None:
        """What the RUN has at a path and below goes; the last name may hold wildcards.

        Args:
            path: absolute.
            surely: whether it goes for certain.
            own_bytes: what the RUN has there in all, also of what it copied to a folder above.
        """
        if not surely:
            self._weaken(path)
            return
        taken = [
            part for place in self._take(path) for found, _ in place.walk() for part in found.parts.values()
        ]
        rest = own_bytes - sum(part.size.estimate for part in taken)
        if rest > 0:
            self._shrink(path, rest)

    def _shrink(self, path: str, lost_bytes: int) -> None:
        """Take bytes off the copy of a folder that lies nearest above a path."""
        place: _Place | None = self._root
        above: list[_Place] = []
        for name in names_of(path)[:-1]:
            place = place.children.get(name) if place else None
            if place is None:
                break
            above.append(place)
        for folder in reversed(above):
            for number, part in folder.parts.items():
                if part.kind in _COPIES:
                    folder.parts[number] = replace(part, size=part.size.less(lost_bytes))
                    return

    def move(self, source: str, destination: str) -> None:
        """What the RUN has at a path is at another one."""
        for taken in self._take(source):
            place = self._at(destination)
            for found, names in taken.walk():
                target = place
                for name in names:
                    target = target.children.setdefault(name, _Place())
                target.parts |= found.parts
                target.doubts |= found.doubts
                target.whole = target.whole or found.whole

    @property
    def parts(self) -> tuple[Part, ...]:
        """In the order of the commands, each with the path where it is now."""
        found = {
            number: replace(part, path="/" + "/".join(names)) if names else part
            for place, names in self._root.walk()
            for number, part in place.parts.items()
        }
        return tuple(found[number] for number in sorted(found))

    @property
    def unknown(self) -> tuple[str, ...]:
        """The doubts, in the order of the commands."""
        found = {number: text for place, _ in self._root.walk() for number, text in place.doubts.items()}
        return tuple(dict.fromkeys(found[number] for number in sorted(found)))

    def _at(self, path: str | None) -> _Place:
        place = self._root
        for name in names_of(path or "/"):
            place = place.children.setdefault(name, _Place())
        return place

    def _parents(self, path: str) -> tuple[_Place | None, str]:
        *folders, last = names_of(path) or ("",)
        place: _Place | None = self._root
        for name in folders:
            place = place.children.get(name) if place else None
        return place, last

    def _matching(self, path: str) -> tuple[dict[str, _Place], Iterable[str]]:
        parent, last = self._parents(path)
        if parent is None:
            return {}, ()
        if any(sign in last for sign in WILDCARDS):
            return parent.children, [name for name in parent.children if fnmatchcase(name, last)]
        return parent.children, [last] if last in parent.children else ()

    def _take(self, path: str) -> list[_Place]:
        children, names = self._matching(path)
        return [children.pop(name) for name in names]

    def _weaken(self, path: str) -> None:
        children, names = self._matching(path)
        for name in names:
            for place, _ in children[name].walk():
                place.parts = {
                    number: replace(part, size=part.size.from_nothing())
                    for number, part in place.parts.items()
                }
