"""The files of a base image, from the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.model import ABSENT, MAYBE, Entry, Kind
from multistage_cli.build.packages import is_listed, packaged_file

if TYPE_CHECKING:
    from multistage_cli.build.files.events import Parts
    from multistage_cli.facts.contents import Contents

_KINDS: Final = {"file": Kind.FILE, "directory": Kind.DIRECTORY, "link": Kind.LINK}
_COMMAND_FOLDERS: Final = frozenset({
    ("bin",), ("sbin",), ("usr", "bin"), ("usr", "sbin"), ("usr", "local", "bin"), ("usr", "local", "sbin"),
})  # fmt: skip
_FOUND: Final = Entry(Claim.YES, Kind.FILE, 0o755, 0, 0)


class ImageFiles:
    """The files of a base image, as far as the facts know them."""

    def __init__(self, known: Contents) -> None:
        self._known = known
        self._commands: frozenset[str] | None = None
        self._folders = {*map(_parent, known.paths), *known.command_folders}
        self._found: dict[Parts, Entry] = {}

    def look(self, parts: Parts) -> Entry:
        entry = self._found.get(parts)
        if entry is None:
            entry = self._look(parts)
            if len(self._found) < _MOST_KEPT:
                self._found[parts] = entry
        return entry

    def names(self, parts: Parts) -> Known[tuple[str, ...]]:
        known = self._known
        if not parts:
            return tuple(sorted(known.top_level)) if known.top_level_complete else UNKNOWN
        return () if "/" + "/".join(parts) in known.empty else UNKNOWN

    def _look(self, parts: Parts) -> Entry:
        known = self._known
        path = "/" + "/".join(parts)
        if path in known.paths:
            kind, mode, uid, gid = known.paths[path]
            return Entry(Claim.YES, _KINDS[kind], mode, uid, gid, target=known.links.get(path, UNKNOWN))
        if self._denied(parts, path):
            return ABSENT
        if path in self._folders:
            return Entry(Claim.YES, Kind.DIRECTORY)
        if len(parts) == 1:
            return Entry(Claim.YES) if parts[0] in known.top_level else MAYBE
        # From here on the packages are looked up: not for every path, because that takes time.
        folder = _parent(path)
        if folder in known.command_folders or parts[:-1] in _COMMAND_FOLDERS or is_listed(parts):
            if self._commands is None:
                self._commands = frozenset(known.commands.values())
            if path in self._commands:
                return _FOUND
        if path.startswith(_BY_PACKAGES) and path in known.absent_paths:
            return ABSENT
        packaged = self._packaged(parts, path)
        if packaged is not None:
            return packaged
        if parts[:-1] in _COMMAND_FOLDERS:
            return self._command(parts)
        return MAYBE

    def _denied(self, parts: Parts, path: str) -> bool:
        known = self._known
        if known.top_level_complete and parts and parts[0] not in known.top_level:
            return True
        below = False
        while path:
            if path in known.said_absent_paths or (below and path in known.empty):
                return True
            path = path.rpartition("/")[0]
            below = True
        return False

    def _packaged(self, parts: Parts, path: str) -> Entry | None:
        """What a Debian package of the image has at the path; None where no one is known to."""
        known = self._known
        if known.suite is None or not is_listed(parts) or known.packages is None:
            return None
        from multistage_cli.facts import debian_files

        if not known.packages.isdisjoint(debian_files.providers(path, known.suite)):
            return packaged_file(parts)
        if debian_files.is_alternative(parts[-1]):
            made = any(path in debian_files.made(name, known.suite) for name in known.packages)
            return _FOUND if made else MAYBE
        return None

    def _command(self, parts: Parts) -> Entry:
        known = self._known
        complete = known.commands_complete and (not known.packages or known.suite is not None)
        return ABSENT if complete or parts[-1] in known.absent else MAYBE


_BY_PACKAGES: Final = ("/etc/ssl/", "/usr/share/zoneinfo")
_MOST_KEPT: Final = 10_000


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
