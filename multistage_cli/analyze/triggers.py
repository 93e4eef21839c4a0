"""What stands behind ONBUILD, with the states that it finds in a stage that starts from this one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.stages import Base, BaseKind
from multistage_cli.build.walk import StageWalk

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, Step


def triggers_of(build: Build) -> dict[int, tuple[Step, ...]]:
    """The triggers of each stage, as a stage that starts from it fires them."""
    found: dict[int, tuple[Step, ...]] = {}
    stamps = count(1)
    for entry in build.stages:
        stage = entry.stage
        triggers = tuple(
            step.instruction.trigger for step in entry.steps if not step.fired and step.instruction.trigger
        )
        if not triggers:
            continue
        child = replace(
            stage,
            index=len(build.stages),
            base=Base(BaseKind.STAGE, stage.key, stage.key, stage.index),
            triggers=triggers,
            instructions=(),
        )
        walk = StageWalk(
            child,
            build.graph,
            build_args=build.build_args,
            escape=build.dockerfile.escape,
            platform=build.platform,
            stamps=stamps,
            context=None,
        )
        steps = walk.walk(list(build.stages)).steps
        found[stage.index] = tuple(replace(step, stage=stage.index, fired=False) for step in steps)
    return found
