"""Bytes that are read once, front to back, with a small buffer: of a file, a pipe, or a part of another stream.

Whatever an archive claims, at most a buffer of it is in memory, and no more than `Budget` allows is unpacked.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 16
_UNPACKED_CHUNK_BYTES = 1 << 18
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(
    bytes([number, 0x2A, 0x4D, 0x18]) for number in range(0x50, 0x60)
)  # zstd frames, RFC 8878 3.1.2
_MAGIC_BYTES = 4

USUAL_TIMES = 20
"""How far layers unfold in any case; programs and texts do by 2 to 5, in gzip and in zstd."""
MOST_SURPLUS_BYTES = 16 << 30
"""What all layers together may unfold to beyond that, such as files full of zeros: it limits time, not memory."""


class DamagedError(Exception):
    """The archive is not what it says it is; the text says where, and goes behind the archive's name."""


class Stream(ABC):
    """Bytes that come once."""

    def __init__(self) -> None:
        self._buffer = b""
        self._position = 0
        self._passed = 0

    @abstractmethod
    def _more(self) -> bytes:
        """The next bytes; none at the end."""

    @property
    def offset(self) -> int:
        """How many bytes were read or skipped so far."""
        return self._passed + self._position

    def read(self, size_bytes: int) -> bytes:
        """That many bytes; fewer at the end only."""
        end = self._position + size_bytes
        if end <= len(self._buffer):
            found = self._buffer[self._position : end]
            self._position = end
            return found
        parts = [self._buffer[self._position :]]
        missing = size_bytes - len(parts[0])
        self._position = len(self._buffer)
        while missing > 0 and self._refill():
            part = self._buffer[:missing]
            self._position = len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def chunk(self, most_bytes: int = _CHUNK_BYTES) -> bytes:
        """Whatever is at hand, up to that many bytes; none at the end only."""
        if self._position == len(self._buffer) and not self._refill():
            return b""
        found = self._buffer[self._position : self._position + most_bytes]
        self._position += len(found)
        return found

    def peek(self, size_bytes: int) -> bytes:
        """The next bytes, which stay; fewer at the end only."""
        ahead = self.read(size_bytes)
        rest = self._buffer[self._position :]
        self._passed += self._position - len(ahead)
        self._buffer, self._position = ahead + rest, 0
        return ahead

    def skip(self, size_bytes: int) -> None:
        """Pass over bytes.

        Raises:
            DamagedError: there are not so many.
        """
        here = len(self._buffer) - self._position
        if size_bytes <= here:
            self._position += size_bytes
            return
        self._position = len(self._buffer)
        self._skip(size_bytes - here)

    def _skip(self, size_bytes: int) -> None:
        while size_bytes > 0:
            part = len(self.chunk(size_bytes))
            if not part:
                raise DamagedError("it ends in the middle of a file")
            size_bytes -= part

    def _refill(self) -> bool:
        self._passed += len(self._buffer)
        self._buffer, self._position = b"", 0
        self._buffer = self._more()
        return bool(self._buffer)


class FileStream(Stream):
    """A part of a file that can be sought in, so that what is passed over is never read."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        self._file, self._next, self._end = file, start, end

    def _more(self) -> bytes:
        self._file.seek(self._next)
        found = self._file.read(min(_CHUNK_BYTES, self._end - self._next))
        if not found and self._next < self._end:
            raise DamagedError("it became shorter while it was read")
        self._next += len(found)
        return found

    def _skip(self, size_bytes: int) -> None:
        if size_bytes > self._end - self._next:
            raise DamagedError("it ends in the middle of a file")
        self._next += size_bytes
        self._passed += size_bytes


class ChunkStream(Stream):
    """Bytes that something else hands over piece by piece."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks

    def _more(self) -> bytes:
        return next((chunk for chunk in self._chunks if chunk), b"")


class Part(Stream):
    """The next bytes of another stream, and no more of it."""

    def __init__(self, source: Stream, size_bytes: int) -> None:
        super().__init__()
        self._source, self._left = source, size_bytes

    def _more(self) -> bytes:
        if not self._left:
            return b""
        found = self._source.chunk(self._left)
        if not found:
            raise DamagedError("it ends in the middle of a file")
        self._left -= len(found)
        return found

    def _skip(self, size_bytes: int) -> None:
        if size_bytes > self._left:
            raise DamagedError("it ends in the middle of a file")
        self._source.skip(size_bytes)
        self._left -= size_bytes
        self._passed += size_bytes


class Budget:
    """How many bytes the layers of one archive may still unfold to beyond the usual."""

    def __init__(self, left_bytes: int | None = None) -> None:
        self.left_bytes = MOST_SURPLUS_BYTES if left_bytes is None else left_bytes

    def take(self, size_bytes: int) -> None:
        """Use some of it up.

        Raises:
            DamagedError: there is not so much left.
        """
        self.left_bytes -= size_bytes
        if self.left_bytes < 0:
            raise DamagedError("its layers unfold to many times their size, as no honest image does")


class _Decompressor(Protocol):
    """One gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Gunzip:
    """zlib's, which wants back what it left over where there was no room for more."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Unpacked(Stream):
    """What a gzip or zstd stream holds, all its members and frames one after the other."""

    def __init__(self, source: Stream, budget: Budget, *, zstd: bool) -> None:
        super().__init__()
        self._source, self._budget, self._zstd = source, budget, zstd
        self._error: type[Exception] = zlib.error
        self._decompressor: _Decompressor | None = self._new()
        self._ahead = b""
        self._in = self._out = self._taken = 0

    def _new(self) -> _Decompressor:
        if not self._zstd:
            return _Gunzip()
        module = zstd_module()
        self._error = module.ZstdError
        decompressor: _Decompressor = module.ZstdDecompressor()
        return decompressor

    def _more(self) -> bytes:
        while self._decompressor is not None:
            if self._decompressor.eof:
                self._next_member()
                continue
            data, self._ahead = self._ahead, b""
            found = self._decompress(data)
            if not found and not self._decompressor.eof:
                self._ahead = self._fed()
                if not self._ahead:
                    raise DamagedError("a compressed layer ends too early")
            if found:
                self._account(len(found))
                return found
        return b""

    def _decompress(self, data: bytes) -> bytes:
        assert self._decompressor is not None  # noqa: S101 - for the type checker; the caller has looked
        try:
            return self._decompressor.decompress(data, _UNPACKED_CHUNK_BYTES)
        except self._error as error:
            raise DamagedError(f"a compressed layer cannot be unpacked: {error}") from None
        except EOFError:
            return b""

    def _next_member(self) -> None:
        """Begin the next member or frame, if another one follows."""
        assert self._decompressor is not None  # noqa: S101
        rest = self._decompressor.unused_data
        while len(rest) < _MAGIC_BYTES and (more := self._fed()):
            rest += more
        magics = (_ZSTD, *_SKIPPABLE) if self._zstd else (_GZIP,)
        if not rest.startswith(magics):
            if rest.strip(b"\0"):
                raise DamagedError("something that is no layer follows a compressed layer")
            self._decompressor = None  # padding at most
            return
        self._decompressor, self._ahead = self._new(), rest

    def _fed(self) -> bytes:
        found = self._source.chunk()
        self._in += len(found)
        return found

    def _account(self, size_bytes: int) -> None:
        self._out += size_bytes
        surplus = self._out - USUAL_TIMES * self._in - self._taken
        if surplus > 0:
            self._taken += surplus
            self._budget.take(surplus)


class ZstdModule(Protocol):
    """The part of Python's own `compression.zstd` that is used."""

    ZstdError: type[Exception]

    def ZstdDecompressor(self) -> _Decompressor: ...  # noqa: N802, D102 - its name there


def zstd_module() -> ZstdModule:
    """Python's zstd, of 3.14, or the same for earlier ones.

    Raises:
        DamagedError: this Python has neither.
    """
    from importlib import import_module

    for name in ("compression.zstd", "backports.zstd"):
        try:
            module: ZstdModule = import_module(name)
        except ImportError:
            continue
        return module
    raise DamagedError("its layers are compressed with zstd, which needs: pip install backports.zstd")


def unpacked(stream: Stream, budget: Budget) -> Stream:
    """A layer's tar, by what its first bytes say, since media types are often wrong."""
    start = stream.peek(_MAGIC_BYTES)
    if start.startswith(_GZIP):
        return Unpacked(stream, budget, zstd=False)
    if start.startswith((_ZSTD, *_SKIPPABLE)):
        return Unpacked(stream, budget, zstd=True)
    return stream
