"""Python version numbers and specifiers, after PEP 440."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# Longer than any version that means something; keeps hostile numbers away from int().
_LONGEST_VERSION: Final = 128

_VERSION: Final = re.compile(
    r"""v?
    (?:(?P<epoch>\d+)!)?
    (?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)(?:[-_.]?(?P<pre_number>\d+))?)?
    (?:-(?P<post_bare>\d+)|[-_.]?(?P<post>post|rev|r)(?:[-_.]?(?P<post_number>\d+))?)?
    (?:[-_.]?(?P<dev>dev)(?:[-_.]?(?P<dev_number>\d+))?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_CLAUSE: Final = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*(\S+)")

_PRE_RANKS: Final = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_NO_PRE: Final = (3, 0)
_NO_POST: Final = -1
_NO_DEV: Final = (1, 0)


class Version(NamedTuple):
    """A version; the fields stand in the order that PEP 440 compares by, so tuples compare as versions do.

    `release` has no trailing zeros: 1.0 and 1.0.0 are one version. `pre` ranks a, b, rc and none; a
    development release of the final release ranks before its alphas.
    """

    epoch: int
    release: tuple[int, ...]
    pre: tuple[int, int]
    post: int
    dev: tuple[int, int]
    local: tuple[tuple[int, int, str], ...]

    @property
    def is_prerelease(self) -> bool:
        """Whether this is an alpha, beta, candidate or development release."""
        return self.pre != _NO_PRE or self.dev != _NO_DEV

    @property
    def public(self) -> Version:
        """The version without its local label."""
        return self._replace(local=())


def parse_version(text: str) -> Version | None:
    """A version in any spelling that PEP 440 admits; None for anything else."""
    found = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST_VERSION else None
    if found is None:
        return None
    part = found.groupdict()
    post = _NO_POST
    if part["post"] or part["post_bare"]:
        post = int(part["post_bare"] or part["post_number"] or 0)
    dev = (0, int(part["dev_number"] or 0)) if part["dev"] else _NO_DEV
    pre = _NO_PRE
    if part["pre"]:
        pre = (_PRE_RANKS[part["pre"].lower()], int(part["pre_number"] or 0))
    elif post == _NO_POST and dev != _NO_DEV:
        pre = (-1, 0)
    local = tuple(
        (1, int(piece), "") if piece.isdigit() else (0, 0, piece)
        for piece in re.split(r"[-_.]", (part["local"] or "").lower())
        if piece
    )
    return Version(int(part["epoch"] or 0), _trimmed(_numbers(part["release"])), pre, post, dev, local)


def admits(version: str, specifier: str) -> bool | None:
    """Whether a specifier such as `>=1.2,<2` lets a version pass, pre-releases among them.

    None where the version or a clause is not of PEP 440. An empty specifier admits everything.
    """
    candidate = parse_version(version)
    verdicts = [
        _clause_admits(version, candidate, clause.strip())
        for clause in specifier.split(",")
        if clause.strip()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _clause_admits(text: str, candidate: Version | None, clause: str) -> bool | None:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return None
    operator, wanted = found.groups()
    if operator == "===":
        return text.strip().lower() == wanted.lower()
    if candidate is None:
        return None
    if operator in ("==", "!=") and wanted.endswith(".*"):
        same = _starts_with(candidate, wanted.removesuffix(".*"))
        return same if same is None or operator == "==" else not same
    limit = parse_version(wanted)
    if limit is None or (operator == "~=" and "." not in wanted):
        return None
    return _compare(candidate, operator, limit, wanted)


def _compare(candidate: Version, operator: str, limit: Version, wanted: str) -> bool | None:
    public = candidate.public
    match operator:
        case "==" | "!=":
            same = (candidate if limit.local else public) == limit
            return same == (operator == "==")
        case ">=":
            return public >= limit
        case "<=":
            return public <= limit
        case "<":
            # 2.0rc1 comes before 2.0 and is still no answer to <2.0, unless a pre-release was asked about.
            first = limit._replace(pre=(-1, 0) if limit.post == _NO_POST else limit.pre, dev=(0, 0))
            return candidate < (limit if limit.is_prerelease else first)
        case ">":
            # Neither a post-release of a version nor that version under a local label comes after it here.
            own = candidate.public == limit or candidate.public._replace(post=_NO_POST, dev=_NO_DEV) == limit
            return candidate > limit and not own
        case _:
            # ~=1.4.5 is >=1.4.5, ==1.4.*; what follows the release does not count for the second half.
            prefix = re.match(r"v?(?:\d+!)?\d+(?:\.\d+)*", wanted, re.IGNORECASE)
            stem = prefix[0].rpartition(".")[0] if prefix else ""
            return public >= limit and _starts_with(candidate, stem) is True if stem else None


def _starts_with(candidate: Version, prefix: str) -> bool | None:
    start = parse_version(prefix)
    if start is None or start != Version(start.epoch, start.release, _NO_PRE, _NO_POST, _NO_DEV, ()):
        return None
    wanted = _numbers(prefix.lower().lstrip("v").rpartition("!")[2])
    padded = candidate.release + (0,) * len(wanted)
    return candidate.epoch == start.epoch and padded[: len(wanted)] == wanted


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in release.split("."))


def _trimmed(numbers: tuple[int, ...]) -> tuple[int, ...]:
    end = len(numbers)
    while end > 1 and numbers[end - 1] == 0:
        end -= 1
    return numbers[:end]
