"""What apt adds to a layer: the closure of what is asked for, over what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.changes import Installation, Removal
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.ranges import Range, total
from multistage_cli.sizes.unpacking import (
    OLD_TEMPLATES,
    asks_questions,
    newer_ones,
    records_size,
    replaced_size,
    unpacked_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.build.changes import Change
    from multistage_cli.facts.images import Image

_ANY_PACKAGE = Range(20_000, 1_000_000, 60_000_000)
"""A package that the facts do not have, with what it depends on."""

_SLIM_STAND_INS = {
    ("node", "bookworm"): "22-bookworm-slim",
    ("python", "bookworm"): "3.11-slim-bookworm",
    ("python", "trixie"): "3.12-slim-trixie",
}
"""Other versions of these images install the same packages of Debian."""
_SCM = "ca-certificates curl gnupg netbase tzdata wget git mercurial openssh-client subversion procps"
_BUILDPACK_DEPS = (
    f"{_SCM} autoconf automake bzip2 default-libmysqlclient-dev dpkg-dev file g++ gcc imagemagick libbz2-dev"
    " libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev"
    " libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev"
    " libncurses5-dev libncursesw5-dev libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool"
    " libwebp-dev libxml2-dev libxslt-dev libyaml-dev make patch unzip xz-utils zlib1g-dev"
)
"""What buildpack-deps installs without recommended packages, and its smaller variant `scm` (Dockerfile.template
of docker-library/buildpack-deps)."""
_PHP = "autoconf ca-certificates curl dpkg-dev file g++ gcc libc6-dev make pkg-config re2c xz-utils"
_ADDED_TO_DEBIAN = {
    ("gcc", "full"): _BUILDPACK_DEPS,
    ("golang", "full"): f"{_SCM} g++ gcc libc6-dev make pkg-config",
    ("node", "full"): _BUILDPACK_DEPS,
    ("node", "slim"): "",
    ("perl", "full"): _BUILDPACK_DEPS,
    ("php", "full"): _PHP,
    ("python", "full"): _BUILDPACK_DEPS,
    ("ruby", "full"): _BUILDPACK_DEPS,
    ("ruby", "slim"): (
        "bzip2 ca-certificates libffi-dev libgmp-dev libssl-dev libyaml-dev procps zlib1g-dev"
    ),
    ("rust", "full"): _BUILDPACK_DEPS,
    ("rust", "slim"): "ca-certificates gcc libc6-dev",
}
"""What official images keep installed on top of Debian (their Dockerfile.template, in docker-library and
rust-lang/docker-rust)."""


class Installed(Struct, frozen=True):
    """The packages of an image, as far as the facts know them.

    Attributes:
        suite: the release of Debian.
        names: of the packages.
        slim: whether the image drops documentation as packages unpack.
        exact: whether the base image may have none but these; otherwise a package that is asked for may be
            there already.
        newer: those of the base image that were replaced by a newer version since.
    """

    suite: str
    names: frozenset[str]
    slim: bool
    exact: bool
    newer: frozenset[str] = frozenset()


def packages_of(image: Image | None) -> Installed | None:
    """The packages that a base image comes with; None where the facts have no such release of Debian."""
    from multistage_cli.facts.debian import base_packages, closure, suites

    suite = image.os_version if image else None
    if image is None or image.os_family != "debian" or suite not in suites():
        return None
    tag = image.canonical_tag or image.tag or "latest"
    slim = "slim" in tag or "slim" in (image.tag or "")
    names = base_packages(image.repository, tag)
    if names is None and slim and (stand_in := _SLIM_STAND_INS.get((image.repository, suite))):
        names = base_packages(image.repository, stand_in)
    if names is not None:
        return Installed(suite, names, slim=slim, exact=True)
    bare = base_packages("debian", f"{suite}-slim")
    if bare is None:
        return None
    if image.repository == "debian":  # the same packages, with their documentation
        return Installed(suite, bare, slim=slim, exact=True)
    added = _ADDED_TO_DEBIAN.get((image.repository, "slim" if slim else "full"))
    if added is None:
        return Installed(suite, bare, slim=slim, exact=False)
    found = closure(added.split(), suite=suite, installed=bare, recommends=False)
    return Installed(suite, bare | {entry.name for entry in found.packages}, slim=slim, exact=True)


def lists_size() -> Range:
    """The package lists that `apt-get update` leaves in /var/lib/apt/lists, uncompressed as apt keeps them.

    Official images keep them packed (Acquire::GzipIndexes). Debian bookworm's main, updates and security lists
    for amd64 took 19,857,442 bytes in python:3.12-slim (November 2026), and trixie's 21,664,455
    in debian:trixie-slim.
    """
    return Range(18_800_000, 20_500_000, 23_500_000)


class AptRun:
    """What the apt commands of one RUN leave in its layer.

    Names that the same RUN removes again are in no layer; with `--auto-remove` what only they need goes too.
    """

    def __init__(self, changes: Sequence[Change], installed: Installed | None) -> None:
        self.installed = installed
        self.unknown: list[str] = []
        self._changes = changes
        self._recorded = False
        self._asked = False
        self._passed = False

    def parts(self, change: Installation) -> Iterator[Part]:
        """One part for each name of one `apt-get install`, in order.

        A package's part holds what it alone brings: dependencies that an earlier name brought are that one's.
        """
        if not change.complete:
            what = "what else apt installs" if change.packages else "what apt adds"
            self.unknown.append(f"{what} on line {change.line}")
        if not change.packages:
            return
        if self.installed is None:
            self.unknown.append(f"what apt installs on line {change.line} ({_some(change.packages)})")
            return
        removed, everything = self._removed_after(change)
        if everything:
            self.unknown.append(f"which packages apt removes again after line {change.line}")
        for name in change.packages:
            part = self._package(name, change, removed)
            if (part or self._passed) and not self._recorded:
                self._recorded = True
                size = records_size(len(self.installed.names))
                if self._passed:  # what was removed again leaves its traces, such as debconf's old templates
                    size += Range(0, 0, 1_200_000)
                yield Part("records of dpkg and apt", "records", _unsure(size, change))
            if part is None:
                continue
            size = part.size if self.installed.exact and not everything else part.size.from_nothing()
            yield replace(part, size=_unsure(size, change))

    def _package(self, name: str, change: Installation, removed: dict[str, bool]) -> Part | None:
        from multistage_cli.facts.debian import closure
        from multistage_cli.facts.debian import package as find

        before = self.installed
        if before is None:
            return None
        result = closure([name], suite=before.suite, installed=before.names, recommends=change.recommends)
        if result.unknown:
            self.unknown.append(f"what {name} weighs, which apt installs on line {change.line}")
            return Part(name, "apt", _ANY_PACKAGE, guessed=True)
        self._passed = self._passed or not removed.keys().isdisjoint(
            package.name for package in result.packages
        )
        if removed.get(name):
            return None
        stays = [package for package in result.packages if package.name not in removed]
        newer = newer_ones((name, *(package.name for package in stays)), before.suite) - before.newer
        newer &= before.names
        if not stays and not newer:
            return None
        self.installed = replace(
            before,
            names=before.names | {package.name for package in stays},
            newer=before.newer | newer,
        )
        sizes = [unpacked_size(package, before.suite, slim=before.slim) for package in stays]
        # A package that is replaced leaves its old files in the layer below, where they still count.
        replaced = [known for other in sorted(newer) if (known := find(other, before.suite))]
        sizes += [replaced_size(known, before.suite, slim=before.slim) for known in replaced]
        if not self._asked and asks_questions([*stays, *replaced], before.suite):
            self._asked = True
            sizes.append(OLD_TEMPLATES)
        return Part(name, "apt", total(sizes))

    def _removed_after(self, change: Installation) -> tuple[dict[str, bool], bool]:
        """Names that are removed later, with whether their dependencies go too; and whether others may."""
        later = self._changes[self._changes.index(change) + 1 :]
        removals = [
            found
            for found in later
            if isinstance(found, Removal) and found.manager == "apt" and found.certain is Claim.YES
        ]
        names = {name: found.autoremove for found in removals for name in found.packages}
        return names, any(found.autoremove and not found.packages for found in removals)


def _unsure(size: Range, change: Installation) -> Range:
    return size if change.certain is Claim.YES else size.from_nothing()


def _some(names: tuple[str, ...], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
