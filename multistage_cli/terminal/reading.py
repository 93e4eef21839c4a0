"""Reading the Dockerfile that the user named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.errors import MultistageError, did_you_mean

if TYPE_CHECKING:
    from multistage_cli.parser import Dockerfile

DOCKERFILE_NAMES = ("Dockerfile", "Containerfile")
"""Tried in this order where no file is named."""


class Source(Struct, frozen=True):
    """A Dockerfile that was read.

    Attributes:
        label: how to name it to people: its path as given, or `<stdin>`.
        path: where it lies, or None for standard input.
        text: decoded with `surrogateescape`, so that nothing of it is lost.
    """

    label: str
    path: Path | None
    text: str


def read_dockerfile(path: Path | None) -> Source:
    """Read the Dockerfile that the user named, or the one in this folder, or standard input for `-`.

    Raises:
        MultistageError: there is none, or it is no text.
    """
    if path is None:
        path = next((Path(name) for name in DOCKERFILE_NAMES if Path(name).is_file()), None)
        if path is None:
            looked = " and ".join(f"./{name}" for name in DOCKERFILE_NAMES)
            raise MultistageError(
                f"no Dockerfile here (looked for {looked}); name one: multistage report PATH"
            )
    if str(path) == "-":
        return Source("<stdin>", None, _decode(sys.stdin.buffer.read(), "standard input"))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MultistageError(f"no such file: {path}{_nearby(path)}") from None
    except IsADirectoryError:
        raise MultistageError(_folder_message(path)) from None
    except PermissionError:
        if path.is_dir():  # what Windows says of a folder
            raise MultistageError(_folder_message(path)) from None
        raise MultistageError(f"may not read {path}: check its permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise MultistageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return Source(str(path), path, _decode(data, str(path)))


def _nearby(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if "file" in entry.name.lower())
    except OSError:
        return "; check the path"
    return did_you_mean(path.name, names) or "; check the path"


def _folder_message(path: Path) -> str:
    found = next((path / name for name in DOCKERFILE_NAMES if (path / name).is_file()), None)
    return f"{path} is a folder; name the Dockerfile in it" + (f": {found}" if found else "")


def _decode(data: bytes, label: str) -> str:
    if not data.strip():
        raise MultistageError(f"{label} is empty; a Dockerfile starts with FROM")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise MultistageError(f"{label} is UTF-16, which Docker cannot read; save it as UTF-8")
    if b"\0" in data[:8192]:
        raise MultistageError(f"{label} is not a text file; name a Dockerfile")
    return data.decode("utf-8", "surrogateescape")


def parsed_dockerfile(path: Path | None) -> tuple[Source, Dockerfile]:
    """Read and parse the Dockerfile that the user named.

    Raises:
        MultistageError: as for `read_dockerfile`.
    """
    from multistage_cli.parser import parse

    source = read_dockerfile(path)
    return source, parse(source.text)
