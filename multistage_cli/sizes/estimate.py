"""How large the image will be and where the bytes go, from the evaluated build and the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.stages import BaseKind
from multistage_cli.errors import MultistageError
from multistage_cli.sizes.bases import base_size
from multistage_cli.sizes.comparison import compare
from multistage_cli.sizes.contents import Contents
from multistage_cli.sizes.excluded import left_out
from multistage_cli.sizes.layers import LayerReader, StageState
from multistage_cli.sizes.model import BaseSize, Sizes, StageSize
from multistage_cli.sizes.platforms import for_platform
from multistage_cli.sizes.ranges import Range, total
from multistage_cli.sizes.spare import left_in

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
    states: dict[int, StageState] = {}
    shipped_indexes = {entry.stage.index for entry in build.shipped}
    for entry in build.stages:
        index = entry.stage.index
        base, start = _start(entry, stages, states)
        reader = LayerReader(build, entry, start, states)
        layers = tuple(reader.read(step) for step in entry.steps if step.may_add_layer)
        states[index] = reader.state
        stages[index] = StageSize(
            stage=entry.stage.key,
            label=entry.stage.label,
            shipped=index in shipped_indexes,
            needed=index in build.graph.needed,
            size=total((base.size, *(layer.size for layer in layers))),
            layers=layers,
            base=base,
        )
    shipped = [stages[entry.stage.index] for entry in build.shipped]
    found = Sizes(
        path=build.path,
        target=target.stage.key,
        platform=build.platform,
        image=stages[target.stage.index].size,
        base=shipped[-1].base,
        stages=tuple(stages.values()),
        comparison=compare(build, stages),
        excluded=left_out(build, stages),
        unknown=tuple(dict.fromkeys(text for stage in reversed(shipped) for text in stage.unknown)),
        spare=left_in(build, stages),
    )
    return for_platform(build, found)


def _start(
    entry: EvaluatedStage, stages: dict[int, StageSize], states: dict[int, StageState]
) -> tuple[BaseSize, StageState]:
    """What a stage starts from."""
    base = entry.stage.base
    if base.stage is not None:
        return BaseSize(base.label, stages[base.stage].size), states[base.stage]
    if base.kind is BaseKind.SCRATCH:
        return BaseSize("scratch", Range()), StageState(None, Contents(None))
    size = base_size(entry)
    image = entry.lookup.image if entry.lookup else None
    return size, StageState(image, Contents(base.label, base_known=size.known))
