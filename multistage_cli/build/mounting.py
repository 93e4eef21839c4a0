"""RUN --mount: what a command sees at a mount's target, and what is left of it in no layer.

A mount's target is made for it, with the folders above, and taken away again where nothing else has come to
lie there (MountStubsCleaner in executor/stubs.go of moby/buildkit, with `recursive`; tests/engine/states).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import absolute
from multistage_cli.build.files import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from multistage_cli.build.files import Files, Writer
    from multistage_cli.build.instructions import Mount
    from multistage_cli.build.state import State

_DIRECTORY_MODE: Final = 0o755
_TEMPORARY_MODE: Final = 0o1777
_SECRET_MODE: Final = 0o400
_SECRETS: Final = "/run/secrets"
_AGENTS: Final = "/run/buildkit/ssh_agent"
_LONGEST_NUMBER: Final = 10
_OCTAL: Final = 8


class Mounted(Struct, frozen=True):
    """A mount, expanded.

    Attributes:
        mount: as written.
        target: where it lies; None for what has no target or hides all files.
        files: what it shows; None where nothing is known of that.
        source: the path there.
    """

    mount: Mount
    target: str | None
    files: Files | None = None
    source: str = "/"


def target_of(mount: Mount, target: Known[str] | None, folder: Known[str], index: int) -> str | None:
    """Where a mount lies.

    Args:
        mount: as written.
        target: its target, expanded; None where none is written.
        folder: the working directory, which is the default of bind, cache and tmpfs.
        index: of the mount among those of type ssh.
    """
    if target is UNKNOWN:
        return None
    if target is None and mount.type == "secret":
        # One that goes into a variable needs no file (dispatchSecret in dockerfile2llb).
        name = posixpath.basename(mount.source or mount.id or "")
        target = f"{_SECRETS}/{name}" if name and mount.env is None else None
    elif target is None and mount.type == "ssh":
        target = f"{_AGENTS}.{index}"
    elif target is None:
        target = "."
    if target is None:
        return None
    found = absolute(target, folder)
    if not found.startswith("/"):
        return None
    found = posixpath.normpath(f"/{found.lstrip('/')}")
    return None if found == "/" else found


def with_mounts(state: State, mounts: Iterable[Mounted], writer: Callable[[], Writer]) -> State:
    """The state that a RUN sees.

    Args:
        state: before the RUN.
        mounts: those of the RUN.
        writer: makes the writers of what is mounted.
    """
    files = state.files
    for mounted in _in_order(mounts):
        target = mounted.target or "/"
        exists = _appears(mounted.mount)
        above = posixpath.dirname(target)
        if _is_missing(files, above):
            files = files.make_directories(above, writer(), exists, uid=0, gid=0, mode=_DIRECTORY_MODE)
        entry = _file(mounted.mount, exists)
        if entry is not None:
            files = files.write(target, entry, writer(), exists)
            continue
        own = _folder(mounted.mount)
        files = files.mounted(target, mounted.files, mounted.source, writer(), own=own)
    return replace(state, files=files)


def without_mounts(
    after: State, before: State, mounts: Sequence[Mounted], writer: Callable[[], Writer]
) -> State:
    """The state that a RUN leaves: what lies in a mount is in no layer."""
    files = after.files
    for mounted in reversed(_in_order(mounts)):
        target = mounted.target or "/"
        files = files.unmounted(target, before.files, writer())
        files = _without_folders(files, before.files, posixpath.dirname(target), writer)
    return replace(after, files=files)


def _without_folders(files: Files, before: Files, folder: str, writer: Callable[[], Writer]) -> Files:
    """Folders that were made for a mount go with it, unless something else lies in them now."""
    while folder != "/" and files.exists(folder) is not Claim.NO:
        there = before.exists(folder)
        if there is Claim.YES:
            break
        if there is Claim.UNKNOWN:
            # That the command wrote into the mount says nothing of the folder without the mount.
            files = files.perhaps_empty(folder, writer())
            if files.exists(folder) is Claim.YES:
                break
        else:
            names = files.names(folder)
            if names is UNKNOWN:
                return files.doubt(folder, writer(), adds=False, alters=False)
            if names:
                break
            files = files.remove(folder, writer(), Claim.YES)
        folder = posixpath.dirname(folder)
    return files


def _is_missing(files: Files, folder: str) -> bool:
    """Whether it surely is not there, and all above it surely is or is not."""
    while folder != "/" and files.exists(folder) is Claim.NO:
        folder = posixpath.dirname(folder)
        if files.exists(folder) is Claim.YES:
            return True
    return False


def _in_order(mounts: Iterable[Mounted]) -> list[Mounted]:
    """Outer mounts first, as the runtime does it."""
    return sorted((mounted for mounted in mounts if mounted.target is not None), key=_depth)


def _depth(mounted: Mounted) -> int:
    return (mounted.target or "").count("/")


def _appears(mount: Mount) -> Claim:
    """Whether it is there at all: a secret or an agent that the build does not get is left out."""
    return Claim.UNKNOWN if mount.type in {"secret", "ssh"} and not mount.required else Claim.YES


def _file(mount: Mount, exists: Claim) -> Entry | None:
    """What a secret or an agent is for the command; None for mounts of directories."""
    if mount.type == "secret":
        mode = _number(mount.mode, _OCTAL, _SECRET_MODE)
        return Entry(exists, Kind.FILE, mode, _number(mount.uid, 10, 0), _number(mount.gid, 10, 0))
    return Entry(exists) if mount.type == "ssh" else None


def _folder(mount: Mount) -> Entry | None:
    """The root of a mount that shows no files of the build."""
    if mount.type == "tmpfs":
        return Entry(Claim.YES, Kind.DIRECTORY, _TEMPORARY_MODE, 0, 0)
    if mount.type != "cache":
        return None
    if mount.from_ is not None:
        return Entry(Claim.YES, Kind.DIRECTORY)
    mode = _number(mount.mode, _OCTAL, _DIRECTORY_MODE)
    return Entry(Claim.YES, Kind.DIRECTORY, mode, _number(mount.uid, 10, 0), _number(mount.gid, 10, 0))


def _number(text: str | None, base: int, default: int) -> Known[int]:
    if text is None:
        return default
    digits = "01234567" if base == _OCTAL else "0123456789"
    return int(text, base) if len(text) <= _LONGEST_NUMBER and set(text) <= set(digits) else UNKNOWN
