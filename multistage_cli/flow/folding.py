"""Smaller pictures of the same build: without what the target does not need, and with alike stages as one.

Forty tools that are built in the same way and copied into the same image say the same thing forty times.
Where a file has many stages, those that start from the same base, take from the same places and feed the same
places are drawn as one that lists their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.stages import BaseKind

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage

MANY_STAGES = 24
"""More than so many are folded: so many boxes still fit a few screens, and 20 stages are to be seen one by one."""

_LEAST_ALIKE = 3
_MOST_ROUNDS = 30


def cut(flow: Flow) -> Flow:
    """The flow as it is to be drawn: without what the target does not need, if only that is wanted."""
    if not flow.only_needed:
        return flow
    stages = tuple(stage for stage in flow.stages if stage.needed)
    return replace(flow, stages=stages, edges=_between(flow, stages), left_out=len(flow.stages) - len(stages))


def folded(flow: Flow, most_stages: int = MANY_STAGES) -> Flow:
    """The same flow, its alike stages drawn as one each where it has more than so many stages."""
    if len(flow.stages) <= most_stages:
        return flow
    leader = {
        member.name: group[0].name for group in _alike(flow) if len(group) >= _LEAST_ALIKE for member in group
    }
    members: dict[str, list[FlowStage]] = {}
    for stage in flow.stages:
        members.setdefault(leader.get(stage.name, stage.name), []).append(stage)
    stages = tuple(_joined(group) if len(group) > 1 else group[0] for group in members.values())
    place = {name: number for number, name in enumerate(members)}
    edges = [
        replace(edge, source=leader.get(edge.source, edge.source), to=leader.get(edge.to, edge.to))
        for edge in flow.edges
    ]
    return replace(flow, stages=stages, edges=tuple(sorted(edges, key=lambda edge: place[edge.to])))


def _between(flow: Flow, stages: tuple[FlowStage, ...]) -> tuple[FlowEdge, ...]:
    kept = {stage.name for stage in stages}
    away = {stage.name for stage in flow.stages} - kept
    return tuple(edge for edge in flow.edges if edge.to in kept and edge.source not in away)


def _alike(flow: Flow) -> list[list[FlowStage]]:
    """Stages in groups: each takes from the same groups and feeds the same groups as the others in its group.

    Groups start coarse and are split until nothing changes any more; then whatever feeds a group stands above
    its first stage. Long chains would need as many rounds as they have stages: they are left as they are.
    """
    place = {stage.name: number for number, stage in enumerate(flow.stages)}
    into: list[list[tuple[int | str, str]]] = [[] for _ in flow.stages]
    out: list[list[tuple[int, str]]] = [[] for _ in flow.stages]
    for edge in flow.edges:
        source, to = place.get(edge.source), place[edge.to]
        into[to].append((edge.source if source is None else source, edge.kind))
        if source is not None:
            out[source].append((to, edge.kind))
    colours: list[int] = _numbered(_look(flow, stage) for stage in flow.stages)
    for _ in range(_MOST_ROUNDS):
        finer = _numbered(
            (
                colours[number],
                frozenset(
                    (end if isinstance(end, str) else colours[end], kind) for end, kind in into[number]
                ),
                frozenset((colours[end], kind) for end, kind in out[number]),
            )
            for number in range(len(flow.stages))
        )
        if max(finer) == max(colours):
            groups: dict[int, list[FlowStage]] = {}
            for stage, colour in zip(flow.stages, colours, strict=True):
                groups.setdefault(colour, []).append(stage)
            return list(groups.values())
        colours = finer
    return []


def _look(flow: Flow, stage: FlowStage) -> Hashable:
    base = "" if stage.base_kind is BaseKind.STAGE else stage.base
    return stage.base_kind, base, stage.platform, stage.needed, stage.name == flow.target


def _numbered(values: Iterable[Hashable]) -> list[int]:
    """The same number for the same value, counted up from 0."""
    known: dict[Hashable, int] = {}
    return [known.setdefault(value, len(known)) for value in values]


def _joined(group: list[FlowStage]) -> FlowStage:
    """One stage that stands for several, in the place of the first: all that feeds them is above it."""
    bases = len({stage.base for stage in group})
    return replace(
        group[0],
        base=group[0].base if bases == 1 else f"{group[0].base} and {bases - 1} more",
        end_line=group[-1].end_line,
        instructions=tuple(dict.fromkeys(name for stage in group for name in stage.instructions)),
        members=tuple(group),
    )
