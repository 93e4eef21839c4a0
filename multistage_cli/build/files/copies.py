"""What commands such as `cp -r` and `chmod x dir/*` do to a whole directory, told once (see events.py)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.events import Event, Parts, changed, fits
from multistage_cli.build.files.model import Change, Entry, Kind, Writer, either

if TYPE_CHECKING:
    from multistage_cli.build.files.nodes import Query
    from multistage_cli.build.files.tree import Files


class NamesChanged(Struct, frozen=True):
    """Owner or mode of names directly in the directory that fit a pattern, as by `chmod x dir/*`."""

    by: Writer
    change: Change
    certain: Claim
    pattern: str

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        if len(below) != 1 or entry.exists is Claim.NO or not fits(self.pattern, below[0]):
            return entry
        if entry.kind is Kind.LINK:
            return entry  # it is followed
        return changed(entry, self.change, self.by, self.certain)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return ()

    def covers(self, older: Event) -> bool:
        return False


class NamesDoubted(Struct, frozen=True):
    """A doubt about names anywhere below that fit a pattern, and all below those (`find -name x -delete`)."""

    doubt: Event
    patterns: tuple[str, ...]

    @property
    def by(self) -> Writer:
        return self.doubt.by

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        found = any(fnmatchcase(name, pattern) for name in below for pattern in self.patterns)
        return self.doubt.over(entry, below, query) if found else entry

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        return self.doubt.names(below, query)

    def covers(self, older: Event) -> bool:
        return False


class CopiedInto(Struct, frozen=True):
    """What a command copied or moved out of another directory into this one.

    Attributes:
        by: the command.
        files: where it was copied from, as it was then.
        at: that directory.
        change: the owner and mode that new paths get.
        certain: UNKNOWN where it may not have happened.
        pattern: the names that were copied; None for all.
        keeps: whether what is there already gets owner and mode of its source, too (`cp -a`).
        replaces: whether a file that is there gives way to another (`mv`).
        follows: whether links are copied as what they point to (`cp -L`).
        spares: whether files that are there may stay (`cp -n`).
        runner: the only user whose files keep their owner, where the command is not root's; else None.
    """

    by: Writer
    files: Files
    at: Parts
    change: Change
    certain: Claim
    pattern: str | None = None
    keeps: bool = False
    replaces: bool = False
    follows: bool = False
    spares: bool = False
    runner: Known[int] | None = None

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        if not below or (self.pattern is not None and not fits(self.pattern, below[0])):
            return entry
        source = query.entry(self.files, self.at + below)
        if source.exists is Claim.NO:
            return entry
        unsure = self.certain is not Claim.YES or source.exists is not Claim.YES
        if unsure or source.kind is UNKNOWN or (self.follows and source.kind is Kind.LINK):
            return self._something(entry, surely=not unsure)
        new = self._new(source)
        if entry.exists is Claim.NO:
            return new
        if self.spares and source.kind is not Kind.DIRECTORY:
            return self._something(entry, surely=True)
        return self._onto(entry, new)

    def _something(self, entry: Entry, *, surely: bool) -> Entry:
        """Nobody can tell what is there now; `surely` where something is."""
        if surely:
            return Entry(Claim.YES, because=self.by if entry.exists is not Claim.YES else entry.because)
        exists = Claim.YES if entry.exists is Claim.YES else Claim.UNKNOWN
        return Entry(exists, because=entry.because if exists is Claim.YES else self.by)

    def _new(self, source: Entry) -> Entry:
        new = changed(source, self.change, self.by, Claim.YES)
        if self.runner is not None and self.change.uid is None and source.uid != self.runner:
            new = replace(new, uid=UNKNOWN, gid=UNKNOWN)
        return replace(new, writer=self.by, because=self.by)

    def _onto(self, entry: Entry, new: Entry) -> Entry:
        """The claim about a path where something is, or may be, already."""
        if new.kind is Kind.LINK:
            return new  # `cp -r` and `mv` put it in the place of what is there
        if entry.kind is Kind.LINK and new.kind is Kind.FILE and not self.replaces:
            return replace(entry, exists=Claim.YES)  # the file at its end was written
        if self.keeps or (self.replaces and new.kind is Kind.FILE):
            known = entry.kind is not UNKNOWN or self.replaces or new.kind is Kind.DIRECTORY
            return new if known else replace(new, kind=UNKNOWN)
        if entry.exists is Claim.YES and entry.kind is new.kind:
            return replace(new, mode=entry.mode, uid=entry.uid, gid=entry.gid)
        return replace(
            new,
            kind=new.kind if new.kind is Kind.DIRECTORY else UNKNOWN,
            mode=either(entry.mode, new.mode),
            uid=either(entry.uid, new.uid),
            gid=either(entry.gid, new.gid),
            content=None,
        )

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        found = query.names(self.files, self.at + below)
        if found is UNKNOWN or below or self.pattern is None:
            return found
        pattern = self.pattern
        return tuple(name for name in found if fits(pattern, name))

    def covers(self, older: Event) -> bool:
        return False
