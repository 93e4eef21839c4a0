"""Whatever the text: every room answers or says in one line why not, and no view lets it through raw."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from multistage_cli.analyze.engine import Analysis, analyze_build
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.cache.changes import Named, question_of_named
from multistage_cli.cache.invalidation import predict
from multistage_cli.commands.recipes import collect_recipes
from multistage_cli.errors import MultistageError
from multistage_cli.flow.graph import collect_flow
from multistage_cli.inspect.knowledge import Questions, look
from multistage_cli.parser import parse
from multistage_cli.report.page import collect_page
from multistage_cli.sizes.estimate import estimate_sizes
from tests.corpus import cases
from tests.strategies import dockerfiles, rubbish

ROOMS: dict[str, Callable[[Build], Any]] = {
    "analyze": lambda build: Analysis((analyze_build(build),), None),
    "commands": collect_recipes,
    "cache": lambda build: predict(question_of_named(build, Named())),
    "flow": collect_flow,
    "inspect": lambda build: look(build, None, Questions(("/app",), ("sh",), ("app",), ("libc6",))),
    "report": collect_page,
    "sizes": estimate_sizes,
}
VIEWS = [
    ("analyze", "text"), ("analyze", "json"), ("analyze", "sarif"), ("analyze", "github"), ("analyze", "gitlab"),
    ("analyze", "junit"), ("analyze", "checkstyle"), ("analyze", "markdown"),
    ("cache", "text"), ("cache", "json"), ("cache", "markdown"),
    ("commands", "text"), ("commands", "json"), ("commands", "shell"), ("commands", "bake"), ("commands", "compose"),
    ("flow", "boxes"), ("flow", "tree"), ("flow", "json"), ("flow", "mermaid"), ("flow", "dot"), ("flow", "svg"),
    ("flow", "html"), ("inspect", "text"), ("inspect", "json"), ("report", "text"), ("report", "json"),
    ("report", "markdown"), ("report", "html"),
    ("sizes", "bars"), ("sizes", "json"), ("sizes", "markdown"), ("sizes", "html"),
]  # fmt: skip
TEXTS = [case.text for case in cases() if len(case.text) < 6000]
PIECES = [
    "\x1b[31m", "[red]", "[/]", "\u202e", "\n", "\r", "\t", "\0", "\\\n", "`", "'", '"', "$", "${", "}", "${A:-",
    "<<EOF",
    "<<-'E'", "--from=", "--mount=type=cache,target=/", "FROM ", "FROM scratch AS a\n", "RUN ", "COPY --from=0 / /\n",
    "ONBUILD ", "ARG A\n", "ENV A=$A$A\n", "LABEL a=", "EXPOSE 99999-1/udp ", "HEALTHCHECK NONE\n", "USER \n",
    "WORKDIR ..\n", "&&", "||", ";", "|", "(", ")", "{", "é", "日本", "\ud800", "\udcff", "💾", "#", "# escape=`\n",
    "apt-get install -y git ", "pip install -r x ", "npm ci ", "rm -rf / ",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A file of the corpus after a few cuts, copies and insertions."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    text = chance.choice(TEXTS)
    for _ in range(chance.randint(1, 8)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice([0, 1, 3, 20, 200]))
        piece = chance.choice([*PIECES, text[chance.randint(0, len(text)) :][:40]])
        text = text[:start] + chance.choice([piece, piece * 3, text[start:end] + piece, ""]) + text[end:]
    return text


def drawn(room: str, view: str, build: Build) -> str:
    result = ROOMS[room](build)
    rendered = import_module(f"multistage_cli.{room}.views.{view}").render(result)
    if isinstance(rendered, str):
        return rendered
    output = io.StringIO()
    Console(file=output, width=72, highlight=False, markup=False, emoji=False).print(rendered)
    return output.getvalue()


def check(text: str) -> None:
    try:
        build = evaluate(parse(text))
    except MultistageError:
        return  # such as no stage of that name; its words are tested where they are made
    for room, view in VIEWS:
        try:
            shown = drawn(room, view, build)
        except MultistageError:
            if build.target is None:
                continue
            raise
        if view == "json":
            assert json.loads(shown)["version"] == 1
            assert shown.isascii()
        elif view == "shell":
            assert all(
                line.startswith(("#", "docker", "curl", "tar")) or "'" in shown
                for line in shown.split("\n")
                if line
            )
        else:
            raw = {character for character in shown if not character.isprintable()} - {"\n"}
            assert not raw, (room, view, raw)


@pytest.mark.parametrize(("room", "view"), VIEWS)
def test_views_are_all_there(room: str, view: str) -> None:
    """A new view has to stand in the table above, so that hostile text is tried on it."""
    import pkgutil

    package = import_module(f"multistage_cli.{room}.views")
    names = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert names == {name for owner, name in VIEWS if owner == room}
    assert view in names


@settings(max_examples=max(60, settings.default.max_examples // 5) if settings.default else 60)
@given(mutated())
def test_mutated_files_of_the_corpus(text: str) -> None:
    check(text)


@settings(max_examples=max(60, settings.default.max_examples // 5) if settings.default else 60)
@given(dockerfiles() | rubbish | st.text(max_size=200))
def test_written_and_random_text(text: str) -> None:
    check(text)
