"""npm packages: what each weighs once it is installed, and what it needs.

Every figure was measured on disk, of the release that `Package.version` names, on Linux x86-64 (for musl, too,
where packages differ). `scripts/facts/collect_npm.py` measures, `scripts/facts/make_npm.py` packs.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from multistage_cli.facts.npm_versions import admits, distance, floor

_DATA: Final = Path(__file__).parent / "data" / "npm.json"


class Package(Struct, frozen=True):
    """One release of a package.

    Attributes:
        name: With its scope.
        version: The release that was measured.
        installed_bytes: Its files, without those of packages inside of its own `node_modules`.
        archive_bytes: The download, 0 where that is not known.
        needs: What it depends on, as `name`, or `name@version` where another release than the newest is meant.
        optional: The same for what it can do without, where Linux x86-64 has it.
        peers: The same for what it wants beside itself, which npm installs too.
    """

    name: str
    version: str
    installed_bytes: int
    archive_bytes: int
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    peers: tuple[str, ...]


def source() -> str:
    """Where the figures come from, and when."""
    data = _catalogue()
    return f"{data['source']}, {data['collected']}"


def names() -> tuple[str, ...]:
    """All packages that are known."""
    return tuple(_catalogue()["packages"])


def releases(name: str) -> tuple[Package, ...]:
    """What is known of a package, the newest release first; empty for one that is not known."""
    return tuple(_package(name, row) for row in _catalogue()["packages"].get(name, ()))


def nearest(name: str, version: str) -> Package | None:
    """The known release that lies nearest to a version; None for a package that is not known."""
    rows = _catalogue()["packages"].get(name)
    if not rows:
        return None
    return _package(name, min(rows, key=lambda row: (row[0] != version, distance(row[0], version))))


def wanted(name: str, asked: str) -> Package | None:
    """The newest known release that a range admits, or else the nearest one to it."""
    rows = _catalogue()["packages"].get(name)
    if not rows:
        return None
    found = next((row for row in rows if admits(asked, row[0])), None)
    return nearest(name, floor(asked)) if found is None else _package(name, found)


def of_unknown(count: int) -> tuple[int, int, int]:
    """What that many packages weigh of which nothing is known: 5th percentile, median, 95th percentile.

    In bytes, drawn from those of the known ones that only one of the measured projects needs.
    """
    rows = _catalogue()["sums"]
    if count <= 0:
        return 0, 0, 0
    place = bisect_left([row[0] for row in rows], count)
    above = rows[min(place, len(rows) - 1)]
    below = rows[max(0, min(place, len(rows) - 1) - 1)]
    if count >= above[0]:
        below, part = [0, 0, 0, 0], count / above[0]
    else:
        part = (count - below[0]) / (above[0] - below[0])
    low, middle, high = (
        round(one + (other - one) * part) for one, other in zip(below[1:], above[1:], strict=True)
    )
    return low, middle, high


def archive_share() -> float:
    """What an archive weighs, as a share of what it unpacks to, over all that were measured."""
    return float(_catalogue()["archive_share"])


def _package(name: str, row: list[Any]) -> Package:
    version, size, archive, *words = row
    needs, optional, peers = (*(tuple(text.split()) for text in words), (), (), ())[:3]
    return Package(name, version, size, archive, needs, optional, peers)


@cache
def _catalogue() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_bytes())
    return data
