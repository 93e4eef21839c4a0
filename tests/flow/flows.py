"""Flows of the corpus, of a text, and such as carry one strange word everywhere that a Dockerfile can."""

from __future__ import annotations

from functools import cache

from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.stages import BaseKind, EdgeKind
from multistage_cli.flow.graph import Flow, FlowEdge, FlowStage, collect_flow
from multistage_cli.parser import parse
from tests.corpus import case, cases

NAMES = [found.name for found in cases()]

HOSTILE = [
    "[red]bold[/red]",
    "line\nbreak\r\ttab",
    "\x1b[2J\x1b]0;title\x07",
    "\u202egnirts\u2066",
    "日本語のステージ名",
    "👩‍👩‍👧‍👦🇩🇪❤\ufe0f",
    "e" + "\u0301" * 50,
    "x" * 5000,
    "漢" * 5000,
    "byte\udcff",
    "",
    "image:x",
    ":smile: {braces} %s",
]


def hostile_flow(name: str) -> Flow:
    """Three stages that carry the same strange word everywhere that a Dockerfile can."""

    def stage(index: int, label: str, kind: BaseKind) -> FlowStage:
        return FlowStage(
            index=index,
            name=label.lower(),
            label=label,
            base=name,
            base_kind=kind,
            platform=name,
            line=1,
            end_line=2,
            instructions=("RUN", name),
            needed=index != 1,
        )

    labels = [f"{name}{index}" for index in range(3)]
    sources = [labels[0].lower(), labels[1].lower(), labels[2].lower(), f"image:{name}", f"context:{name}"]
    edges = [
        FlowEdge(source, labels[2].lower(), kind, 3, (name, "/a", name, name), name)
        for source in sources
        for kind in (EdgeKind.COPY, EdgeKind.MOUNT)
    ]
    base = FlowEdge(labels[0].lower(), labels[1].lower(), EdgeKind.BASE, 2, (), None)
    kinds = (BaseKind.IMAGE, BaseKind.STAGE, BaseKind.CONTEXT)
    stages = tuple(
        stage(index, label, kind) for index, (label, kind) in enumerate(zip(labels, kinds, strict=True))
    )
    return Flow("Dockerfile", labels[2].lower(), stages, (base, *edges))


@cache
def corpus_flow(name: str) -> Flow:
    return collect_flow(case(name).build())


def flow_of(text: str, target: str | None = None) -> Flow:
    return collect_flow(evaluate(parse(text), target=target))
