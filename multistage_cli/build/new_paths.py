"""What the kernel gives to a path that is made: its group, and the folders above it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim, Known

if TYPE_CHECKING:
    from multistage_cli.build.actor import Actor
    from multistage_cli.build.files import Files

_SET_GROUP: Final = 0o2000
_MOST_PARENTS: Final = 64


def make_parents(files: Files, path: str, actor: Actor, certain: Claim) -> Files:
    """The files with the directories above a path, as `mkdir -p` makes them."""
    above = posixpath.dirname(path)
    mode, gid = actor.masked(0o777), actor.gid
    top = _nearest(files, above)
    if top is not None:
        gid, special = group_of_new(files, f"{top}/x", actor), set_group_of_new(files, f"{top}/x")
        mode = UNKNOWN if special is UNKNOWN or mode is UNKNOWN else mode | special
    return files.make_directories(above, actor.by, certain, uid=actor.uid, gid=gid, mode=mode)


def _nearest(files: Files, path: str) -> str | None:
    """The nearest directory above that may be there, where one below it is missing; else None."""
    missing = False
    for _ in range(_MOST_PARENTS):
        if files.entry(path).exists is not Claim.NO:
            return path if missing else None
        missing = True
        path = posixpath.dirname(path)
    return None


def group_of_new(files: Files, path: str, actor: Actor) -> Known[int]:
    """The group of what is made at a path: its folder's where that has the set-group-ID bit (inode(7))."""
    folder = files.entry(posixpath.dirname(path))
    if folder.mode is not UNKNOWN:
        return folder.gid if folder.mode & _SET_GROUP else actor.gid
    return actor.gid if folder.writer is None or folder.gid == actor.gid else UNKNOWN


def set_group_of_new(files: Files, path: str) -> Known[int]:
    """The set-group-ID bit, or 0, that a directory made at a path takes over from its folder.

    No distribution has the bit on folders that the facts do not know; a command may have set it.
    """
    folder = files.entry(posixpath.dirname(path))
    if folder.mode is not UNKNOWN:
        return folder.mode & _SET_GROUP
    return 0 if folder.writer is None else UNKNOWN
