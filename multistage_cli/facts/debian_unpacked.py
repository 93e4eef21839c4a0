"""What Debian's packages take once dpkg has unpacked them, offline, for those that Dockerfiles install most.

Each archive was read file by file: scripts/facts/make_debian_unpacked.py. `source()` says when.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

_DATA: Final = Path(__file__).parent / "data" / "debian-unpacked.csv"


class Unpacked(Struct, frozen=True):
    """The files of one package, in bytes; a hard link counts once, and links and directories nothing.

    Attributes:
        kept_bytes: of files that slim images unpack too.
        left_out_bytes: of documentation, manual pages and translations, which slim images leave out.
        modules_bytes: of Python modules among the kept ones that are compiled as the package is configured.
        records_bytes: of what dpkg writes down about it: the list of its files, scripts, its status and the
            copy of that.
    """

    kept_bytes: int
    left_out_bytes: int
    modules_bytes: int
    records_bytes: int


def source() -> str:
    """Where the figures are from, and of which day."""
    return _rows()[0]


def unpacked(package: str, suite: str) -> Unpacked | None:
    """The files of a package; None where they were not looked at."""
    return _rows()[1].get((suite, package))


@cache
def _rows() -> tuple[str, dict[tuple[str, str], Unpacked]]:
    head, _, *lines = _DATA.read_text(encoding="utf-8").splitlines()
    found: dict[tuple[str, str], Unpacked] = {}
    for line in lines:
        suite, package, *figures = line.split(",")
        found[suite, package] = Unpacked(*(int(figure) for figure in figures))
    return head.removeprefix("# "), found
