"""What happened to a directory and all below it, told once instead of for every path.

An event lies at a directory and is folded over the claims about paths below that are older than it: so
`chown -R`, a command that nobody knows and a copied directory cost the same however much lies there.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.model import Change, Entry, Kind, Writer, either

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.files.nodes import Query
    from multistage_cli.build.files.tree import Files

Parts: TypeAlias = tuple[str, ...]

_DEEPEST: Final = 5
"""What a doubt spares lies less deep than this below its directory."""


class Event(Protocol):
    """Something that happened below a directory."""

    @property
    def by(self) -> Writer:
        """What it follows from."""

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        """The claim about a path, given the claim before; `below` is the path from the directory."""

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        """The names that it may have brought into a directory; UNKNOWN where those are not known."""

    def covers(self, older: Event) -> bool:
        """Whether an older event at the same directory says nothing more after this one."""


class Doubt(Struct, frozen=True):
    """Something may have been added, removed or altered, by a command that nobody can follow.

    Attributes:
        by: the command.
        adds: whether it may have added something; `removes` and `alters` likewise.
        removes: as said.
        alters: as said.
        spares: what it surely left alone, with all below: relative to the directory, such as `bin/curl`.
        inside: whether the directory itself stays as it is, and only what is in it is not sure.
    """

    by: Writer
    adds: bool = True
    removes: bool = True
    alters: bool = True
    spares: frozenset[str] = frozenset()
    inside: bool = False

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        if self.inside and not below:
            return entry
        if self.spares and any("/".join(below[:length]) in self.spares for length in range(1, _DEEPEST)):
            return entry
        if (entry.exists is Claim.NO and self.adds) or (entry.exists is Claim.YES and self.removes):
            return Entry(Claim.UNKNOWN, because=self.by)
        if entry.exists is Claim.NO or not self.alters:
            return entry
        return Entry(entry.exists, because=entry.because)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return UNKNOWN if self.adds else ()

    def covers(self, older: Event) -> bool:
        if self.adds and self.removes and self.alters and not self.spares and not self.inside:
            return True
        return (
            isinstance(older, Doubt)
            and self.spares <= older.spares
            and self.inside <= older.inside
            and self.adds >= older.adds
            and self.removes >= older.removes
            and self.alters >= older.alters
        )


class Changed(Struct, frozen=True):
    """Owners or modes of everything, as by `chown -R`; `certain` where the command surely ran.

    Attributes:
        by: the command.
        change: the new attributes.
        certain: UNKNOWN where the command may not have run.
        pattern: names directly in the directory that it is about (`chown -R x dir/*`), or None for the
            directory itself and all in it.
    """

    by: Writer
    change: Change
    certain: Claim
    pattern: str | None = None

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        if entry.exists is Claim.NO or not _concerns(self.pattern, below):
            return entry
        return changed(entry, self.change, self.by, self.certain)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return ()

    def covers(self, older: Event) -> bool:
        return False


class Removed(Struct, frozen=True):
    """Names in the directory that fit a pattern are gone, as by `rm -rf dir/*`."""

    by: Writer
    pattern: str
    certain: Claim

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        if entry.exists is Claim.NO or not below or not _concerns(self.pattern, below):
            return entry
        exists = Claim.NO if self.certain is Claim.YES else Claim.UNKNOWN
        return Entry(exists, because=self.by)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return ()

    def covers(self, older: Event) -> bool:
        return isinstance(older, Removed) and older.pattern == self.pattern and self.certain is Claim.YES


class Copied(Struct, frozen=True):
    """The content of another directory was copied over this one.

    Attributes:
        by: the command or instruction.
        files: where it was copied from, as it was then.
        at: the directory's path there.
        change: the owner and mode that the copies get.
        certain: UNKNOWN where it may not have happened.
        partial: whether some of it may have been left out.
        kept: whether a path from the directory on was copied (`--exclude`); None where all were.
    """

    by: Writer
    files: Files
    at: Parts
    change: Change
    certain: Claim = Claim.YES
    partial: bool = False
    kept: Callable[[Parts], Claim] | None = None

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        kept = Claim.YES if self.kept is None else self.kept(below)
        if not below or kept is Claim.NO:
            return entry
        source = query.entry(self.files, self.at + below)
        if source.exists is Claim.NO:
            return entry
        sure = self.certain is Claim.YES and kept is Claim.YES and not self.partial
        if not sure or source.exists is Claim.UNKNOWN:
            return maybe(entry, self.by)
        if source.kind is Kind.DIRECTORY and entry.exists is not Claim.NO:
            # Copied over what is there, a directory gets owner and mode of its source; over anything but a
            # directory nobody copies one (copyDirectoryOnly in copy/copy.go of tonistiigi/fsutil, `cp`).
            return replace(changed(source, self.change, self.by, Claim.YES), because=self.by)
        return replace(changed(source, self.change, self.by, Claim.YES), writer=self.by, because=self.by)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return query.names(self.files, self.at + below)

    def covers(self, older: Event) -> bool:
        return False


def fits(pattern: str, name: str) -> bool:
    """Whether a shell's wildcard stands for a name: hidden ones only where it says so."""
    return not (name.startswith(".") and not pattern.startswith(".")) and fnmatchcase(name, pattern)


def _concerns(pattern: str | None, below: Parts) -> bool:
    return pattern is None or (bool(below) and fits(pattern, below[0]))


def maybe(entry: Entry, by: Writer) -> Entry:
    """The claim after something may have been written over it."""
    if entry.exists is Claim.NO:
        return Entry(Claim.UNKNOWN, because=by)
    return Entry(entry.exists, because=entry.because)


def changed(entry: Entry, change: Change, by: Writer, certain: Claim) -> Entry:
    """The claim with the attributes that a command gave, or may have given, to it."""
    uid = entry.uid if change.uid is None else change.uid
    gid = entry.gid if change.gid is None else change.gid
    mode = _new_mode(entry, change)
    if certain is not Claim.YES:
        uid, gid, mode = either(uid, entry.uid), either(gid, entry.gid), either(mode, entry.mode)
    if entry.kind is Kind.LINK:
        mode = entry.mode  # chmod -R leaves links alone, and theirs means nothing
    return replace(entry, uid=uid, gid=gid, mode=mode, writer=by if certain is Claim.YES else entry.writer)


def _new_mode(entry: Entry, change: Change) -> Known[int]:
    if change.mode is None:
        return entry.mode
    if change.mode is UNKNOWN or isinstance(change.mode, int):
        return change.mode
    if entry.mode is UNKNOWN or entry.kind is UNKNOWN:
        kinds = (Kind.FILE, Kind.DIRECTORY) if entry.kind is UNKNOWN else (entry.kind,)
        olds = (0, 0o7777) if entry.mode is UNKNOWN else (entry.mode,)
        found = {change.mode(old, kind) for old in olds for kind in kinds}
        return found.pop() if len(found) == 1 else UNKNOWN
    return change.mode(entry.mode, entry.kind)
