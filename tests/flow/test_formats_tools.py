"""mermaid, dot and html: what Graphviz, mermaid's own parser and a browser make of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from multistage_cli.flow.folding import cut, folded
from multistage_cli.flow.views import dot, html, mermaid
from multistage_cli.printable import printable
from tests.flow.flows import HOSTILE, NAMES, corpus_flow, flow_of, hostile_flow
from tests.flow.reading import read_mermaid

MODULES = os.environ.get("MULTISTAGE_NODE_MODULES", "")
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
needs_mermaid = pytest.mark.skipif(
    shutil.which("node") is None or not MODULES,
    reason="needs node, and MULTISTAGE_NODE_MODULES: a folder in which `npm install mermaid jsdom` ran",
)
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")


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
