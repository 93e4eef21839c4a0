"""The members of a small tar archive of the build context, which ADD unpacks.

Sources: isArchivePath and unpack in solver/llbsolver/file/unpack.go of moby/buildkit, and Untar in
moby/go-archive. Nothing is written to disk: the archive is unpacked in memory, up to a limit.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.binaries import BZIP2, GZIP, START_BYTES, XZ, ZSTD, is_tar
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Entry, Kind

if TYPE_CHECKING:
    import tarfile

    from multistage_cli.build.context import BuildContext

_MOST_BYTES: Final = 1_000_000
_MOST_UNPACKED_BYTES: Final = 8_000_000
_MOST_MEMBERS: Final = 2_000
_GZIP_WINDOW: Final = 31  # wbits of zlib: a gzip header and the largest window
_XZ_MEMORY_BYTES: Final = 100_000_000


class Member(Struct, frozen=True):
    """One thing in an archive.

    Attributes:
        path: from the archive's root, cleaned, without a leading slash.
        entry: what it is; the kind is unknown for a device.
        same_as: the path of the member that it is another name of (a hard link), or None.
    """

    path: str
    entry: Entry
    same_as: str | None = None


def members_of(context: BuildContext, path: str) -> Known[tuple[Member, ...]] | None:
    """What ADD unpacks of a file.

    Returns:
        The members in order; UNKNOWN where it is an archive that cannot be looked into, or may be one;
        None where it is none, so that ADD copies the file as it is.
    """
    start = context.read_start(path, START_BYTES)
    if start is None:
        return UNKNOWN
    packed = start.startswith((GZIP, BZIP2, XZ, ZSTD))
    if not packed and not is_tar(start):
        return None
    content = context.read_bytes(path, _MOST_BYTES)
    if content is None or content.startswith(ZSTD):
        return UNKNOWN
    unpacked = _unpacked(content)
    if unpacked is None:
        return UNKNOWN
    return _members(unpacked) if is_tar(unpacked) else None


def _unpacked(content: bytes) -> bytes | None:
    """The bytes of the archive; None where they are too many, or broken."""
    try:
        if content.startswith(GZIP):
            found = zlib.decompressobj(_GZIP_WINDOW).decompress(content, _MOST_UNPACKED_BYTES + 1)
        elif content.startswith(BZIP2):
            found = bz2.BZ2Decompressor().decompress(content, _MOST_UNPACKED_BYTES + 1)
        elif content.startswith(XZ):
            unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)
            found = unpacker.decompress(content, _MOST_UNPACKED_BYTES + 1)
        else:
            found = content
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        return None
    return found if len(found) <= _MOST_UNPACKED_BYTES else None


def _members(content: bytes) -> Known[tuple[Member, ...]]:
    import tarfile

    found: list[Member] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for info in archive:
                member = _member(info)
                if member is None or len(found) >= _MOST_MEMBERS:
                    return UNKNOWN
                found.append(member)
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError):
        return UNKNOWN
    return tuple(found)


def _member(info: tarfile.TarInfo) -> Member | None:
    """One member; None for what lies outside of the archive, which stops the build or means another place."""
    parts = [part for part in info.name.split("/") if part not in {"", "."}]
    if ".." in parts or (parts and parts[-1].startswith(".wh.")):
        return None
    path = "/".join(parts)
    kind: Known[Kind] = UNKNOWN
    if info.isreg() or info.islnk():
        kind = Kind.FILE
    elif info.isdir():
        kind = Kind.DIRECTORY
    elif info.issym():
        kind = Kind.LINK
    target: Known[str] = info.linkname if info.issym() else UNKNOWN
    mode = 0o777 if info.issym() else info.mode & 0o7777
    entry = Entry(Claim.YES, kind, mode, info.uid, info.gid, target=target)
    if not info.islnk():
        return Member(path, entry)
    same = [part for part in info.linkname.split("/") if part not in {"", "."}]
    return None if ".." in same else Member(path, entry, "/".join(same))
