"""From a Debian package to the bytes that it takes in a layer.

Where the archive was read (facts/debian_unpacked.py), its files are known to the byte. Over the 28 layers of
`apt-get install` in debian:bookworm-slim that were built in November 2026, what they hold beyond these files and
dpkg's records is 918 to 953 kB in 17, which apt and dpkg write whatever is installed, and in the others what the
tables below name. None of these figures was fitted to those layers but the ones that say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.facts.debian import Package

_BARE_PACKAGES = 88
_KEPT_FOR_EACH = 3_500
_BYTECODE = {"bookworm": 1.174, "trixie": 1.083}
"""Bytecode for each byte of Python modules: what `apt-get install python3 python3-pip` had compiled (24,228,944
bytes of 20,631,531; 16,992,856 of 15,690,874)."""
_GENERATED = {"shared-mime-info": Range(2_500_000, 4_500_000, 9_500_000)}
"""What scripts generate from a package and the others there: the database of file types. From two layers of
imagemagick and libreoffice, where fonts' caches are in it too."""
_SPREAD = (
    (100_000, (0.25, 0.47, 0.82), (0.40, 0.65, 0.87)),
    (1_000_000, (0.24, 0.86, 0.98), (0.77, 0.94, 0.99)),
    (10_000_000, (0.50, 0.96, 1.0), (0.86, 0.99, 1.0)),
    (10**12, (0.80, 0.995, 1.0), (0.95, 1.0, 1.0)),
)
"""Of a package that was not read: its files by Installed-Size up to so many bytes, in a slim image and in a full
one, as shares of it. 5th, 50th and 95th percentile of the 4,000 that were; the low ends of large ones, which
packages of documentation alone reach, are cut."""
_TIED = {
    "libc6-dev": ("libc6", "libc-bin"),
    "liblzma-dev": ("liblzma5",),
    "libsqlite3-dev": ("libsqlite3-0",),
    "libssl-dev": ("libssl3", "libssl3t64"),
    "perl": ("perl-base",),
    "zlib1g-dev": ("zlib1g",),
}
"""Packages that need another one in the very same version (`Depends: perl-base (= ...)`): with an older one in
the base image, apt replaces that as well."""
_OLDER = {
    "bookworm": frozenset({"perl-base", "tzdata"}),
    "trixie": frozenset(
        {"libc6", "libc-bin", "libssl3t64", "liblzma5", "libsqlite3-0", "perl-base", "tzdata", "zlib1g"}
    ),
}
"""Of those, and of what Dockerfiles name although it is there, what the images of the catalogue have in an older
version than the index: builds of July to September 2026 against November. An image that is pulled today may have
the newest one, so all of this may come to nothing."""
_REPLACED = frozenset({"bookworm"})
"""Where they really were replaced: perl-base by every package with perl that was built on bookworm in November 2026.
trixie, the stable release, is built anew more often, and none was in six layers of it."""
_DEBCONF = frozenset({"cdebconf", "debconf", "debconf-2.0"})
OLD_TEMPLATES = Range(0, 880_000, 1_050_000)
"""The copy of debconf's templates that a package with questions makes it keep: 872 to 944 kB in four layers."""


def records_size(packages: int) -> Range:
    """What dpkg, apt and debconf write whatever is installed, in an image with so many packages.

    In debian:bookworm-slim with 88 packages 930,000 bytes: debconf's templates are 753,157 of them, twice the
    status file 156,000. In python:3.12-slim with 105 packages 985,000.
    """
    size = 930_000 + max(0, packages - _BARE_PACKAGES) * _KEPT_FOR_EACH
    return Range(round(size * 0.95), size, round(size * 1.1))


def asks_questions(packages: Iterable[Package], suite: str) -> bool:
    """Whether one of the packages has questions for debconf, which keeps its old templates then."""
    from multistage_cli.facts.debian import needs_any

    return any(needs_any(package.name, suite, _DEBCONF) for package in packages)


def replaced_size(package: Package, suite: str, *, slim: bool) -> Range:
    """What a package of the base image takes that apt may have to replace by a newer version."""
    size = unpacked_size(package, suite, slim=slim)
    return size.from_nothing() if suite in _REPLACED else Range(0, 0, size.high)


def unpacked_size(package: Package, suite: str, *, slim: bool) -> Range:
    """What a package puts into a layer.

    Args:
        package: with its Installed-Size.
        suite: of Debian.
        slim: whether documentation stays out.
    """
    from multistage_cli.facts.debian_unpacked import unpacked

    found = unpacked(package.name, suite)
    if found is None:
        return _unread(package.installed_bytes, slim=slim)
    modules = round(found.modules_bytes * _BYTECODE.get(suite, 1.1))
    size = found.kept_bytes + found.records_bytes + modules + (0 if slim else found.left_out_bytes)
    # Another version of the same release: security updates of a package differ by less than this.
    own = Range.about(size, 0.015, 0.02)
    return own + _GENERATED.get(package.name, Range())


def newer_ones(names: Iterable[str], suite: str) -> frozenset[str]:
    """What installing packages replaces in an image by its newest version, where the image has it older."""
    older = _OLDER.get(suite, frozenset())
    asked = {other for name in names for other in (name, *_TIED.get(name, ()))}
    return older & asked


def _unread(installed_bytes: int, *, slim: bool) -> Range:
    ends = next(
        (in_slim if slim else in_full) for most, in_slim, in_full in _SPREAD if installed_bytes <= most
    )
    return Range(*(round(installed_bytes * share) for share in ends))
