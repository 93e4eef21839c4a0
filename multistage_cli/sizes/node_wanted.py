"""Names and ranges of npm packages -> all that is installed for them, by the shipped facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.facts import npm
from multistage_cli.facts.npm_versions import admits, floor
from multistage_cli.sizes.node_locks import Locked
from multistage_cli.sizes.node_tree import Asked, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NAME: Final = re.compile(r"(@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*", re.IGNORECASE)
_LOCAL: Final = ("file:", "link:", "workspace:", "portal:")
_ADDRESS: Final = re.compile(r"[:/]")
_MOST_PACKAGES: Final = 20_000


class Wanted(Struct, frozen=True):
    """What is installed.

    Attributes:
        packages: one for every copy.
        unknown: names of which nothing is known, so that what they depend on is missing.
        unread: what is no name of a package: addresses and files.
    """

    packages: tuple[Locked, ...]
    unknown: tuple[str, ...]
    unread: tuple[str, ...]


def wanted_packages(named: Sequence[str], ranges: Mapping[str, str], *, peers: bool) -> Wanted:
    """What `named` (`express@4`) and `ranges` (of package.json) bring.

    Args:
        named: words of the command line.
        ranges: name to range.
        peers: whether what packages want beside themselves is installed, too.
    """
    roots: list[Asked] = []
    unread: list[str] = []
    unknown: dict[str, None] = {}
    asked = [*(_word(text) for text in named), *(_entry(*item) for item in ranges.items())]
    for written, name, wanted in asked:
        if name is None:
            unread.append(written)
        elif wanted is not None:
            roots.append(_asked(name, wanted, unknown))

    def needs(key: str) -> Iterator[Asked]:
        package = _of_key(key)
        if package is None:
            return
        for texts in (package.needs, package.optional, package.peers if peers else ()):
            for text in texts:
                name, _, version = text[1:].partition("@")
                name = text[0] + name
                found = npm.nearest(name, version) if version else next(iter(npm.releases(name)), None)
                if found is None:
                    unknown[name] = None
                yield Asked(name, f"{name} {found.version if found else ''}", texts is package.optional)

    placed_now = placed(roots, needs, lambda key: key, _MOST_PACKAGES)
    packages = tuple(
        Locked(asked.name, asked.key.rpartition(" ")[2], optional=asked.optional) for asked in placed_now
    )
    return Wanted(packages, tuple(unknown), tuple(unread))


def _word(text: str) -> tuple[str, str | None, str | None]:
    """A word of the command line: as written, the package's name or None, and its range."""
    name, _, wanted = text[1:].partition("@")
    name = text[:1] + name
    if wanted.startswith("npm:"):
        return _entry(text, wanted)
    readable = _NAME.fullmatch(name) and not _ADDRESS.search(wanted)
    return text, name if readable else None, wanted


def _entry(name: str, wanted: str) -> tuple[str, str | None, str | None]:
    """A line of package.json; a range of None is a folder of the project's own."""
    if wanted.startswith("npm:"):
        real, _, version = wanted.removeprefix("npm:").rpartition("@")
        return name, real or version, version if real else ""
    if wanted.startswith(_LOCAL):
        return name, name, None
    return name, name if _NAME.fullmatch(name) and not _ADDRESS.search(wanted) else None, wanted


def _asked(name: str, wanted: str, unknown: dict[str, None]) -> Asked:
    found = npm.wanted(name, wanted)
    if found is None:
        unknown[name] = None
        return Asked(name, f"{name} ")
    # What is asked for and what is known of it may be different releases: the first is what is installed.
    return Asked(name, f"{name} {found.version if admits(wanted, found.version) else floor(wanted)}")


def _of_key(key: str) -> npm.Package | None:
    name, _, version = key.partition(" ")
    return npm.nearest(name, version) if version else None
