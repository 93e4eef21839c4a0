"""How large the image will be and where the bytes go, from the evaluated build and the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.stages import BaseKind
from multistage_cli.errors import MultistageError
from multistage_cli.sizes.bases import base_size
from multistage_cli.sizes.comparison import compare, left_out
from multistage_cli.sizes.layers import LayerReader
from multistage_cli.sizes.model import BaseSize, Sizes, StageSize
from multistage_cli.sizes.ranges import Range, total

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, EvaluatedStage


def estimate_sizes(build: Build) -> Sizes:
    """The size of each stage and of the image.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    target = build.target
    if target is None:
        raise MultistageError(f"{build.path} has no FROM, so there is nothing to build; add one")
    stages: dict[int, StageSize] = {}
    for entry in build.stages:
        stages[entry.stage.index] = _stage(build, entry, stages)
    shipped = [stages[entry.stage.index] for entry in build.shipped]
    image = stages[target.stage.index]
    return Sizes(
        path=build.path,
        target=target.stage.key,
        platform=build.platform,
        image=image.size,
        base=shipped[-1].base,
        stages=tuple(stages.values()),
        comparison=compare(build, stages),
        excluded=left_out(build, stages),
        unknown=tuple(dict.fromkeys(text for stage in reversed(shipped) for text in stage.unknown)),
    )


def _stage(build: Build, entry: EvaluatedStage, before: dict[int, StageSize]) -> StageSize:
    stage = entry.stage
    reader = LayerReader(build, entry, before)
    layers = tuple(reader.read(step) for step in entry.steps if step.may_add_layer)
    if stage.base.stage is not None:
        parent = before[stage.base.stage]
        base = BaseSize(stage.base.label, parent.size)
    elif stage.base.kind is BaseKind.SCRATCH:
        base = BaseSize("scratch", Range())
    else:
        base = base_size(entry)
    shipped = {shipped.stage.index for shipped in build.shipped}
    return StageSize(
        stage=stage.key,
        label=stage.label,
        shipped=stage.index in shipped,
        needed=stage.index in build.graph.needed,
        size=base.size + total(layer.size for layer in layers),
        layers=layers,
        base=base,
    )
