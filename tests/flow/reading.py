"""Readers of what the views write, stricter than browsers and tools are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser


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
