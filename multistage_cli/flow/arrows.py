"""The edges of a flow as a reader sees them: one arrow for all that a stage takes from one source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.stages import BaseKind, EdgeKind, SourceKind

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage


class Arrow(Struct, frozen=True):
    """All edges of one kind from one source into one stage.

    Attributes:
        kind: how it crosses; an arrow never mixes kinds.
        origin: a stage, an external image or a named context.
        reference: of an image or a named context; of a stage the name by which edges know it.
        source: place in the flow of the stage where it starts, None for an image or a named context.
        to: place in the flow of the stage where it ends.
        edges: in the order of the file.
        needed: whether the target needs what crosses.
    """

    kind: EdgeKind
    origin: SourceKind
    reference: str
    source: int | None
    to: int
    edges: tuple[FlowEdge, ...]
    needed: bool


def arrows_by_stage(flow: Flow) -> tuple[tuple[Arrow, ...], ...]:
    """For each stage the arrows that end there, in the order of their first lines in the file."""
    places = {stage.name: place for place, stage in enumerate(flow.stages)}
    grouped: list[dict[tuple[str, EdgeKind], list[FlowEdge]]] = [{} for _ in flow.stages]
    for edge in flow.edges:
        grouped[places[edge.to]].setdefault((edge.source, edge.kind), []).append(edge)
    return tuple(
        tuple(_arrow(stage, to, edges, places) for edges in groups.values())
        for to, (stage, groups) in enumerate(zip(flow.stages, grouped, strict=True))
    )


def _arrow(stage: FlowStage, to: int, edges: list[FlowEdge], places: dict[str, int]) -> Arrow:
    name, kind = edges[0].source, edges[0].kind
    source = places.get(name)
    prefix, _, rest = name.partition(":")
    return Arrow(
        kind=kind,
        origin=SourceKind.STAGE if source is not None else SourceKind(prefix),
        reference=name if source is not None else rest,
        source=source,
        to=to,
        edges=tuple(edges),
        needed=stage.needed and not replaced(stage),
    )


def replaced(stage: FlowStage) -> bool:
    """Whether a named context stands in for the stage, so that none of its instructions runs."""
    return stage.base_kind is BaseKind.CONTEXT and stage.base == stage.label.lower()
