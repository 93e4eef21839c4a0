"""What `cp`, `mv` and `install` leave behind, by the rules of GNU coreutils and BusyBox alike."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from multistage_cli.build.actor import Actor, base_name, is_directory, is_path, is_pattern
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Change, Entry, Kind, changed, read_mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.changes import PathsCopied
    from multistage_cli.build.state import State


class PathCopier:
    """Takes one command; `copied` is the state after it."""

    def __init__(self, state: State, change: PathsCopied, actor: Actor) -> None:
        self._state = state
        self._change = change
        self._actor = actor
        self._by = actor.by
        self._files = state.files
        self._destination = change.destination.rstrip("/") or "/"
        self._attributes = self._new_attributes()

    def copied(self) -> State:
        """The state after the command."""
        change, by = self._change, self._by
        if not change.complete or not is_path(change.destination):
            return self._state.lost(by)
        if change.parents:
            above = self._destination
            if change.into is not Claim.YES:
                above = posixpath.dirname(above)
            usual = self._actor.masked(0o777)
            self._files = self._files.make_directories(
                above, by, change.certain, uid=self._actor.uid, gid=self._actor.gid, mode=usual
            )
        into = change.into
        if len(change.sources) > 1:
            into = Claim.YES
        elif into is Claim.UNKNOWN:
            into = is_directory(self._files, self._destination)
        for source in change.sources:
            self._copy(source, into)
        return replace(self._state, files=self._files)

    def _copy(self, source: str, into: Claim) -> None:
        change, by = self._change, self._by
        folder, _, name = source.rstrip("/").rpartition("/")
        if not is_path(source) or is_pattern(folder):
            self._files = self._files.doubt(self._destination, by)
        elif is_pattern(name) or name == ".":
            self._copy_matching(folder or "/", name)
        else:
            self._copy_one(source, into)
            if change.moved:
                self._files = self._files.remove(source, by, change.certain)

    def _copy_matching(self, folder: str, pattern: str) -> None:
        change, by = self._change, self._by
        if pattern in {".", "*"} and (change.recursive or change.moved):
            # Hidden names are left out by a star; `folder/.` has them all.
            self._files = self._files.copy_over(
                self._destination,
                self._files,
                folder,
                by,
                change=self._attributes,
                certain=change.certain,
                partial=pattern == "*",
            )
        else:
            self._files = self._files.doubt(self._destination, by, removes=False)
        if change.moved:
            self._files = self._files.remove_matching(folder, pattern, by, change.certain)

    def _copy_one(self, source: str, into: Claim) -> None:
        change = self._change
        path = self._destination
        if into is Claim.YES:
            path = f"{path.rstrip('/')}/{base_name(source)}"
        found = self._files.entry(source, follow=not change.moved and not change.keeps)
        if into is Claim.UNKNOWN or found.kind is UNKNOWN or found.exists is Claim.NO:
            self._put_something(path)
            return
        certain = change.certain
        entry = changed(replace(found, exists=Claim.YES), self._attributes, self._by, Claim.YES)
        before = self._files
        if found.kind is Kind.DIRECTORY:
            files = before.write(path, entry, self._by, certain, keep=True)
            self._files = files.copy_over(
                path, before, source, self._by, change=self._attributes, certain=certain
            )
            return
        # `cp` writes into a file that is there; `mv` and `install` put another in its place.
        keep = not change.moved and not change.keeps and change.mode is None
        self._files = before.write(path, entry, self._by, certain, keep=keep)

    def _put_something(self, path: str) -> None:
        files = self._files.doubt(path, self._by, removes=False)
        if self._change.certain is Claim.YES:
            files = files.write(path, Entry(Claim.YES), self._by, Claim.YES, keep=True)
        self._files = files

    def _new_attributes(self) -> Change:
        """What becomes of owner and mode."""
        change, actor, accounts = self._change, self._actor, self._state.accounts
        mode: Callable[[int, Kind], Known[int]] | Known[int] | None = None
        if change.mode is not None:
            mode = read_mode(change.mode) or UNKNOWN
        elif not change.keeps:
            mask = actor.umask
            mode = UNKNOWN if mask is UNKNOWN else lambda old, _: old & 0o777 & ~mask
        named = change.owner is not None or change.group is not None
        if change.keeps and not named:
            return Change(mode=mode)
        uid = actor.uid if change.owner is None else accounts.ids(change.owner)[0]
        gid = actor.gid if change.group is None else accounts.group_id(change.group)
        return Change(uid, gid, mode)
