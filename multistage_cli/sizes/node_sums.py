"""Sizes of many npm packages together: what is known of each, and how far off the sum may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.facts import npm
from multistage_cli.facts.npm_versions import version_of
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.sizes.node_locks import Locked

_OTHER_RELEASE = 0.16
_OTHER_MAJOR = 0.6
"""How far a package's size is off when another release's is taken, as a share of it: the spread of the
logarithm between releases of one package, within a major version and across them. The median is 0.05 within
one (`scripts/facts/make_npm.py` works them out again)."""
_OTHER_PROCESSOR = 0.3
"""The same where the build for another processor is taken."""
_NINETY_PERCENT = 1.65
"""Standard deviations on either side that hold nine in ten."""
_SHOWN_PARTS = 12
_LEAST_SHOWN_BYTES = 1_000_000
_LEAST_SHOWN_SHARE = 50  # a package with less than a fiftieth of all is not shown alone


@dataclass(slots=True)
class _Sum:
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


@dataclass(frozen=True, slots=True)
class Measured:
    """The sum of many packages.

    Attributes:
        parts: the heaviest by name, the others together, and those together of which nothing is known.
        unknown: names of the latter.
        archives: what their archives weigh.
        size: of all parts.
    """

    parts: tuple[Part, ...]
    unknown: tuple[str, ...]
    archives: Range
    size: Range


def measured(
    packages: Iterable[Locked], *, path: str | None, processor: str, moving: bool, certain: bool = True
) -> Measured:
    """What packages weigh.

    Args:
        packages: one for every copy.
        path: the folder that they lie in.
        processor: by Node's names, such as `x64`, which the facts are of.
        moving: whether the registry chooses among releases, which may be newer than the one measured.
        certain: whether they are installed at all.
    """
    sums: dict[str, _Sum] = {}
    archives = _Sum()
    unknown: Counter[str] = Counter()
    for package in packages:
        found, error = _known(package, processor)
        if found is None:
            unknown[package.name] += 1
            continue
        error = max(error, _OTHER_RELEASE / 2) if moving else error
        sums.setdefault(package.name, _Sum()).add(found.installed_bytes, error)
        archives.add(found.archive_bytes or round(found.installed_bytes * npm.archive_share()), error)
    parts = tuple(_parts(sums, unknown, path, certain=certain))
    size = Range()
    for part in parts:
        size += part.size
    low, mean, high = npm.of_unknown(unknown.total())
    share = npm.archive_share()
    packed = archives.range() + Range(round(low * share), round(mean * share), round(high * share))
    return Measured(parts, tuple(sorted(unknown)), packed, size)


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
