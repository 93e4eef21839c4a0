"""The commands that rules ask for: names, words, places, and triggers as a child finds them."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.commands_of import Run, runs_of, with_word, written_steps
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse


def build_of(text: str) -> Build:
    return evaluate(parse(text))


def commands(run: str, *, before: str = "") -> list[str]:
    [found] = runs_of(build_of(f"FROM debian:12-slim\n{before}RUN {run}\n"))
    return [
        " ".join([command.name, *("?" if word is UNKNOWN else word for word in command.words)])
        for command in found.commands
    ]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("a b && /usr/bin/c 'd e'", ["a b", "c d e"]),
        ("sudo -u x env A=1 a b", ["a b"]),
        ("sudo", ["sudo"]),
        ("command -v a", ["command -v a"]),
        ("command a", ["a"]),
        ("python3 -m pip install a", ["pip install a"]),
        ("python3 -m venv a", ["python3 -m venv a"]),
        ("sh -ec 'a; b' && c", ["a", "b", "c"]),
        ("a $B $(c)", ["a ? ?", "c"]),
        ("B=1; a $B", ["a ?"]),
        ("f() { a; }; f", ["a"]),
        ("$X a", []),
        ("<<E\na\nb c\nE", ["a", "b c"]),
        ("cat <<E > /x && a\ntext\nE", ["cat", "a"]),
        ("<<E\n#!/usr/bin/env python3\nimport a\nE", []),
        ("<<E cat > /x && <<F cat > /y\na\nE\nb\nF", []),  # the grammar does not read it
        ("", []),
    ],
)
def test_words(run: str, expected: list[str]) -> None:
    assert commands(run) == expected


def test_variables_of_the_image_are_in_the_words() -> None:
    assert commands('a "$B/c" $D', before="ENV B=/b\nARG D=4\n") == ["a /b/c 4"]


def test_exec_forms_have_their_words() -> None:
    assert commands('["sudo", "a", "b c"]') == ["a b c"]


def test_another_shell_has_no_commands() -> None:
    assert commands("a | b", before='SHELL ["pwsh", "-Command"]\n') == []


def test_who_feeds_a_command() -> None:
    [run] = runs_of(build_of("FROM debian:12-slim\nRUN yes | a; b | c | d\n"))
    assert [command.fed for command in run.commands] == ["", "yes", "", "b", "c"]


def only(text: str) -> list[Run]:
    return [run for run in runs_of(build_of(text)) if run.trigger]


def test_triggers_are_read_once_and_where_they_stand() -> None:
    text = "FROM debian:12 AS a\nUSER app\nONBUILD USER root\nONBUILD RUN a \\\n && b\nFROM a AS b\nFROM a AS c\n"
    [run] = only(text)
    assert (run.line, run.entry.stage.index) == (4, 0)
    assert [command.position.line for command in run.commands] == [4, 5]
    assert run.step.before.user.value == "root"


def test_a_trigger_finds_the_end_of_its_stage() -> None:
    [run] = only("FROM debian:12\nONBUILD RUN a\nWORKDIR /late\n")
    assert run.step.before.working_directory.value == "/late"


def test_triggers_of_triggers_do_not_go_wild() -> None:
    build = build_of("FROM debian:12 AS a\nONBUILD RUN a\nFROM a AS b\nONBUILD RUN b\nFROM b\n")
    assert [run.line for run in runs_of(build)] == [2, 4]
    assert [[trigger for _, trigger in written_steps(build, entry)] for entry in build.stages] == [
        [True],
        [True],
        [],
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("RUN a install b", "RUN a install -y b"),
        ("RUN true && \\\n  a  install \\\n  b", "  a  install -y \\"),
        ("RUN <<E\na install b\nE", "a install -y b"),
        ("RUN a in\\\nstall b", None),
        ("RUN a $(echo install) b", None),
        ("RUN a install;b", None),
        ('RUN ["a", "install"]', None),
        ("RUN sh -c 'a install b'", None),
    ],
)
def test_a_word_is_added_where_the_command_is_plain(text: str, line: str | None) -> None:
    build = build_of(f"FROM debian:12-slim\n{text}\n")
    [run] = runs_of(build)
    [command] = [command for command in run.commands if command.name == "a"]
    edits = with_word(build, command, "install", added="-y")
    assert [edit.text for edit in edits] == ([line] if line else [])


def test_each_installation_has_its_command() -> None:
    text = "FROM debian:12-slim\nRUN apt-get update && apt-get install -y a && apt-get install -y b; pip install c\n"
    [run] = runs_of(build_of(text))
    found = [(change.manager, command.known[-1] if command else None) for change, command in run.installed]
    assert found == [("apt", "update"), ("apt", "a"), ("apt", "b"), ("pip", "c")]
