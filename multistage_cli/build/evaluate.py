"""Walks every stage, instruction by instruction, as BuildKit would, and keeps the states.

Nothing is run: what an instruction leaves behind follows from its text, from the state before it, and from
what the facts know of base images and tools.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.bases import platform_of
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.copied_system import Shown
from multistage_cli.build.files import Files
from multistage_cli.build.files.context import ContextFiles
from multistage_cli.build.instructions import problems
from multistage_cli.build.places import from_root
from multistage_cli.build.stages import BaseKind, EdgeKind, Graph, SourceKind, build_graph
from multistage_cli.build.steps import LAYER_INSTRUCTIONS, Copied, Crossing, EvaluatedStage, Step
from multistage_cli.build.walk import StageWalk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from multistage_cli.build.context import BuildContext
    from multistage_cli.facts.online.session import Online
    from multistage_cli.parser import Dockerfile, Problem

__all__ = [
    "DEFAULT_PLATFORM",
    "LAYER_INSTRUCTIONS",
    "Build",
    "Copied",
    "Crossing",
    "EvaluatedStage",
    "Step",
    "evaluate",
]

DEFAULT_PLATFORM = "linux/amd64"
"""The platform of the build where none is named, and the one that the facts are about."""


class Build(Struct, frozen=True):
    """The evaluated build, which every room asks.

    Attributes:
        path: how to name the Dockerfile to people.
        dockerfile: as parsed.
        graph: stages and edges.
        stages: evaluated, in file order.
        crossings: the graph's edges with expanded paths.
        context: the build context, or None where there is none to look at.
        file: where the Dockerfile lies, or None for standard input.
        platform: the target platform.
        build_args: as given.
        build_contexts: as given, name to place.
        problems: what BuildKit refuses and warns of, by line.
        refused_elsewhere: what it would refuse for other targets, each with the index of the stage, by line.
        online: registries and package indexes, where they may be asked.
    """

    path: str
    dockerfile: Dockerfile
    graph: Graph
    stages: tuple[EvaluatedStage, ...]
    crossings: tuple[Crossing, ...]
    context: BuildContext | None
    file: Path | None
    platform: str
    build_args: Mapping[str, str]
    build_contexts: Mapping[str, str]
    problems: tuple[Problem, ...]
    refused_elsewhere: tuple[tuple[int, Problem], ...] = ()
    online: Online | None = None

    @property
    def target(self) -> EvaluatedStage | None:
        """The stage that is built; None for a file without stages."""
        return None if self.graph.target is None else self.stages[self.graph.target]

    @property
    def shipped(self) -> tuple[EvaluatedStage, ...]:
        """The stages whose layers are in the target's image: itself first, then its base stages."""
        if self.graph.target is None:
            return ()
        return tuple(self.stages[index] for index in self.graph.chain(self.graph.target))

    @property
    def needed(self) -> tuple[EvaluatedStage, ...]:
        """The stages that the target needs, in file order."""
        return tuple(entry for entry in self.stages if entry.stage.index in self.graph.needed)


def evaluate(
    dockerfile: Dockerfile,
    *,
    path: str = "Dockerfile",
    file: Path | None = None,
    target: str | None = None,
    build_args: Mapping[str, str] | None = None,
    build_contexts: Mapping[str, str] | None = None,
    platform: str = DEFAULT_PLATFORM,
    context: BuildContext | None = None,
    online: Online | None = None,
) -> Build:
    """Evaluate the build of a Dockerfile.

    Args:
        dockerfile: as parsed.
        path: how to name the file to people.
        file: where it lies, or None for standard input.
        target: name or index of the stage to build; the last one where None.
        build_args: of `--build-arg`.
        build_contexts: of `--build-context`.
        platform: the target platform.
        context: the build context, or None where there is none to look at.
        online: registries and package indexes; None for the shipped facts alone.

    Raises:
        MultistageError: no stage is called `target`.
    """
    arguments = build_args or {}
    graph = build_graph(
        dockerfile, target=target, build_args=arguments, build_contexts=build_contexts, platform=platform
    )
    if online is not None:
        online.prepare(_images(graph, platform))
    found: list[EvaluatedStage] = []
    refused: list[Problem] = []
    refused_elsewhere: list[tuple[int, Problem]] = []
    stamps = count(1)
    shown = None if context is None else Shown(Files.of(ContextFiles(context)), context=context)
    for stage in graph.stages:
        walk = StageWalk(
            stage,
            graph,
            build_args=arguments,
            escape=dockerfile.escape,
            platform=platform,
            stamps=stamps,
            context=shown,
            online=online,
        )
        found.append(walk.walk(found))
        if stage.index in graph.needed:  # BuildKit expands nothing in a stage that it does not build
            refused.extend(walk.refused)
        else:
            refused_elsewhere.extend((stage.index, problem) for problem in walk.refused)
    all_problems = [*dockerfile.problems, *problems(dockerfile), *graph.problems, *refused]
    return Build(
        path=path,
        dockerfile=dockerfile,
        graph=graph,
        stages=tuple(found),
        crossings=tuple(_crossings(graph, found)),
        context=context,
        file=file,
        platform=platform,
        build_args=arguments,
        build_contexts=build_contexts or {},
        problems=tuple(sorted(all_problems, key=lambda problem: problem.span.first)),
        refused_elsewhere=tuple(refused_elsewhere),
        online=online,
    )


def _images(graph: Graph, platform: str) -> Iterator[tuple[str, str]]:
    """The images that a build starts from and copies from, each with its platform."""
    for stage in graph.stages:
        reference = stage.base.reference
        if stage.base.kind is BaseKind.IMAGE and reference is not UNKNOWN:
            yield reference, platform_of(stage, platform)
    for edge in graph.edges:
        if edge.source.kind is SourceKind.IMAGE and edge.kind is not EdgeKind.BASE:
            yield edge.source.reference, platform


def _crossings(graph: Graph, stages: list[EvaluatedStage]) -> Iterator[Crossing]:
    # An ONBUILD trigger may fire in several stages: the instruction alone does not name the step.
    steps = {(step.stage, id(step.instruction)): step for entry in stages for step in entry.steps}
    for edge in graph.edges:
        step = steps.get((edge.to, id(edge.instruction)))
        if edge.kind is EdgeKind.COPY and step is not None and step.copied is not None:
            paths = tuple(
                written if value is UNKNOWN else from_root(value)
                for written, value in zip(edge.paths, step.copied.sources, strict=True)
            )
            destination = step.copied.destination
            yield Crossing(edge, paths, edge.destination if destination is UNKNOWN else destination)
        else:
            yield Crossing(edge, edge.paths, edge.destination)
