"""What npm packages hold, as their registry says: `dist.unpackedSize` of a release, or else its archive.

Source: npm/registry, docs/responses/package-metadata.md. The registry is the one that the user's npm is set
up with by `npm_config_registry` or in ~/.npmrc; no login goes with the questions.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from multistage_cli.facts.online import layers
from multistage_cli.facts.online.documents import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.facts.online.transport import Transport

DEFAULT_REGISTRY: Final = "https://registry.npmjs.org"
MOST_PACKAGES: Final = 400
"""A run asks about no more releases than this, since each is a request of its own."""

_NAME = re.compile(r"(?:@[A-Za-z0-9~._-]{1,214}/)?[A-Za-z0-9~_-][A-Za-z0-9~._-]{0,213}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]{1,64})?(?:\+[0-9A-Za-z.-]{1,64})?")
_LARGEST_ANSWER_BYTES: Final = 2_000_000
_MOST_BYTES: Final = 1 << 40
_LARGEST_NPMRC_BYTES: Final = 100_000
_WHOLE_BYTES: Final = 2_000_000
_MOST_DIGITS: Final = 15


def npm_registry(environment: Mapping[str, str]) -> str:
    """The registry of the user's npm, without a slash at its end."""
    for name, value in environment.items():
        if name.lower() == "npm_config_registry" and _is_registry(value):
            return value.rstrip("/")
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if home:
        try:
            with Path(home, ".npmrc").open(encoding="utf-8") as file:
                text = file.read(_LARGEST_NPMRC_BYTES)
        except (OSError, UnicodeDecodeError):
            text = ""
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "registry" and _is_registry(value.strip().strip("\"'")):
                return value.strip().strip("\"'").rstrip("/")
    return DEFAULT_REGISTRY


def is_askable(name: str, version: str) -> bool:
    """Whether a name and a version are such as a registry can have."""
    return _NAME.fullmatch(name) is not None and _VERSION.fullmatch(version) is not None


def unpacked_bytes(transport: Transport, registry: str, name: str, version: str) -> int | None:
    """The size of a release's files; None where the registry does not have it or does not say.

    Raises:
        OnlineError: there is no answer.
    """
    url = f"{registry}/{quote(name, safe='@')}/{quote(version, safe='')}"
    answer = transport.get(url, headers={"Accept": "application/json"}, most_bytes=_LARGEST_ANSWER_BYTES)
    if answer.status != HTTPStatus.OK:
        return None
    dist: Any = read_json(answer.body).get("dist")
    if not isinstance(dist, dict):
        return None
    size, archive = dist.get("unpackedSize"), dist.get("tarball")
    if isinstance(size, int) and not isinstance(size, bool):
        return size if 0 < size <= _MOST_BYTES else None
    # Old releases have no size, and mirrors leave it out.
    return _in_archive(transport, archive) if isinstance(archive, str) and size is None else None


def _in_archive(transport: Transport, url: str) -> int | None:
    """The size of an archive's files: all of it is read where it is small, else its end."""
    answer = transport.get(url, headers={"Range": f"bytes=-{_WHOLE_BYTES}"}, most_bytes=_WHOLE_BYTES)
    body, total = answer.body, answer.header("Content-Range").rpartition("/")[2]
    if answer.status == HTTPStatus.PARTIAL_CONTENT and total.isascii() and total.isdecimal():
        size = int(total[:_MOST_DIGITS])
    elif answer.status == HTTPStatus.OK and body:
        size = len(body)
    else:
        return None
    found = (
        layers.of_tar(body, compressed=True) if size == len(body) else layers.by_gzip_tail(body[-8:], size)
    )
    return found.estimate if found is not None and found.estimate > 0 else None


def _is_registry(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    # A login in the address would be sent to whoever that is; npm itself keeps it elsewhere.
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc
