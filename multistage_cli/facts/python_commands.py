"""Commands that pip puts on PATH for certain, whatever release it takes.

`scripts/facts/make_python_commands.py` compares an old and a recent wheel of each distribution in
`data/python-commands.json`; what `facts/python.py` knows of one recent release serves where that one, or a
newer one, is what pip takes.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from multistage_cli.facts.markers import canonical_name
from multistage_cli.facts.versions import admits, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.facts.requirements import Requirement

_DATA: Final = Path(__file__).parent / "data" / "python-commands.json"
_RECENT: Final = (3, 10)
"""Older interpreters make pip take older releases."""
_VERSIONED: Final = re.compile(r".*-3\.[0-9]+")  # coverage-3.12
_NUMBER: Final = re.compile(r"(?:==|~=|<=|>=)\s*([^\s,*]+)")


def certain(
    requirements: Iterable[Requirement], *, constrained: bool = False, python: str = "3.12"
) -> frozenset[str]:
    """Commands that installing requirements brings, with those of what they depend on.

    Args:
        requirements: what is asked for.
        constrained: whether another file chooses among releases, as `-c` and lock files do.
        python: of the interpreter, such as `3.12`.
    """
    from multistage_cli.facts import python as distributions

    wanted = list(requirements)
    recent = tuple(int(part) for part in python.split(".")) >= _RECENT
    found: set[str] = set()
    newest: list[Requirement] = []
    for requirement in wanted:
        if not requirement.name or requirement.url is not None:
            continue
        found.update(_steady(requirement.name, requirement.specifier, constrained=constrained))
        known = distributions.distribution(requirement.name)
        if known is None or admits(known.version, requirement.specifier) is not True:
            continue
        if requirement.specifier.startswith("==") or (recent and not constrained):
            found.update(name for name in known.commands if not _VERSIONED.fullmatch(name))
            newest.append(requirement)
    if not constrained:
        for name in (entry.name for entry in distributions.closure(newest).distributions):
            found.update(_steady(name, "", constrained=False))
    return frozenset(found)


def _steady(name: str, specifier: str, *, constrained: bool) -> Iterator[str]:
    """Commands that every release has had that may be chosen."""
    row = _catalogue()["distributions"].get(name)
    if row is None:
        return
    oldest = parse_version(row["oldest"])
    named = [parse_version(text) for text in _NUMBER.findall(specifier)]
    if constrained:
        candidates = [version for version in named if version is not None]
        floor = min(candidates, default=None)
        sure = floor is not None and oldest is not None and floor >= oldest
    else:
        versions = (*named, oldest, parse_version(row["newest"]))
        sure = any(
            version is not None
            and oldest is not None
            and version >= oldest
            and admits(str(version), specifier) is True
            for version in versions
        )
    if sure:
        yield from row["commands"]


def of_others(names: Iterable[str]) -> frozenset[str]:
    """Commands of known distributions that none of those named has: they stay when those are uninstalled."""
    from multistage_cli.facts import python as distributions

    named = {canonical_name(name) for name in names}
    own: set[str] = set()
    others: set[str] = set()
    steady = ((name, row["commands"]) for name, row in _catalogue()["distributions"].items())
    for name, commands in (*steady, *distributions.commands()):
        (own if name in named else others).update(commands)
    return frozenset(others - own)


def source() -> str:
    """Where the names come from, and when."""
    data = _catalogue()
    return f"{data['source']}, {data['collected']}"


@cache
def _catalogue() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_DATA.read_bytes())
    return data
