"""COPY and ADD: what lies where afterwards, by BuildKit's rules for destinations."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from multistage_cli.build.actor import base_name, is_pattern
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_text
from multistage_cli.build.files import Change, Entry, Files, Kind, changed, read_mode

if TYPE_CHECKING:
    from multistage_cli.build.accounts import Accounts
    from multistage_cli.build.files import Writer
    from multistage_cli.build.instructions import CopySources
    from multistage_cli.build.state import State
    from multistage_cli.build.steps import Copied

_FILE_MODE = 0o644
_DIRECTORY_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Shown:
    """What COPY and mounts read: a stage, an image or the build context; users are None for the last."""

    files: Files
    accounts: Accounts | None = None


class Copier:
    """Takes one COPY or ADD.

    Attributes:
        state: before it.
        copied: what it copies where, expanded.
        read: its flags.
        source: what it copies from; None where nothing is known of that.
        by: the instruction.
        owner: the value of `--chown`, expanded; None without the flag.
        mode: the value of `--chmod`, in the same way.
        adds: whether it is ADD, which fetches URLs and unpacks archives.
    """

    def __init__(
        self,
        state: State,
        copied: Copied,
        read: CopySources,
        source: Shown | None,
        by: Writer,
        *,
        owner: Known[str] | None,
        mode: Known[str] | None,
        adds: bool,
    ) -> None:
        self.state = state
        self.copied = copied
        self.read = read
        self.source = source
        self.by = by
        self.adds = adds
        self.change = _change(state, owner, mode)
        self.files = state.files
        self.path = "/"
        self.into = False

    def after(self) -> State:
        """The state after the instruction."""
        destination = self.copied.destination
        if destination is UNKNOWN or self.state.windows:
            return self.state.lost(self.by)
        if self.read.parents:
            return self._noted(replace(self.state, files=self.files.doubt(destination, self.by)))
        self.path = destination.rstrip("/") or "/"
        self.into = destination.endswith("/") or len(self.copied.sources) + len(self.copied.heredocs) > 1
        folder = self.path if self.into else posixpath.dirname(self.path)
        uid, gid = self.change.uid, self.change.gid
        self.files = self.files.make_directories(
            folder,
            self.by,
            Claim.YES,
            uid=0 if uid is None else uid,
            gid=0 if gid is None else gid,
            mode=_DIRECTORY_MODE,
        )
        for name, body in self.copied.heredocs:
            content = None if body is UNKNOWN else content_of_text(body)
            self._place(name, Entry(Claim.YES, Kind.FILE, _FILE_MODE, 0, 0, content=content))
        for word in self.copied.sources:
            self._copy(word)
        return self._noted(replace(self.state, files=self.files))

    def _copy(self, word: Known[str]) -> None:
        remote = word is not UNKNOWN and self.adds and "://" in word
        if word is UNKNOWN or self.source is None or remote or is_pattern(word):
            self._put_something()
            return
        at = posixpath.normpath(f"/{word.lstrip('/')}")
        found = self.source.files.entry(at)
        if found.exists is Claim.NO or found.kind is UNKNOWN:
            self._put_something()
        elif found.kind is Kind.DIRECTORY:
            self._copy_directory(at, found)
        elif self.adds and self.source.accounts is None:
            self.files = self.files.doubt(self.path, self.by)  # what is an archive is unpacked
        else:
            self._place(base_name(at), replace(found, exists=Claim.YES))

    def _copy_directory(self, at: str, found: Entry) -> None:
        assert self.source is not None  # noqa: S101
        if self.files.entry(self.path).exists is not Claim.YES:
            made = changed(replace(found, exists=Claim.YES), self.change, self.by, Claim.YES)
            self.files = self.files.write(self.path, made, self.by, Claim.YES, keep=True)
        self.files = self.files.copy_over(
            self.path, self.source.files, at, self.by, change=self.change, partial=bool(self.read.exclude)
        )

    def _place(self, name: str, entry: Entry) -> None:
        there = self.files.entry(self.path)
        if not self.into and there.exists is not Claim.NO and there.kind is UNKNOWN:
            self._put_something()
            return
        path = self.path
        if self.into or (there.exists is Claim.YES and there.kind is Kind.DIRECTORY):
            path = f"{path.rstrip('/')}/{name}"
        entry = changed(entry, self.change, self.by, Claim.YES)
        self.files = self.files.write(path, entry, self.by, Claim.YES)

    def _put_something(self) -> None:
        self.files = self.files.doubt(self.path, self.by, removes=False)
        if not self.into:
            self.files = self.files.write(self.path, Entry(Claim.YES), self.by, Claim.YES, keep=True)

    def _noted(self, state: State) -> State:
        """Users are those of the /etc/passwd that was copied, where that can be told."""
        if self.path not in {"/", "/etc", "/etc/passwd", "/etc/group"}:
            return state
        accounts = None if self.source is None else self.source.accounts
        plain = self.path == "/etc/passwd" and self.copied.sources in {("/etc/passwd",), ("etc/passwd",)}
        if plain and accounts is not None:
            users = replace(state.accounts, users=accounts.users, users_complete=accounts.users_complete)
            return replace(state, accounts=users)
        return replace(state, accounts=state.accounts.doubt(removes=True))


def _change(state: State, owner: Known[str] | None, mode: Known[str] | None) -> Change:
    uid: Known[int] = 0
    gid: Known[int] = 0
    if owner is UNKNOWN:
        uid = gid = UNKNOWN
    elif owner is not None:
        uid, gid = state.accounts.ids(owner)
        if owner.isdecimal():
            gid = int(owner)  # `--chown=1000` means 1000:1000 (parseChownFlag in dockerfile2llb)
    if mode is None:
        return Change(uid, gid)
    return Change(uid, gid, UNKNOWN if mode is UNKNOWN else read_mode(mode) or UNKNOWN)
