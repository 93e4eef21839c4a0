"""Python version numbers and specifiers, read by the library that pip itself uses."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from packaging.version import Version

_LONGEST_VERSION: Final = 128
"""Longer than any version that means something; keeps hostile numbers away from int()."""


@lru_cache(maxsize=1024)
def parse_version(text: str) -> Version | None:
    """The version, or None where the text is none of PEP 440."""
    from packaging.version import InvalidVersion, Version

    if len(text) > _LONGEST_VERSION:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def admits(version: str, specifier: str) -> bool | None:
    """Whether a specifier such as `>=1.2,<2` lets a version pass, pre-releases among them.

    None where the version or a clause is not of PEP 440. An empty specifier admits everything.
    """
    verdicts = [_clause_admits(version, clause.strip()) for clause in specifier.split(",") if clause.strip()]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _clause_admits(version: str, clause: str) -> bool | None:
    from packaging.specifiers import InvalidSpecifier, Specifier

    if len(clause) > _LONGEST_VERSION:
        return None
    try:
        wanted = Specifier(clause, prereleases=True)
    except InvalidSpecifier:
        return None
    if parse_version(version) is None and wanted.operator != "===":
        return None
    return wanted.contains(version, prereleases=True)
