"""The nodes of a tree of paths, and how a question about a path is answered from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.events import Doubt, Event
from multistage_cli.build.files.model import MAYBE, Entry, Kind, either
from multistage_cli.build.persistent import PersistentMap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.build.files.backing import Backing
    from multistage_cli.build.files.tree import Files

Parts: TypeAlias = tuple[str, ...]

_MOST_EVENTS: Final = 128
"""At one directory; more of them become one doubt, so that no file makes an answer slow."""
_MOST_STEPS: Final = 4_000
_DEEPEST: Final = 50
LONGEST_PATH: Final = 4_096
_MOST_NAMES: Final = 10_000
_MOST_ANSWERS: Final = 2_000


class Node(Struct, frozen=True):
    """A path that something was written to, or that lies above such a path.

    Attributes:
        own: the claim about it, as of `stamp`.
        stamp: events after it count, those before are in `own`.
        children: names to nodes.
        backing: of the names that are not in `children`, with the path there; None where the parent's goes on.
        backing_stamp: since when the backing holds.
        events: what happened here and below, in order.
    """

    own: Entry
    stamp: int
    children: PersistentMap[Node]
    backing: tuple[Backing, Parts] | None = None
    backing_stamp: int = 0
    events: tuple[Event, ...] = ()


NO_CHILDREN: Final[PersistentMap[Node]] = PersistentMap()


class Query:
    """One question, with a bound on what it may cost: a hostile file cannot make an answer slow."""

    __slots__ = ("_cut", "_depth", "_steps")

    def __init__(self) -> None:
        self._depth = 0
        self._steps = 0
        self._cut = False

    def entry(self, files: Files, parts: Parts) -> Entry:
        """What is known of a path without links in it; unknown where finding out would take too long."""
        found = files.answers.get(parts)
        if found is not None:
            return found
        if not self._may_go_on() or len(parts) > LONGEST_PATH:
            return MAYBE
        self._depth += 1
        found = _look(files.root, parts, self)
        self._depth -= 1
        if not self._cut:  # else a shorter way may find out more
            if len(files.answers) > _MOST_ANSWERS:
                files.answers.clear()
            files.answers[parts] = found
        return found

    def names(self, files: Files, parts: Parts) -> Known[tuple[str, ...]]:
        """The names in a directory; unknown where finding out would take too long."""
        if not self._may_go_on():
            return UNKNOWN
        self._depth += 1
        found = names_in(files, parts, self)
        self._depth -= 1
        return found

    def _may_go_on(self) -> bool:
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            self._cut = True
            return False
        return True


def node_at(root: Node, parts: Iterable[str]) -> Node | None:
    """The node of a path, or None where nothing was written there or below."""
    node: Node | None = root
    for part in parts:
        node = None if node is None else node.children.get(part)
    return node


def untouched(root: Node, parts: Parts) -> Node:
    """The node of a path that has none yet: what its backing says, as of then."""
    entry, stamp = _claim(root, parts)[:2]
    return Node(entry, stamp, NO_CHILDREN)


def _claim(root: Node, parts: Parts) -> tuple[Entry, int, list[tuple[Event, int]]]:
    """The claim about a path, since when it holds, and all events above with their depth."""
    node = root
    backing, start, since = root.backing, 0, root.backing_stamp
    events: list[tuple[Event, int]] = [(event, 0) for event in root.events]
    for index, part in enumerate(parts):
        child = node.children.get(part)
        if child is None:
            if backing is None:
                raise AssertionError("the root has a backing")
            return backing[0].look(backing[1] + parts[start:]), since, events
        node = child
        if node.events:
            events += [(event, index + 1) for event in node.events]
        if node.backing is not None:
            backing, start, since = node.backing, index + 1, node.backing_stamp
    return node.own, node.stamp, events


def _look(root: Node, parts: Parts, query: Query) -> Entry:
    entry, stamp, events = _claim(root, parts)
    newer = [pair for pair in events if pair[0].by.stamp > stamp]
    if len(newer) > 1:
        newer.sort(key=_stamp)
    for event, depth in newer:
        entry = event.over(entry, parts[depth:], query)
    return entry


def names_in(files: Files, parts: Parts, query: Query) -> Known[tuple[str, ...]]:
    """The names in a directory, sorted; UNKNOWN unless all of them are known."""
    node: Node | None = files.root
    backing, start, since = files.root.backing, 0, files.root.backing_stamp
    events: list[tuple[Event, int]] = [(event, 0) for event in files.root.events]
    for index, part in enumerate(parts):
        node = None if node is None else node.children.get(part)
        if node is None:
            break
        events += [(event, index + 1) for event in node.events]
        if node.backing is not None:
            backing, start, since = node.backing, index + 1, node.backing_stamp
    found = UNKNOWN if backing is None else backing[0].names(backing[1] + parts[start:])
    if found is UNKNOWN:
        return UNKNOWN
    names = set(found)
    for event, depth in events:
        added = event.names(parts[depth:], query) if event.by.stamp > since else ()
        if added is UNKNOWN:
            return UNKNOWN
        names.update(added)
    if node is not None:
        names.update(name for name, _ in node.children.items())
    if len(names) > _MOST_NAMES:
        return UNKNOWN
    there = []
    for name in sorted(names):
        exists = query.entry(files, (*parts, name)).exists
        if exists is Claim.UNKNOWN:
            return UNKNOWN
        if exists is Claim.YES:
            there.append(name)
    return tuple(there)


def _stamp(pair: tuple[Event, int]) -> int:
    return pair[0].by.stamp


def with_event(node: Node, event: Event) -> Node:
    """The node after something happened to it and to all below; what that covers is forgotten."""
    events = (*[older for older in node.events if not event.covers(older)], event)
    if len(events) > _MOST_EVENTS:
        events = (Doubt(event.by),)
    return Node(node.own, node.stamp, node.children, node.backing, node.backing_stamp, events)


def kept(old: Entry, new: Entry) -> Entry:
    """What is there after writing into what may have been there before."""
    if old.exists is Claim.NO:
        return new
    if new.kind is Kind.DIRECTORY and old.exists is Claim.YES:
        return replace(old, kind=Kind.DIRECTORY)
    if old.exists is Claim.YES:
        return replace(new, mode=old.mode, uid=old.uid, gid=old.gid)
    return replace(
        new, mode=either(old.mode, new.mode), uid=either(old.uid, new.uid), gid=either(old.gid, new.gid)
    )


def joined(old: Entry, new: Entry) -> Entry:
    """What is there where it may have been written."""
    if old.exists is Claim.NO:
        return replace(new, exists=Claim.UNKNOWN)
    return Entry(
        old.exists,
        new.kind if old.kind == new.kind else UNKNOWN,
        either(old.mode, new.mode),
        either(old.uid, new.uid),
        either(old.gid, new.gid),
        new.target if old.target == new.target else UNKNOWN,
        new.content if old.content == new.content else None,
        old.writer,
        old.because,
    )
