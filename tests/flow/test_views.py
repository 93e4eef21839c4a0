"""The pictures: golden files at fixed widths, and what holds for every flow, terminal and width."""

from __future__ import annotations

from functools import cache
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.stages import EdgeKind
from multistage_cli.flow.folding import MANY_STAGES, cut, folded
from multistage_cli.flow.graph import Flow, collect_flow
from multistage_cli.flow.labels import stage_title
from multistage_cli.flow.views import boxes, tree
from multistage_cli.parser import parse
from multistage_cli.terminal import console
from tests.corpus import case, cases
from tests.flow.flows import HOSTILE, hostile_flow
from tests.golden import check

if TYPE_CHECKING:
    from types import ModuleType

GOLDEN = Path(__file__).parent / "golden"
VIEWS = pytest.mark.parametrize("view", [boxes, tree], ids=["boxes", "tree"])
ENCODINGS = pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp437"])


@cache
def corpus_flow(name: str) -> Flow:
    return collect_flow(case(name).build())


def flow_of(text: str, target: str | None = None, build_contexts: dict[str, str] | None = None) -> Flow:
    return collect_flow(evaluate(parse(text), target=target, build_contexts=build_contexts))


def drawn(view: ModuleType, flow: Flow, width: int = 80, encoding: str = "utf-8") -> str:
    """What a pipe gets."""
    data = BytesIO()
    file = TextIOWrapper(data, encoding=encoding, newline="\n", write_through=True)
    console(file, color="never", width=width).print(view.render(flow))
    return data.getvalue().decode(encoding)


def uncropped(view: ModuleType, flow: Flow, width: int, encoding: str = "utf-8") -> list[str]:
    """The lines for a width as they are before Rich would crop them."""
    file = TextIOWrapper(BytesIO(), encoding=encoding)
    wide = Console(file=file, width=10_000, color_system=None, markup=False)
    segments = wide.render(view.render(flow), wide.options.update_width(width))
    return "".join(segment.text for segment in segments).split("\n")


# Golden files.


@pytest.mark.parametrize(
    ("name", "view", "width"),
    [
        ("brief", boxes, 80),
        ("brief", tree, 80),
        ("multi-target-python", boxes, 80),
        ("multi-target-python", tree, 80),
        ("hundred-stages", tree, 80),
        ("hundred-stages", boxes, 80),
        ("cross-go-buildplatform", boxes, 80),
        ("onbuild-chain", boxes, 80),
        ("onbuild-chain", tree, 80),
        ("named-contexts", boxes, 80),
        ("external-tools", boxes, 60),
        ("external-tools", tree, 60),
        ("brief", boxes, 20),
        ("duplicate-names", boxes, 200),
    ],
)
def test_golden(name: str, view: ModuleType, width: int) -> None:
    view_name = view.__name__.rpartition(".")[2]
    check(GOLDEN / f"{name}.{view_name}.{width}.txt", drawn(view, corpus_flow(name), width))


@VIEWS
def test_golden_ascii(view: ModuleType) -> None:
    text = drawn(view, corpus_flow("multi-target-python"), encoding="ascii")
    assert text.isascii()
    check(GOLDEN / f"multi-target-python.{view.__name__.rpartition('.')[2]}.80.ascii.txt", text)


# What holds always.


@pytest.mark.parametrize("width", [20, 60, 80, 200])
@pytest.mark.parametrize("name", [case.name for case in cases()])
@VIEWS
def test_no_line_is_too_wide(view: ModuleType, name: str, width: int) -> None:
    for encoding in ("utf-8", "ascii"):
        lines = uncropped(view, corpus_flow(name), width, encoding)
        assert max(cell_len(line) for line in lines) <= width
        assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_boxes_name_every_stage_and_tree_too(name: str) -> None:
    flow = corpus_flow(name)
    boxes_text, tree_text = drawn(boxes, flow, 200), drawn(tree, flow, 200)
    for stage in folded(flow).stages:
        assert stage_title(stage) in boxes_text
    for stage in flow.stages:
        assert (stage.label if stage.label != str(stage.index) else f"index {stage.index}") in tree_text
    assert boxes_text.count("Not needed for ") == sum(not stage.needed for stage in folded(flow).stages)


@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_every_box_is_closed(name: str) -> None:
    lines = drawn(boxes, corpus_flow(name), 100).splitlines()
    tops = [line for line in lines if line.endswith("─┐")]
    bottoms = [line for line in lines if line.endswith("─┘")]
    assert len(tops) == len(bottoms) == len(folded(corpus_flow(name)).stages)
    assert len({cell_len(line) for line in [*tops, *bottoms]}) == 1


def test_tree_has_every_copy_of_the_needed_stages() -> None:
    flow = corpus_flow("hundred-stages")
    text = drawn(tree, flow, 200)
    for edge in flow.edges:
        if edge.kind is EdgeKind.COPY:
            assert f"COPY --from={edge.source} {edge.paths[0]} -> {edge.destination}" in text


@pytest.mark.parametrize("width", [1, 5, 11, 12, 19, 39, 40, 41, 1000])
@VIEWS
def test_any_width(view: ModuleType, width: int) -> None:
    for name in ("brief", "multi-target-python", "external-tools"):
        assert all(cell_len(line) <= width for line in drawn(view, corpus_flow(name), width).splitlines())


@ENCODINGS
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@VIEWS
def test_hostile_names_are_harmless(view: ModuleType, name: str, encoding: str) -> None:
    flow = hostile_flow(name)
    for width in (20, 33, 60, 80, 200):
        lines = uncropped(view, flow, width, encoding)
        assert all(cell_len(line) <= width for line in lines)
        text = drawn(view, flow, width, encoding)
        assert not {letter for letter in text if category(letter) in {"Cc", "Cs"}} - {"\n"}
        assert not set("\u202e\u2066") & set(text)


def test_markup_is_shown_as_it_is_written() -> None:
    flow = hostile_flow("[red]bold[/red]")
    for view in (boxes, tree):
        assert "[red]bold[/red]2" in drawn(view, flow, 200)


@VIEWS
def test_thousand_stages(view: ModuleType) -> None:
    count = 1000
    chain = "FROM alpine AS s0\n" + "".join(f"FROM s{index - 1} AS s{index}\n" for index in range(1, count))
    fan = "".join(f"FROM alpine AS s{index}\n" for index in range(count)) + "FROM scratch\n"
    fan += "".join(f"COPY --from=s{index} /a{index} /\n" for index in range(count))
    for text in (chain, fan):
        lines = uncropped(view, flow_of(text), 80)
        assert max(cell_len(line) for line in lines) <= 80
        few = view is boxes and text == fan  # a thousand alike stages are one box
        assert len(lines) < 30 if few else count < len(lines) < 10 * count


# Colour.


def coloured(view: ModuleType, flow: Flow) -> str:
    file = StringIO()
    Console(file=file, width=80, force_terminal=True, color_system="standard", no_color=False).print(
        view.render(flow)
    )
    return file.getvalue()


@VIEWS
def test_colour_marks_target_and_what_is_not_needed(view: ModuleType) -> None:
    text = coloured(view, flow_of("FROM alpine AS spare\nFROM busybox AS final\n"))
    spare, final = (next(line for line in text.splitlines() if name in line) for name in ("spare", "busybox"))
    assert "\x1b[2m" in spare
    assert "\x1b[1" not in spare
    assert "\x1b[2m" not in final
    assert text.count("\x1b[1;32m") == (2 if view is tree else 1)


@VIEWS
def test_pipe_gets_no_control_codes(view: ModuleType) -> None:
    assert "\x1b" not in drawn(view, corpus_flow("brief"))


# Words.


def test_copies_from_one_stage_are_one_arrow_and_folded() -> None:
    copies = "".join(f"COPY --from=build /out/{name} /usr/bin/{name}\n" for name in "abcdef")
    text = drawn(boxes, flow_of(f"FROM alpine AS build\nFROM alpine AS app\n{copies}"))
    assert text.count("COPY --from=build") == 1
    assert "/out/b -> /usr/bin/b\n" in text
    assert "/out/c" not in text
    assert "+4 more\n" in text


def test_paths_of_one_copy_are_folded() -> None:
    text = drawn(
        boxes, flow_of("FROM alpine AS build\nFROM alpine\nCOPY --from=build /a /b /c /d /e /srv/\n")
    )
    assert "COPY --from=build /a, /b, +3 more -> /srv/\n" in text


def test_three_copies_are_all_shown() -> None:
    text = drawn(
        boxes,
        flow_of("FROM a AS b\nFROM a\nCOPY --from=b /1 /1\nCOPY --from=b /2 /2\nCOPY --from=b /3 /3\n"),
    )
    assert "/3 -> /3" in text
    assert "more" not in text


def test_many_stages_into_one_are_folded_with_their_names() -> None:
    stages = "".join(f"FROM alpine AS tool-{index}\n" for index in range(9))
    copies = "".join(f"COPY --from=tool-{index} /t{index} /\n" for index in range(9))
    text = drawn(boxes, flow_of(f"{stages}FROM alpine\n{copies}"))
    assert "+3 more: tool-5, tool-6, tool-7\n" in text
    assert "COPY --from=tool-8 /t8 -> /\n" in text, "the box right above has an arrow of its own"


def test_sources_that_feed_the_same_stage_share_a_lane() -> None:
    text = drawn(
        boxes,
        flow_of(
            "FROM a AS one\nFROM a AS two\nFROM a AS three\nFROM a\n"
            "COPY --from=one /1 /\nCOPY --from=two /2 /\nCOPY --from=three /3 /\n"
        ),
    )
    assert "  ┌─┤ Stage 1: one " in text
    assert "  ├─┤ Stage 2: two " in text
    assert "  │ │ Stage 3: three " in text
    assert "  ├──────────┤  COPY --from=one /1 -> /\n" in text
    assert "  └──────────┤  COPY --from=two /2 -> /\n" in text


def test_stage_too_far_away_for_a_lane_is_said_to_be_above() -> None:
    between = "".join(f"FROM alpine:3.{index} AS between-{index}\n" for index in range(30))
    text = drawn(boxes, flow_of(f"FROM alpine AS first\n{between}FROM alpine\nCOPY --from=first /a /a\n"))
    assert "  above ───┐  COPY --from=first /a -> /a\n" in text


def test_kinds_of_line_are_explained_where_there_are_two() -> None:
    one = flow_of("FROM a AS b\nFROM a\nCOPY --from=b /a /a\n")
    two = flow_of("FROM a AS b\nFROM b\nRUN --mount=from=b,target=/b true\n")
    assert "copied" not in drawn(boxes, one)
    assert drawn(boxes, two).endswith("  ═══ continued (FROM)   ╌╌╌ mounted for one RUN, not kept\n")


def test_stage_replaced_by_a_named_context() -> None:
    flow = flow_of(
        "FROM alpine AS tools\nFROM alpine AS app\nCOPY --from=tools /a /a\nFROM app\n",
        build_contexts={"app": "docker-image://alpine:3.22"},
    )
    text = drawn(boxes, flow)
    assert "Base: a named context instead of this stage" in text
    assert "Instructions: not run" in text
    assert "FROM app  a named context instead of this stage" in drawn(tree, flow)
    assert drawn(tree, flow).index("Not needed for the target:") < drawn(tree, flow).index("tools")


def test_stage_that_comes_later_is_said_to() -> None:
    flow = flow_of("FROM alpine AS app\nCOPY --from=1 /a /a\nFROM alpine AS late\n", target="app")
    assert "below ───┐  COPY --from=late /a -> /a  (comes later in the file)" in drawn(boxes, flow)
    assert "COPY --from=late /a -> /a  (comes later in the file)" in drawn(tree, flow)


def test_circle_ends() -> None:
    flow = flow_of("FROM a AS one\nCOPY --from=two /a /a\nFROM a AS two\nCOPY --from=one /b /b\n")
    assert drawn(tree, flow).splitlines() == [
        "two  a  (target)",
        "└── COPY --from=one /b -> /b",
        "    └── one  a",
        "        └── COPY --from=two /a -> /a  (comes later in the file)",
        "            └── two  see above",
    ]


def test_tree_opens_a_stage_once() -> None:
    text = drawn(tree, corpus_flow("hundred-stages"))
    assert text.count("FROM fetch  alpine:3.22") == 1
    assert text.count("FROM fetch  see above") > 30


def test_tree_that_is_too_deep_goes_on_at_the_left() -> None:
    chain = "FROM alpine AS s0\n" + "".join(f"FROM s{index - 1} AS s{index}\n" for index in range(1, 30))
    lines = drawn(tree, flow_of(chain), 60).splitlines()
    cut = next(line for line in lines if line.endswith("see below"))
    name = cut.split()[-3]
    assert lines[lines.index(cut) + 1] == name
    assert lines[-1].strip() == "└── FROM s0  alpine"


# Fewer boxes.


def tools(count: int) -> str:
    """So many stages that are built alike, each tested in a stage of its own, and copied into one image."""
    stages = "".join(f"FROM fetch AS tool-{index}\nRUN make {index}\n" for index in range(count))
    tests = "".join(f"FROM tool-{index} AS test-{index}\nRUN test {index}\n" for index in range(count))
    copies = "".join(f"COPY --from=tool-{index} /t{index} /\n" for index in range(count))
    return f"FROM alpine AS fetch\n{stages}{tests}FROM alpine AS app\n{copies}"


def test_up_to_two_dozen_stages_are_shown_one_by_one() -> None:
    flow = flow_of(tools(MANY_STAGES // 2 - 1))
    assert len(flow.stages) == MANY_STAGES
    assert folded(flow) is flow


def test_many_alike_stages_are_one_box() -> None:
    flow = flow_of(tools(99))
    shown = folded(flow)
    assert [stage_title(stage) for stage in shown.stages] == [
        "Stage 1: fetch",
        "Stages 2-100: 99 alike",
        "Stages 101-199: 99 alike",
        "Stage 200: app",
    ]
    assert [(edge.source, edge.to) for edge in shown.edges[::99]] == [
        ("fetch", "tool-0"),
        ("tool-0", "test-0"),
        ("tool-0", "app"),
    ]
    text = drawn(boxes, flow)
    assert len(text.splitlines()) < 60
    assert "COPY --from=tool-0 and 98 more" in text
    assert "tool-18, +80 more" in text
    assert "Base: tool-0 and 98 more" in text
    assert "(comes later in the file)" not in text


def test_two_of_a_kind_stay_two_boxes() -> None:
    pairs = "".join(
        f"FROM alpine:{index} AS a{index}\nFROM alpine:{index} AS b{index}\n" for index in range(20)
    )
    flow = flow_of(pairs)
    assert folded(flow) == flow


@pytest.mark.parametrize("name", [case.name for case in cases()])
def test_folding_keeps_the_order_of_what_feeds_what(name: str) -> None:
    flow = folded(corpus_flow(name), 0)
    places = {stage.name: place for place, stage in enumerate(flow.stages)}
    assert len(places) == len(flow.stages)
    backwards = [edge for edge in flow.edges if places.get(edge.source, -1) >= places[edge.to]]
    assert len(backwards) == sum(
        edge.source in {stage.name for stage in corpus_flow(name).stages}
        and next(s.index for s in corpus_flow(name).stages if s.name == edge.source)
        >= next(s.index for s in corpus_flow(name).stages if s.name == edge.to)
        for edge in corpus_flow(name).edges
    )
    assert sum(len(stage.members) or 1 for stage in flow.stages) == len(corpus_flow(name).stages)


def test_with_a_target_only_what_it_needs_is_drawn() -> None:
    whole = collect_flow(case("multi-target-python").build(target="prod"))
    flow = replace(whole, only_needed=True)
    assert [stage.label for stage in cut(flow).stages] == ["base", "deps", "prod"]
    assert "Left away: 3 stages that target prod does not need" in drawn(boxes, flow)
    assert "Stage 6: prod" in drawn(boxes, flow)
    assert drawn(tree, flow).splitlines() == [
        "prod  (target)",
        "├── FROM base  python:3.13-slim",
        "└── COPY --from=deps /install -> /usr/local",
        "    └── deps",
        "        └── FROM base  see above",
        "",
        "Left away: 3 stages that target prod does not need",
    ]
    assert cut(whole) is whole


def test_words_beside_the_lines_are_explained() -> None:
    flow = flow_of(
        "FROM a\nCOPY --from=alpine /a /a\nCOPY --from=assets /a /a\n", build_contexts={"assets": "./assets"}
    )
    assert drawn(boxes, flow).endswith(
        "  image = pulled, not built here   context = named with --build-context\n"
    )
