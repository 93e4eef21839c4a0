"""What `cp`, `mv` and `install` leave behind, by the rules of GNU coreutils and BusyBox alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.actor import Actor, base_name, is_directory, is_path, is_pattern
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Change, Entry, Kind, Query, changed, read_mode
from multistage_cli.build.files.copies import CopiedInto
from multistage_cli.build.new_paths import group_of_new, make_parents, set_group_of_new

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.changes import PathsCopied
    from multistage_cli.build.files import Files
    from multistage_cli.build.state import State


class PathCopier:
    """Takes one command; `copied` is the state after it."""

    def __init__(self, state: State, change: PathsCopied, actor: Actor) -> None:
        self._state = state
        self._change = change
        self._actor = actor
        self._by = actor.by
        # A directory is written just before what is in it is copied.
        self._before = replace(actor.by, stamp=actor.by.stamp - 1)
        self._files = state.files
        self._destination = change.destination.rstrip("/") or "/"

    def copied(self) -> State:
        """The state after the command."""
        change = self._change
        if not change.complete or not is_path(change.destination) or is_pattern(change.destination):
            self._lose()
            return replace(self._state, files=self._files)
        if change.parents:
            inside = f"{self._destination}/x" if change.into is Claim.YES else self._destination
            self._files = make_parents(self._files, inside, self._actor, change.certain)
        into = change.into
        if len(change.sources) > 1:
            into = Claim.YES
        elif into is Claim.UNKNOWN:
            into = is_directory(self._files, self._destination)
        if into is Claim.YES and change.certain is Claim.YES:
            self._imply_directory()
        for source in change.sources:
            self._copy(source, into)
        return replace(self._state, files=self._files)

    def _lose(self) -> None:
        """Nobody knows what was copied, or where to."""
        place = self._destination
        if not is_path(place) or is_pattern(place):
            place = "/"
        self._files = self._files.doubt(place, self._by, removes=False)
        if self._change.moved:
            self._files = self._files.doubt("/", self._by, adds=False, alters=False)

    def _imply_directory(self) -> None:
        """The command would have failed without the directory to copy into."""
        old = self._files.entry(self._destination)
        if old.exists is Claim.UNKNOWN or (old.exists is Claim.YES and old.kind is UNKNOWN):
            entry = Entry(Claim.YES, Kind.DIRECTORY)
            self._files = self._files.write(self._destination, entry, self._before, Claim.YES, keep=True)

    def _copy(self, source: str, into: Claim) -> None:
        change, by = self._change, self._by
        folder, _, name = source.rstrip("/").rpartition("/")
        if not is_path(source) or is_pattern(folder):
            self._files = self._files.doubt(self._destination, by, removes=False)
            if change.moved:
                self._files = self._files.doubt("/", by, adds=False, alters=False)
        elif name == ".":
            self._copy_content(folder or "/")
        elif is_pattern(name):
            self._copy_matching(folder or "/", name, into)
        else:
            self._copy_one(source, into)
            if change.moved:
                self._files = self._files.remove(source, by, change.certain)

    def _copy_content(self, folder: str) -> None:
        """`cp -r folder/. destination`: into the destination, which is made where it is not there."""
        change, path = self._change, self._destination
        source = self._files.entry(folder)
        if source.kind is not Kind.DIRECTORY or not change.recursive:
            self._files = self._files.doubt(path, self._by, removes=False)
            return
        before, attributes = self._files, self._attributes(path)
        entry = changed(replace(source, exists=Claim.YES), attributes, self._by, Claim.YES)
        self._put_directory(path, entry, fresh=False)
        self._merge(path, before, folder, attributes)

    def _copy_matching(self, folder: str, pattern: str, into: Claim) -> None:
        change, path = self._change, self._destination
        if into is Claim.YES:
            self._merge(path, self._files, folder, self._attributes(f"{path}/x"), pattern)
        else:
            # One name fits: it may have been copied to the destination's own name.
            self._put_something(path)
        if change.moved:
            self._files = self._files.remove_matching(folder, pattern, self._by, change.certain)

    def _copy_one(self, source: str, into: Claim) -> None:
        change, path = self._change, self._destination
        if into is Claim.YES:
            path = f"{path.rstrip('/')}/{base_name(source)}"
        found = self._files.entry(source, follow=change.follows)
        if found.kind is UNKNOWN and change.follows and not change.recursive and not change.moved:
            found = replace(found, kind=Kind.FILE)  # it leaves directories out
        if into is Claim.UNKNOWN or found.kind is UNKNOWN or found.exists is Claim.NO:
            self._put_something(path)
            return
        before, attributes = self._files, self._attributes(path)
        entry = self._owned(found, changed(replace(found, exists=Claim.YES), attributes, self._by, Claim.YES))
        if found.kind is Kind.DIRECTORY:
            self._put_directory(path, entry, fresh=change.moved)
            self._merge(path, before, source, attributes)
        else:
            self._put_file(path, entry)

    def _put_file(self, path: str, entry: Entry) -> None:
        change, certain, files = self._change, self._change.certain, self._files
        there = files.entry(path).exists
        if change.spares and there is not Claim.NO:
            files = files.write(path, entry, self._before, Claim.UNKNOWN, keep=True)
            if certain is Claim.YES and there is Claim.UNKNOWN:
                files = files.write(path, Entry(Claim.YES), self._by, certain, keep=True)
            self._files = files
            return
        replaced = change.moved or change.replaces or entry.kind is Kind.LINK
        if change.keeps and not replaced:
            # `cp -p` writes into what is there, and gives it owner and mode of the source.
            end = files.resolve(path)
            path = path if end is UNKNOWN else end
            replaced = end is not UNKNOWN
        self._files = files.write(path, entry, self._by, certain, keep=not replaced)

    def _put_directory(self, path: str, entry: Entry, *, fresh: bool) -> None:
        change, files = self._change, self._files
        old = files.entry(path)
        files = files.write(path, entry, self._before, change.certain, keep=not fresh)
        if not fresh and change.keeps and old.exists is not Claim.NO:
            new = Change(entry.uid, entry.gid, entry.mode)
            files = files.change(path, new, self._before, change.certain, recursive=False)
        self._files = files

    def _merge(
        self, path: str, before: Files, folder: str, attributes: Change, pattern: str | None = None
    ) -> None:
        """The content of a folder, as it was before, comes into the directory at a path."""
        at = before.resolve_parts(folder, Query(), last=True)
        if at is None:
            self._files = self._files.doubt(path, self._by, removes=False)
            return
        change = self._change
        event = CopiedInto(
            self._by, before, at, attributes, change.certain, pattern,
            keeps=change.keeps, replaces=change.replaces or change.moved, follows=change.follows_all,
            spares=change.spares, runner=None if self._actor.uid == 0 else self._actor.uid,
        )  # fmt: skip
        self._files = self._files.add_event(path, event)

    def _put_something(self, path: str) -> None:
        files = self._files.doubt(path, self._before, removes=False)
        # What is copied as it is may be a link, and lead nowhere from here.
        if self._change.certain is Claim.YES and self._change.follows:
            files = files.write(path, Entry(Claim.YES), self._by, Claim.YES, keep=True)
        self._files = files

    def _owned(self, source: Entry, entry: Entry) -> Entry:
        """The copy, whose owner an ordinary user cannot set: chown(2) is root's."""
        kept = self._change.keeps and self._change.owner is None and self._change.group is None
        if not kept or self._actor.uid in {0, source.uid}:
            return entry
        if self._change.moved and source.kind is not Kind.DIRECTORY:
            return entry  # rename(2)
        return replace(entry, uid=UNKNOWN, gid=UNKNOWN)

    def _attributes(self, path: str) -> Change:
        """What becomes of owner and mode at a path that is new."""
        change, actor, accounts = self._change, self._actor, self._state.accounts
        if not change.attributes_known:
            return Change(UNKNOWN, UNKNOWN, UNKNOWN)
        mode: Callable[[int, Kind], Known[int]] | Known[int] | None = None
        if change.mode is not None:
            mode = _installed_mode(change.mode)
        elif not change.keeps:
            mask = actor.umask
            inherits = set_group_of_new(self._files, path) != 0  # UNKNOWN, too
            mode = UNKNOWN if mask is UNKNOWN else _masked(mask, inherits=inherits)
        named = change.owner is not None or change.group is not None
        if change.keeps and not named:
            return Change(mode=mode)
        uid = actor.uid if change.owner is None else accounts.ids(change.owner)[0]
        group = change.group
        gid = group_of_new(self._files, path, actor) if group is None else accounts.group_id(group)
        return Change(uid, gid, mode)


def _masked(mask: int, *, inherits: bool) -> Callable[[int, Kind], Known[int]]:
    """Modes of copies; whether a directory takes over the set-group-ID bit differs between tools."""

    def masked(old: int, kind: Kind) -> Known[int]:
        return UNKNOWN if inherits and kind is Kind.DIRECTORY else old & 0o777 & ~mask

    return masked


def _installed_mode(text: str) -> Known[int]:
    """The mode that `install -m` gives: it starts from no bit at all, whatever the source has."""
    change = read_mode(text)
    return UNKNOWN if change is None else change(0, Kind.FILE)
