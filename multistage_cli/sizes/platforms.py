"""An estimate for another platform than the one that the facts are about: the same numbers, in wider ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.bases import platform_of
from multistage_cli.build.evaluate import DEFAULT_PLATFORM
from multistage_cli.sizes.ranges import Range, total

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.sizes.model import BaseSize, Layer, Sizes, StageSize

_LEAST, _MOST = 0.6, 1.8
"""How much less and more programs take on another processor: of the packages of Debian bookworm that have 100 kB or
more on amd64, the 2.5th and 97.5th percentile of Installed-Size are 0.87 and 1.78 of it on arm64 (22,784 packages),
0.59 and 1.42 on armhf, 0.98 and 2.16 on ppc64el, 0.87 and 1.71 on s390x (indexes of Debian's main, November 2026).
A package may also have no binary there and bring none at all, or bring what it takes to build it: that is said in
words."""
_SAME_EVERYWHERE: Final = frozenset({"files", "lists"})


def for_platform(build: Build, sizes: Sizes) -> Sizes:
    """The sizes with ranges that hold for the build's platform; as they are where the facts are about that one.

    What the build context holds is the same for each platform. A stage with a `--platform` of its own is taken for
    that one, and a base image that its registry has told of for that platform keeps its size.
    """
    if build.platform == DEFAULT_PLATFORM:
        return sizes
    stages: list[StageSize] = []
    places = {entry.stage.index: place for place, entry in enumerate(build.stages)}
    for entry, stage in zip(build.stages, sizes.stages, strict=True):
        wide = platform_of(entry.stage, build.platform) != DEFAULT_PLATFORM
        layers = tuple(map(_layer, stage.layers)) if wide else stage.layers
        if entry.stage.base.stage is not None:
            base = replace(stage.base, size=stages[places[entry.stage.base.stage]].size)
        else:
            base = _base(entry, stage.base) if wide else stage.base
        size = total((base.size, *(layer.size for layer in layers)))
        stages.append(replace(stage, layers=layers, base=base, size=size))
    image = next(stage.size for stage in stages if stage.stage == sizes.target)
    others = sizes.comparison[:-1]
    return replace(
        sizes,
        image=image,
        stages=tuple(stages),
        base=next(stage.base for stage in stages if stage.stage == build.shipped[-1].stage.key),
        comparison=(
            *(replace(entry, size=_wider(entry.size)) for entry in others),
            *(replace(entry, size=image) for entry in sizes.comparison[-1:]),
        ),
        excluded=tuple(replace(entry, size=_wider(entry.size)) for entry in sizes.excluded),
        spare=tuple(replace(entry, size=entry.size and _wider(entry.size)) for entry in sizes.spare),
        unknown=(
            *sizes.unknown,
            f"which of these packages have no binary for {build.platform}, and what building them leaves",
        ),
    )


def _layer(layer: Layer) -> Layer:
    parts = tuple(
        part if part.kind in _SAME_EVERYWHERE else replace(part, size=_wider(part.size))
        for part in layer.parts
    )
    return replace(layer, parts=parts, size=total(part.size for part in parts))


def _base(entry: EvaluatedStage, base: BaseSize) -> BaseSize:
    registered = entry.lookup.registered if entry.lookup else None
    return base if registered is not None else replace(base, size=_wider(base.size))


def _wider(size: Range) -> Range:
    return Range(round(size.low * _LEAST), size.estimate, round(size.high * _MOST))
