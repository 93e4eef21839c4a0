"""The page for browsers as text: what it may load, that its parts fit together, and that nothing breaks out."""

from __future__ import annotations

import itertools
import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.report.page import Page, collect_page, with_difference
from multistage_cli.report.views import html
from multistage_cli.terminal.revisions import OtherBuild
from tests.corpus import cases
from tests.drawn import HOSTILE, inside, is_harmless
from tests.report.large import dockerfile_of

SHOWCASE = Path(__file__).parents[2] / "docs" / "showcase"
NAMES = [found.name for found in cases()]
VOID = {"meta", "input", "br", "link", "img", "hr"}
BREAKERS = [
    "</script><script>window.__pwned=1</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "]]>",
    "javascript:alert(1)",
    *HOSTILE,
]


class Read(HTMLParser):
    """All elements of a page; fails where they do not close as they opened."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice: {names}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(text: str) -> Page:
    return collect_page(evaluate(parse(text)))


@cache
def corpus_html(name: str) -> str:
    with inside(name) as build:
        return html.render(collect_page(build))


def digest(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def check_page(page: str) -> Read:
    """What holds for every page, whatever the Dockerfile."""
    found = Read(page)
    policy = next(
        entry["content"] for entry in found.of("meta") if entry.get("http-equiv") == "Content-Security-Policy"
    )
    scripts = [
        (attributes, text) for attributes, text in zip(found.of("script"), found.text["script"], strict=True)
    ]
    assert [attributes for attributes, _ in scripts] == [
        {"type": "application/json", "id": "changes-data"},
        {},
    ]
    (style,) = found.text["style"]
    assert policy == (
        f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'; "
        f"script-src {digest(scripts[1][1])}; require-trusted-types-for 'script'"
    )
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in found.elements:
        assert not any(
            name.startswith("on") or name in {"style", "src", "action", "srcdoc"} for name in attributes
        )
        assert tag not in {"iframe", "object", "embed", "base", "link", "img", "form"}
        if "href" in attributes:
            assert attributes["href"].startswith("#")
            assert attributes["href"][1:] in ids
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert all(word in ids for word in attributes.get(name, "").split())
        if tag == "button":
            assert attributes["type"] == "button"
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(found.of("main")) == 1
    json.loads(scripts[0][1])
    assert is_harmless(page)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_dockerfile(name: str) -> None:
    page = corpus_html(name)
    check_page(page)
    assert len(page.encode()) < 300_000


@pytest.mark.parametrize("name", ["shop", "platform", "gateway"])
def test_showcase(name: str) -> None:
    file = SHOWCASE / name / "Dockerfile"
    build = evaluate(parse(file.read_text()), file=file, context=open_context(file.parent, file))
    found = check_page(html.render(collect_page(build)))
    assert len([entry for entry in found.of("article") if entry["id"].startswith("stage-")]) == 12


@pytest.mark.parametrize("words", BREAKERS)
def test_hostile_dockerfile(words: str) -> None:
    folded = words.replace("\n", " ").replace("\r", " ").replace("\udcff", "?")
    text = (
        f"ARG A={folded}\nFROM alpine:3.22 AS {folded}\nLABEL a={folded}\nENV X={folded}\nRUN echo {folded}\n"
        f"COPY {folded} /{folded}\nFROM {folded}\nCOPY --from=0 /{folded} /{folded}\nUSER {folded}\n"
        f"EXPOSE {folded}\nHEALTHCHECK CMD curl {folded}\nCMD {folded}\n"
    )
    page = html.render(collect_page(evaluate(parse(text), path=words)))
    check_page(page)


def test_hostile_file_names(tmp_path: Path) -> None:
    names = ["</script>", "<!--", "\u202egnp.exe", "a'b\"c", "\u2028"]
    for name in names:
        if "/" not in name:
            (tmp_path / name).write_text("")
    file = tmp_path / "Dockerfile"
    file.write_text("FROM alpine:3.22\nCOPY . .\n")
    build = evaluate(parse(file.read_text()), file=file, context=open_context(tmp_path, file))
    found = check_page(html.render(collect_page(build)))
    data = json.loads(found.text["script"][0])
    assert {name for name, _ in data["files"]} == {"<!--", "\\u202egnp.exe", "a'b\"c", "\\u2028"}


def test_page_of_500_instructions_is_small(tmp_path: Path) -> None:
    text = dockerfile_of(500, tmp_path)
    file = tmp_path / "Dockerfile"
    build = evaluate(parse(text), file=file, context=open_context(tmp_path, file))
    assert len(build.dockerfile.instructions) == 500
    page = html.render(collect_page(build))
    check_page(page)
    assert len(page.encode()) < 300_000


def test_listing_has_every_line_and_its_findings() -> None:
    page = page_of("FROM alpine:3.22\nRUN apk add curl\n\nRUN sudo ls\n# end")
    found = check_page(html.render(page))
    lines = [entry["id"] for entry in found.of("li") if re.fullmatch(r"L\d+", entry.get("id", ""))]
    assert lines == ["L1", "L2", "L3", "L4", "L5"]
    cards = [entry for entry in found.of("li") if entry.get("id", "").startswith("finding-")]
    assert len(cards) == len(page.analysis.findings) > 0
    flags = [entry["href"] for entry in found.of("a") if entry.get("class", "").startswith("flag ")]
    assert flags[0] == "#finding-0"
    rules = {entry["id"] for entry in found.of("article") if entry["id"].startswith("rule-")}
    assert rules == {f"rule-{finding.code}" for finding in page.analysis.findings}


def test_numbers_count_on_over_the_stages() -> None:
    found = check_page(html.render(page_of("# first\nFROM alpine:3.22 AS a\nRUN ls\n\nFROM a\nRUN ls\n")))
    lists = [entry for entry in found.of("ol") if entry.get("class", "").startswith("source")]
    assert [entry["start"] for entry in lists] == ["1", "2", "5"]
    assert [entry["class"] for entry in lists] == ["source", "source s0", "source s1"]


def test_every_arrow_has_its_words_with_bytes() -> None:
    found_page = html.render(
        page_of(
            "FROM debian:bookworm-slim AS a\nRUN apt-get update && apt-get install -y curl\nFROM a AS b\n"
            "FROM alpine:3.22\nCOPY --from=a /usr/bin/curl /bin/\nCOPY --from=busybox:1.37 /bin/busybox /bin/\n"
            "RUN --mount=from=b,target=/b ls /b\n"
        )
    )
    found = check_page(found_page)
    details = {entry["id"]: entry["class"] for entry in found.of("article")}
    arrows = [name for name in details if name.startswith("arrow-")]
    drawn = [entry for entry in found.of("g") if entry.get("class", "").split()[:1] == ["arrow"]]
    assert len(arrows) == len(drawn) == 4
    assert {details[name].split()[-1] for name in arrows} == {"base", "copy", "mount"}
    assert "mounted while one RUN runs, and not kept" in found_page


def test_alike_stages_are_explained_once() -> None:
    tools = "".join(f"FROM alpine:3.22 AS tool{number}\nRUN make {number}\n" for number in range(40))
    copies = "".join(f"COPY --from=tool{number} /a /a{number}\n" for number in range(40))
    found_page = html.render(page_of(f"{tools}FROM scratch\n{copies}"))
    found = check_page(found_page)
    names = [entry["id"] for entry in found.of("article") if entry["id"].startswith("stage-")]
    assert len(names) == 41
    assert found_page.count('<p>Like <a href="#stage-0">tool0</a>') == 39
    assert '<strong>Drawn as one with</strong> <a href="#stage-1">tool1</a>' in found_page


def test_only_the_gravest_of_many_findings_are_shown() -> None:
    copies = "".join(f"COPY --from={index} /a /b\n" for index in range(50, 200))
    page = page_of(f"FROM alpine:3.22\n{copies}")
    found_page = html.render(page)
    check_page(found_page)
    assert found_page.count('class="finding error"') == 100
    assert f"and {len(page.analysis.findings) - 100} more" in found_page


BEFORE = """FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y curl
FROM alpine:3.22 AS old
RUN apk add git
FROM build AS app
COPY --from=old /a /a
USER 1000
CMD ["python", "/app/main.py"]
"""
AFTER = """# The first line is new.
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends curl gcc
FROM build AS app
CMD ["python", "/app/main.py"]
"""


def compared(before: str, after: str, label: str = "main (1234567)", *notes: str) -> Page:
    return with_difference(page_of(after), OtherBuild(label, evaluate(parse(before)), notes))


def section_of(page: str, name: str) -> str:
    start = page.index(f'<section id="{name}"')
    return page[start : page.index("</section>", start)]


def test_difference_has_findings_practices_and_megabytes() -> None:
    page = compared(BEFORE, AFTER, "main (1234567)", "git does not track data/")
    whole = html.render(page)
    found = check_page(whole)
    assert "#difference" in [entry["href"] for entry in found.of("a")]
    told = section_of(whole, "difference")
    difference = page.difference
    assert difference is not None
    assert difference.new
    assert difference.fixed
    assert 'What changed against <span class="path">main (1234567)</span>' in told
    assert '<strong class="bad">' + f"{len(difference.new)} new</strong>" in told
    assert '<strong class="good">' + f"{len(difference.fixed)} fixed</strong>" in told
    assert f"{difference.kept} as before" in told
    assert "git does not track data/" in told
    for finding in difference.new:
        assert f'<a href="#finding-{page.analysis.findings.index(finding)}">{finding.code}' in told
    fixed = told[told.index('class="plain told-findings fixed"') :]
    for finding in difference.fixed:
        assert f"line {finding.line}: " in fixed[: fixed.index("</ul>")]
    assert "<a " not in fixed[: fixed.index("</ul>")]  # no line of this page is theirs
    rows = re.findall(r"<tr.*?</tr>", told, re.DOTALL)
    assert any("Stage old is gone" in row for row in rows)
    (changed,) = [row for row in rows if '<a href="#L3">3</a>' in row]
    assert "<code>RUN apt-get update &amp;&amp; apt-get install -y --no-install-rec...</code>" in changed
    assert "was <code>RUN apt-get update &amp;&amp; apt-get install -y curl</code>" in changed
    assert re.search(r'class="(good|bad)">[+-]\d', changed)
    assert f"{difference.score.passed} of {difference.score.total}" in told


def test_nothing_changed() -> None:
    whole = html.render(compared(BEFORE, f"\n\n{BEFORE}"))
    check_page(whole)
    told = section_of(whole, "difference")
    assert "<strong>0 new</strong>, <strong>0 fixed</strong>" in told
    assert "No stage and no line weighs anything else." in told
    assert "<table" not in told


def test_page_of_one_build_has_no_difference() -> None:
    assert "difference-title" not in html.render(page_of(AFTER))


def test_difference_of_large_files_is_cut_and_counted() -> None:
    stages = "".join(
        f"FROM python:3.12-slim AS s{stage}\n"
        + "".join(f"RUN apt-get install -y curl{line}\n" for line in range(50))
        for stage in range(30)
    )
    whole = html.render(compared("FROM alpine:3.22\n", f"{stages}FROM alpine:3.22\n"))
    check_page(whole)
    told = section_of(whole, "difference")
    assert told.count('<tr class="stage-row">') == 20
    assert "and 10 lines more" in told
    assert "stages more" in told
    assert re.search(r'<li class="faint">and \d+ more</li>', told)


@pytest.mark.parametrize("words", BREAKERS)
def test_hostile_difference(words: str) -> None:
    folded = words.replace("\n", " ").replace("\r", " ").replace("\udcff", "?")
    text = f"FROM alpine:3.22 AS {folded}\nRUN sudo {folded}\nCOPY {folded} /{folded}\nFROM {folded}\nENV A={folded}\n"
    check_page(html.render(compared("FROM alpine:3.22\nRUN ls\n", text, words, words)))
    check_page(html.render(compared(text, "FROM alpine:3.22\nRUN ls\n", words, words)))


def test_picture_keeps_a_width_at_which_it_can_be_read() -> None:
    whole = html.render(page_of(AFTER))
    width = float(re.findall(r'class="flow"[^>]* width="([0-9.]+)"', whole)[0])
    assert f"max-width:100%;min-width:{round(width * 0.55)}px;height:auto" in whole


def test_page_without_its_build_is_our_bug() -> None:
    page = page_of("FROM alpine:3.22\n")
    bare = Page(page.path, page.flow, page.analysis, page.sizes, page.recipes, page.takeaways)
    with pytest.raises(ValueError, match="no build"):
        html.render(bare)
