"""The files of an image as a tree whose versions share what did not change.

A change rebuilds the nodes from the root to its path and nothing else, so that a stage of 20,000 RUN lines
can keep a version for each. What concerns all below a directory is an event at that directory (events.py),
and what nobody wrote is asked of a backing (backing.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.backing import ANYTHING, NOTHING
from multistage_cli.build.files.events import Changed, Copied, Doubt, Event, Removed, changed
from multistage_cli.build.files.model import ABSENT, MAYBE, Change, Entry, Kind, Writer
from multistage_cli.build.files.nodes import (
    LONGEST_PATH,
    NO_CHILDREN,
    Node,
    Parts,
    Query,
    joined,
    kept,
    names_in,
    node_at,
    untouched,
    with_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.files.backing import Backing


_MOST_LINKS: Final = 40  # MAXSYMLINKS of Linux
_LONGEST_NAME: Final = 255
_MOST_PARTS: Final = 100
"""Folders in one path; nobody nests deeper, and work grows with the cube of it."""
_DIRECTORY: Final = Entry(Claim.YES, Kind.DIRECTORY, 0o755, 0, 0)


_Make: TypeAlias = "Callable[[Node], Node]"


@dataclass(frozen=True, slots=True)
class Files:
    """All files of an image after a command; never changed, only replaced.

    Every path is absolute. What a command does is certain (YES), or may not have happened (UNKNOWN).

    Attributes:
        root: the tree.
        answers: what has been asked and answered, to be asked again.
    """

    root: Node
    answers: dict[Parts, Entry] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, backing: Backing) -> Files:
        """The files of a base image."""
        return cls(Node(_DIRECTORY, 0, NO_CHILDREN, (backing, ())))

    # Questions.

    def entry(self, path: str, *, follow: bool = True) -> Entry:
        """What is known of a path; a link in last place is followed unless told otherwise.

        A link that leads nowhere answers with what lies, or does not lie, at its end.
        """
        query = Query()
        parts = self.resolve_parts(path, query, last=follow)
        return MAYBE if parts is None else query.entry(self, parts)

    def resolve(self, path: str, *, follow: bool = True) -> Known[str]:
        """The path with all links followed; UNKNOWN where it cannot be told."""
        parts = self.resolve_parts(path, Query(), last=follow)
        return UNKNOWN if parts is None else "/" + "/".join(parts)

    def exists(self, path: str) -> Claim:
        """Whether something lies at a path, at the end of links."""
        return self.entry(path).exists

    def names(self, path: str) -> Known[tuple[str, ...]]:
        """The names in a directory, sorted; UNKNOWN unless all of them are known."""
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        return UNKNOWN if parts is None else names_in(self, parts, query)

    def resolve_parts(self, path: str, query: Query, *, last: bool) -> Parts | None:
        """The names from the root on, with links followed; None where that cannot be told."""
        if len(path) > LONGEST_PATH or "\0" in path or not path.startswith("/"):
            return None
        rest = [name for name in reversed(path.split("/")) if name not in {"", "."}]
        if len(rest) > _MOST_PARTS:
            return None
        done: list[str] = []
        links = 0
        node: Node | None = self.root
        while rest:
            name = rest.pop()
            if name == "..":
                done = done[:-1]
                node = node_at(self.root, done)
                continue
            if len(name) > _LONGEST_NAME:
                return None
            done.append(name)
            if not rest and not last:
                break
            node = None if node is None else node.children.get(name)
            if node is not None and node.own.kind is Kind.DIRECTORY:
                continue  # nothing makes a link of a directory in its place but a node of its own
            entry = query.entry(self, tuple(done))
            if entry.kind is not Kind.LINK:
                continue
            links += 1
            target = entry.target
            if target is UNKNOWN or links > _MOST_LINKS or len(rest) > _MOST_PARTS:
                return None
            done = [] if target.startswith("/") else done[:-1]
            node = node_at(self.root, done)
            rest += [part for part in reversed(target.split("/")) if part not in {"", "."}]
        return tuple(done)

    def touched(self) -> Iterator[str]:
        """The paths that a command named, and those above them; each folder before what is in it, sorted."""
        stack: list[tuple[str, Node]] = [("", self.root)]
        while stack:
            path, node = stack.pop()
            if path:
                yield path
            stack += [
                (f"{path}/{name}", child)
                for name, child in sorted(node.children.items(), key=_name, reverse=True)
            ]

    # Changes.

    def write(self, path: str, entry: Entry, by: Writer, certain: Claim, *, keep: bool = False) -> Files:
        """A file, a link or an empty directory is put at a path, in the place of what is there.

        Args:
            path: its folder exists, as the command would fail otherwise.
            entry: what is put there.
            by: the command.
            certain: as everywhere.
            keep: whether a file that is there keeps its owner and mode, and a link is written through
                (`>`, `cp`), and a directory that is there keeps what is in it (`mkdir -p`).
        """
        query = Query()
        parts = self.resolve_parts(path, query, last=keep)
        if parts is None:
            return self.doubt("/", by, removes=False)
        sure = certain is Claim.YES
        old = query.entry(self, parts)
        new = replace(entry, exists=Claim.YES, writer=by, because=by)
        if keep:
            new = kept(old, new)
        if certain is not Claim.YES:
            new = joined(old, new)
        if new.kind is Kind.DIRECTORY and keep and old.exists is not Claim.NO:
            return self._put(
                parts, query, by, lambda node: replace(node, own=new, stamp=by.stamp), implies=sure
            )
        # What may be a directory may hold something.
        backing = ANYTHING if new.kind is UNKNOWN else NOTHING
        fresh = Node(new, by.stamp, NO_CHILDREN, (backing, ()), by.stamp)
        if certain is not Claim.YES and old.exists is not Claim.NO:
            return self._put(
                parts, query, by, lambda node: with_event(replace(node, own=new, stamp=by.stamp), Doubt(by))
            )
        return self._put(parts, query, by, lambda _: fresh, implies=sure)

    def make_directories(
        self, path: str, by: Writer, certain: Claim, *, uid: Known[int], gid: Known[int], mode: Known[int]
    ) -> Files:
        """A directory and those above it, where they are not there (`mkdir -p`, WORKDIR, COPY)."""
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        if parts is None:
            return self.doubt("/", by, removes=False)
        made = Entry(Claim.YES, Kind.DIRECTORY, mode, uid, gid)
        files = self
        for length in range(1, len(parts) + 1):
            old = query.entry(self, parts[:length])
            if old.exists is Claim.YES:
                continue  # a directory, or a link to one
            files = files.write("/" + "/".join(parts[:length]), made, by, certain, keep=True)
        return files

    def remove(self, path: str, by: Writer, certain: Claim) -> Files:
        """What lies at a path goes, with all that is in it; a link goes, not what it points to."""
        query = Query()
        parts = self.resolve_parts(path, query, last=False)
        if parts is None:
            return self.doubt("/", by, adds=False, alters=False)
        if query.entry(self, parts).exists is Claim.NO:
            return self
        if certain is Claim.YES and parts:
            gone = Node(replace(ABSENT, because=by), by.stamp, NO_CHILDREN, (NOTHING, ()), by.stamp)
            return self._put(parts, query, by, lambda _: gone)
        return self._event(parts, query, Doubt(by, adds=False, alters=False))

    def remove_matching(self, folder: str, pattern: str, by: Writer, certain: Claim) -> Files:
        """The names in a folder that fit a shell pattern go, as by `rm -rf folder/*`."""
        return self._event_at(folder, Removed(by, pattern, certain))

    def doubt(
        self,
        path: str,
        by: Writer,
        *,
        adds: bool = True,
        removes: bool = True,
        alters: bool = True,
        inside: bool = False,
    ) -> Files:
        """Something at the path or below may be added, removed or altered; with `inside` only below it."""
        return self._event_at(path, Doubt(by, adds, removes, alters, inside=inside))

    def change(self, path: str, change: Change, by: Writer, certain: Claim, *, recursive: bool) -> Files:
        """Owner or mode of a path, at the end of links, or of all below too."""
        query = Query()
        parts = self.resolve_parts(path, query, last=not recursive)
        if parts is None:
            return self._event_at("/", Changed(by, change, Claim.UNKNOWN))
        if recursive:
            return self._event(parts, query, Changed(by, change, certain))
        old = query.entry(self, parts)
        if old.exists is Claim.NO:
            return self
        new = changed(old, change, by, certain)
        return self._put(parts, query, by, lambda node: replace(node, own=new, stamp=by.stamp))

    def change_matching(self, folder: str, pattern: str, change: Change, by: Writer, certain: Claim) -> Files:
        """Owner or mode of what fits a pattern in a folder, and of all below it."""
        return self._event_at(folder, Changed(by, change, certain, pattern))

    def copy_over(
        self,
        path: str,
        source: Files,
        source_path: str,
        by: Writer,
        *,
        change: Change,
        certain: Claim = Claim.YES,
        partial: bool = False,
        kept: Callable[[Parts], Claim] | None = None,
    ) -> Files:
        """The content of a directory is copied into the directory at a path, which exists."""
        at = source.resolve_parts(source_path, Query(), last=True)
        if at is None:
            return self.doubt(path, by)
        return self._event_at(path, Copied(by, source, at, change, certain, partial, kept))

    def mounted(
        self, path: str, shown: Files | None, source_path: str, by: Writer, *, own: Entry | None = None
    ) -> Files:
        """A mount hides what lies at a path.

        Args:
            path: where it is mounted.
            shown: the files that it shows; None where nothing is known of them.
            source_path: the path there.
            by: the command.
            own: what the mounted directory itself is, where the files do not say so.
        """
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        if not parts:
            return self
        at = None
        if shown is not None:
            at = shown.resolve_parts(f"/{source_path.lstrip('/')}", query, last=True)
        if shown is None or at is None:
            found = Entry(Claim.YES, because=by) if own is None else own
            node = Node(found, by.stamp, NO_CHILDREN, (ANYTHING, ()), by.stamp)
        else:
            found = replace(query.entry(shown, at), exists=Claim.YES) if own is None else own
            events = (Copied(by, shown, at, Change()),)
            node = Node(found, by.stamp - 1, NO_CHILDREN, (NOTHING, ()), by.stamp - 1, events)
        return self._put(parts, query, by, lambda _: node)

    def unmounted(self, path: str, before: Files, by: Writer) -> Files:
        """What lay at a path before it was hidden is there again, or nothing.

        What happened to the folders above since, such as `chown -R`, may have left it alone: it was hidden.
        """
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        old_parts = before.resolve_parts(path, query, last=True)
        if not parts or old_parts != parts:
            return self.doubt("/", by, removes=False)
        old = query.entry(before, parts)
        if old.exists is Claim.NO:
            gone = Node(old, by.stamp, NO_CHILDREN, (NOTHING, ()), by.stamp)
            return self._put(parts, query, by, lambda _: gone)
        known = node_at(before.root, parts)
        node = untouched(before.root, parts) if known is None else known
        restored = self._put(parts, query, by, lambda _: node)
        if Query().entry(restored, parts) == old:
            return restored
        unsure = with_event(
            replace(node, own=replace(old, mode=UNKNOWN, uid=UNKNOWN, gid=UNKNOWN)), Doubt(by)
        )
        return self._put(parts, Query(), by, lambda _: unsure)

    def perhaps_empty(self, path: str, by: Writer) -> Files:
        """A directory may not be there, unless a command put something into it that surely is."""
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        node = node_at(self.root, parts) if parts else None
        if parts is None or node is None:
            return self
        if any(query.entry(self, (*parts, name)).exists is Claim.YES for name, _ in node.children.items()):
            return self
        own = Entry(Claim.UNKNOWN, because=by)
        return self._put(parts, query, by, lambda node: replace(node, own=own, stamp=by.stamp))

    def add_event(self, path: str, event: Event) -> Files:
        """Something happened at the path and below."""
        return self._event_at(path, event)

    # How it is done.

    def _event_at(self, path: str, event: Event) -> Files:
        query = Query()
        parts = self.resolve_parts(path, query, last=True)
        return self._event(() if parts is None else parts, query, event)

    def _event(self, parts: Parts, query: Query, event: Event) -> Files:
        return self._put(parts, query, event.by, lambda node: with_event(node, event))

    def _put(self, parts: Parts, query: Query, by: Writer, make: _Make, *, implies: bool = False) -> Files:
        """Put another node at a path; `implies` where a success means that the folders above exist."""
        path = [self.root]
        for index in range(len(parts)):
            child = path[-1].children.get(parts[index])
            path.append(untouched(self.root, parts[: index + 1]) if child is None else child)
        node = make(path.pop())
        for depth in range(len(path) - 1, -1, -1):
            parent = path[depth]
            own, stamp = parent.own, parent.stamp
            if implies and depth:
                known = query.entry(self, parts[:depth])
                if known.exists is not Claim.YES:
                    own = replace(known, exists=Claim.YES, kind=Kind.DIRECTORY, because=by)
                    stamp = by.stamp
            # Not `replace`: this is where most of the time goes.
            children = parent.children.put(parts[depth], node)
            node = Node(own, stamp, children, parent.backing, parent.backing_stamp, parent.events)
        return Files(node)


def _name(item: tuple[str, Node]) -> str:
    return item[0]
