"""What a layer in a registry holds, uncompressed: read whole where it is small, else judged by its ends.

A registry tells compressed sizes alone. The last four bytes of a gzip file are the length of what is in it,
which a request for a byte range gets without the layer itself (RFC 1952, 2.3.1: ISIZE, modulo 2^32). That is
the length of the tar archive, whose headers and padding Docker does not count.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from multistage_cli.facts.online.failures import OnlineError

if TYPE_CHECKING:
    from collections.abc import Iterator

WHOLE_BYTES: Final = 4_000_000
"""A layer of so many compressed bytes is read whole, so that its size is exact."""

TAIL_BYTES: Final = 8
HEAD_BYTES: Final = 18  # the longest header of a zstd frame

_TAR_OVERHEAD: Final = (0.008, 0.085)
"""The part of a tar archive that is headers and padding: in seven layers of Debian, Python and Node.js of
4 MB and more it was 0.95 to 10.4 % (of Debian's own 4.0 %), and small layers, where it is more, are read."""

_RATIO: Final = (1.6, 2.65, 3.7)
"""Uncompressed bytes for a compressed one. Of eight images whose both sizes the catalogue knows it is 2.19 to
2.88, with a median of 2.65; a layer of one kind of file may lie further out."""

_MOST_PLAUSIBLE_RATIO: Final = 12.0
_LEAST_RATIO: Final = 0.99
_WRAP: Final = 1 << 32
_MOST_UNPACKED_BYTES: Final = 400_000_000
_CHUNK: Final = 1 << 20
_BLOCK: Final = 512
_MOST_DIGITS: Final = 19
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_REGULAR: Final = frozenset({b"0", b"\0", b"7"})
_EXTENDS: Final = frozenset({b"x", b"g", b"L", b"K"})
_WITHOUT_DATA: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})


@dataclass(frozen=True, slots=True)
class LayerSize:
    """Bytes that a layer's files have; `read` says whether more than its compressed size is behind that."""

    low: int
    estimate: int
    high: int
    read: bool = True


def by_ratio(compressed_bytes: int) -> LayerSize:
    """From the compressed size alone."""
    low, middle, high = (round(compressed_bytes * ratio) for ratio in _RATIO)
    return LayerSize(low, middle, high, read=False)


def by_tar(tar_bytes: int) -> LayerSize:
    """From the size of the tar archive."""
    least, most = _TAR_OVERHEAD
    low, high = round(tar_bytes * (1 - most)), round(tar_bytes * (1 - least))
    return LayerSize(low, (low + high) // 2, high)


def by_gzip_tail(tail: bytes, compressed_bytes: int) -> LayerSize | None:
    """From the last bytes of a gzip file; None where they cannot be the length of all of it.

    A file of several members tells the length of the last one alone, which then is too little.
    """
    if len(tail) < TAIL_BYTES:
        return None
    length = int(struct.unpack("<I", tail[-4:])[0])
    fitting = []
    while length <= compressed_bytes * _MOST_PLAUSIBLE_RATIO:
        if length >= compressed_bytes * _LEAST_RATIO:
            fitting.append(length)
        length += _WRAP
    if not fitting:
        return None
    middle = _RATIO[1] * compressed_bytes
    sizes = [by_tar(length) for length in fitting]
    best = by_tar(min(fitting, key=lambda length: abs(length - middle)))
    return LayerSize(sizes[0].low, best.estimate, sizes[-1].high)


def by_zstd_head(head: bytes, compressed_bytes: int) -> LayerSize | None:
    """From the header of a zstd frame, where that tells the length (RFC 8878, 3.1.1.1).

    None where it does not, as when a stream was compressed, or where it cannot be the length of all of it.
    """
    if not head.startswith(_ZSTD) or len(head) <= len(_ZSTD):
        return None
    descriptor = head[4]
    flag, single = descriptor >> 6, bool(descriptor & 0x20)
    at = 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3]
    width = (1 if single else 0, 2, 4, 8)[flag]
    field = head[at : at + width]
    if not width or len(field) < width:
        return None
    length = int.from_bytes(field, "little") + (256 if flag == 1 else 0)
    plausible = compressed_bytes * _LEAST_RATIO <= length <= compressed_bytes * _MOST_PLAUSIBLE_RATIO
    return by_tar(length) if plausible else None


def of_tar(data: bytes, *, compressed: bool) -> LayerSize | None:
    """The exact size from a whole layer; None where it cannot be read.

    Args:
        data: the layer.
        compressed: whether it is gzip.
    """
    try:
        size = _files_bytes(_unpacked(data) if compressed else iter([data]))
    except (OnlineError, zlib.error):
        return None
    return LayerSize(size, size, size)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What is in a gzip file, its members one after the other, in pieces."""
    count = 0
    while data:
        reader = zlib.decompressobj(wbits=31)
        while not reader.eof:
            piece = reader.decompress(data, _CHUNK)
            data = reader.unconsumed_tail
            count += len(piece)
            if count > _MOST_UNPACKED_BYTES:
                raise OnlineError("the layer unpacks to more than it should")
            if not piece and not data and not reader.eof:
                raise OnlineError("the layer is cut off")
            yield piece
        data = reader.unused_data.lstrip(b"\0")


class _Reader:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def take(self, count: int) -> bytes:
        """The next bytes; fewer at the end."""
        found = bytearray()
        while len(found) < count and self._fill():
            piece = self._left[: count - len(found)]
            found += piece
            self._left = self._left[len(piece) :]
        return bytes(found)

    def skip(self, count: int) -> None:
        """Leave bytes out.

        Raises:
            OnlineError: there are not so many.
        """
        while count and self._fill():
            step = min(count, len(self._left))
            self._left = self._left[step:]
            count -= step
        if count:
            raise OnlineError("the archive is cut off")

    def _fill(self) -> bool:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._left = memoryview(piece)
        return True


def _files_bytes(pieces: Iterator[bytes]) -> int:
    """The sizes of a tar archive's files as Docker counts them: a hard link has none.

    A symbolic link has the length of its target, as the file system says of it, which is what Docker adds up
    (moby, daemon/graphdriver/overlay2 and pkg/directory; tried with images of Docker 28).
    """
    reader = _Reader(pieces)
    total = 0
    told: dict[bytes, bytes] = {}  # by an extended header, for the entry after it
    while (header := reader.take(_BLOCK)).strip(b"\0"):
        if len(header) < _BLOCK or _checksum(header) != _number(header[148:156]):
            raise OnlineError("the archive is damaged")
        kind, size = header[156:157], _number(header[124:136])
        if kind in _EXTENDS:
            body = reader.take(size) if size <= _CHUNK else b""
            reader.skip(-size % _BLOCK if body else size + -size % _BLOCK)
            if kind == b"x":
                told |= _records(body)
            elif kind == b"K":
                told[b"linkpath"] = body.rstrip(b"\0")
            continue
        if kind in _REGULAR:
            larger = told.get(b"size", b"")
            size = int(larger) if larger.isdigit() and len(larger) <= _MOST_DIGITS else size
            total += size
        elif kind == b"2":
            total += len(told.get(b"linkpath", header[157:257].rstrip(b"\0")))
        elif kind == b"S":
            raise OnlineError("a sparse file has another size than its data")
        if kind not in _WITHOUT_DATA:
            reader.skip(size + -size % _BLOCK)
        told = {}
    return total


def _checksum(header: bytes) -> int:
    return sum(header) - sum(header[148:156]) + 8 * ord(" ")


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's form for what octal digits cannot hold
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b"\0 ")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise OnlineError("the archive is damaged") from None


def _records(body: bytes) -> dict[bytes, bytes]:
    """The records of an extended header (POSIX pax: `LENGTH NAME=VALUE` and a line's end)."""
    found: dict[bytes, bytes] = {}
    while body:
        digits, _, _ = body[: _MOST_DIGITS + 1].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        if not len(digits) + 1 < length <= len(body):
            return found
        name, equals, value = body[len(digits) + 1 : length].partition(b"=")
        if equals:
            found[name] = value.removesuffix(b"\n")
        body = body[length:]
    return found
