"""Packages of the distribution that need not be in the image: for building, for fetching, recommended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.build_tools import is_build_tool
from multistage_cli.build.changes import Download, Installation, Removal
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.apt import packages_of
from multistage_cli.sizes.installations import SYSTEM_MANAGERS
from multistage_cli.sizes.model import Spare
from multistage_cli.sizes.ranges import Range, total
from multistage_cli.sizes.unpacking import unpacked_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.debian import Package
    from multistage_cli.facts.images import Image
    from multistage_cli.sizes.model import Layer, Part
    from multistage_cli.sizes.spare.starts import Start

_RUNTIME_OF: Final = {
    "build-essential": ("libgomp1", "libstdc++6"), "clang": ("libstdc++6",), "g++": ("libgomp1", "libstdc++6"),
    "gcc": ("libgomp1", "libatomic1"), "gfortran": ("libgfortran5",), "default-jdk": ("default-jre",),
    "python3-dev": ("python3",),
}  # fmt: skip
"""What a program that was built with a package needs as it runs, where that is no library of the same source."""
_FETCHERS: Final = frozenset({"curl", "git", "wget"})
_USES_GIT: Final = frozenset({"gitpython", "pre-commit", "dvc", "simple-git", "nodegit", "isomorphic-git"})
_MOST_NAMED: Final = 4
_WORTH_BYTES: Final = 100_000


class Shipped(Struct, frozen=True):
    """An instruction whose layer is in the image, which starts from that base image at last."""

    entry: EvaluatedStage
    step: Step
    layer: Layer
    image: Image | None = None


def spare_packages(build: Build, shipped: Sequence[Shipped], start: Start | None) -> Iterator[Spare]:
    """What the system's package manager brings and nothing in the image needs.

    Args:
        build: the evaluated build.
        shipped: the layers of the image, the oldest first.
        start: what the image starts; None where that may be anything.
    """
    fetching = _fetching(shipped)
    removals = _removals(shipped)
    for place, found in enumerate(shipped):
        installations = [
            change
            for change in found.step.changes
            if isinstance(change, Installation) and change.manager in SYSTEM_MANAGERS
        ]
        if not installations:
            continue
        named = [name for change in installations if change.group is None for name in change.packages]
        if any(isinstance(change, Removal) for change in found.step.changes):
            named = [name for name in named if found.step.after.has_package(_bare(name)) is Claim.YES]
        removed, line = _removed_later(named, removals, place)
        measure = _Measure(found, installations, named)
        if removed:
            yield _spare(
                found, removed, measure.without(removed), likely=False,
                because=f"line {line} removes {_it(removed)}, which takes nothing out of the image",
                instead="remove it in the same RUN, or install it in another stage",
            )  # fmt: skip
        left = [name for name in named if name not in removed]
        yield from _recommended(found, measure)
        if start is None:
            continue
        tools = [name for name in left if is_build_tool(_bare(name))]
        if tools:
            yield _spare(
                found, tools, measure.without(tools),
                because=f"for building, and {start.main}, which the image starts, builds nothing",
                instead="install and build in another stage, and COPY --from it",
            )  # fmt: skip
        for name in left:
            fetched = fetching.get(_bare(name))
            if fetched is None or start.names(_bare(name)) or (_bare(name) == "git" and _uses_git(build)):
                continue
            yield _spare(
                found, [name], measure.without([name, *tools], instead_of=tools),
                because=f"only line {fetched} uses it; what the image starts does not name it",
                instead="fetch in another stage, or with ADD, and leave it out here",
            )  # fmt: skip


def _spare(
    found: Shipped,
    names: Sequence[str],
    size: Range | None,
    *,
    because: str,
    instead: str,
    likely: bool = True,
) -> Spare:
    shown = ", ".join(_bare(name) for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Spare(f"{shown}{more}", size, found.entry.stage.key, found.step.line, because, instead, likely)


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _bare(name: str) -> str:
    return name.partition("=")[0].partition("/")[0].partition(":")[0]


def _fetching(shipped: Sequence[Shipped]) -> dict[str, int]:
    """The line that fetches with each tool."""
    found: dict[str, int] = {}
    for entry in shipped:
        for change in entry.step.changes:
            if isinstance(change, Download) and change.tool in _FETCHERS:
                found.setdefault(change.tool, change.line)
    return found


def _uses_git(build: Build) -> bool:
    return any(
        name.lower() in _USES_GIT
        for entry in build.needed
        for _, change in entry.changes()
        if isinstance(change, Installation)
        for name in change.packages
    )


def _removals(shipped: Sequence[Shipped]) -> dict[str, tuple[int, int]]:
    """Where each package is last removed: the place among the layers, and the line."""
    return {
        name: (place, change.line)
        for place, found in enumerate(shipped)
        for change in found.step.changes
        if isinstance(change, Removal) and change.certain is Claim.YES
        for name in change.packages
    }


def _removed_later(
    names: Sequence[str], removals: Mapping[str, tuple[int, int]], place: int
) -> tuple[list[str], int]:
    """The packages that a later RUN of the image removes again, and the line of one that does."""
    gone = [name for name in names if removals.get(_bare(name), (0, 0))[0] > place]
    return gone, removals[_bare(gone[0])][1] if gone else 0


def _recommended(found: Shipped, measure: _Measure) -> Iterator[Spare]:
    """What apt installs on top because packages recommend it."""
    heaviest, size = measure.recommended()
    if size is None or size.estimate < _WORTH_BYTES:
        return
    some = (
        f" ({', '.join(heaviest[:2])} ...)" if len(heaviest) > 1 else f" ({heaviest[0]})" if heaviest else ""
    )
    yield Spare(
        f"{len(heaviest)} recommended packages{some}", size, found.entry.stage.key, found.step.line,
        "packages recommend them, and none of them depends on one",
        "write apt-get install --no-install-recommends, and name the ones that you do use", likely=True,
    )  # fmt: skip


class _Measure:
    """How much less the layer of one RUN would hold.

    By the closure over Debian's index where the release is known: what is left is what all other names, and the
    libraries that programs built with these need, bring along.
    """

    def __init__(self, found: Shipped, installations: list[Installation], names: list[str]) -> None:
        self.names = [_bare(name) for name in names]
        self.parts = [part for part in found.layer.parts if part.kind in SYSTEM_MANAGERS]
        known = found.step.before.packages.known
        only_apt = all(change.manager == "apt" for change in installations)
        self.suite = known.suite if only_apt and known.complete else None
        self.installed = known.present
        base = packages_of(found.image)
        self.slim = base is not None and base.slim
        self.recommends = any(change.recommends for change in installations) and only_apt
        self.sure = all(change.complete and change.recommends_known for change in installations)

    def without(self, names: Sequence[str], *, instead_of: Sequence[str] = ()) -> Range | None:
        """What those packages alone bring.

        Args:
            names: that are left out.
            instead_of: those of them that are left out anyway, and count elsewhere.
        """
        going = {_bare(name) for name in names}
        anyway = {_bare(name) for name in instead_of}
        if self.suite is None:
            return _of_parts([part for part in self.parts if _bare(part.what) in going - anyway])
        before = self._closure(self._kept(anyway), recommends=False)
        after = self._closure(self._kept(going), recommends=False)
        return self._size(before, before.keys() - after.keys())

    def recommended(self) -> tuple[list[str], Range | None]:
        """The names of recommended packages that come along, the heaviest first, and what they bring."""
        if self.suite is None or not self.recommends or not self.sure or not self.names:
            return [], None
        more = self._closure(self.names, recommends=True)
        less = self._closure(self.names, recommends=False)
        extra = sorted(more.keys() - less.keys(), key=lambda name: (-more[name].installed_bytes, name))
        return extra, self._size(more, more.keys() - less.keys())

    def _kept(self, going: set[str]) -> list[str]:
        from multistage_cli.facts.debian import package, runtime_libraries

        kept = [name for name in self.names if name not in going]
        suite = self.suite or ""
        for name in sorted(going):
            needed = (*runtime_libraries(name, suite), *_RUNTIME_OF.get(name, ()))
            kept += [library for library in needed if package(library, suite) is not None]
        return kept

    def _closure(self, names: list[str], *, recommends: bool) -> dict[str, Package]:
        from multistage_cli.facts.debian import closure

        found = closure(names, suite=self.suite or "", installed=self.installed, recommends=recommends)
        return {package.name: package for package in found.packages}

    def _size(self, packages: Mapping[str, Package], names: Iterable[str]) -> Range:
        suite = self.suite or ""
        return total(unpacked_size(packages[name], suite, slim=self.slim) for name in sorted(names))


def _of_parts(parts: Sequence[Part]) -> Range | None:
    """The parts' own sizes; what a program built with them needs as it runs may be among it."""
    return total(part.size for part in parts).from_nothing() if parts else None
