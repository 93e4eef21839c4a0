"""A build context of which some files have a content that nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from multistage_cli.build.context.build_context import BuildContext
from multistage_cli.build.context.go_paths import inside
from multistage_cli.build.context.sources import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable


class PartlyUnread(BuildContext):
    """The same files, of which some are there and cannot be read.

    Args:
        context: what it is made of; folders that were listed already are not listed again.
        unread: paths of files, and of folders with all that is in them.
    """

    def __init__(self, context: BuildContext, unread: Iterable[str]) -> None:
        super().__init__(context.root, context.ignore, context.ignore_file)
        self._folders = context.folders
        self._unread = frozenset(inside(path) for path in unread)

    def read_text(self, path: str, limit_bytes: int = 1_000_000) -> str | None:
        """See `BuildContext`."""
        return None if self._hides(path) else super().read_text(path, limit_bytes)

    def read_bytes(self, path: str, limit_bytes: int) -> bytes | None:
        """See `BuildContext`."""
        return None if self._hides(path) else super().read_bytes(path, limit_bytes)

    def read_start(self, path: str, limit_bytes: int) -> bytes | None:
        """See `BuildContext`."""
        return None if self._hides(path) else super().read_start(path, limit_bytes)

    def opened(self, path: str) -> BinaryIO | None:
        """See `BuildContext`."""
        return None if self._hides(path) else super().opened(path)

    def _hides(self, path: str) -> bool:
        shown = inside(path)
        return self._is_unread(shown) or self._is_unread(resolve(self._folders, shown) or shown)

    def _is_unread(self, path: str) -> bool:
        parts = path.split("/")
        above = ("/".join(parts[:length]) for length in range(len(parts) + 1))
        return any(place in self._unread for place in above)
