"""Whatever lies in the folder and whatever is typed: a finding, a clear error or an answer comes out, nothing else.

A longer search, also one that follows what the code does: benchmarks/fuzz.py.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.cli import _rooms
from tests.whole_path.answers import Answer, faults, run
from tests.whole_path.projects import COMMANDS, FORMATS, Project, archive, project

EXAMPLES = max(60, settings.default.max_examples // 5) if settings.default else 60
VIEWS = [(room, view) for room in COMMANDS for view in FORMATS[room]]


def check(found: Project) -> None:
    answer = run(found)
    assert faults(found, answer) == [], (found.arguments, answer.err)


def test_every_command_that_reads_a_dockerfile_is_tried() -> None:
    assert {*COMMANDS, "explain"} == {*_rooms()}


@settings(max_examples=EXAMPLES * 4)
@given(st.integers(0, 2**64))
def test_projects_with_faults_in_them(seed: int) -> None:
    check(project(random.Random(seed)))


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**64))
def test_archives_with_faults_in_them(seed: int) -> None:
    chance = random.Random(seed)
    text = "FROM alpine:3.22\nWORKDIR /app\nCOPY . .\nRUN apk add --no-cache curl && make\n"
    files = {"Dockerfile": text.encode(), ".dockerignore": b"*.tar\n", "image.tar": archive(chance, text)}
    view = chance.choice(FORMATS["sizes"])
    check(Project(files, ["sizes", f"--format={view}", "--archive=image.tar"]))


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=300), st.sampled_from(VIEWS))
def test_bytes(data: bytes, view: tuple[str, str]) -> None:
    check(Project({"Dockerfile": data}, [view[0], f"--format={view[1]}"]))


@pytest.mark.parametrize(
    "name", ["", "\x1b[31m", "[red]", "\u202eMS204", "-1", "MS", "ms204 ", "x" * 5000, "a\nb"]
)
@pytest.mark.parametrize("view", ["text", "json", "markdown"])
def test_rules_that_nobody_has(name: str, view: str) -> None:
    check(Project({}, ["explain", f"--format={view}", "--", name]))


@pytest.mark.parametrize(
    ("view", "code", "out", "err", "fault"),
    [
        ("text", 3, "", "", "exit code 3"),
        ("text", 2, "", "no such file\n", "no message"),
        ("text", 0, "a", "Warning\n", "a stray line"),
        ("text", 1, "a", "", "exit code 1"),
        ("text", 0, "\x1b[31m", "", "raw"),
        ("text", 0, "\u202e", "", "raw"),
        ("json", 0, "", "", "an empty answer"),
        ("json", 0, '{"version": 1', "", "json is no JSON"),
        ("json", 0, '{"version": 1, "a": NaN}', "", "json is no JSON"),
        ("json", 0, '{"version": 1, "line": 2}', "", ": line 2 of 1"),
        ("json", 0, '{"version": 1, "line": 1, "end_line": 0}', "", ": line 0 of 1"),
        ("json", 0, '{"version": 1, "a": [{"low": 3, "estimate": 2, "high": 4}]}', "", "a: 3 <= 2 <= 4"),
        ("svg", 0, "<svg><g></svg>", "", "svg is not well-formed"),
        ("html", 0, "<p><b></p>", "", "html closes p"),
        ("html", 0, "<p>", "", "html leaves"),
        ("html", 0, "<img src=x onerror=alert(1)>", "", "html has img"),
        ("html", 0, "<script>alert(1)</script>", "", "html runs a name"),
    ],
)
def test_what_may_not_come_out_is_noticed(view: str, code: int, out: str, err: str, fault: str) -> None:
    found = Project({"Dockerfile": b"FROM scratch"}, ["flow", f"--format={view}"])
    assert fault in faults(found, Answer(code, out, err, 0.0))[0]
