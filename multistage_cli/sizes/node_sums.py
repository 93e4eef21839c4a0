"""Sizes of many npm packages together: what is known of each, and how far off the sum may be."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.facts import npm
from multistage_cli.facts.npm_versions import version_of
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from multistage_cli.sizes.node_locks import Locked

_OTHER_RELEASE = 0.3
_OTHER_MAJOR = 0.8
"""How far a package's size is off when another release's is taken, as a share of it: the spread of the
logarithm between releases of one package, within a major version and across them. Over all pairs of releases that
were measured the median is 0.10 and 0.25, the 75th percentile 0.35 and 0.66; the nearest one is taken."""
_OTHER_PROCESSOR = 0.3
"""The same where the build for another processor is taken."""
_TOLD = 0.02
"""The same where the registry tells the size of that release: what is in its archive, which npm leaves as it is."""
_NINETY_PERCENT = 1.65
"""Standard deviations on either side that hold nine in ten."""
_SHOWN_PARTS = 12
_LEAST_SHOWN_BYTES = 1_000_000
_LEAST_SHOWN_SHARE = 50  # a package with less than a fiftieth of all is not shown alone


class _Sum(Struct):
    size: int = 0
    variance: float = 0.0
    copies: int = 0

    def add(self, size: int, error: float) -> None:
        self.size += size
        self.variance += (size * error) ** 2
        self.copies += 1

    def range(self) -> Range:
        off = _NINETY_PERCENT * self.variance**0.5
        # A sum of sizes that spread by factors is off upwards further than downwards.
        return Range(round(max(self.size * 0.4, self.size - off)), self.size, round(self.size + off * 1.2))


class Measured(Struct, frozen=True):
    """The sum of many packages.

    Attributes:
        parts: the heaviest by name, the others together, and those together of which nothing is known.
        unknown: names of the latter.
        archives: what their archives weigh, each once.
        once: what they weigh where each is there once.
        size: of all parts.
    """

    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    archives: Range
    once: Range


def measured(
    packages: Iterable[Locked],
    *,
    path: str | None,
    processor: str,
    moving: bool,
    certain: bool = True,
    told: Mapping[tuple[str, str], int] = MappingProxyType({}),
) -> Measured:
    """What packages weigh.

    Args:
        packages: one for every copy.
        path: the folder that they lie in.
        processor: by Node's names, such as `x64`, which the facts are of.
        moving: whether the registry chooses among releases, which may be newer than the one measured.
        certain: whether they are installed at all.
        told: sizes of releases, by name and version, as the registry has them; see `not_measured`.
    """
    sums: dict[str, _Sum] = {}
    archives, once = _Sum(), _Sum()
    seen: set[tuple[str, str]] = set()
    unknown: Counter[str] = Counter()
    for package in packages:
        found, error = _told(package, told) or _known(package, processor)
        if found is None:
            unknown[package.name] += 1
            continue
        error = max(error, _OTHER_RELEASE / 3) if moving else error
        sums.setdefault(package.name, _Sum()).add(found.installed_bytes, error)
        if (package.name, package.version) not in seen:
            seen.add((package.name, package.version))
            once.add(found.installed_bytes, error)
            archives.add(found.archive_bytes or round(found.installed_bytes * npm.archive_share()), error)
    parts = tuple(_parts(sums, unknown, path, certain=certain))
    guess = npm.of_unknown(len(unknown))
    packed = archives.range() + Range(*(round(each * npm.archive_share()) for each in guess))
    return Measured(parts, tuple(sorted(unknown)), packed, once.range() + Range(*guess))


def not_measured(packages: Iterable[Locked]) -> Iterator[tuple[str, str]]:
    """Name and version of the releases that the facts do not have."""
    for package in packages:
        found = npm.nearest(package.name, package.version)
        if found is None or found.version != package.version:
            yield package.name, package.version


def _told(package: Locked, told: Mapping[tuple[str, str], int]) -> tuple[npm.Package, float] | None:
    size = told.get((package.name, package.version))
    if size is None:
        return None
    return npm.Package(package.name, package.version, size, 0, (), (), ()), _TOLD


def _known(package: Locked, processor: str) -> tuple[npm.Package | None, float]:
    found = npm.nearest(package.name, package.version)
    error = 0.0
    if found is None and processor != "x64" and processor in package.name:
        found = npm.nearest(package.name.replace(processor, "x64"), package.version)
        error = _OTHER_PROCESSOR
    if found is None or found.version == package.version:
        return found, error
    one, other = version_of(found.version), version_of(package.version)
    same = one is not None and other is not None and one[0] == other[0]
    return found, max(error, _OTHER_RELEASE if same else _OTHER_MAJOR)


def _parts(
    sums: dict[str, _Sum], unknown: Counter[str], path: str | None, *, certain: bool
) -> Iterator[Part]:
    def part(what: str, size: Range, *, guessed: bool = False) -> Part:
        return Part(what, "npm", size if certain else size.from_nothing(), path, guessed)

    whole = sum(entry.size for entry in sums.values())
    least = max(_LEAST_SHOWN_BYTES, whole // _LEAST_SHOWN_SHARE)
    ordered = sorted(sums.items(), key=lambda item: (-item[1].size, item[0]))
    few = len(sums) <= _SHOWN_PARTS
    shown = [name for name, entry in ordered[:_SHOWN_PARTS] if few or entry.size >= least]
    for name in shown:
        yield part(name, sums[name].range())
    others = _Sum()
    for name, entry in ordered:
        if name not in shown:
            others.size += entry.size
            others.variance += entry.variance
            others.copies += entry.copies
    if others.copies:
        yield part(f"{others.copies:,} smaller packages", others.range())
    if count := unknown.total():
        what = next(iter(unknown)) if count == 1 else f"{count:,} packages of unknown size"
        yield part(what, Range(*npm.of_unknown(count)), guessed=True)
