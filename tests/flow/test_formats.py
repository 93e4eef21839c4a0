"""mermaid, dot, svg and html: golden files, what their own parsers read, and text that tries to break out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from multistage_cli.build.evaluate import evaluate
from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.graph import Flow, collect_flow
from multistage_cli.flow.svg import PAGE_STYLE
from multistage_cli.flow.views import dot, html, mermaid, svg
from multistage_cli.parser import parse
from multistage_cli.printable import printable
from multistage_cli.terminal.page_shell import STYLE as PAGE_SHELL_STYLE
from multistage_cli.terminal.page_shell import html_page
from tests.corpus import case, cases
from tests.flow.flows import HOSTILE, hostile_flow
from tests.golden import check

GOLDEN = Path(__file__).parent / "golden"
MODULES = os.environ.get("MULTISTAGE_NODE_MODULES", "")
VIEWS = {"dot": (dot, ".dot"), "html": (html, ".html"), "mermaid": (mermaid, ".mmd"), "svg": (svg, ".svg")}
NAMES = [found.name for found in cases()]
ALL_VIEWS = pytest.mark.parametrize("view", [view for view, _ in VIEWS.values()], ids=list(VIEWS))
FEW = settings(max_examples=max(25, settings().max_examples // 10))

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
needs_mermaid = pytest.mark.skipif(
    shutil.which("node") is None or not MODULES,
    reason="needs node, and MULTISTAGE_NODE_MODULES: a folder in which `npm install mermaid jsdom` ran",
)
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")


@cache
def corpus_flow(name: str) -> Flow:
    return collect_flow(case(name).build())


def flow_of(text: str, target: str | None = None) -> Flow:
    return collect_flow(evaluate(parse(text), target=target))


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


# What is read back.


def is_plain(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


SVG_ELEMENTS = {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
SVG_ATTRIBUTES = {
    *(
        "class",
        "role",
        "aria-labelledby",
        "width",
        "height",
        "viewBox",
        "id",
        "x",
        "y",
        "rx",
        "d",
        "transform",
    ),
    *("text-anchor", "data-stage", "data-from", "data-to"),
}


def read_svg(text: str) -> ET.Element:
    """The root, once everything below it is known to be of the kinds that we write."""
    root = ET.fromstring(text)
    for element in root.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in SVG_ELEMENTS
        assert set(element.attrib) <= SVG_ATTRIBUTES
    return root


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


class Page(HTMLParser):
    """The elements of a page, and the texts between them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


HTML_ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "figure", "div", "table"),
    *("thead", "tbody", "tr", "th", "td", "ul", "li", "code", "a", "br", "span"),
    *SVG_ELEMENTS,
}


def read_html(text: str) -> Page:
    """The page, once it holds nothing but what we write: no script, no address but its own places."""
    page = Page(text)
    assert set(page.tags) <= HTML_ELEMENTS
    names = {name for _, name, _ in page.attributes}
    assert not any(name.startswith("on") or name in {"style", "src", "srcset", "action"} for name in names)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {address.removeprefix("#") for address in page.values("href")} <= set(ids)
    assert all(address.startswith("#") for address in page.values("href"))
    return page


DOT_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z_0-9]*|-?[0-9.]+|->|[{}\[\];=,\s]')
DOT_WORDS = {
    *(
        "digraph",
        "graph",
        "node",
        "edge",
        "rankdir",
        "TB",
        "fontname",
        "bgcolor",
        "nodesep",
        "ranksep",
        "shape",
    ),
    *("box", "style", "fillcolor", "fontsize", "label", "color", "penwidth", "fontcolor", "dashed"),
}


def read_dot(text: str) -> tuple[list[str], list[str]]:
    """The labels, and all words outside of quotes that are not ours: none, unless something broke out."""
    labels, strange, at = [], [], 0
    while at < len(text):
        token = DOT_TOKEN.match(text, at)
        assert token, text[at : at + 40]
        at = token.end()
        word = token.group()
        if word.startswith('"'):
            labels.append(
                unescape(re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), word[1:-1]))
            )
        elif word[0].isalpha() and not re.fullmatch(r"(stage|outside)\d+", word) and word not in DOT_WORDS:
            strange.append(word)
    return labels, strange


MERMAID_LABEL = r'"(?:[\w ./:,@+=()→…-]|#\d+;|<br/>)*"'
MERMAID_LINES = re.compile(
    "|".join(
        [
            "flowchart TB",
            rf"  stage\d+\[{MERMAID_LABEL}\](:::\w+)?",
            rf"  outside\d+\(\[{MERMAID_LABEL}\]\):::outside",
            rf"  more\[{MERMAID_LABEL}\]:::unneeded",
            rf"  (stage|outside)\d+ (==>|-->|-\.->)(\|{MERMAID_LABEL}\|)? stage\d+",
            r"  classDef \w+ [\w:,.# -]+",
        ]
    )
)


def read_mermaid(text: str) -> list[str]:
    """The labels, once every line is of a kind that we write."""
    for line in text.splitlines():
        assert MERMAID_LINES.fullmatch(line), line
    return [
        re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label.replace("<br/>", "\n"))
        for label in re.findall(r'"([^"]*)"', text)
    ]


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


# svg and html.


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


# The tools themselves.


def drawn_by_graphviz(texts: list[str]) -> Iterator[ET.Element]:
    for text in texts:
        done = subprocess.run(
            ["dot", "-Tsvg"], input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stderr, done.stderr
        yield ET.fromstring(done.stdout)


@needs_dot
@pytest.mark.parametrize("name", [name for name in NAMES if name != "hundred-stages"])
def test_graphviz_draws_it(name: str) -> None:
    flow = corpus_flow(name)
    [root] = drawn_by_graphviz([dot.render(flow)])
    shown = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for stage in flow.stages:
        assert any(text.startswith(f"Stage {stage.index + 1}: ") for text in shown)


@needs_dot
@pytest.mark.parametrize("name", [*HOSTILE, '"><&amp;\\N\\l\\', "</script>", "a -> b; }"])
def test_graphviz_shows_hostile_names_as_they_are(name: str) -> None:
    [root] = drawn_by_graphviz([dot.render(hostile_flow(name))])
    shown = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    if 0 < len(name) < 40:
        # Graphviz writes runs of spaces as no-break spaces.
        assert f"Stage 1: {printable(name)}0 (lines 1-2)" in [text.replace("\xa0", " ") for text in shown]
    assert len([element for element in root.iter() if element.attrib.get("class") == "node"]) == 5


def parsed_by_mermaid(texts: list[str]) -> list[dict[str, list[list[str]]]]:
    done = subprocess.run(
        ["node", str(Path(__file__).parent / "mermaid.mjs"), MODULES],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, list[list[str]]]] = json.loads(done.stdout)
    return found


def shown_by_mermaid(label: str) -> str:
    """A label as a reader sees it: Mermaid keeps entities under names of its own until it draws."""
    return re.sub("ﬂ°°(\\d+)¶ß", lambda found: chr(int(found[1])), label.replace("<br>", "\n"))


@needs_mermaid
def test_mermaid_reads_every_dockerfile_of_the_corpus() -> None:
    for name, found in zip(
        NAMES, parsed_by_mermaid([mermaid.render(corpus_flow(n)) for n in NAMES]), strict=True
    ):
        assert "error" not in found, (name, found)
        flow = folded(cut(corpus_flow(name)))
        stages = [label for node, label in found["nodes"] if node.startswith("stage")]
        assert len(stages) == len(flow.stages)
        labels = read_mermaid(mermaid.render(corpus_flow(name)))
        assert {shown_by_mermaid(label) for label in stages} <= set(labels)


@needs_mermaid
def test_mermaid_reads_hostile_names_as_text() -> None:
    names = [
        *HOSTILE,
        '"]; click stage0 "x"',
        "end",
        "%%{init: {}}%%",
        "`**b**`",
        "1. x",
        "$$x$$",
        "</script>",
        "&#0;",
    ]
    for name, found in zip(
        names, parsed_by_mermaid([mermaid.render(hostile_flow(name)) for name in names]), strict=True
    ):
        assert "error" not in found, (name, found)
        nodes = dict(found["nodes"])
        assert len(nodes) == 5
        if 0 < len(name) < 40:
            assert shown_by_mermaid(nodes["stage0"]).startswith(f"Stage 1: {printable(name)}0\n")


@needs_mermaid
def test_mermaid_reads_what_is_too_much_for_it() -> None:
    chain = "FROM alpine AS s0\n" + "".join(f"FROM s{index - 1} AS s{index}\n" for index in range(1, 2000))
    [found] = parsed_by_mermaid([mermaid.render(flow_of(chain))])
    assert "error" not in found
    assert ["more", "1940 more stages: too many for Mermaid"] in [
        [node, shown_by_mermaid(label)] for node, label in found["nodes"]
    ]


@needs_chromium
@pytest.mark.parametrize("name", ["multi-target-python", "hostile"])
def test_a_browser_reads_the_page(name: str, tmp_path: Path) -> None:
    text = "<script>document.title='x'</script><img src=x onerror=document.title='x'>"
    flow = hostile_flow(text) if name == "hostile" else corpus_flow(name)
    page = tmp_path / "page.html"
    page.write_text(html.render(flow), encoding="utf-8")
    done = subprocess.run(
        [
            *(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={tmp_path / 'profile'}",
            ),
            *("--enable-logging=stderr", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    assert "<title>How the stages of Dockerfile feed each other</title>" in done.stdout
    assert "<script" not in done.stdout
    assert done.stdout.count("<tr id=") == len(flow.stages)
