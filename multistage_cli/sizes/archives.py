"""What ADD unpacks of an archive in the build context: the sum of its files, read front to back.

Sources: isArchivePath in solver/llbsolver/file/unpack.go of moby/buildkit, which asks for a tar, plain or
compressed with gzip, bzip2, xz or zstd; what the file is called does not matter.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from multistage_cli.build.binaries import BZIP2, GZIP, START_BYTES, XZ, ZSTD, is_tar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.context import BuildContext
    from multistage_cli.sizes.measured.streams import Budget, Stream

_MOST_BYTES = 4 << 30  # that are unpacked: it limits time, not memory
_MOST_ENTRIES = 1_000_000
_CHUNK_BYTES = 1 << 18
_XZ_MEMORY_BYTES = 100_000_000


def may_be_archive(context: BuildContext, path: str) -> bool:
    """Whether ADD may unpack a file: it begins like a tar or like something compressed."""
    start = context.read_start(path, START_BYTES)
    return start is not None and (start.startswith((GZIP, BZIP2, XZ, ZSTD)) or is_tar(start))


def unpacked_bytes(context: BuildContext, path: str) -> int | None:
    """What the files of an archive weigh together, as Docker counts a layer.

    Returns:
        None where that cannot be told: it is broken, larger than is read here, no tar behind its compression, or
        says that files go.
    """
    from multistage_cli.sizes.measured.layers import OPAQUE, WHITEOUT, read_layer
    from multistage_cli.sizes.measured.streams import Budget, DamagedError, FileStream

    file = context.opened(path)
    if file is None:
        return None
    try:
        with file:
            size_bytes = os.fstat(file.fileno()).st_size
            stream = _plain(FileStream(file, 0, size_bytes), Budget(_MOST_BYTES))
            if not is_tar(stream.peek(START_BYTES)):
                return None
            found = read_layer(stream, _MOST_ENTRIES)
    except (DamagedError, OSError):
        return None
    return None if {WHITEOUT, OPAQUE} & set(found.sizes) else found.size_bytes


def _plain(stream: Stream, budget: Budget) -> Stream:
    """The tar behind the compression."""
    from multistage_cli.sizes.measured.streams import ChunkStream, unpacked

    start = stream.peek(START_BYTES)
    if start.startswith((BZIP2, XZ)):
        return ChunkStream(_chunks(stream, budget, xz=start.startswith(XZ)))
    return unpacked(stream, budget)


class _Decompressor(Protocol):
    """What bzip2 and xz have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _chunks(stream: Stream, budget: Budget, *, xz: bool) -> Iterator[bytes]:
    """What a bzip2 or xz file holds, one stream of it after the other."""
    import lzma

    from multistage_cli.sizes.measured.streams import DamagedError

    decompressor = _decompressor(xz=xz)
    data = stream.chunk()
    try:
        while True:
            found = decompressor.decompress(data, _CHUNK_BYTES)
            budget.take(len(found))
            if found:
                yield found
            data = b""
            if decompressor.eof:
                data = decompressor.unused_data or stream.chunk()
                if not data.strip(b"\0"):
                    return
                decompressor = _decompressor(xz=xz)
            elif decompressor.needs_input:
                data = stream.chunk()
                if not data:
                    raise DamagedError("it ends too early")
    except (lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise DamagedError(str(error)) from None


def _decompressor(*, xz: bool) -> _Decompressor:
    import bz2
    import lzma

    if xz:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)
    return bz2.BZ2Decompressor()
