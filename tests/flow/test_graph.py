"""The picture as data: stages, edges, and the JSON that scripts are written against."""

from __future__ import annotations

import json
from typing import Any

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.errors import MultistageError
from multistage_cli.flow.graph import Flow, collect_flow
from multistage_cli.flow.views.json import render
from multistage_cli.parser import parse
from tests.corpus import Case, case, cases

KINDS = {"base", "copy", "add", "mount"}
BASE_KINDS = {"image", "stage", "scratch", "context", "unknown"}


def flow_of(text: str, **options: Any) -> Flow:
    return collect_flow(evaluate(parse(text), **options))


def data_of(text: str, **options: Any) -> dict[str, Any]:
    return json.loads(render(flow_of(text, **options)))


def test_two_stages_in_json_word_for_word() -> None:
    text = (
        "FROM --platform=linux/arm64 python:3.12-slim AS Builder\n"
        "WORKDIR /app\n"
        "RUN python -m venv /opt/venv\n"
        "RUN true\n"
        "\n"
        "FROM python:3.12-slim\n"
        "COPY --from=builder /opt/venv /opt/venv\n"
    )
    assert data_of(text, path="service/Dockerfile") == {
        "version": 1,
        "path": "service/Dockerfile",
        "target": "1",
        "stages": [
            {
                "index": 0,
                "name": "builder",
                "label": "Builder",
                "base": "python:3.12-slim",
                "base_kind": "image",
                "platform": "linux/arm64",
                "line": 1,
                "end_line": 4,
                "instructions": ["WORKDIR", "RUN"],
                "needed": True,
            },
            {
                "index": 1,
                "name": "1",
                "label": "1",
                "base": "python:3.12-slim",
                "base_kind": "image",
                "platform": None,
                "line": 6,
                "end_line": 7,
                "instructions": ["COPY"],
                "needed": True,
            },
        ],
        "edges": [
            {
                "from": "builder",
                "to": "1",
                "kind": "copy",
                "line": 7,
                "paths": ["/opt/venv"],
                "destination": "/opt/venv",
            }
        ],
    }


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_json_keeps_its_promise(case: Case) -> None:
    data = json.loads(render(collect_flow(case.build())))
    assert list(data) == ["version", "path", "target", "stages", "edges"]
    assert data["version"] == 1
    names = [stage["name"] for stage in data["stages"]]
    assert data["target"] in names
    assert len(set(names)) == len(names), "an edge must lead to one stage"
    for index, stage in enumerate(data["stages"]):
        assert list(stage) == [
            *("index", "name", "label", "base", "base_kind", "platform", "line", "end_line"),
            *("instructions", "needed"),
        ]
        assert stage["index"] == index
        assert stage["name"] in {stage["label"].lower(), str(index)}
        assert stage["base_kind"] in BASE_KINDS
        assert 1 <= stage["line"] <= stage["end_line"]
        assert isinstance(stage["needed"], bool)
    for edge in data["edges"]:
        assert list(edge) == ["from", "to", "kind", "line", "paths", "destination"]
        assert edge["to"] in names
        assert edge["from"] in names or edge["from"].startswith(("image:", "context:"))
        assert edge["kind"] in KINDS
        assert (edge["destination"] is None) == (edge["kind"] == "base")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_json_is_the_same_every_time(case: Case) -> None:
    assert render(collect_flow(case.build())) == render(collect_flow(case.build()))


def test_sources_outside_the_file_say_what_they_are() -> None:
    data = data_of(
        "FROM alpine:3.22\n"
        "COPY --from=busybox:1.38 /bin/sh /bin/\n"
        "COPY --from=assets /logo.svg /srv/\n"
        "RUN --mount=type=bind,from=assets,source=/fonts,target=/fonts true\n",
        build_contexts={"assets": "./assets"},
    )
    assert [(edge["from"], edge["kind"], edge["paths"], edge["destination"]) for edge in data["edges"]] == [
        ("image:busybox:1.38", "copy", ["/bin/sh"], "/bin/"),
        ("context:assets", "copy", ["/logo.svg"], "/srv/"),
        ("context:assets", "mount", ["/fonts"], "/fonts"),
    ]


def test_edges_of_a_stage_in_the_order_of_the_file() -> None:
    flow = flow_of(
        "FROM alpine AS one\nFROM alpine AS two\nFROM one AS three\n"
        "COPY --from=two /b /b\nCOPY --from=one /a /a\nCOPY --from=two /c /c\n"
    )
    assert [(edge.source, edge.line) for edge in flow.into("three")] == [
        *(("one", 3), ("two", 4), ("one", 5), ("two", 6))
    ]


def test_another_target_needs_other_stages() -> None:
    text = "FROM alpine AS base\nFROM base AS test\nFROM base AS app\n"
    needed = {stage.name: stage.needed for stage in flow_of(text, target="TEST").stages}
    assert needed == {"base": True, "test": True, "app": False}
    assert flow_of(text, target="TEST").target == "test"


def test_name_that_is_given_twice_belongs_to_the_last() -> None:
    flow = flow_of("FROM alpine AS build\nFROM alpine AS build\nFROM scratch\nCOPY --from=build /a /a\n")
    assert [(stage.name, stage.label) for stage in flow.stages] == [
        ("0", "build"),
        ("build", "build"),
        ("2", "2"),
    ]
    assert [edge.source for edge in flow.edges] == ["build"]


def test_trigger_takes_part_where_it_fires() -> None:
    flow = collect_flow(case("onbuild-chain").build())
    edges = [(edge.source, edge.to, edge.kind.value) for edge in flow.edges]
    assert edges == [("node-onbuild", "app", "base"), ("assets", "app", "copy")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM --platform=$BUILDPLATFORM alpine\n", "linux/amd64"),
        ("FROM --platform=windows/amd64 alpine\n", "windows/amd64"),
        ("FROM alpine\n", None),
    ],
)
def test_platform_of_from(text: str, expected: str | None) -> None:
    assert flow_of(text).stages[0].platform == expected


def test_base_without_a_value_stays_as_it_was_written() -> None:
    stage = flow_of("ARG BASE\nFROM ${BASE}\n").stages[0]
    assert (stage.base, stage.base_kind.value) == ("${BASE}", "unknown")


def test_file_without_a_stage_says_what_to_do() -> None:
    with pytest.raises(MultistageError, match="no FROM"):
        flow_of("ARG A=1\n")
