"""What apt adds to a layer: the closure of what is asked for, over what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Installation
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.images import Image

_ANY_PACKAGE = Range(20_000, 1_000_000, 60_000_000)
"""A package that the facts do not have, with what it depends on."""


def lists_size() -> Range:
    """The package lists that `apt-get update` leaves in /var/lib/apt/lists, uncompressed as apt keeps them.

    Debian bookworm's and trixie's main, updates and security lists for amd64 take 19 to 21 MB (measured in
    November 2026 after an update in debian:bookworm-slim); others differ.
    """
    return Range(15_000_000, 20_000_000, 50_000_000)


class AptInstallation:
    """The parts that one `apt-get install` adds: one for each package that was asked for by name.

    A package's part holds what it alone brings: dependencies that an earlier name of the same command
    brought are that one's.
    """

    def __init__(self, build: Build, entry: EvaluatedStage, step: Step, change: Installation) -> None:
        self.build = build
        self.entry = entry
        self.step = step
        self.change = change
        self.unknown: list[str] = []

    def parts(self) -> Iterator[Part]:
        """One part for each name, in order."""
        from multistage_cli.facts.debian import closure

        change = self.change
        if not change.complete:
            self.unknown.append(f"what else apt installs on line {change.line}")
        found = self._start()
        if found is None:
            names = ", ".join(change.packages[:3])
            self.unknown.append(f"what apt installs on line {change.line} ({names})")
            return
        image, installed, suite = found
        slim = "slim" in (image.tag or "") or "slim" in (image.canonical_tag or "")
        if change.packages:
            yield Part("records of dpkg and apt", "apt", records_size())
        for name in change.packages:
            result = closure([name], suite=suite, installed=installed, recommends=change.recommends)
            if result.unknown:
                self.unknown.append(f"what {name} weighs: the facts do not have it")
                yield Part(name, "apt", _ANY_PACKAGE)
                continue
            size = sum(package.installed_bytes for package in result.packages)
            installed |= {package.name for package in result.packages}
            yield Part(name, "apt", _as_unpacked(size, slim=slim))

    def _start(self) -> tuple[Image, frozenset[str], str] | None:
        """The base image, what it and the commands before this one installed, and the Debian release."""
        from multistage_cli.facts.debian import base_packages, closure, suites

        chain = self.build.graph.chain(self.entry.stage.index)
        lookup = self.build.stages[chain[-1]].lookup
        image = lookup.image if lookup else None
        suite = image.os_version if image else None
        if image is None or image.os_family != "debian" or suite not in suites():
            return None
        installed = base_packages(image.repository, image.canonical_tag or image.tag or "latest")
        if installed is None:
            # Another image of the same release stands in: all of them start from the same one.
            kind = "slim" if "slim" in (image.canonical_tag or image.tag or "") else "full"
            stand_in = ("debian", f"{suite}-slim") if kind == "slim" else ("python", "3.12-trixie")
            installed = base_packages(*stand_in)
            if installed is None:
                return None
        for earlier in self._earlier(chain):
            names = closure(earlier.packages, suite=suite, installed=installed, recommends=earlier.recommends)
            installed |= {package.name for package in names.packages}
        return image, installed, suite

    def _earlier(self, chain: tuple[int, ...]) -> Iterator[Installation]:
        for index in reversed(chain):
            for _, change in self.build.stages[index].changes():
                if change is self.change:
                    return
                if isinstance(change, Installation) and change.manager == "apt":
                    yield change


def records_size() -> Range:
    """What dpkg and apt write down for any installation, however small: the status file and its copy.

    The smallest of 28 layers that were really built (debian:bookworm-slim, November 2026) hold 0.8 to
    1.1 MB more than their packages.
    """
    return Range(600_000, 1_000_000, 1_400_000)


def _as_unpacked(size_bytes: int, *, slim: bool) -> Range:
    """Installed-Size -> bytes in the layer.

    Slim images drop documentation, manual pages and locales as packages unpack, which is most of some
    small packages; maintainer scripts generate files. Over those 28 layers the files are 0.95 of
    Installed-Size in the median, and the ends hold 26 of them (not wget, whose bulk is translations, nor
    tzdata, which the base had).
    """
    estimate = round(size_bytes * (0.95 if slim else 1.0))
    below = round(size_bytes * 0.06) + min(round(size_bytes * 0.55), 12_000_000)
    above = round(size_bytes * 0.08) + min(round(size_bytes * 0.2), 10_000_000)
    return Range(max(0, estimate - below), estimate, estimate + above)
