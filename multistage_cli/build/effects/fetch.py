"""curl, wget and git: what comes from a network, of unknown size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Download
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SCHEMES = ("http://", "https://", "ftp://", "git@", "ssh://", "git://")


@effect("curl", "wget", "aria2c")
def fetch(call: Call) -> Iterator[Change]:
    """A download for each URL; one of unknown URL where no word is one."""
    urls: list[str | None] = [
        word for word in call.words if word is not UNKNOWN and word.startswith(_SCHEMES)
    ]
    for url in urls or [None]:
        yield Download(call.name, url, call.line, call.certain)


@effect("git")
def git(call: Call) -> Iterator[Change]:
    """A clone, or what `fetch`, `pull` and `submodule` bring."""
    words = [word for word in call.words if word is not UNKNOWN]
    if {"clone", "fetch", "pull", "submodule"}.intersection(words):
        url = next((word for word in words if word.startswith(_SCHEMES)), None)
        yield Download("git", url, call.line, call.certain)
