"""Rules about instructions: inheritance, triggers, here-documents, archives."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rule import Rule
from multistage_cli.analyze.rules.instructions import (
    add_for_files,
    archive_unpacked_later,
    consecutive_runs,
    relative_copy_destination,
    several_sources_to_one_path,
    variable_of_the_same_line,
    whole_root_copied,
)
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

BASE = "FROM debian:12-slim\n"


def lines(rule: Rule, text: str) -> list[int]:
    return [match.span.first for match in rule.check(evaluate(parse(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BASE}ADD a.txt b.tar /x/\n", []),
        (f"{BASE}ADD *.tgz /x/\n", []),
        (f'{BASE}ADD ["a b", "/x/"]\n', [2]),
        (f"{BASE}ADD <<EOF /x\ntext\nEOF\n", [2]),
        (f"{BASE}ARG A=a.txt\nADD $A /x\n", [3]),
        (f"{BASE}ADD $A.txt$B /x\n", [2]),
        ("FROM example.com/a:1\nADD $A /x\n", []),
        (f"{BASE}ADD https://example.com/a.git#v1 /x\n", []),
        (f"{BASE}ONBUILD ADD a /x\n", [2]),
    ],
)
def test_add(text: str, expected: list[int]) -> None:
    assert lines(add_for_files, text) == expected


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("ADD a /x", "COPY a /x"),
        ("  add --chown=1 a /x", "  copy --chown=1 a /x"),
        ("ADD --unpack=false a /x", None),
        ("ONBUILD ADD a /x", None),
    ],
)
def test_add_is_rewritten_where_copy_has_all_that_it_uses(line: str, fixed: str | None) -> None:
    [match] = add_for_files.check(evaluate(parse(f"{BASE}{line}\n")))
    assert (match.fix.edits[0].text if match.fix else None) == fixed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BASE}COPY a b/\n", [2]),
        (f"{BASE}COPY a /b/\n", []),
        (f'{BASE}COPY ["a", "b"]\n', [2]),
        (f"{BASE}WORKDIR /w\nCOPY a b/\n", []),
        (f"{BASE}ENV W=/w\nCOPY a $W/b\n", []),
        ("FROM example.com/a:1\nCOPY a $W/b\n", []),
        ("FROM debian:12 AS a\nWORKDIR /w\nFROM a AS b\nFROM b\nCOPY a b\n", []),
        (f"{BASE}ONBUILD COPY a b\n", [2]),
        (f"{BASE}ONBUILD WORKDIR /w\nONBUILD COPY a b\n", []),
        (f"{BASE}WORKDIR /w\nONBUILD COPY a b\n", []),
    ],
)
def test_relative(text: str, expected: list[int]) -> None:
    assert lines(relative_copy_destination, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BASE}COPY a.txt b.txt /new\n", [2]),
        (f"{BASE}COPY a.txt b.txt /new/\n", []),
        (f"{BASE}COPY a.txt b.txt /etc\n", []),
        (f"{BASE}RUN mkdir /new\nCOPY a.txt b.txt /new\n", []),
        (f"{BASE}WORKDIR /new\nCOPY a.txt b.txt .\n", []),
        (f"{BASE}COPY *.txt /new\n", []),
        (f"{BASE}COPY <<A <<B /new\n1\nA\n2\nB\n", [2]),
    ],
)
def test_several_sources(text: str, expected: list[int]) -> None:
    assert lines(several_sources_to_one_path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BASE}RUN a\nRUN b\n", [3]),
        (f"{BASE}RUN a\n\n# why\nRUN b\n", [5]),
        (f"{BASE}RUN a && c\nRUN b\n", []),
        (f"{BASE}RUN a\nRUN <<EOF\nb\nEOF\n", []),
        (f"{BASE}RUN --network=none a\nRUN b\n", []),
        (f"{BASE}RUN a\nENV B=1\nRUN b\n", []),
        (f"{BASE}ONBUILD RUN a\nONBUILD RUN b\n", []),
        ("FROM debian:12 AS a\nRUN a\nFROM a\nRUN b\n", []),
        ("FROM debian:12 AS a\nRUN a\nRUN b\nFROM a\n", [3]),
        ("FROM debian:12 AS a\nRUN a\nRUN b\nFROM scratch\nCOPY --from=a /a /\n", []),
    ],
)
def test_consecutive(text: str, expected: list[int]) -> None:
    assert lines(consecutive_runs, text) == expected


@pytest.mark.parametrize(
    ("copy", "run", "expected"),
    [
        ("a.tar.gz /x/", "tar xf /x/a.tar.gz", [2]),
        ("a.tar.gz /x/", "tar --extract --file=/x/a.tar.gz", [2]),
        ("a.tar.gz /x/", "tar --extract --file /x/a.tar.gz", [2]),
        ("a.tar.gz /x/b.tar.gz", "tar -C / -xzf /x/b.tar.gz", [2]),
        ("a.tar.gz /x/", "tar tf /x/a.tar.gz", []),
        ("a.tar.gz /x/", "tar czf /x/b.tar.gz /x/a.tar.gz", []),
        ("a.zip /x/", "unzip /x/a.zip", []),
        ("--from=alpine:3.22 /a.tar.gz /x/", "tar xf /x/a.tar.gz", []),
        ("a.tar.lzma /x/", "tar xf /x/a.tar.lzma", []),
    ],
)
def test_archives(copy: str, run: str, expected: list[int]) -> None:
    assert lines(archive_unpacked_later, f"{BASE}COPY {copy}\nRUN {run}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM example.com/a:1\nENV A=1 B=$A\n", [2]),
        ("FROM example.com/a:1\nENV A=1 B=${A:-2}\n", [2]),
        ("FROM example.com/a:1\nENV A=1 B='$A'\n", []),
        ("FROM example.com/a:1\nENV A=1 B=\\$A\n", []),
        ("FROM example.com/a:1\nENV A=1\nENV A=2 B=$A\n", []),
        ("FROM example.com/a:1\nARG A\nENV A=2 B=$A\n", []),
        ("FROM example.com/a:1\nENV PATH=/a:$PATH\n", []),
        (f"{BASE}ENV A=1 B=$A\n", []),  # MS205 knows that A has no value
    ],
)
def test_same_line(text: str, expected: list[int]) -> None:
    assert lines(variable_of_the_same_line, text) == expected


@pytest.mark.parametrize("copy", ["COPY --from=a / /", "COPY --from=a /. /", 'COPY --from=a ["/", "/"]'])
def test_whole_root(copy: str) -> None:
    assert lines(whole_root_copied, f"FROM debian:12 AS a\nFROM debian:12\n{copy}\n") == [3]
    assert lines(whole_root_copied, "FROM debian:12 AS a\nFROM debian:12\nCOPY --from=a /srv /\n") == []
