"""Stages and edges: names, indexes, targets, named contexts, triggers and what BuildKit refuses.

tests/engine/test_stages.py asks a real engine about the same things.
"""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import BaseKind, EdgeKind, Graph, SourceKind, build_graph
from multistage_cli.errors import MultistageError
from multistage_cli.parser import parse


def graph(text: str, **options: object) -> Graph:
    return build_graph(parse(text), **options)  # type: ignore[arg-type]


def edges(found: Graph) -> list[tuple[object, int, str]]:
    """Where each edge starts (a stage's index, or a name) and ends, and its kind."""
    return [
        (edge.source.reference if edge.source.stage is None else edge.source.stage, edge.to, edge.kind.value)
        for edge in found.edges
    ]


def messages(found: Graph) -> list[tuple[int, str]]:
    return [(problem.span.first, problem.message) for problem in found.problems]


def test_a_file_without_stages_has_no_target() -> None:
    found = graph("# nothing\nARG a=1\n")
    assert (found.stages, found.edges, found.target, found.needed) == ((), (), None, frozenset())


def test_stages_have_spans_names_and_labels() -> None:
    found = graph("ARG v=1\nFROM a AS Build\nRUN x\n\nRUN y\nFROM b\n# end\n")
    first, second = found.stages
    assert (first.name, first.key, first.label, first.title) == ("build", "build", "Build", 'stage "Build"')
    assert (first.span.first, first.span.last) == (2, 5)
    assert (second.name, second.key, second.label, second.title) == (None, "1", "1", "stage 1")
    assert (second.span.first, second.span.last) == (6, 6)


# Names


@pytest.mark.parametrize("name", ["build", "Build", "BUILD"])
def test_copies_find_names_in_any_case(name: str) -> None:
    assert edges(graph(f"FROM a AS buILD\nFROM b\nCOPY --from={name} /x /\n")) == [(0, 1, "copy")]


@pytest.mark.parametrize("name", ["build", "BUILD"])
def test_mounts_find_names_in_any_case(name: str) -> None:
    found = graph(f"FROM a AS Build\nFROM b\nRUN --mount=from={name},target=/m,source=s true\n")
    assert edges(found) == [(0, 1, "mount")]
    assert (found.edges[0].paths, found.edges[0].destination) == (("s",), "/m")


def test_from_takes_names_in_lower_case_only() -> None:
    found = graph("FROM a AS Base\nFROM base\nFROM Base\n")
    assert [stage.base.kind for stage in found.stages] == [BaseKind.IMAGE, BaseKind.STAGE, BaseKind.IMAGE]
    assert edges(found) == [(0, 1, "base")]


def test_of_duplicates_from_takes_the_last_above_and_copy_the_last_of_all() -> None:
    found = graph(
        "FROM a AS x\nFROM b AS x\nFROM x\nCOPY --from=X f /\nFROM c AS x\nFROM x\nCOPY --from=x f /\n"
    )
    assert edges(found) == [(1, 2, "base"), (3, 2, "copy"), (3, 4, "base"), (3, 4, "copy")]
    assert [stage.key for stage in found.stages] == ["0", "1", "2", "x", "4"]


def test_a_stage_called_scratch_is_a_stage() -> None:
    found = graph("FROM a AS scratch\nFROM scratch\n")
    assert found.stages[1].base.stage == 0


def test_from_its_own_name_is_an_image() -> None:
    found = graph("FROM node AS node\nFROM node AS node\n")
    assert [stage.base.kind for stage in found.stages] == [BaseKind.IMAGE, BaseKind.STAGE]


# Indexes


@pytest.mark.parametrize("index", ["0", "00", "+0", "-0"])
def test_copies_take_indexes(index: str) -> None:
    assert edges(graph(f"FROM a AS x\nFROM b\nCOPY --from={index} f /\n")) == [(0, 1, "copy")]


def test_mounts_take_no_indexes() -> None:
    found = graph("FROM a AS x\nFROM b\nRUN --mount=from=0,target=/m true\n")
    assert edges(found) == [("0", 1, "mount")]
    assert found.edges[0].source.kind is SourceKind.IMAGE


@pytest.mark.parametrize("index", ["2", "-1", "99999999999"])
def test_bad_indexes_are_refused(index: str) -> None:
    found = graph(f"FROM a\nFROM b\nCOPY --from={index} f /\n")
    assert messages(found) == [(3, f"there is no stage {index}: the stages are 0 to 1")]
    assert edges(found) == []


def test_an_index_past_the_last_stage_may_lead_to_an_image_of_an_earlier_copy() -> None:
    found = graph("FROM a\nCOPY --from=busybox /bin/sh /\nFROM b\nCOPY --from=2 /bin/sh /\n")
    assert edges(found) == [("busybox", 0, "copy"), ("busybox", 1, "copy")]
    assert found.problems == ()


@pytest.mark.parametrize("name", ["0_0", "1.5", "busybox:1.36", "ghcr.io/o/i@sha256:" + "0" * 64])
def test_other_names_are_images(name: str) -> None:
    found = graph(f"FROM a\nFROM b\nCOPY --from={name} f /\n")
    assert edges(found) == [(name, 1, "copy")]


@pytest.mark.parametrize(
    "line", ["COPY --from=$x f /", "COPY --from=${x} f /", "RUN --mount=from=$x,target=/m y"]
)
def test_variables_are_not_expanded_in_from(line: str) -> None:
    # That they are refused is told with the instruction's own refusals, once.
    found = graph(f"ARG x=one\nFROM a AS one\nFROM b\n{line}\n")
    assert (edges(found), found.problems) == ([], ())


# Order and circles


def test_a_later_stage_is_refused() -> None:
    found = graph(
        "FROM a AS one\nCOPY --from=two f /\nRUN --mount=from=two,target=/m x\nFROM b AS Two\nFROM one\n"
    )
    late = 'stage "Two" comes later in the file: move it above stage "one"'
    assert messages(found) == [(2, late), (3, late)]
    assert edges(found) == [(1, 0, "copy"), (1, 0, "mount"), (0, 2, "base")]


def test_a_later_stage_is_no_matter_in_a_stage_that_is_not_built() -> None:
    text = "FROM a AS one\nCOPY --from=two f /\nFROM b AS two\nFROM c\n"
    assert messages(graph(text)) == []
    assert messages(graph(text, target="one")) != []


@pytest.mark.parametrize("name", ["me", "ME", "0"])
def test_taking_from_itself_is_refused_wherever_the_target_is(name: str) -> None:
    found = graph(f"FROM a AS me\nCOPY --from={name} f /\nFROM b\n")
    assert messages(found) == [(2, 'stage "me" takes from itself: name another stage')]


def test_circles_are_refused_wherever_the_target_is() -> None:
    found = graph(
        "FROM a AS x\nCOPY --from=y f /\nFROM a AS y\nCOPY --from=z f /\nFROM a AS z\nCOPY --from=x f /\n"
        "FROM a AS tail\nCOPY --from=x f /\nFROM b\n"
    )
    assert [line for line, _ in messages(found)] == [2, 4, 6]
    assert messages(found)[0][1] == 'stage "x" and stage "y" need each other: take one out of the circle'


def test_two_circles_do_not_blame_the_bridge_between_them() -> None:
    found = graph(
        "FROM a AS a\nCOPY --from=b f /\nFROM a AS b\nCOPY --from=a f /\n"
        "FROM a AS c\nCOPY --from=d f /\nCOPY --from=a f /\nFROM a AS d\nCOPY --from=c f /\n"
    )
    assert [line for line, _ in messages(found)] == [2, 4, 6, 9]


def test_a_circle_through_from_is_only_a_late_stage() -> None:
    text = "FROM a AS x\nCOPY --from=y f /\nFROM x AS y\n"
    assert messages(graph(text)) == [(2, 'stage "y" comes later in the file: move it above stage "x"')]
    assert messages(graph(f"{text}FROM c\n")) == []


# Targets


@pytest.mark.parametrize(
    ("target", "index"), [(None, 2), ("one", 0), ("ONE", 0), ("dup", 2), ("0", 0), ("1", 1), ("2", 2)]
)
def test_targets(target: str | None, index: int) -> None:
    assert graph("FROM a AS One\nFROM b AS dup\nFROM c AS Dup\n", target=target).target == index


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("builder", 'no stage is called "builder"; did you mean "build"?'),
        ("zzz", 'no stage is called "zzz"; the stages are build'),
        ("7", 'no stage is called "7"'),
        ("000000000000009", "no stage is called"),
        ("9" * 5000, "no stage is called"),
    ],
)
def test_unknown_targets(target: str, message: str) -> None:
    with pytest.raises(MultistageError) as caught:
        graph("FROM a AS build\nFROM b\n", target=target)
    assert str(caught.value).startswith(message)


def test_unknown_target_where_no_stage_has_a_name() -> None:
    with pytest.raises(MultistageError, match="no stage has a name"):
        graph("FROM a\n", target="x")


def test_needed_stages() -> None:
    text = (
        "FROM a AS base\nFROM base AS one\nFROM base AS two\nCOPY --from=one f /\n"
        "FROM b AS three\nRUN --mount=from=two,target=/m x\nFROM c AS four\nCOPY --from=busybox f /\n"
    )
    needed = {name: set(graph(text, target=name).needed) for name in ("base", "one", "two", "three", "four")}
    assert needed == {"base": {0}, "one": {0, 1}, "two": {0, 1, 2}, "three": {0, 1, 2, 3}, "four": {4}}


def test_chain_and_incoming_edges() -> None:
    found = graph(
        "FROM a AS x\nFROM x AS y\nCOPY --from=x f /\nFROM y\nCOPY --from=x f /\nCOPY --from=y f /\n"
    )
    assert found.chain(2) == (2, 1, 0)
    assert [(edge.source.stage, edge.kind) for edge in found.into(2)] == [
        (1, EdgeKind.BASE), (0, EdgeKind.COPY), (1, EdgeKind.COPY),
    ]  # fmt: skip
    assert found.into(0) == ()


# Named contexts


def test_a_named_context_takes_the_place_of_a_stage() -> None:
    text = "FROM a AS src\nFROM b AS Mid\nCOPY --from=src f /\nRUN x\nFROM c\nCOPY --from=mid f /\n"
    found = graph(text, build_contexts={"mid": "./here"})
    stage = found.stages[1]
    assert (stage.base.kind, stage.replaced, list(stage.body())) == (BaseKind.CONTEXT, True, [])
    assert edges(found) == [(1, 2, "copy")]
    assert found.needed == {1, 2}


@pytest.mark.parametrize(
    "name", ["alpine", "alpine:latest", "docker.io/library/alpine", "library/alpine:latest"]
)
def test_a_named_context_takes_the_place_of_an_image(name: str) -> None:
    text = "FROM a AS tools\nFROM alpine\nCOPY --from=tools f /\nCOPY --from=docker.io/library/alpine f /\n"
    found = graph(text, build_contexts={name: "."})
    assert found.stages[1].base.kind is BaseKind.CONTEXT
    assert not found.stages[1].replaced
    assert edges(found) == [(0, 1, "copy"), ("docker.io/library/alpine", 1, "copy")]
    assert found.edges[1].source.kind is SourceKind.CONTEXT
    # Its own copies are still made.
    assert found.needed == {0, 1}


def test_a_named_context_takes_no_scratch_and_no_stage_that_from_names() -> None:
    found = graph("FROM scratch\nFROM a AS x\nFROM x\n", build_contexts={"scratch": "."})
    assert [stage.base.kind for stage in found.stages] == [BaseKind.SCRATCH, BaseKind.IMAGE, BaseKind.STAGE]


def test_a_later_stage_that_a_named_context_replaces_is_there_in_time() -> None:
    text = "FROM a\nCOPY --from=later f /\nFROM b AS later\n"
    assert messages(graph(text, target="0", build_contexts={"later": "."})) == []
    assert messages(graph(text, target="0")) != []


def test_what_a_replaced_stage_would_have_copied_from_is_still_looked_at() -> None:
    text = "FROM a AS c\nCOPY --from=d f /\nFROM a AS b\nCOPY --from=c f /\nFROM a AS d\nFROM a\nCOPY --from=b f /\n"
    found = graph(text, build_contexts={"b": "."})
    assert [line for line, _ in messages(found)] == [2]
    assert found.needed == {1, 3}


# Triggers


def test_triggers_fire_in_the_child_only() -> None:
    found = graph(
        "FROM a AS src\nFROM b AS parent\nONBUILD COPY --from=src f /\nONBUILD RUN y\nFROM parent AS child\nRUN z\n"
        "FROM child\n"
    )
    assert [(entry.name, line) for entry, line in found.stages[2].body()] == [
        ("COPY", 5),
        ("RUN", 5),
        ("RUN", 6),
    ]
    assert found.stages[3].triggers == ()
    assert edges(found) == [(1, 2, "base"), (0, 2, "copy"), (2, 3, "base")]
    assert found.needed == {0, 1, 2, 3}


def test_a_trigger_finds_stages_above_the_child() -> None:
    text = "FROM a AS parent\nONBUILD COPY --from=later f /\nFROM b AS later\nFROM parent\n"
    assert messages(graph(text)) == []
    assert graph(text).needed == {0, 1, 2}


@pytest.mark.parametrize("name", ["9", "later"])
def test_a_trigger_is_refused_only_where_it_fires(name: str) -> None:
    text = f"FROM a AS parent\nONBUILD COPY --from={name} f /\nFROM parent AS child\nFROM b AS later\n"
    assert messages(graph(text)) == []
    assert messages(graph(text, target="parent")) == []
    assert [line for line, _ in messages(graph(text, target="child"))] == [2]


# Variables in FROM


def test_base_and_platform_are_expanded() -> None:
    text = "ARG v=3.22\nARG p=linux/arm64\nARG s=one\nFROM --platform=$p alpine:${v} AS one\nFROM $s\n"
    found = graph(text)
    assert (found.stages[0].base.reference, found.stages[0].base.label) == ("alpine:3.22", "alpine:3.22")
    assert found.stages[0].platform == "linux/arm64"
    assert found.stages[1].base.stage == 0
    assert graph(text, build_args={"v": "edge"}).stages[0].base.reference == "alpine:edge"


def test_platform_arguments_follow_the_target_platform() -> None:
    found = graph("FROM --platform=$TARGETPLATFORM a\nFROM b-${TARGETARCH}\n", platform="linux/arm64")
    assert (found.stages[0].platform, found.stages[1].base.reference) == ("linux/arm64", "b-arm64")


def test_an_empty_base_is_refused_and_unknown() -> None:
    found = graph("ARG base\nFROM $base\n")
    assert (found.stages[0].base.kind, found.stages[0].base.reference) == (BaseKind.UNKNOWN, UNKNOWN)
    assert messages(found) == [(2, "base image $base is empty: give base a default before the first FROM")]
    assert graph("ARG base\nFROM $base\n", build_args={"base": "alpine"}).problems == ()


def test_an_empty_platform_is_refused() -> None:
    found = graph("FROM --platform=$where a\n")
    assert messages(found) == [
        (1, "--platform=$where is empty: give where a default before the first FROM, or delete the flag")
    ]


def test_a_required_variable_is_refused_with_its_words() -> None:
    [(line, message)] = messages(graph("ARG v\nFROM a:${v:?say-which}\n"))
    assert line == 2
    assert "say-which" in message


# Size


def test_five_thousand_stages() -> None:
    count = 5000
    lines = ["FROM a AS s0"]
    for index in range(1, count):
        lines += [f"FROM s{index - 1} AS s{index}", f"COPY --from=s{index // 2} /f /"]
    found = graph("\n".join(lines) + "\n")
    assert len(found.needed) == count
    assert len(found.chain(count - 1)) == count
    assert len(found.into(count - 1)) == 2


def test_a_circle_of_five_thousand_stages() -> None:
    count = 5000
    text = "".join(f"FROM a AS s{index}\nCOPY --from=s{(index + 1) % count} /f /\n" for index in range(count))
    assert len(graph(text).problems) == count
