"""The files of an archive by name: documents as JSON, layers as what they hold.

A file on disk is looked through once for where its entries are, and only what is asked for is read. What
comes through a pipe is read as it comes, before anything says which of it are layers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO, Protocol

from multistage_cli.sizes.measured import tar
from multistage_cli.sizes.measured.layers import MOST_ENTRIES, read_layer, shown
from multistage_cli.sizes.measured.streams import Budget, DamagedError, FileStream, Part, unpacked

if TYPE_CHECKING:
    from multistage_cli.sizes.measured.layers import LayerContents
    from multistage_cli.sizes.measured.streams import Stream

_MOST_BLOBS = 100_000
_MOST_DOCUMENT_BYTES = 4 << 20  # what registries take of a manifest
_MOST_DOCUMENTS_BYTES = 32 << 20  # of all that come through a pipe
_MOST_LINKS = 8
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


class Blobs(Protocol):
    """The files of an archive."""

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""

    def document(self, name: str) -> object:
        """What a JSON file says.

        Raises:
            DamagedError: it is not there, too long or no JSON.
        """

    def layer(self, name: str) -> LayerContents:
        """What a layer holds.

        Raises:
            DamagedError: it is not there, or no layer.
        """


class IndexedBlobs:
    """Of a file that can be sought in."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        self._budget = Budget()
        self._entries = 0
        self._read: dict[str, LayerContents] = {}
        stream = FileStream(file, 0, size_bytes)
        for entry in tar.entries(stream):
            name = _name(entry.name)
            if entry.kind == tar.FILE:
                self._places[name] = stream.offset, entry.stored
            elif entry.kind in {tar.LINK, tar.HARD_LINK}:
                self._links[name] = _target(name, entry)
            _check_number(len(self._places) + len(self._links))

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        return _followed(name, self._links) in self._places

    def _stream(self, name: str) -> tuple[FileStream, int]:
        place = self._places.get(_followed(name, self._links))
        if place is None:
            raise DamagedError(f"it names {name}, which it does not hold")
        start, size = place
        return FileStream(self._file, start, start + size), size

    def document(self, name: str) -> object:
        """What a JSON file says."""
        stream, size = self._stream(name)
        if size > _MOST_DOCUMENT_BYTES:
            raise DamagedError(f"{name} is too long for what it is")
        return _parsed(name, stream.read(size))

    def layer(self, name: str) -> LayerContents:
        """What a layer holds; read once, even if an image has it twice."""
        name = _followed(name, self._links)
        if name not in self._read:
            stream, _ = self._stream(name)
            found = _layer(stream, self._budget, MOST_ENTRIES - self._entries)
            self._entries += len(found.keys)
            self._read[name] = found
        return self._read[name]


class StreamedBlobs:
    """Of a stream: each file is read as it comes."""

    def __init__(self, stream: Stream, budget: Budget | None = None) -> None:
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, LayerContents | DamagedError] = {}
        self._links: dict[str, str] = {}
        self._budget = budget or Budget()
        self._entries = self._kept_bytes = 0
        for entry in tar.entries(stream):
            name = _name(entry.name)
            if entry.kind == tar.FILE:
                self._read(name, Part(stream, entry.stored), entry.stored)
            elif entry.kind in {tar.LINK, tar.HARD_LINK}:
                self._links[name] = _target(name, entry)
            _check_number(len(self._documents) + len(self._layers) + len(self._links))

    def _read(self, name: str, stream: Part, size: int) -> None:
        start = stream.peek(tar.BLOCK_BYTES)
        if start[:1] in {b"{", b"["}:
            if size <= _MOST_DOCUMENT_BYTES and self._kept_bytes + size <= _MOST_DOCUMENTS_BYTES:
                self._documents[name] = stream.read(size)
                self._kept_bytes += size
        elif start.startswith(_PACKED) or len(start) == tar.BLOCK_BYTES:
            try:
                found = _layer(stream, self._budget, MOST_ENTRIES - self._entries)
            except DamagedError as error:
                self._layers[name] = error  # said only if the image needs it
            else:
                self._layers[name] = found
                self._entries += len(found.keys)

    def has(self, name: str) -> bool:
        """Whether there is one of that name."""
        name = _followed(name, self._links)
        return name in self._documents or name in self._layers

    def document(self, name: str) -> object:
        """What a JSON file says."""
        found = self._documents.get(_followed(name, self._links))
        if found is None:
            raise DamagedError(f"it names {name}, which it does not hold, or not as JSON of a usual length")
        return _parsed(name, found)

    def layer(self, name: str) -> LayerContents:
        """What a layer holds."""
        found = self._layers.get(_followed(name, self._links))
        if found is None:
            raise DamagedError(f"it names the layer {name}, which it does not hold")
        if isinstance(found, DamagedError):
            raise found
        return found


def open_blobs(file: BinaryIO, size_bytes: int) -> Blobs:
    """The files of an archive on disk, which may be compressed as a whole."""
    whole = FileStream(file, 0, size_bytes)
    budget = Budget()
    stream = unpacked(whole, budget)
    return IndexedBlobs(file, size_bytes) if stream is whole else StreamedBlobs(stream, budget)


def _layer(stream: Stream, budget: Budget, most_entries: int) -> LayerContents:
    plain = unpacked(stream, budget)
    found = read_layer(plain, most_entries)
    if plain is not stream:
        while plain.chunk():
            pass  # up to the end, where the checksum is
    return found


def _name(name: bytes) -> str:
    parts = [part for part in shown(name).split("/") if part not in {"", "."}]
    return "/".join(parts)


def _target(name: str, entry: tar.Entry) -> str:
    """Where a link leads: `docker save` before version 25 wrote a layer that is there twice as a link."""
    target = shown(entry.target)
    if entry.kind == tar.HARD_LINK or target.startswith("/"):
        return _name(entry.target)
    parts = name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _followed(name: str, links: dict[str, str]) -> str:
    name = "/".join(part for part in name.split("/") if part not in {"", "."})
    for _ in range(_MOST_LINKS):
        if name not in links:
            break
        name = links[name]
    return name


def _check_number(number: int) -> None:
    if number > _MOST_BLOBS:
        raise DamagedError(f"it holds more than {_MOST_BLOBS:,} files, which is no image")


def _parsed(name: str, text: bytes) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        raise DamagedError(f"{name} in it is no JSON that can be read") from None
    return found
