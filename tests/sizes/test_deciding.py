"""`--budget`, `--against` and what need not be in the image, as a person asks and in every view."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from multistage_cli.cli import main
from multistage_cli.sizes.budget import judge
from multistage_cli.sizes.difference import compare_builds
from multistage_cli.sizes.model import Excluded, Sizes, Spare
from multistage_cli.sizes.ranges import Range
from multistage_cli.sizes.views import bars, html, markdown
from multistage_cli.sizes.views import json as json_view
from tests.drawn import HOSTILE, WIDTHS, drawn, is_harmless, too_wide
from tests.golden import check
from tests.sizes.built import sizes_of
from tests.terminal.test_revisions import commit, git, write

GOLDEN = Path(__file__).parent / "golden"
BEFORE = """FROM python:3.12 AS build
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt
FROM python:3.12-slim
COPY --from=build /install /usr/local
COPY src /app
CMD ["python", "/app/main.py"]
"""
AFTER = """FROM python:3.12 AS builder
COPY requirements.txt .
RUN pip install --no-cache-dir --prefix=/install -r requirements.txt
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev
COPY --from=builder /install /usr/local
COPY . /app
RUN chown -R 1000:1000 /app
CMD ["python", "/app/main.py"]
"""
FILES = {
    "requirements.txt": "django==5.2\n",
    "src/main.py": "print()\n" * 40_000,
    "tests/data": "x" * 900_000,
    "Dockerfile": AFTER,
    "Dockerfile.before": BEFORE,
    ".dockerignore": "Dockerfile*\n.git\n.dockerignore\n",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["sizes", "--width", "100", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# Golden files: all of it in each view.


@pytest.mark.parametrize("name", ["bars", "markdown", "html", "json"])
def test_golden(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = ask(capsys, "--budget", "200MB", "--against", "Dockerfile.before", "--format", name)
    assert (code, err) == (1, "")
    check(GOLDEN / f"deciding.{name}.txt", out)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_golden_widths(root: Path, capsys: pytest.CaptureFixture[str], width: int) -> None:
    given = ("--budget", "200MB", "--against", "Dockerfile.before", "--width", str(width))
    assert main(["sizes", *given]) == 1
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= width
    check(GOLDEN / f"deciding.bars.{width}.txt", out)


# The budget.


@pytest.mark.parametrize(
    ("budget", "code", "held"), [("10GB", 0, True), ("1MB", 1, False), ("1MiB", 1, False)]
)
def test_budget(root: Path, capsys: pytest.CaptureFixture[str], budget: str, code: int, held: bool) -> None:
    (root / "Dockerfile").write_text("FROM debian:bookworm-slim\nCOPY src /src\n")
    got, out, err = ask(capsys, "--budget", budget, "--format", "json")
    assert (got, err) == (code, "")
    assert json.loads(out)["budget"]["held"] is held


def test_budget_that_only_the_high_end_is_over_warns(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "Dockerfile").write_text("FROM nobody/knows:this\n")
    code, out, err = ask(capsys, "--budget", "300MB", "--format", "json")
    assert code == 0
    assert err.startswith("multistage: warning: Budget 300 MB: held by the estimate, ")
    assert err.count("\n") == 1
    budget = json.loads(out)["budget"]
    assert (budget["bytes"], budget["held"]) == (300_000_000, "maybe")
    assert f"multistage: warning: {budget['message']}\n" == err


@pytest.mark.parametrize("name", ["bars", "markdown", "html"])
def test_budget_stands_in_each_view(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    _, out, _ = ask(capsys, "--budget", "10GB", "--format", name)
    assert "Budget 10,000 MB: held, " in out
    _, out, _ = ask(capsys, "--format", name)
    assert "Budget" not in out


def test_budget_without_a_unit(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "--budget", "200")
    assert (code, out) == (2, "")
    assert err == 'multistage: --budget "200" has no unit; write 200MB (or kB, MB, GB, MiB, GiB)\n'


# The other build.


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_against_a_revision(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(root, "init", "--quiet")
    commit(root)
    _, out, _ = ask(capsys, "--against", "HEAD", "--format", "json")
    assert json.loads(out)["against"]["difference"] == {"low": 0, "estimate": 0, "high": 0, "more": False}
    write(root, {"tests/more": "x" * 2_000_000, "Dockerfile": AFTER.replace("gcc libpq-dev", "libpq5")})
    _, out, err = ask(capsys, "--against", "HEAD", "--format", "json")
    found = json.loads(out)["against"]
    assert err == ""
    assert found["against"].startswith("HEAD (")
    assert found["difference"]["high"] < 0
    stage = found["stages"][1]
    copied = next(line for line in stage["lines"] if line["instruction"] == "COPY . /app")
    assert copied["difference"]["estimate"] == 2_000_000
    assert found["notes"] == [
        "git does not track tests/more: they are in the build context now, and left out of HEAD"
    ]


def test_against_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask(capsys, "--against", "nothing")
    assert (code, out) == (2, "")
    assert err.startswith("multistage: no such file: nothing. As a revision: ")


def test_help_says_which_goes_first(capsys: pytest.CaptureFixture[str]) -> None:
    main(["sizes", "--help"])
    text = " ".join(re.sub(r"[│╭╮╰╯─\s]+", " ", capsys.readouterr().out).split())
    assert "A name that is both means the file." in text


# Hostile names in every view.


def hostile(name: str) -> Sizes:
    before, after = sizes_of(BEFORE), sizes_of(AFTER)

    def spoiled(sizes: Sizes) -> Sizes:
        stages = tuple(
            replace(
                stage,
                label=name,
                base=replace(stage.base, reference=name),
                layers=tuple(
                    replace(
                        layer,
                        instruction=name,
                        parts=tuple(replace(part, what=name) for part in layer.parts),
                        unknown=(name,),
                    )
                    for layer in stage.layers
                ),
            )
            for stage in sizes.stages
        )
        return replace(
            sizes,
            path=name,
            stages=stages,
            unknown=(name,),
            base=replace(sizes.base, reference=name),
            comparison=tuple(replace(entry, label=name) for entry in sizes.comparison),
            excluded=(Excluded(name, Range.exactly(10**9), name, 3),),
            spare=(
                Spare(name, None, name, 3, name, name),
                Spare(name, Range.exactly(10**9), name, 3, name, name),
            ),
        )

    changed = replace(spoiled(after), platform="linux/arm64")
    difference = compare_builds(spoiled(before), changed, name, (name,))
    return replace(changed, difference=difference, budget=judge(1, after.image, more=True))


MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</code></td></table>",
    "a | b \\| c",
    "``` `x` ```",
    "[x](javascript:alert(1)) https://example.com @everyone #1",
]


class Elements(HTMLParser):
    """The elements of a page, with what could load or run something."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP])
def test_hostile_names(name: str) -> None:
    sizes = hostile(name)
    for width in WIDTHS:
        view = bars.render(sizes)
        assert too_wide(view, width) == []
        assert is_harmless(drawn(view, width))
        assert drawn(view, width, "ascii").isascii()
    json.loads(json_view.render(sizes))
    text = markdown.render(sizes)
    assert is_harmless(text)
    assert "<" not in re.sub(r"`+[^`]*`+", "", text)
    for row in text.splitlines():
        if row.startswith("| "):
            cells = re.sub(r"\\[!-/:-@\[-`{-~]", "", row).strip("|").split("|")
            assert len(cells) in {2, 4, 5}
    page = html.render(sizes)
    assert is_harmless(page)
    elements = Elements()
    elements.feed(page)
    elements.close()
    assert elements.open == []
    assert not elements.names & {"script", "img", "a", "iframe", "link", "object"}
    assert not {found for found in elements.attributes if found.startswith("on")} | (
        elements.attributes & {"src", "href", "style"}
    )


# The page for browsers.


def test_page_is_alone_and_says_all_numbers() -> None:
    sizes = sizes_of(AFTER)
    page = html.render(sizes)
    assert "default-src 'none'" in page.replace("&#x27;", "'")
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    for stage in sizes.stages:
        assert bars.size_range(stage.size, more=bool(stage.unknown)) in page
    assert page.count("<svg") == page.count('aria-hidden="true"')


@pytest.mark.parametrize("view", [bars, markdown, html])
def test_every_view_has_all_sections(view: ModuleType) -> None:
    text = drawn(view.render(sizes_of(AFTER)), 200)
    for heading in (
        "The image, layer by layer",
        "In the image, and need not be: ",
        "Excluded from the final image",
    ):
        assert heading in text


def test_json_of_what_need_not_be_there() -> None:
    data: dict[str, Any] = json.loads(json_view.render(sizes_of(AFTER)))
    (first, *_) = data["spare"]
    assert first.keys() == {
        "what", "bytes", "low", "high", "stage", "line", "because", "instead", "confidence",
    }  # fmt: skip
    assert (first["what"], first["line"], first["confidence"]) == ("gcc, libpq-dev", 5, "likely")
    assert first["low"] < first["bytes"] < first["high"]
    assert data["budget"] is None
    assert data["against"] is None


def test_short_form_for_a_larger_page() -> None:
    short = drawn(bars.overview(sizes_of(AFTER)), 100)
    assert "layer by layer" not in short
    assert "In the image, and need not be: " in short
