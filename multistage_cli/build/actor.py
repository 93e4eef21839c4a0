"""Who makes a change, and the small questions that every change asks of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import UMASK, Kind

if TYPE_CHECKING:
    from multistage_cli.build.files import Files, Writer


class Actor(Struct, frozen=True):
    """Who makes a change.

    Attributes:
        by: the command.
        uid: of the user it runs as.
        gid: of that user's group.
        umask: of the shell.
    """

    by: Writer
    uid: Known[int]
    gid: Known[int]
    umask: Known[int] = UMASK

    def masked(self, mode: int) -> Known[int]:
        """The permission bits of what it makes."""
        return UNKNOWN if self.umask is UNKNOWN else mode & ~self.umask


def is_path(path: str) -> bool:
    """Whether a path is absolute: else nobody knows where it lies."""
    return path.startswith("/")


def is_pattern(text: str) -> bool:
    """Whether a shell reads wildcards in it."""
    return any(character in text for character in "*?[")


def base_name(path: str) -> str:
    """The last name of a path, as `basename` prints it."""
    return path.rstrip("/").rpartition("/")[2]


def is_directory(files: Files, path: str) -> Claim:
    """Whether a directory lies at a path, at the end of links."""
    if path == "/":
        return Claim.YES
    entry = files.entry(path)
    if entry.exists is Claim.NO:
        return Claim.NO
    if entry.exists is Claim.UNKNOWN or entry.kind is UNKNOWN:
        return Claim.UNKNOWN
    return Claim.YES if entry.kind is Kind.DIRECTORY else Claim.NO
