"""What a binary file is, from its first bytes: an ELF program and its loader, or an archive.

Sources: elf(5), and the magic numbers in the manuals of gzip, bzip2, xz, zstd and zip.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files.model import Content, Nature

START_BYTES: Final = 4_096
"""Enough of a program to find its loader in: linkers put the headers and the loader's path first."""

GZIP: Final = b"\x1f\x8b\x08"
BZIP2: Final = b"BZh"
XZ: Final = b"\xfd7zXZ\0"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = b"PK\x03\x04"
_ELF: Final = b"\x7fELF"

_BLOCK_BYTES: Final = 512
_CHECKSUM: Final = slice(148, 156)

_SHARED: Final = 3  # ET_DYN
_EXECUTABLE: Final = 2  # ET_EXEC
_LOADER: Final = 3  # PT_INTERP
_MOST_HEADERS: Final = 64


def content_of_bytes(name: str, start: bytes) -> Content | None:
    """What a file is by its first bytes; None where they are no program and no archive.

    Args:
        name: of the file, which tells a library from a program.
        start: its first START_BYTES, or all of a smaller file.
    """
    if start.startswith(_ELF):
        return _program(name, start)
    if start.startswith((GZIP, BZIP2, XZ, ZSTD, _ZIP)) or is_tar(start):
        return Content(Nature.ARCHIVE)
    return None


def is_tar(start: bytes) -> bool:
    """Whether the first block is a tar header: its own checksum is right, as in Go's archive/tar."""
    block = start[:_BLOCK_BYTES]
    if len(block) < _BLOCK_BYTES or not any(block):
        return False
    written = block[_CHECKSUM].strip(b" \0")
    if not written or not set(written) <= set(b"01234567"):
        return False
    blanked = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)  # noqa: PLR2004 - as old tars added
    return int(written, 8) in {sum(blanked), signed}


class _Header(NamedTuple):
    kind: int
    offset: int
    size_bytes: int


def _program(name: str, start: bytes) -> Content:
    kind, headers = _headers(start)
    loader = next((header for header in headers if header.kind == _LOADER), None)
    if loader is not None:
        end = loader.offset + loader.size_bytes
        path = start[loader.offset : end].rstrip(b"\0") if end <= len(start) else b""
        return Content(Nature.BINARY, static=Claim.NO, libc=_libc_of(path))
    if kind == _EXECUTABLE and headers:
        return Content(Nature.BINARY, static=Claim.YES)
    library = name.endswith(".so") or ".so." in name
    # A shared object without a loader is a library, or a program that was linked with -static-pie.
    return Content(Nature.BINARY, static=Claim.NO if kind == _SHARED and library else Claim.UNKNOWN)


def _libc_of(loader: bytes) -> Known[str]:
    name = loader.rpartition(b"/")[2]
    if name.startswith(b"ld-musl-"):
        return "musl"
    return "glibc" if name.startswith((b"ld-linux", b"ld64.so", b"ld.so.1")) else UNKNOWN


def _headers(start: bytes) -> tuple[int | None, tuple[_Header, ...]]:
    """The type of an ELF file and its program headers; nothing where they lie beyond the first bytes."""
    order = {1: "<", 2: ">"}.get(start[5] if len(start) > 5 else 0)  # noqa: PLR2004 - EI_DATA
    wide = {1: False, 2: True}.get(start[4] if len(start) > 4 else 0)  # noqa: PLR2004 - EI_CLASS
    if order is None or wide is None:
        return None, ()
    try:
        if wide:
            (kind,) = struct.unpack_from(order + "H", start, 16)
            (first,) = struct.unpack_from(order + "Q", start, 32)
            size, count = struct.unpack_from(order + "HH", start, 54)
        else:
            (kind,) = struct.unpack_from(order + "H", start, 16)
            (first,) = struct.unpack_from(order + "I", start, 28)
            size, count = struct.unpack_from(order + "HH", start, 42)
        if first > len(start):
            return kind, ()
        places = range(first, first + size * min(count, _MOST_HEADERS), size or 1)
        return kind, tuple(_header(start, place, order, wide=wide) for place in places)
    except struct.error:
        return None, ()


def _header(start: bytes, place: int, order: str, *, wide: bool) -> _Header:
    if wide:
        kind, _, offset, _, _, size = struct.unpack_from(order + "IIQQQQ", start, place)
    else:
        kind, offset, _, _, size = struct.unpack_from(order + "IIIII", start, place)
    return _Header(kind, offset, size)
