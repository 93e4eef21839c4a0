"""COPY and ADD: what lies where afterwards, by BuildKit's rules for destinations.

Sources: dispatchCopy in dockerfile2llb and docopy in solver/llbsolver/file of moby/buildkit, Copy in
copy/copy.go of tonistiigi/fsutil; all of it tried on BuildKit 0.25 (tests/engine/states).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.actor import base_name, is_directory
from multistage_cli.build.archives import members_of
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_text
from multistage_cli.build.context.go_paths import inside
from multistage_cli.build.copied_system import Landed, with_system
from multistage_cli.build.copy_attributes import DIRECTORY_MODE, attributes
from multistage_cli.build.copy_sources import file_name, is_address, is_git, matching
from multistage_cli.build.files import Change, Entry, Kind, changed, either
from multistage_cli.build.kept_paths import kept_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.archives import Member
    from multistage_cli.build.copied_system import Shown
    from multistage_cli.build.files import Writer
    from multistage_cli.build.instructions import CopySources
    from multistage_cli.build.state import State
    from multistage_cli.build.steps import Copied

_FILE_MODE: Final = 0o644
_FETCHED_MODE: Final = 0o600


class Copier:
    """Takes one COPY or ADD.

    Attributes:
        state: before it.
        copied: what it copies where, expanded.
        read: its flags.
        source: what it copies from; None where nothing is known of that.
        writer: makes the instruction's writers: what it does later counts over what it does first.
        adds: whether it is ADD, which fetches URLs and unpacks archives.
        new: owner and mode of what it writes.
    """

    def __init__(
        self,
        state: State,
        copied: Copied,
        read: CopySources,
        source: Shown | None,
        writer: Callable[[], Writer],
        *,
        owner: Known[str] | None,
        mode: Known[str] | None,
        adds: bool,
    ) -> None:
        self.state = state
        self.copied = copied
        self.read = read
        self.source = source
        self.writer = writer
        self.adds = adds
        # A flag whose variable is empty is none.
        owner, mode = (None if value == "" else value for value in (owner, mode))
        self.new = attributes(state.accounts, owner, mode)
        # BuildKit makes a layer of its own for `--link`, but not together with `--chmod`.
        self.linked = read.link and mode is None
        self.files = state.files
        self.path = "/"
        self.into = False
        self.landed: list[Landed] = []

    @property
    def by(self) -> Writer:
        """A writer newer than the last."""
        return self.writer()

    def after(self) -> State:
        """The state after the instruction."""
        destination = self.copied.destination
        if destination is UNKNOWN or self.state.windows:
            return self.state.lost(self.by)
        self.path = destination.rstrip("/") or "/"
        self.into = destination.endswith("/")
        if self.linked and not self._same_for_links():
            self._put_something()
        else:
            for word in self.copied.sources:
                self._copy_word(word)
            for name, body in self.copied.heredocs:
                content = None if body is UNKNOWN else content_of_text(body)
                self._make_folders()
                self._place(name, Entry(Claim.YES, Kind.FILE, _FILE_MODE, 0, 0, content=content), None)
        return with_system(
            self.state, replace(self.state, files=self.files), self.source, self.landed, self.by
        )

    # Sources.

    def _copy_word(self, word: Known[str]) -> None:
        if word is UNKNOWN:
            self._put_something()
        elif self.adds and is_git(word):
            self._clone()
        elif self.adds and is_address(word):
            self._fetch(word)
        elif self.source is None:
            self._put_something()
        elif self.read.parents:
            self._copy_with_parents(word, self.source)
        else:
            paths = matching(self.source.files, word)
            if paths is None:
                self._put_anything()  # which names fit is not known: none may
            for path in paths or ():
                self._copy_path(path, self.source)

    def _copy_path(self, at: str, source: Shown) -> None:
        found = source.files.entry(at)
        if found.exists is Claim.NO or found.kind is UNKNOWN:
            self._put_something()
            return
        if found.kind is Kind.DIRECTORY:
            self._make_folders()
            self._copy_directory(at, source)
            return
        unpacks = self.adds if self.read.unpack is None else self.read.unpack
        members = self._members(at, source) if unpacks else None
        if members is None:
            self._make_folders()
            self._place(base_name(at), replace(found, exists=Claim.YES), at)
        elif members is UNKNOWN:
            self._put_something()
        else:
            self._unpack(members)

    def _members(self, at: str, source: Shown) -> Known[tuple[Member, ...]] | None:
        if source.context is None:
            return UNKNOWN
        resolved = source.files.resolve(at)
        return UNKNOWN if resolved is UNKNOWN else members_of(source.context, resolved)

    def _copy_directory(self, at: str, source: Shown) -> None:
        """The content of a directory; the destination itself keeps or gets attributes of its own."""
        self._make(self.path)
        kept = kept_paths(self.read.exclude) if self.read.exclude else None
        self.files = self.files.copy_over(
            self.path, source.files, at, self.by, change=self.new.copies, kept=kept
        )
        self._land(at, self.path)

    def _copy_with_parents(self, word: str, source: Shown) -> None:
        """`--parents` keeps the folders of the source, from a `/./` on; links among them are not followed."""
        before, pivot, after = word.partition("/./")
        base, pattern = (before, after) if pivot else ("", word)
        paths = matching(source.files, f"{base}/{pattern}")
        folder = source.files.resolve(f"/{inside(base)}")
        if paths is None or folder is UNKNOWN or "**" in pattern:
            self._put_something()
            return
        self._make_folders()
        self._make(self.path)
        for path in paths:
            parts = [part for part in path.removeprefix(folder).split("/") if part]
            above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
            kinds = {source.files.entry(f"{folder.rstrip('/')}/{name}", follow=False).kind for name in above}
            if not path.startswith(folder) or kinds - {Kind.DIRECTORY}:
                self._put_something()
                continue
            for name in above:
                self._copy_folder(source, folder, name)
            self._copy_one_below(source, folder, "/".join(parts))

    def _copy_folder(self, source: Shown, base: str, below: str) -> None:
        """A folder on the way: one that is there keeps its owner and gets the mode of its source."""
        path = f"{self.path.rstrip('/')}/{below}"
        found = source.files.entry(f"{base.rstrip('/')}/{below}")
        new = changed(replace(found, exists=Claim.YES), self.new.copies, self.by, Claim.YES)
        there = is_directory(self.files, path)
        self.files = self.files.write(path, new, self.by, Claim.YES, keep=True)
        if there is Claim.YES:
            self.files = self.files.change(path, Change(mode=found.mode), self.by, Claim.YES, recursive=False)

    def _copy_one_below(self, source: Shown, base: str, below: str) -> None:
        path = f"{self.path.rstrip('/')}/{below}"
        at = f"{base.rstrip('/')}/{below}"
        found = source.files.entry(at, follow=False)
        if found.exists is Claim.NO or found.kind is UNKNOWN:
            self.files = self.files.doubt(path, self.by, removes=False)
        elif found.kind is Kind.DIRECTORY:
            self._copy_folder(source, base, below)
            kept = kept_paths(self.read.exclude, below) if self.read.exclude else None
            self.files = self.files.copy_over(
                path, source.files, at, self.by, change=self.new.copies, kept=kept
            )
        else:
            new = changed(replace(found, exists=Claim.YES), self.new.copies, self.by, Claim.YES)
            self.files = self.files.write(path, new, self.by, Claim.YES)
        self._land(at, path)

    def _fetch(self, address: str) -> None:
        if self.read.unpack:
            self._put_something()
            return
        self._make_folders()
        self._place(file_name(address), Entry(Claim.YES, Kind.FILE, _FETCHED_MODE, 0, 0), None)

    def _clone(self) -> None:
        self._make_folders()
        found = Entry(Claim.YES, Kind.DIRECTORY, UNKNOWN, 0, 0)
        new = changed(found, self.new.copies, self.by, Claim.YES)
        self.files = self.files.write(self.path, new, self.by, Claim.YES, keep=True)
        self.files = self.files.doubt(self.path, self.by, removes=False, inside=True)
        self._land(None, self.path)

    def _unpack(self, members: tuple[Member, ...]) -> None:
        """An archive's members: `--chown` is theirs too, `--chmod` is not."""
        new = self.new
        self.files = self.files.make_directories(
            self.path, self.by, Claim.YES, uid=new.uid, gid=new.gid, mode=DIRECTORY_MODE
        )
        owner = replace(new.copies, mode=None)
        for member in members:
            if not member.path:
                continue  # the archive's own root: the destination stays as it is
            path = f"{self.path.rstrip('/')}/{member.path}"
            folder, real = posixpath.dirname(path), self.files.resolve(self.path)
            below = posixpath.dirname(member.path)
            wanted = UNKNOWN if real is UNKNOWN else posixpath.normpath(f"{real}/{below}")
            if self.files.resolve(folder) != wanted:
                # Through a link that lies in the destination: it leads elsewhere than the link says.
                self.files = self.files.doubt(self.path, self.by)
                break
            self.files = self.files.make_directories(
                folder, self.by, Claim.YES, uid=0, gid=0, mode=DIRECTORY_MODE
            )
            entry = changed(member.entry, owner, self.by, Claim.YES)
            if member.same_as is not None:
                other = self.files.entry(f"{self.path.rstrip('/')}/{member.same_as}", follow=False)
                entry = replace(entry, kind=other.kind, mode=other.mode, content=other.content)
            merges = member.entry.kind is Kind.DIRECTORY and (
                self.files.entry(path, follow=False).kind is Kind.DIRECTORY
            )
            self.files = self.files.write(path, entry, self.by, Claim.YES, keep=merges)
            if merges:
                change = Change(entry.uid, entry.gid, entry.mode)
                self.files = self.files.change(path, change, self.by, Claim.YES, recursive=False)
        self._land(None, self.path)

    # Destinations.

    def _land(self, at: str | None, path: str) -> None:
        real = self.files.resolve(path)
        self.landed.append(Landed(None, "/") if real is UNKNOWN else Landed(at, real))

    def _make_folders(self) -> None:
        """The folder that the destination names or lies in, made before anything is copied."""
        self._make(self.path if self.into else posixpath.dirname(self.path))

    def _make(self, folder: str) -> None:
        new = self.new
        self.files = self.files.make_directories(
            folder, self.by, Claim.YES, uid=new.uid, gid=new.gid, mode=new.mode
        )

    def _place(self, name: str, entry: Entry, at: str | None) -> None:
        """A file: into a directory under its name, else in the place of what the destination leads to.

        In a directory, a link of that name is replaced; a destination that is a link is followed.
        """
        into = is_directory(self.files, self.path)
        path = f"{self.path.rstrip('/')}/{name}" if into is Claim.YES else self.files.resolve(self.path)
        if into is Claim.UNKNOWN or path is UNKNOWN:
            self._put_something()
            return
        self._make(posixpath.dirname(path))
        entry = changed(entry, self.new.copies, self.by, Claim.YES)
        self.files = self.files.write(path, entry, self.by, Claim.YES)
        self._land(at, path)

    def _put_something(self) -> None:
        """Something comes to lie at the destination, or in it."""
        into = Claim.YES if self.into else is_directory(self.files, self.path)
        self._make_folders()
        self.files = self.files.doubt(self.path, self.by, removes=False, inside=into is Claim.YES)
        if into is not Claim.YES:
            self.files = self.files.write(self.path, Entry(Claim.YES), self.by, Claim.YES, keep=True)
        self._land(None, self.path)

    def _put_anything(self) -> None:
        """Something may come to lie at the destination, and the folders above it then, too."""
        path = self.path
        while path != "/" and self.files.entry(posixpath.dirname(path)).exists is not Claim.YES:
            path = posixpath.dirname(path)
        inside = is_directory(self.files, path) is Claim.YES
        self.files = self.files.doubt(path, self.by, removes=False, inside=inside)
        self._land(None, self.path)

    def _same_for_links(self) -> bool:
        """Whether `--link` does what a copy does.

        In a layer of its own it sees nothing of the destination: it follows no links, takes no directory for
        one without a slash, and gives the folders on the way its own attributes. Image stores that cannot
        merge layers (overlay2 of dockerd) copy as without the flag, so that only what is alike is known.
        """
        there = self.files.entry(self.path, follow=False)
        if not self.into and there.exists is not Claim.NO and not self._copies_directories():
            return False
        new, folder = self.new, self.path
        while folder != "/":
            entry = self.files.entry(folder, follow=False)
            if entry.exists is not Claim.NO and entry.kind is not Kind.DIRECTORY:
                return False
            if entry.exists is Claim.YES:
                unsure = Change(
                    either(entry.uid, new.uid), either(entry.gid, new.gid), either(entry.mode, new.mode)
                )
                if (unsure.uid, unsure.gid, unsure.mode) != (entry.uid, entry.gid, entry.mode):
                    self.files = self.files.change(folder, unsure, self.by, Claim.YES, recursive=False)
            folder = posixpath.dirname(folder)
        return True

    def _copies_directories(self) -> bool:
        """Whether each source is a directory, so that all are merged into the destination."""
        if self.source is None or self.copied.heredocs:
            return False
        for word in self.copied.sources:
            paths = None if word is UNKNOWN else matching(self.source.files, word)
            if paths is None or any(is_directory(self.source.files, path) is not Claim.YES for path in paths):
                return False
        return True
