"""The picture of a build: its stages and what crosses between them, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import BaseKind, EdgeKind, SourceKind
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, Crossing
    from multistage_cli.build.stages import Stage


class FlowStage(Struct, frozen=True):
    """One stage of the picture.

    Attributes:
        index: its place in the file, from 0.
        name: how edges name it: in lower case, or its index as a string.
        label: the name as it was written, or the index.
        base: what it starts from, with build arguments expanded where that is known.
        base_kind: `image`, `stage`, `scratch`, `context` or `unknown`.
        platform: of FROM; as written where it cannot be expanded.
        line: of FROM.
        end_line: of its last instruction.
        instructions: the kinds of its instructions, in the order of their first use.
        needed: whether the target needs it.
        members: of several alike that are drawn as one (see `folding`), else empty.
    """

    index: int
    name: str
    label: str
    base: str
    base_kind: BaseKind
    platform: str | None
    line: int
    end_line: int
    instructions: tuple[str, ...]
    needed: bool
    members: tuple[FlowStage, ...] = ()


class FlowEdge(Struct, frozen=True):
    """Something that crosses into a stage.

    Attributes:
        source: the name of a stage, `image:REFERENCE` or `context:NAME`.
        to: the name of a stage.
        kind: `base`, `copy`, `add` or `mount`.
        line: of the instruction.
        paths: what crosses; empty for a base.
        destination: where it lands, or None for a base.
    """

    source: str
    to: str
    kind: EdgeKind
    line: int
    paths: tuple[str, ...]
    destination: str | None


class Flow(Struct, frozen=True):
    """The whole picture; stages in file order, edges by the stage where they end, then by line.

    Attributes:
        path: the Dockerfile, as the user named it.
        target: the name of the stage that is built.
        stages: in the order of the file.
        edges: what crosses into them.
        only_needed: whether pictures leave away what the target does not need.
        left_out: how many stages were left away.
    """

    path: str
    target: str
    stages: tuple[FlowStage, ...]
    edges: tuple[FlowEdge, ...]
    only_needed: bool = False
    left_out: int = 0

    def into(self, name: str) -> tuple[FlowEdge, ...]:
        """The edges that end at a stage."""
        return tuple(edge for edge in self.edges if edge.to == name)


def collect_flow(build: Build) -> Flow:
    """The stages of a build and how they feed each other.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    if build.target is None:
        raise MultistageError(f"{build.path} has no FROM, so there is nothing to build; add one")
    return Flow(
        path=build.path,
        target=build.target.stage.key,
        stages=tuple(
            _stage(entry.stage, needed=entry.stage.index in build.graph.needed) for entry in build.stages
        ),
        edges=tuple(_edge(crossing, build.graph.stages) for crossing in build.crossings),
    )


def _stage(stage: Stage, *, needed: bool) -> FlowStage:
    platform = stage.platform
    return FlowStage(
        index=stage.index,
        name=stage.key,
        label=stage.label,
        base=stage.base.label,
        base_kind=stage.base.kind,
        platform=stage.head.flag("platform") if platform is UNKNOWN else platform,
        line=stage.head.span.first,
        end_line=stage.span.last,
        instructions=tuple(dict.fromkeys(entry.name for entry in stage.instructions)),
        needed=needed,
    )


def _edge(crossing: Crossing, stages: tuple[Stage, ...]) -> FlowEdge:
    source = crossing.edge.source
    name = f"{source.kind}:{source.reference}"
    if source.kind is SourceKind.STAGE and source.stage is not None:
        name = stages[source.stage].key
    return FlowEdge(
        source=name,
        to=stages[crossing.edge.to].key,
        kind=crossing.edge.kind,
        line=crossing.edge.line,
        paths=crossing.paths,
        destination=crossing.destination,
    )
