"""The build context as files of an image: asked for, never walked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_file
from multistage_cli.build.files.model import ABSENT, Entry, Kind

if TYPE_CHECKING:
    from multistage_cli.build.context import BuildContext

_KINDS: Final = {"file": Kind.FILE, "directory": Kind.DIRECTORY, "link": Kind.LINK}
_MOST_NAMES: Final = 10_000
_MOST_KEPT: Final = 20_000
_MOST_READ: Final = 5_000
"""Files that are looked into: what lies in a folder of a hundred thousand of them nobody asks."""


class ContextFiles:
    """What the build context holds after its ignore file; everything belongs to root, as BuildKit sends it."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        self._found: dict[tuple[str, ...], Entry] = {}
        self._read = 0

    def look(self, parts: tuple[str, ...]) -> Entry:
        entry = self._found.get(parts)
        if entry is None:
            entry = self._look("/".join(parts))
            if len(self._found) < _MOST_KEPT:
                self._found[parts] = entry
        return entry

    def names(self, parts: tuple[str, ...]) -> Known[tuple[str, ...]]:
        names = self._context.names("/".join(parts))
        return names if len(names) <= _MOST_NAMES else UNKNOWN

    def _look(self, path: str) -> Entry:
        found = self._context.stat(path)
        if found is None:
            return ABSENT
        kind = _KINDS.get(found.kind)
        if kind is None:  # a FIFO, which arrives as one
            return Entry(Claim.YES, mode=found.mode, uid=0, gid=0)
        content = None
        if kind is Kind.FILE and self._read < _MOST_READ:
            self._read += 1
            content = content_of_file(self._context, path)
        return Entry(Claim.YES, kind, found.mode, 0, 0, target=found.target or UNKNOWN, content=content)
