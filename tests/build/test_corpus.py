"""Stages, edges and needs of every Dockerfile of the corpus, as a careful reader wrote them down."""

from __future__ import annotations

import pytest

from multistage_cli.flow.graph import collect_flow
from tests.corpus import Case, cases

CASES = [pytest.param(case, id=case.name) for case in cases()]


@pytest.mark.parametrize("case", CASES)
def test_stages(case: Case) -> None:
    flow = collect_flow(case.build())
    keys = ("index", "label", "line", "base", "base_kind", "needed")
    found = [
        {
            "index": stage.index,
            "label": stage.label.lower(),
            "line": stage.line,
            "base": stage.base,
            "base_kind": stage.base_kind.value,
            "needed": stage.needed,
        }
        for stage in flow.stages
    ]
    for expected, stage in zip(case.expected["stages"], found, strict=True):
        wanted = {key: expected[key] for key in keys if key in expected}
        assert {key: stage[key] for key in wanted} == wanted


@pytest.mark.parametrize("case", CASES)
def test_edges(case: Case) -> None:
    build = case.build()
    flow = collect_flow(build)
    labels = {stage.name: stage.label.lower() for stage in flow.stages}
    found = [
        {
            "from": labels.get(edge.source, edge.source),
            "to": labels[edge.to],
            "kind": edge.kind.value,
            "line": edge.line,
            "paths": [_plain(path) for path in edge.paths],
            "destination": _plain(edge.destination or ""),
        }
        for edge in flow.edges
    ]
    expected = [
        {
            key: [_plain(path) for path in value]
            if key == "paths"
            else _plain(str(value))
            if key == "destination"
            else value
            for key, value in edge.items()
            if key not in {"from_index", "to_index"}
        }
        for edge in case.expected.get("edges", ())
    ]

    def place(edge: dict[str, object]) -> tuple[object, ...]:
        return (edge["line"], edge["to"], edge["kind"], edge["from"])

    for wanted, edge in zip(sorted(expected, key=place), sorted(found, key=place), strict=True):
        assert {key: edge[key] for key in wanted} == wanted


def _plain(path: str) -> str:
    return path.rstrip("/") or ("/" if path else "")


@pytest.mark.parametrize(
    ("case", "target", "needed"),
    [
        pytest.param(case, target["name"], set(target["needed"]), id=f"{case.name}-{target['name']}")
        for case in cases()
        for target in case.expected.get("targets", ())
    ],
)
def test_other_targets(case: Case, target: str, needed: set[str]) -> None:
    flow = collect_flow(case.build(target))
    assert {stage.label.lower() for stage in flow.stages if stage.needed} == needed
