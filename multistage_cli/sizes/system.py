"""What apk adds to a layer; of dnf's packages nothing is known here.

Alpine's packages are the same files for everybody and drop their documentation into packages of their own, so what
apk says of one is what lies in the layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.changes import Cache, Installation, Removal
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.scene import Scene

_DRIFT_PERCENT: Final = 12
"""How far the figures of two releases are apart."""
_ANY_PACKAGE: Final = Range(10_000, 1_000_000, 60_000_000)
"""A package that the facts do not have, with what it depends on."""
_RECORDS: Final = Range(
    20_000, 90_000, 400_000
)  # /lib/apk/db, written anew with every package's list of files
_INDEX: Final = Range(1_500_000, 2_600_000, 4_500_000)
"""Alpine's two package indexes, which stay in /var/cache/apk without `--no-cache`."""


def apk(scene: Scene, change: Installation) -> Outcome:
    """One part for each name, with what it brings along that no earlier one did."""
    removed = _removed(scene, change)
    names = tuple(name for name in change.packages if name not in removed)
    if not names and change.complete:
        return Outcome()
    parts = [*_parts(scene, change, names)]
    if parts:
        parts.append(Part("records of apk", "records", _RECORDS, "/lib/apk/db"))
    if change.cache is Cache.KEPT:
        parts.append(Part("apk package lists", "lists", _INDEX, "/var/cache/apk"))
    if change.certain is not Claim.YES:
        parts = [replace(part, size=part.size.from_nothing()) for part in parts]
    unknown = tuple(
        f"what {part.what} weighs, which apk installs on line {change.line}" for part in parts if part.guessed
    )
    if not change.complete:
        unknown = (*unknown, f"what else apk installs on line {change.line}")
    return Outcome(tuple(parts), unknown)


def _parts(scene: Scene, change: Installation, names: tuple[str, ...]) -> Iterator[Part]:
    from multistage_cli.facts.alpine import closure

    image = scene.image
    # Images for languages have packages of their own besides.
    bare = image is not None and image.repository == "alpine"
    there = frozenset(
        package.name for earlier in _before(scene, change) for package in closure(earlier.packages).packages
    )
    for name in names:
        found = closure([name], installed=there)
        there |= {package.name for package in found.packages}
        low = estimate = high = 0
        for package in found.packages:
            size = package.installed_bytes
            own = bare or package.name == name
            low += size * (100 - _DRIFT_PERCENT) // 100 if own else 0
            estimate += size
            high += size * (100 + _DRIFT_PERCENT) // 100
        if found.unknown:
            yield Part(name, "apk", _ANY_PACKAGE, guessed=True)
        elif found.packages:
            yield Part(name, "apk", Range(low, estimate, high))


def _before(scene: Scene, change: Installation) -> Iterator[Installation]:
    """What earlier commands of the stage installed."""
    chain = scene.step.before.installations
    while chain is not None:
        found, chain = chain
        if found.manager == "apk" and found.certain is Claim.YES and found.group is None:
            yield found
    for earlier in scene.step.changes:
        if earlier is change:
            return
        if isinstance(earlier, Installation) and earlier.manager == "apk":
            yield earlier


def _removed(scene: Scene, change: Installation) -> frozenset[str]:
    return frozenset(
        name
        for found in scene.step.changes
        if isinstance(found, Removal) and found.manager == change.manager and found.certain is Claim.YES
        for name in found.packages
    )
