"""Versions of npm packages and the ranges that ask for them, as far as choosing among known ones needs.

Source: the README of npm's `semver`. A range that cannot be read admits nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, int, int]

_VERSION: Final = re.compile(r"[v=]?(\d{1,9})(?:\.(\d{1,9}|[xX*]))?(?:\.(\d{1,9}|[xX*]))?(?:[-+].*)?")
_COMPARATOR: Final = re.compile(r"(>=|<=|>|<|\^|~>?|=)?\s*([^\s<>=^~|]+)")
_ANY: Final = frozenset({"", "*", "x", "X", "latest"})
_LONGEST: Final = 200  # characters of a range that are read
_END: Final = (10**9, 0, 0)


def version_of(text: str) -> Version | None:
    """`18.2.0` of `18.2.0-rc.1`; None for what is no version."""
    parts = _numbers(text)
    return None if parts is None else (parts[0], parts[1] or 0, parts[2] or 0)


def admits(wanted: str, version: str) -> bool:
    """Whether a range such as `^4.17.1`, `>=1 <3 || 5.x` or `1.2 - 2.0` admits a version."""
    found = version_of(version)
    return found is not None and any(low <= found < high for low, high in _spans(wanted[:_LONGEST]))


def distance(one: str, other: str) -> Version:
    """How far two versions lie apart, for choosing the nearest of several; an unreadable one is far from all."""
    left, right = version_of(one), version_of(other)
    if left is None or right is None:
        return _END
    return abs(left[0] - right[0]), abs(left[1] - right[1]), abs(left[2] - right[2])


def floor(wanted: str) -> str:
    """The lowest version that a range names, as text; the range itself where it names none."""
    found = _COMPARATOR.search(wanted[:_LONGEST])
    return found[2] if found else wanted


@lru_cache(maxsize=4096)
def _spans(wanted: str) -> tuple[tuple[Version, Version], ...]:
    return tuple(span for part in wanted.split("||") if (span := _span(part.strip())) is not None)


def _span(text: str) -> tuple[Version, Version] | None:
    if text in _ANY:
        return (0, 0, 0), _END
    first, hyphen, last = text.partition(" - ")
    if hyphen:
        text = f">={first.strip()} <={last.strip()}"
    low: Version = (0, 0, 0)
    high: Version = _END
    found = _COMPARATOR.findall(text)
    for sign, word in found:
        span = _compared(sign, word)
        if span is None:
            return None
        low, high = max(low, span[0]), min(high, span[1])
    return (low, high) if found else None


def _compared(sign: str, word: str) -> tuple[Version, Version] | None:
    if word in _ANY:
        return (0, 0, 0), _END
    parts = _numbers(word)
    if parts is None:
        return None
    major, minor, patch = parts
    start = (major, minor or 0, patch or 0)
    after = _after(major, minor, patch)
    match sign:
        case ">=":
            return start, _END
        case ">":
            return after, _END
        case "<":
            return (0, 0, 0), start
        case "<=":
            return (0, 0, 0), after
        case "^" if major == 0 and minor == 0 and patch is not None:
            return start, (0, 0, patch + 1)
        case "^" if major == 0 and minor is not None:
            return start, (0, minor + 1, 0)
        case "^":
            return start, (major + 1, 0, 0)
        case "~" | "~>" if minor is not None:
            return start, (major, minor + 1, 0)
        case _:
            return start, after


def _after(major: int, minor: int | None, patch: int | None) -> Version:
    if minor is None:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if patch is None else (major, minor, patch + 1)


def _numbers(text: str) -> tuple[int, int | None, int | None] | None:
    found = _VERSION.fullmatch(text.strip()[:_LONGEST])
    if found is None:
        return None
    minor, patch = (
        int(part) if part is not None and part.isdecimal() else None for part in found.group(2, 3)
    )
    return int(found[1]), minor, patch
