"""Packages of the distribution that an image holds, and the commands and libraries that they brought.

Nothing is looked up before it is asked for: the Debian index is opened for the first question only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.changes import Installation, Removal
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Entry, Kind, Parts, Query, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.files import Event

_NONE: Final[frozenset[str]] = frozenset()


class Present(Struct, frozen=True):
    """What is known of the packages after a command.

    Attributes:
        present: surely installed.
        maybe: may be installed, or not.
        complete: whether no other package is installed.
        gone: surely not installed, where that is not all that is known.
        suite: Debian's release, where it is one that the facts have.
        users: whether a package may have made users since the base image.
    """

    present: frozenset[str] = _NONE
    maybe: frozenset[str] = _NONE
    complete: bool = False
    gone: frozenset[str] = _NONE
    suite: str | None = None
    users: bool = False

    def has(self, name: str) -> Claim:
        """Whether a package is installed."""
        if name in self.present:
            return Claim.YES
        if name in self.maybe:
            return Claim.UNKNOWN
        return Claim.NO if self.complete or name in self.gone else Claim.UNKNOWN


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages after a command: those before it, and what it did.

    Attributes:
        manager: `apt`, `apk` or `dnf`, where the distribution is known.
        suite: Debian's release of the base image, where it is one that the facts have.
        look: looks up what the base image has.
        before: None for the base image's own.
        change: what the command did; None for one that nobody can follow.
        by: the command.
    """

    manager: str | None = None
    suite: str | None = None
    look: Callable[[], Present] = Present
    before: Packages | None = None
    change: Installation | Removal | None = None
    by: Writer | None = None
    _found: list[Present] = field(default_factory=list, compare=False, repr=False)

    def after(self, change: Installation | Removal, by: Writer) -> Packages:
        """The packages after a command that installs or removes some."""
        return Packages(self.manager, self.suite, self.look, self, change, by)

    def doubt(self, by: Writer) -> Packages:
        """The packages after a command that nobody can follow: nothing is sure any more."""
        lost = partial(Present, suite=self.suite, users=True)
        return Packages(self.manager, self.suite, lost, None, None, by)

    def has(self, name: str) -> Claim:
        """Whether a package is installed."""
        return self.known.has(name)

    @property
    def known(self) -> Present:
        """What is known; looked up once."""
        chain = []
        node: Packages | None = self
        while node is not None and not node._found:  # noqa: SLF001 - of the same class
            chain.append(node)
            node = node.before
        for entry in reversed(chain):
            before = entry.look() if entry.before is None else entry.before.known
            if entry.change is not None:
                before = _after(before, entry.change, entry.look)
            entry._found.append(before)  # noqa: SLF001
        return self._found[0]

    @property
    def added(self) -> frozenset[str]:
        """What the last command surely brought."""
        before = _NONE if self.before is None else self.before.known.present
        return self.known.present - before


def _after(before: Present, change: Installation | Removal, look: Callable[[], Present]) -> Present:
    if isinstance(change, Removal):
        return _removed(before, change, look())
    certain = change.certain is Claim.YES
    named = frozenset(_bare(name) for name in change.packages)
    if before.suite is None or change.manager != "apt":
        # What is named is there if the command succeeded; what it brings along is unknown.
        return Present(before.present | named if certain else before.present, suite=before.suite, users=True)
    from multistage_cli.facts import debian

    closure = debian.closure(
        change.packages, suite=before.suite, installed=before.present, recommends=change.recommends
    )
    found = frozenset(package.name for package in closure.packages)
    real = frozenset(name for name in named if debian.package(name, before.suite))
    sure = change.complete and change.recommends_known and not closure.unknown and not closure.removed
    present = before.present - frozenset(closure.removed)
    if certain:
        # What is only maybe there may stand in for a dependency.
        brought = found if sure and not before.maybe else frozenset()
        present |= brought | real
    return replace(
        before,
        present=present,
        maybe=(before.maybe | found) - present,
        complete=before.complete and sure,
        gone=before.gone - found - named if sure else _NONE,
        users=before.users
        or not sure
        or any(debian.needs_any(name, before.suite, _USER_MAKERS) for name in found),
    )


# By Debian's policy (9.2.2) a package that makes users depends on one of these.
_USER_MAKERS: Final = frozenset({
    "adduser", "sysuser-helper", "systemd", "systemd-standalone-sysusers", "systemd-sysusers", "opensysusers",
})  # fmt: skip


def _removed(before: Present, change: Removal, start: Present) -> Present:
    named = frozenset(_bare(name) for name in change.packages)
    if any(set("*?[^") & set(name) for name in named) or not named.isdisjoint(start.present):
        return Present(
            maybe=before.present | before.maybe,
            complete=before.complete,
            suite=before.suite,
            users=before.users,
        )
    # What depended on them goes, too, but no package of the base image does.
    kept = before.present & start.present
    maybe = (before.present | before.maybe) - kept
    if change.certain is Claim.YES:
        return replace(before, present=kept, maybe=maybe - named, gone=before.gone | named)
    return replace(before, present=kept, maybe=maybe)


def _bare(name: str) -> str:
    """The package's name without version, release and architecture."""
    return name.partition("=")[0].partition("/")[0].partition(":")[0].removesuffix("+")


def packaged_file(parts: Parts, by: Writer | None = None) -> Entry:
    """A command or a library of a Debian package."""
    mode = 0o644 if parts[:-1] == _LIBRARIES else _SET_ID.get(parts[-1], 0o755)
    # What runs as a group belongs to it: shadow, _ssh, tty.
    gid: Known[int] = UNKNOWN if mode & _SET_GROUP else 0
    return Entry(Claim.YES, Kind.FILE, mode, 0, gid, writer=by, because=by)


def is_listed(parts: Parts) -> bool:
    """Whether the facts list all that packages have in the folder of a path."""
    return parts[:-1] in _COMMANDS or parts[:-1] == _LIBRARIES


_SET_ID: Final = {
    "chage": 0o2755, "chfn": 0o4755, "chsh": 0o4755, "expiry": 0o2755, "gpasswd": 0o4755, "mount": 0o4755,
    "newgrp": 0o4755, "passwd": 0o4755, "ssh-agent": 0o2755, "su": 0o4755, "sudo": 0o4755, "umount": 0o4755,
}  # fmt: skip
_SET_GROUP: Final = 0o2000
_COMMANDS: Final = frozenset({("usr", "bin"), ("usr", "sbin"), ("usr", "games")})
_LIBRARIES: Final = ("usr", "lib", "x86_64-linux-gnu")
_UNTOUCHED: Final = frozenset(
    {"app", "home", "media", "mnt", "opt", "root", "src", "srv", "tmp", "workspace", "work"}
)


def touches(parts: Parts) -> bool:
    """Whether a distribution's packages may bring something at a path.

    By Debian's policy they bring nothing below /home, /opt, /srv and /usr/local, where only empty folders
    of a language's own packages are made; what is not among the names of the File System Hierarchy is
    nobody's.
    """
    top = parts[0] if parts else ""
    if top == "usr":
        return parts[1:2] != ("local",) or parts[2:3] in {("lib",), ("share",), ()}
    return top in {"bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "run", "sbin", "var", ""}


class DebianFiles(Struct, frozen=True):
    """What `apt-get install` or `remove` did to the files of an image: an event at its root.

    Attributes:
        by: the command.
        packages: as they are afterwards.
    """

    by: Writer
    packages: Packages

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        """As the protocol says."""
        if not touches(below):
            return entry
        if self.packages.suite is None or not is_listed(below):
            return self._unlisted(entry)
        known = self.packages.known
        if known.suite is None:
            return self._unlisted(entry)
        from multistage_cli.facts import debian_files

        path = "/" + "/".join(below)
        shipped = frozenset(debian_files.providers(path, known.suite))
        if isinstance(self.packages.change, Removal):
            return self._removed(entry, shipped, known)
        added = self.packages.added
        if shipped & added:
            return packaged_file(below, self.by)
        if entry.exists is Claim.YES:
            return entry
        alternative = debian_files.is_alternative(below[-1])
        if alternative and any(path in debian_files.made(name, known.suite) for name in added):
            return Entry(Claim.YES, Kind.FILE, 0o755, 0, 0, writer=self.by, because=self.by)
        possible = not shipped.isdisjoint(known.maybe) or (bool(shipped) and not known.complete)
        if entry.exists is Claim.NO and (possible or (alternative and added)):
            return Entry(Claim.UNKNOWN, because=self.by)
        return entry

    def _unlisted(self, entry: Entry) -> Entry:
        if entry.exists is Claim.NO:
            return Entry(Claim.UNKNOWN, because=self.by)
        removed = isinstance(self.packages.change, Removal) and entry.writer is not None
        return Entry(Claim.UNKNOWN, because=self.by) if removed else entry

    def _removed(self, entry: Entry, shipped: frozenset[str], known: Present) -> Entry:
        if entry.exists is not Claim.YES or not shipped:
            return entry
        states = {known.has(name) for name in shipped}
        if states == {Claim.NO}:
            return Entry(Claim.NO, because=self.by)
        return entry if Claim.YES in states else Entry(Claim.UNKNOWN, because=self.by)

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        """As the protocol says."""
        return UNKNOWN if touches((*below, "x")) else ()

    def covers(self, older: Event) -> bool:
        """As the protocol says."""
        return False
