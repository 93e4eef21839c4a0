"""What a wheel holds, from the directory at its end: a few kilobytes instead of the file.

Source: PKWARE's APPNOTE (read by the standard library's zipfile), and the wheel format of PEP 427.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from multistage_cli.facts.online.addresses import host_of
from multistage_cli.facts.online.failures import OnlineError

if TYPE_CHECKING:
    from multistage_cli.facts.online.transport import Transport

_TAIL_BYTES: Final = 65_536  # enough for the directory of most wheels
_LARGEST_DIRECTORY_BYTES: Final = 8_000_000
_END_BYTES: Final = 22  # of the record at the end of a zip file, without its comment
_MOST_FILES: Final = 200_000
_LARGEST_WHEEL_BYTES: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class WheelFacts:
    """A wheel's files.

    Attributes:
        wheel_bytes: of the download.
        files: how many it holds.
        files_bytes: of them all, unpacked.
        source_bytes: of those among them that are Python source, which pip compiles.
        modules: how many those are.
    """

    wheel_bytes: int
    files: int
    files_bytes: int
    source_bytes: int
    modules: int


def read_wheel(transport: Transport, url: str) -> WheelFacts:
    """A wheel's files, from a URL that pip would take it from.

    Args:
        transport: makes the requests.
        url: with https; or with `file:`, where the user's own pip is set up with a folder of wheels.

    Raises:
        OnlineError: it cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _local(Path(url2pathname(parts.path)))
    tail, size = _range(transport, url, f"bytes=-{_TAIL_BYTES}", _TAIL_BYTES)
    try:
        return _facts(tail, size)
    except zipfile.BadZipFile:
        pass
    # The directory is larger than what was fetched: how large it is stands at the end.
    wanted = _directory_bytes(tail)
    if not _TAIL_BYTES < wanted <= _LARGEST_DIRECTORY_BYTES:
        raise OnlineError(f"{host_of(url)} gives a wheel that cannot be read")
    tail, size = _range(transport, url, f"bytes=-{wanted}", wanted)
    try:
        return _facts(tail, size)
    except zipfile.BadZipFile:
        raise OnlineError(f"{host_of(url)} gives a wheel that cannot be read") from None


def _range(transport: Transport, url: str, span: str, most_bytes: int) -> tuple[bytes, int]:
    """The end of a file, and how large all of it is."""
    answer = transport.get(url, headers={"Range": span}, most_bytes=most_bytes)
    if answer.status == HTTPStatus.OK and answer.body:  # no longer than its end
        return answer.body, len(answer.body)
    total = answer.header("Content-Range").rpartition("/")[2]
    if answer.status != HTTPStatus.PARTIAL_CONTENT or not (total.isascii() and total.isdecimal()):
        raise OnlineError(f"{host_of(url)} does not hand out parts of files")
    size = int(total[:20])
    if not len(answer.body) <= size <= _LARGEST_WHEEL_BYTES:
        raise OnlineError(f"{host_of(url)} gives a wheel that cannot be read")
    return answer.body, size


def _local(path: Path) -> WheelFacts:
    try:
        size = path.stat().st_size
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return _counted(archive, size)
    except (OSError, zipfile.BadZipFile, ValueError):
        raise OnlineError(f"{path.name} cannot be read") from None


def _facts(tail: bytes, size: int) -> WheelFacts:
    """What the end of a wheel tells.

    Raises:
        zipfile.BadZipFile: the directory begins before it, or there is none.
    """
    try:
        with zipfile.ZipFile(_End(tail, size)) as archive:
            return _counted(archive, size)
    except (ValueError, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise zipfile.BadZipFile(str(error)) from None


def _counted(archive: zipfile.ZipFile, size: int) -> WheelFacts:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES:
        raise OnlineError("a wheel holds too many files")
    source = [entry.file_size for entry in entries if entry.filename.endswith(".py")]
    return WheelFacts(size, len(entries), sum(e.file_size for e in entries), sum(source), len(source))


def _directory_bytes(tail: bytes) -> int:
    """How many bytes at the end of a zip file hold its directory; 0 where that is not told."""
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END_BYTES:
        return 0
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    return length + len(tail) - at + 1_024  # and room for the records of large files


class _End(io.RawIOBase):
    """A file of which only the end is at hand."""

    def __init__(self, tail: bytes, size: int) -> None:
        super().__init__()
        self._tail = tail
        self._first = size - len(tail)
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at < self._first:
            raise zipfile.BadZipFile("before what was fetched")
        data = self._tail[self._at - self._first :][: len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
