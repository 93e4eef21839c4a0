"""An archive that the user named, or an image of an engine -> the image."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, BinaryIO

from multistage_cli.errors import MultistageError
from multistage_cli.sizes.measured.archive import read_image
from multistage_cli.sizes.measured.blobs import Blobs, StreamedBlobs, open_blobs
from multistage_cli.sizes.measured.streams import Budget, ChunkStream, DamagedError, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from multistage_cli.sizes.measured.archive import Image

_CHUNK_BYTES = 1 << 18


def image_of_archive(path: Path, platform: str, name: str | None, *, is_taken: bool = False) -> Image:
    """The image of an archive on disk, or of a pipe.

    Args:
        path: of the archive; `-` for standard input.
        platform: that is wanted of several.
        name: of the image that is wanted of several.
        is_taken: whether standard input gave the Dockerfile already.

    Raises:
        MultistageError: it cannot be read, or is no image archive.
    """
    try:
        if str(path) == "-":
            if is_taken:
                raise MultistageError("standard input holds the Dockerfile, so --archive needs a file")
            return read_image(_blobs(sys.stdin.buffer), platform, name)
        with path.open("rb") as file:
            return read_image(_blobs(file), platform, name)
    except DamagedError as error:
        label = "standard input" if str(path) == "-" else path
        raise MultistageError(f"{label} cannot be read as an image: {error}") from None
    except IsADirectoryError:
        raise MultistageError(f"{path} is a folder; --archive takes a file that docker save writes") from None
    except OSError as error:
        raise MultistageError(f"cannot read {path}: {error.strerror or error}") from None


def image_of_engine(name: str, platform: str, environment: Mapping[str, str]) -> Image:
    """The image of that name, of the engine that the environment leads to.

    Raises:
        MultistageError: there is no engine, or it has no such image.
    """
    from multistage_cli.sizes.measured.engine import saved_image

    with saved_image(name, environment) as pieces:
        stream = ChunkStream(pieces)
        try:
            blobs = StreamedBlobs(stream)
            while stream.chunk():
                pass  # what a client says at its end counts, too
            return read_image(blobs, platform)
        except DamagedError as error:
            raise MultistageError(f"the engine's archive of {name} cannot be read: {error}") from None


def _blobs(file: BinaryIO) -> Blobs:
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and not file.tell():
        return open_blobs(file, status.st_size)
    budget = Budget()
    return StreamedBlobs(unpacked(ChunkStream(_chunks(file)), budget), budget)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
