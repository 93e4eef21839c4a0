"""The build context as files of an image: asked for, never walked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_file
from multistage_cli.build.files.model import ABSENT, MAYBE, Entry, Kind

if TYPE_CHECKING:
    from multistage_cli.build.context import BuildContext

_KINDS = {"file": Kind.FILE, "directory": Kind.DIRECTORY, "link": Kind.LINK}


class ContextFiles:
    """What the build context holds after its ignore file; everything belongs to root, as BuildKit sends it."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context

    def look(self, parts: tuple[str, ...]) -> Entry:
        path = "/".join(parts)
        found = self._context.stat(path)
        if found is None:
            return ABSENT
        kind = _KINDS.get(found.kind)
        if kind is None:
            return MAYBE
        content = content_of_file(self._context, path) if kind is Kind.FILE else None
        return Entry(Claim.YES, kind, found.mode, 0, 0, target=found.target or UNKNOWN, content=content)

    def names(self, parts: tuple[str, ...]) -> Known[tuple[str, ...]]:
        prefix = "/".join(parts)
        names: set[str] = set()
        for entry in self._context.entries(prefix):
            names.add(entry.path[len(prefix) :].lstrip("/").partition("/")[0])
            if len(names) > _MOST_NAMES:
                return UNKNOWN
        return tuple(sorted(names))


_MOST_NAMES = 10_000
