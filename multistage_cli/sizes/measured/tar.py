"""A tar stream -> its entries, one after the other, and nothing kept.

Python's own `tarfile` keeps a long list of what it has read, takes 30 us an entry and believes sizes that
lie; this reads what Go's archive/tar reads (which engines write and read layers with): POSIX, PAX, GNU and
old sparse headers. Source: https://pkg.go.dev/archive/tar, POSIX pax(1), the tar manual's "Basic Tar Format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from multistage_cli.sizes.measured.streams import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.measured.streams import Stream

BLOCK_BYTES = 512
_MOST_SPECIAL_BYTES = 1 << 20  # as in Go: what a long name or a PAX header may take
_MOST_BYTES = 1 << 62
_ZERO = bytes(BLOCK_BYTES)
_CHECKSUM = slice(148, 156)
_SPARSE_MAPS = 1 << 16  # continuations of a sparse file's map

FILE, HARD_LINK, LINK, DIRECTORY, OTHER = "file", "hard link", "link", "directory", "other"
_KINDS = {
    b"0": FILE, b"\0": FILE, b"7": FILE, b"S": FILE,
    b"1": HARD_LINK, b"2": LINK, b"3": OTHER, b"4": OTHER, b"5": DIRECTORY, b"6": OTHER,
}  # fmt: skip
_WITHOUT_BODY = frozenset(b"123456")  # whatever size they claim
_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
_PAX_OF_SUN = b"X"
_MOST_DIGITS = 20  # of 64 bits
_POSITIVE = 0x80  # begins a binary number; 0xff a negative one


class Entry(NamedTuple):
    """One entry; a tuple, because there may be millions of them.

    Attributes:
        name: as it is written there.
        kind: one of the constants.
        size: of the file, in bytes, holes included.
        stored: how many bytes of it follow in the stream.
        target: of a link.
    """

    name: bytes
    kind: str
    size: int
    stored: int
    target: bytes


def entries(stream: Stream) -> Iterator[Entry]:
    """The entries in their order. Whoever wants a file's bytes reads them before asking for the next entry.

    Raises:
        DamagedError: this is no tar, or it ends too early.
    """
    pax: dict[bytes, bytes] = {}
    while header := stream.read(BLOCK_BYTES):
        if header == _ZERO:
            return
        size = _checked(header)
        flag = header[156:157]
        if flag in {_PAX, _GLOBAL, _PAX_OF_SUN, _LONG_NAME, _LONG_LINK}:
            _special(stream, flag, size, pax)
            continue
        if b"size" in pax:
            size = _decimal(pax[b"size"])
        stored = 0 if flag[0] in _WITHOUT_BODY else size
        if flag == b"S":
            size = _old_sparse(stream, header)
        elif pax:
            size = _decimal(pax.get(b"GNU.sparse.realsize") or pax.get(b"GNU.sparse.size") or b"%d" % size)
        name = pax.get(b"GNU.sparse.name") or pax.get(b"path") or _name(header)
        kind = _KINDS.get(flag, OTHER)
        if flag == b"\0" and name.endswith(b"/"):
            kind = DIRECTORY
        target = pax.get(b"linkpath") or _text(header[157:257]) if flag in b"12" else b""
        pax = {}
        after = stream.offset + stored + -stored % BLOCK_BYTES
        yield Entry(name, kind, size, stored, target)
        _pass_to(stream, after, stored)


def _pass_to(stream: Stream, after: int, stored: int) -> None:
    """Pass over what was not read; some tars end without the last block's padding."""
    left = after - stream.offset
    padding = -stored % BLOCK_BYTES
    if left > padding:
        stream.skip(left - padding)
        left = padding
    if left:
        stream.read(left)


def _checked(header: bytes) -> int:
    """The size in a header whose checksum is right."""
    if len(header) < BLOCK_BYTES:
        raise DamagedError("it ends in the middle of an entry")
    given = _octal(header[_CHECKSUM])
    found = sum(header) - sum(header[_CHECKSUM]) + 8 * 32
    if found != given:
        # Old programs added up signed bytes.
        signed = found - 256 * sum(byte > 127 for byte in (*header[:148], *header[156:]))  # noqa: PLR2004
        if signed != given:
            raise DamagedError("a tar entry's checksum is wrong")
    return _octal(header[124:136])


def _octal(field: bytes) -> int:
    """A number: octal, or binary where its first bit is set."""
    if field[0] & 0x80:
        if field[0] != _POSITIVE:
            raise DamagedError("a tar entry has a negative size")
        return _sane(int.from_bytes(field[1:], "big"))
    text = field.partition(b"\0")[0].strip()
    if not text:
        return 0
    try:
        return _sane(int(text, 8))
    except ValueError:
        raise DamagedError("a tar entry has a number that is none") from None


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > _MOST_DIGITS:
        raise DamagedError("a tar entry has a number that is none")
    return _sane(int(text))


def _sane(size: int) -> int:
    if not 0 <= size <= _MOST_BYTES:
        raise DamagedError("a tar entry has an impossible size")
    return size


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _name(header: bytes) -> bytes:
    name = _text(header[:100])
    if header[257:263] == b"ustar\0" and (prefix := _text(header[345:500])):
        return prefix + b"/" + name
    return name


def _special(stream: Stream, flag: bytes, size: int, pax: dict[bytes, bytes]) -> None:
    """An entry that says something of the next one."""
    if size > _MOST_SPECIAL_BYTES:
        raise DamagedError("a tar entry's name is longer than any file system takes")
    body = stream.read(size)
    if len(body) < size:
        raise DamagedError("it ends in the middle of an entry")
    stream.read(-size % BLOCK_BYTES)
    if flag == _LONG_NAME:
        pax[b"path"] = _text(body)
    elif flag == _LONG_LINK:
        pax[b"linkpath"] = _text(body)
    elif flag != _GLOBAL:
        pax.update(_records(body))


def _records(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """`27 path=usr/share/...` lines, each with its own length in front."""
    position = 0
    while position < len(body) and body[position]:
        space = body.find(b" ", position, position + 20)
        digits = body[position:space]
        if space < 0 or not digits.isdigit():
            raise DamagedError("a PAX header is broken")
        end = position + int(digits)
        key, equals, value = body[space + 1 : end - 1].partition(b"=")
        if end > len(body) or body[end - 1 : end] != b"\n" or not equals or end <= space:
            raise DamagedError("a PAX header is broken")
        if key in {b"path", b"linkpath", b"size"} or key.startswith(b"GNU.sparse."):
            yield key, _text(value)
        position = end


def _old_sparse(stream: Stream, header: bytes) -> int:
    """The real size of a file with holes; the map of its holes may go on in blocks of its own."""
    more = header[482]
    for _ in range(_SPARSE_MAPS):
        if not more:
            return _octal(header[483:495])
        block = stream.read(BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            break
        more = block[504]
    raise DamagedError("a sparse file's map does not end")
