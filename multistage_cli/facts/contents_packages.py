"""Which distribution packages an image may have, and what they prove about commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from multistage_cli.facts.contents_layers import commands_of_packages, is_common

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Until Debian 10 the full images had these added; 11 is the one later release without packages of its own.
_OF_OLD: Final = frozenset(["iproute2", "iputils-ping"])
_NOT_OLD: Final = "bullseye"

# Packages whose commands were the same for ten years, but for the names below; others gain and lose some.
_STEADY: Final = frozenset(
    [
        *("apt", "bash", "coreutils", "dash", "diffutils", "dpkg", "findutils", "grep", "gzip", "hostname"),
        *("libc-bin", "mawk", "mount", "passwd", "perl-base", "sed", "tar"),
    ]
)
_YOUNG: Final = frozenset(["basenc", "dpkg-realpath", "ld.so"])


class Packages(Struct, frozen=True):
    """What is known of an image's packages.

    Attributes:
        certain: There for certain.
        possible: These and libraries may be there, and no others, if `closed`.
        exact: `certain` is all of them.
        closed: Whether `possible` is a bound at all.
        of_release: Whether the packages are of the image's own release; else only those commands count
            that a package had in any.
    """

    certain: frozenset[str]
    possible: frozenset[str]
    exact: bool
    closed: bool
    of_release: bool

    def has(self, package: str) -> bool | None:
        """Whether one is there, None where that is not known."""
        if package in self.certain:
            return True
        return None if not self.closed or package in self.possible else False

    def commands(self) -> tuple[dict[str, str], frozenset[str]]:
        """Command -> path of those that the packages bring, and the names that none of them brings."""
        there: dict[str, str] = {}
        absent: set[str] = set()
        for name, (path, packages) in commands_of_packages().items():
            if packages & self.certain and (self.of_release or _is_steady(name, packages)):
                there[name] = path
            elif self.closed and not packages & (self.certain | self.possible):
                absent.add(name)
        return there, frozenset(absent)


def _is_steady(name: str, packages: frozenset[str]) -> bool:
    return (bool(packages & _STEADY) and name not in _YOUNG) or is_common(name)


NOTHING: Final = Packages(frozenset(), frozenset(), exact=False, closed=False, of_release=False)


def packages(facts: Iterable[Mapping[str, Any]], release: str | None) -> Packages:
    """The packages that the entries of an image tell of, lowest first.

    Where the release is not one that packages are told of, what all of those releases have is certain and
    what any of them has is possible.
    """
    told: dict[str, frozenset[str]] = {}
    maybe: set[str] = set()
    exact, closed = False, False
    for entry in facts:
        for name, (repository, tag) in entry.get("recorded", {}).items():
            from multistage_cli.facts import debian

            recorded = debian.base_packages(repository, tag)
            if recorded is not None:
                told[name] = recorded
                exact = True
        for name, added in entry.get("added", {}).items():
            told[name] = told.get(name, frozenset()) | frozenset(added)
        maybe |= frozenset(entry.get("maybe_packages", ()))
        closed = entry.get("closed", closed)
        exact = entry.get("packages_exact", exact)
    if not told:
        return NOTHING
    if release in told:
        certain = told[release]
        return Packages(certain, certain | maybe, exact=exact, closed=closed, of_release=True)
    possible = frozenset[str]().union(*told.values()) | maybe
    if release != _NOT_OLD:
        possible |= _OF_OLD
    certain = frozenset.intersection(*told.values())
    return Packages(certain, possible, exact=False, closed=closed, of_release=False)
