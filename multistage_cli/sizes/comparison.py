"""The same build in one stage, on the base images that it could start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import IndexRefresh, Installation
from multistage_cli.build.stages import BaseKind
from multistage_cli.facts.images import full_variant, slim_variant
from multistage_cli.sizes.apt import AptRun, packages_of
from multistage_cli.sizes.bases import image_size
from multistage_cli.sizes.installations import SYSTEM_MANAGERS
from multistage_cli.sizes.model import Comparison, Part, StageSize
from multistage_cli.sizes.ranges import Range, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.evaluate import Build
    from multistage_cli.facts.images import Image

_AS_WRITTEN = "as written"

_BARE_FAMILIES = frozenset({"alpine", "busybox", "debian", "distroless", "scratch", "ubuntu"})
_NOT_COUNTED = frozenset({"apt", "records", "stage"})
_DIFFERENT = 1.05


def compare(build: Build, stages: Mapping[int, StageSize]) -> tuple[Comparison, ...]:
    """One stage on the full base image, one on the slim one, and the build as it is written.

    One stage holds all that the stages of this build install and copy from outside; what they copy from each
    other it has already. It starts from the heaviest image that a needed stage starts from, since that is
    where the tools are. An image of unknown size, or one that the build's package manager does not run on,
    gives one line less.
    """
    target = build.target
    if target is None:
        return ()
    shipped = [stages[entry.stage.index] for entry in build.shipped]
    written = Comparison(
        _AS_WRITTEN, stages[target.stage.index].size, more=any(stage.unknown for stage in shipped)
    )
    work = _Work(build, stages)
    base = _heaviest_base(build, work)
    if base is None:
        return (written,)
    several = len(build.needed) > 1
    images = [image for image in _variants(base) if work.runs_on(image)]
    # With a single stage on this very base there is nothing to compare with.
    others = [work.on(image) for image in images if several or image.reference != base.reference]
    return (*others, written)


class _Work:
    """What all needed stages do, as if one stage did it."""

    def __init__(self, build: Build, stages: Mapping[int, StageSize]) -> None:
        self.build = build
        self.stages = stages
        self.managers = {
            change.manager
            for entry in build.needed
            for _, change in entry.changes()
            if isinstance(change, Installation | IndexRefresh) and change.manager in SYSTEM_MANAGERS
        }

    def runs_on(self, image: Image) -> bool:
        """Whether the build's commands find their package manager there."""
        return not self.managers or self.managers == {image.package_manager}

    def on(self, image: Image) -> Comparison:
        """One stage on that image."""
        apt, more = self._apt(image)
        size = total((image_size(image), *(part.size for part in self._parts()), *apt))
        return Comparison(f"one stage, {image.reference}", size, more=more or self._unknown(image))

    def _parts(self) -> Iterator[Part]:
        """What comes from outside, each thing once: what two stages bring lies in one place then."""
        seen: set[tuple[str, str]] = set()
        bytecode: list[Part] = []
        for entry in self.build.needed:
            for layer in self.stages[entry.stage.index].layers:
                for part in layer.parts:
                    if part.kind == "bytecode":
                        bytecode.append(part)
                    elif part.kind not in _NOT_COUNTED and (part.kind, part.what) not in seen:
                        seen.add((part.kind, part.what))
                        yield part
        # Of one Python, which writes it once: the most that any stage has of it.
        yield from sorted(bytecode, key=lambda part: part.size.estimate)[-1:]

    def _apt(self, image: Image) -> tuple[list[Range], bool]:
        """What the build's apt commands add to the image, over what it has itself."""
        if "apt" not in self.managers:
            return [], False
        installed = packages_of(image)
        sizes: list[Range] = []
        more = False
        for entry in self.build.needed:
            for step in entry.steps:
                run = AptRun(step.changes, installed)
                for change in step.changes:
                    if isinstance(change, Installation) and change.manager == "apt":
                        sizes += [part.size for part in run.parts(change)]
                installed, more = run.installed, more or bool(run.unknown)
        return sizes, more

    def _unknown(self, image: Image) -> bool:
        """Whether things of unknown size come on top, such as what the target's own base image is for."""
        base = self.build.shipped[-1].lookup
        own = base.image if base else None
        served = own is None or (own.repository != image.repository and not _is_bare(own))
        return served or any(
            text
            for entry in self.build.needed
            for layer in self.stages[entry.stage.index].layers
            for text in layer.unknown
        )


def _is_bare(image: Image) -> bool:
    """Whether an image is a distribution and nothing more, so that another one stands in for it."""
    return image.repository.rpartition("/")[2] in _BARE_FAMILIES or image.repository.startswith(
        "gcr.io/distroless"
    )


def _heaviest_base(build: Build, work: _Work) -> Image | None:
    """The heaviest image that a needed stage starts from; None where one is unknown or it cannot hold all."""
    found: list[Image] = []
    for entry in build.needed:
        if entry.stage.base.stage is not None or entry.stage.base.kind is BaseKind.SCRATCH:
            continue
        image = entry.lookup.image if entry.lookup else None
        if image is None or image.size_bytes is None:
            return None  # who knows whether that one is the heaviest
        found.append(image)
    heaviest = max(found, key=lambda image: image.size_bytes or 0, default=None)
    return heaviest if heaviest is not None and work.runs_on(heaviest) else None


def _variants(image: Image) -> list[Image]:
    """The full and the slim image of the same version, the larger first, as far as their sizes are known."""
    full, slim, size = full_variant(image), slim_variant(image), image.size_bytes or 0
    found = [image]
    if full is not None and (full.size_bytes or 0) > size * _DIFFERENT:
        found.insert(0, full)
    if slim is not None and (slim.size_bytes or 0) * _DIFFERENT < size:
        found.append(slim)
    return found
