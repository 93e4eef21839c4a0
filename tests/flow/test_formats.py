"""mermaid, dot, svg and html: golden files, what their own parsers read, and text that tries to break out."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from multistage_cli.flow.folding import folded
from multistage_cli.flow.graph import Flow, collect_flow
from multistage_cli.flow.svg import PAGE_STYLE
from multistage_cli.flow.views import dot, html, mermaid, svg
from multistage_cli.terminal.page_shell import STYLE as PAGE_SHELL_STYLE
from multistage_cli.terminal.page_shell import html_page
from tests.corpus import case
from tests.flow.flows import HOSTILE, NAMES, corpus_flow, flow_of, hostile_flow
from tests.flow.reading import is_plain, read_dot, read_html, read_mermaid, read_svg, texts
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
VIEWS = {"dot": (dot, ".dot"), "html": (html, ".html"), "mermaid": (mermaid, ".mmd"), "svg": (svg, ".svg")}
ALL_VIEWS = pytest.mark.parametrize("view", [view for view, _ in VIEWS.values()], ids=list(VIEWS))
FEW = settings(max_examples=max(25, settings().max_examples // 10))


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("name", ["brief", "multi-target-python", "external-tools", "named-contexts"])
def test_golden(name: str, kind: str) -> None:
    view, suffix = VIEWS[kind]
    check(GOLDEN / f"{name}{suffix}", view.render(corpus_flow(name)))


@pytest.mark.parametrize("kind", ["mermaid", "svg"])
def test_golden_of_many_stages(kind: str) -> None:
    view, suffix = VIEWS[kind]
    check(GOLDEN / f"hundred-stages{suffix}", view.render(corpus_flow("hundred-stages")))


@pytest.mark.parametrize("kind", ["mermaid", "svg"])
def test_golden_of_a_target(kind: str) -> None:
    view, suffix = VIEWS[kind]
    flow = replace(collect_flow(case("multi-target-python").build(target="test")), only_needed=True)
    check(GOLDEN / f"multi-target-python.test{suffix}", view.render(flow))


def check_all(flow: Flow) -> None:
    """Every format reads back as what we meant, whatever the names are."""
    for view, _ in VIEWS.values():
        assert is_plain(view.render(flow))
    read_svg(svg.render(flow))
    read_html(html.render(flow))
    labels, strange = read_dot(dot.render(flow))
    assert not strange
    # The name of the graph, three styles above, and of each node and edge a label and more.
    assert len(labels) > len(flow.stages)
    read_mermaid(mermaid.render(flow))


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile_of_the_corpus(name: str) -> None:
    flow = corpus_flow(name)
    check_all(flow)
    shown = folded(flow)
    for stage in shown.stages:
        title = f"Stage {stage.index + 1}: "
        if not stage.members:
            assert any(text.startswith(title) for text in texts(read_svg(svg.render(flow))))
            assert any(label.startswith(title) for label in read_mermaid(mermaid.render(flow)))
    for stage in flow.stages:
        assert any(label.startswith(f"Stage {stage.index + 1}: ") for label in read_dot(dot.render(flow))[0])
        assert f"stage-{stage.index}" in read_html(html.render(flow)).values("id")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names(name: str) -> None:
    check_all(hostile_flow(name))


SPICE = st.lists(
    st.sampled_from(
        [
            *(
                '"',
                "'",
                "\\",
                "\\n",
                "\\N",
                "\\l",
                "`",
                "#",
                ";",
                "#quot;",
                "&",
                "&lt;",
                "&#0;",
                "<",
                ">",
                "/",
                "|",
            ),
            *(
                "<!--",
                "-->",
                "]]>",
                "</style>",
                "</script>",
                "<script>alert(1)</script>",
                "<br/>",
                "<img src=x onerror=y>",
            ),
            *(
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "%%",
                "%%{init: {}}%%",
                "::: ",
                "---",
                "end",
                "subgraph",
                "click stage0 href",
            ),
            *(
                "\n",
                "\r",
                "\t",
                "\0",
                "\x1b[31m",
                "\x07",
                "\x85",
                "\u2028",
                "\u202e",
                "\u2066",
                "\ufeff",
                "\ufffe",
            ),
            *(
                "\ud800",
                "\udcff",
                "é",
                "日本",
                "👩‍👩‍👧",
                "$$x$$",
                "**b**",
                "__u__",
                "1. ",
                "- ",
                "[red]",
                "javascript:",
                "a",
            ),
        ]
    ),
    max_size=12,
).map("".join)


@FEW
@given(SPICE | st.text(max_size=60))
def test_any_text_stays_text(name: str) -> None:
    check_all(hostile_flow(name))


@FEW
@given(SPICE)
def test_any_text_in_a_dockerfile_stays_text(name: str) -> None:
    word = re.sub(r"\s", "", name)
    check_all(flow_of(f"FROM a{word} AS b{word}\nRUN x\nFROM scratch\nCOPY --from=b{word} /{word} /c\n"))


@pytest.mark.parametrize("name", ['"><script>', "&amp;", "a\\nb\\N", "#35; `x` %%", "<br/>"])
def test_what_is_shown_is_what_was_written(name: str) -> None:
    flow = hostile_flow(name)
    title = f"Stage 1: {name}0"
    assert title in texts(read_svg(svg.render(flow)))
    assert f"1: {name}0" in read_html(html.render(flow)).texts
    assert any(label.startswith(f"{title} (") for label in read_dot(dot.render(flow))[0])
    assert any(label.startswith(f"{title}\n") for label in read_mermaid(mermaid.render(flow)))


def test_svg_says_what_it_shows() -> None:
    root = read_svg(svg.render(corpus_flow("multi-target-python")))
    title, description, *_ = root
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "flow-title flow-desc"
    assert title.text == "How the stages of Dockerfile feed each other"
    assert description.text == "6 build stages; target prod is built. It does not need dev, test, report."


def test_svg_says_which_stages_its_parts_are() -> None:
    root = read_svg(svg.render(flow_of("FROM a AS b\nFROM c\nCOPY --from=b /a /\nCOPY --from=d /a /\n")))
    found = [
        {name: value for name, value in group.attrib.items() if name.startswith("data-")}
        for group in root.iter("{http://www.w3.org/2000/svg}g")
    ]
    assert [entry for entry in found if entry] == [
        {"data-from": "0", "data-to": "1"},
        {"data-to": "1"},
        {"data-stage": "0"},
        {"data-stage": "1"},
    ]


def test_svg_is_for_light_and_dark() -> None:
    text = svg.render(corpus_flow("brief"))
    assert "@media (prefers-color-scheme:dark)" in text
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize("name", NAMES)
def test_page_lets_nothing_in(name: str) -> None:
    text = html.render(corpus_flow(name))
    page = read_html(text)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    [policy] = [value for value in page.values("content") if "default-src" in value]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.tags.count("script") == 0
    assert page.tags.count("meta") == 4
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_page_has_the_frame_of_all_pages() -> None:
    text = html.render(corpus_flow("multi-target-python"))
    assert f"<style>{PAGE_SHELL_STYLE}{PAGE_STYLE}" in text
    assert text.startswith(html_page(title="", body="", style="").partition("<meta http-equiv")[0])


def test_picture_fits_its_frame_as_long_as_it_can_be_read() -> None:
    flow = corpus_flow("multi-target-python")
    width = float(read_svg(svg.render(flow)).attrib["width"])
    [rules] = re.findall(r"^figure svg\{(.*)\}$", html.render(flow), re.MULTILINE)
    assert {"max-width:100%", "height:auto", f"min-width:{round(width * 0.55)}px"} <= set(rules.split(";"))


def test_page_leads_from_the_picture_to_the_words() -> None:
    page = read_html(html.render(corpus_flow("multi-target-python")))
    assert [f"#stage-{index}" for index in range(6)] == sorted(set(page.values("href")))
    assert (
        "RUN --mount=from=tools /bin → /tools" in read_html(html.render(corpus_flow("hundred-stages"))).texts
    )


def test_page_lists_every_stage_though_alike_ones_are_one_box() -> None:
    flow = corpus_flow("hundred-stages")
    page = read_html(html.render(flow))
    assert [value for value in page.values("id") if value.startswith("stage-")] == [
        f"stage-{index}" for index in range(100)
    ]
    assert page.texts.count("target") == 1


def test_what_is_left_away_is_said() -> None:
    flow = replace(collect_flow(case("multi-target-python").build(target="deps")), only_needed=True)
    assert "Left away: 4 stages that target deps does not need." in read_html(html.render(flow)).texts
    assert "4 left away: not needed for target deps" in texts(read_svg(svg.render(flow)))
    for view in (dot, mermaid):
        assert "prod" not in view.render(flow)


@pytest.mark.parametrize("kind", ["chain", "fan", "mesh"])
@ALL_VIEWS
def test_a_thousand_stages(view: ModuleType, kind: str) -> None:
    count = 1000
    if kind == "chain":
        text = "FROM alpine AS s0\n" + "".join(
            f"FROM s{index - 1} AS s{index}\n" for index in range(1, count)
        )
    elif kind == "fan":
        text = "".join(f"FROM alpine:{index} AS s{index}\n" for index in range(count)) + "FROM scratch\n"
        text += "".join(f"COPY --from=s{index} /a{index} /\n" for index in range(count))
    else:
        text = "FROM scratch AS s0\n" + "".join(
            f"FROM alpine:{index} AS s{index}\n"
            + "".join(f"COPY --from=s{index // step} /a /\n" for step in (2, 3, 7))
            for index in range(1, count)
        )
    rendered = view.render(flow_of(text))
    assert len(rendered) < 3_000_000
    if view is mermaid:
        read_mermaid(rendered)
        assert len(rendered) < 50_000
        assert len(re.findall(r"==>|-->|-\.->", rendered)) <= 500
