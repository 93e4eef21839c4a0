"""Answers kept between runs, in the user's cache folder.

What a digest names never changes and is kept for good; what a name means today is kept for an hour. Each
answer is a file of its own that is written beside its place and then moved there, so that two runs at once
never see half of one. A folder that cannot be read or written is the same as an empty one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FOREVER: Final = float("inf")
HOUR_SECONDS: Final = 3_600.0

_FORMAT: Final = 1
_LARGEST_BYTES: Final = 4_000_000
_MOST_FILES: Final = 8_000
_FOLDER_NAME: Final = "multistage"


@dataclass(frozen=True, slots=True)
class Store:
    """Keeps JSON under keys.

    Attributes:
        folder: where; None keeps nothing.
    """

    folder: Path | None

    def get(self, kind: str, key: str, *, within_seconds: float = FOREVER) -> Any:
        """What was kept; None where that is nothing, too old or not readable.

        Args:
            kind: of the answer.
            key: what it is the answer to.
            within_seconds: how old it may be.
        """
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            if path.stat().st_size > _LARGEST_BYTES:
                return None
            found = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        # The key is in the file as well: who finds it under another name does not take it for that.
        if not isinstance(found, dict) or (found.get("format"), found.get("key")) != (_FORMAT, key):
            return None
        at = found.get("at")
        age = time.time() - at if isinstance(at, int | float) else FOREVER
        if within_seconds != FOREVER and not 0 <= age <= within_seconds:
            return None
        return found.get("value")

    def numbers(self, kind: str, key: str, count: int) -> tuple[int, ...] | None:
        """So many whole numbers that were kept; None where there is anything else."""
        kept = self.get(kind, key)
        if not isinstance(kept, list) or len(kept) != count or not all(type(entry) is int for entry in kept):
            return None
        return tuple(kept)

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep an answer, if that can be."""
        path = self._path(kind, key)
        if path is None:
            return
        data = json.dumps({"format": _FORMAT, "key": key, "at": time.time(), "value": value}).encode()
        if len(data) > _LARGEST_BYTES:
            return
        name = ""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                name = file.name
                file.write(data)
            Path(name).replace(path)
            name = ""
        except OSError:
            return
        finally:
            if name:
                with contextlib.suppress(OSError):
                    Path(name).unlink()

    def tidy(self) -> None:
        """Drop the older half of the answers where there are very many."""
        if self.folder is None:
            return
        found: list[tuple[float, str]] = []
        try:
            for kind in os.scandir(self.folder):
                if kind.is_dir(follow_symlinks=False):
                    found += [(entry.stat().st_mtime, entry.path) for entry in os.scandir(kind.path)]
        except OSError:
            return
        if len(found) > _MOST_FILES:
            for _, path in sorted(found)[: len(found) // 2]:
                with contextlib.suppress(OSError):
                    Path(path).unlink()

    def _path(self, kind: str, key: str) -> Path | None:
        if self.folder is None:
            return None
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return self.folder / kind / f"{name}.json"


def cache_folder(environment: Mapping[str, str], platform: str = sys.platform) -> Path | None:
    """The folder for this program's cache, where this system keeps such; None where there is no home.

    Source: the XDG Base Directory Specification (a relative path in XDG_CACHE_HOME is to be ignored),
    Apple's File System Programming Guide, and Windows' known folder LocalAppData.
    """
    chosen = environment.get("XDG_CACHE_HOME", "")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / _FOLDER_NAME
    if platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return Path(local) / _FOLDER_NAME / "Cache" if local else None
    home = environment.get("HOME", "")
    if not home:
        return None
    inside = ("Library", "Caches") if platform == "darwin" else (".cache",)
    return Path(home, *inside, _FOLDER_NAME)
