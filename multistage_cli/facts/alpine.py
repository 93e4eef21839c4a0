"""Packages of Alpine that images install often: what each weighs once installed, and what it needs.

Alpine's own index has all of this for every package; here are those alone of which a published figure was found,
see `source`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA: Final = Path(__file__).parent / "data" / "alpine.json"
_KIBIBYTE: Final = 1024


class Package(Struct, frozen=True):
    """A package.

    Attributes:
        name: Of the package.
        installed_bytes: Its files, as apk says.
    """

    name: str
    installed_bytes: int


class Closure(Struct, frozen=True):
    """Packages with what they depend on.

    Attributes:
        packages: Those known, each once, by name.
        unknown: Names of which nothing is known.
    """

    packages: tuple[Package, ...]
    unknown: tuple[str, ...]


def source() -> str:
    """Where the figures come from, and when."""
    data = _catalogue()
    return f"{data['source']}, {data['collected']}"


def closure(names: Iterable[str], *, installed: frozenset[str] = frozenset()) -> Closure:
    """What `apk add` brings on top of `alpine` itself.

    Args:
        names: As on apk's command line: `curl`, `python3=3.12.12-r0`, `git~2`.
        installed: Packages that are there already, which nothing more is brought for.
    """
    data = _catalogue()
    there = installed | frozenset(data["base"])
    found: dict[str, Package] = {}
    unknown: set[str] = set()
    waiting = [_bare(name) for name in names]
    while waiting:
        name = waiting.pop()
        name = data["aliases"].get(name, name)
        if name in there or name in found or name in unknown:
            continue
        row = data["packages"].get(name)
        if row is None:
            unknown.add(name)
            continue
        found[name] = Package(name, row[0] * _KIBIBYTE)
        waiting += row[1].split()
    return Closure(tuple(found[name] for name in sorted(found)), tuple(sorted(unknown)))


def _bare(text: str) -> str:
    for sign in "=<>~@":
        text = text.partition(sign)[0]
    return text


@cache
def _catalogue() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_bytes())
    return data
