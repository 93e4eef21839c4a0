"""Ports and paths as BuildKit reads them from EXPOSE, WORKDIR, COPY and ADD."""

from __future__ import annotations

import posixpath
import re

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.state import Port


def read_port(text: str, line: int) -> Port | None:
    """The port of `[[IP:]HOST:]PORT[-PORT][/PROTOCOL]`, as go-connections reads it."""
    numbers, _, protocol = text.partition("/")
    found = _PORTS.fullmatch(numbers.rpartition(":")[2])
    if found is None or protocol.lower() not in {"", "tcp", "udp", "sctp"}:
        return None
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    return Port(first, last, protocol.lower() or "tcp", line) if first <= last <= _MAX_PORT else None


_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_MAX_PORT = 65_535
_LONGEST_PATH = 4096  # PATH_MAX of Linux


def folder_of(path: Known[str], folder: Known[str]) -> Known[str]:
    """The path as seen from a folder; UNKNOWN where either is, or where no system could make it."""
    if path is UNKNOWN:
        return UNKNOWN
    if path[1:2] == ":":  # of Windows
        return path
    if path.startswith("/"):
        return posixpath.normpath(f"/{path.lstrip('/')}")
    if folder is UNKNOWN or folder[1:2] == ":":
        return UNKNOWN
    found = posixpath.normpath(posixpath.join(folder, path))
    return found if len(found) <= _LONGEST_PATH else UNKNOWN


def destination_of(path: Known[str], folder: Known[str]) -> Known[str]:
    """A destination from the working directory; a slash, or `.` and `..`, at its end mean a folder."""
    found = folder_of(path, folder)
    if found is UNKNOWN or path is UNKNOWN:
        return UNKNOWN
    is_folder = path.endswith("/") or path.rsplit("/", 1)[-1] in {".", ".."}
    return found + "/" if is_folder and found != "/" else found


def from_root(path: str) -> str:
    """A source of `COPY --from`, which is relative to the root; a Windows path stays as it is."""
    windows = "\\" in path or path[1:2] == ":"
    return path if windows else posixpath.normpath(f"/{path.lstrip('/')}")
