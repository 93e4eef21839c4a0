"""The parser: what holds for every file, however odd or hostile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multistage_cli.parser import Dockerfile, Instruction, ProblemKind, parse
from tests.strategies import dockerfiles, rubbish


def every_instruction(file: Dockerfile) -> list[Instruction]:
    return [entry for found in file.instructions for entry in (found, found.trigger) if entry]


def check(text: str) -> None:
    """Lines rise and cover the file, and every character of a text stands where its position says."""
    file = parse(text)
    lines = text.split("\n")
    assert file.text == text
    for before, after in zip(file.instructions, file.instructions[1:], strict=False):
        assert before.span.last < after.span.first
    for found in every_instruction(file):
        assert found.raw == "\n".join(lines[found.span.first - 1 : found.span.last])
        assert [segment.offset for segment in found.segments] == sorted(
            {segment.offset for segment in found.segments}
        )
        for offset, letter in enumerate(found.text):
            place = found.position(offset)
            assert found.span.first <= place.line <= found.span.last
            assert lines[place.line - 1][place.column - 1] == letter
        for heredoc in found.heredocs:
            assert found.span.first <= heredoc.span.first <= heredoc.span.last <= found.span.last
    for comment in file.comments:
        assert "#" in lines[comment.line - 1]
    assert sorted(file.problems, key=lambda problem: problem.span.first) == list(file.problems)


@given(dockerfiles())
def test_every_character_has_its_place(text: str) -> None:
    check(text)


@given(rubbish)
def test_every_character_of_rubbish_has_its_place(text: str) -> None:
    check(text)


@given(st.text(st.characters(codec=None, categories=None), max_size=200))
def test_any_text_is_read(text: str) -> None:
    check(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    check(data.decode("utf-8", "surrogateescape"))


# Hostile files: their size is linear in n, and so is the work; none of them recurses.


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM a\n" + "ONBUILD " * 8_000 + "ENV b\n", id="ONBUILD"),
        pytest.param("FROM a\nRUN <<E " + "${a:-" * 9_000 + "}" * 9_000 + "\nE\nENV b\n", id="braces"),
        pytest.param("FROM a\nRUN <<E " + '"${a:-' * 7_000 + '}"' * 7_000 + "\nE\nENV b\n", id="quotes"),
        pytest.param(
            "FROM a\nRUN " + "[" * 10_001 + "]" * 10_001 + "\nENV b\n", id="too many brackets for JSON"
        ),
        pytest.param("FROM a\nRUN " + "[" * 9_000 + "]" * 9_000 + "\n", id="brackets"),
        pytest.param("FROM a\nRUN " + "b \\\n" * 20_000 + "c\nENV b\n", id="continuations"),
        pytest.param("FROM a\nRUN b \\\n" + "\n" * 20_000 + "c\nENV b\n", id="blank lines"),
        pytest.param("FROM a\nRUN <<" + "E" * 50_000 + "\n" + "E\n" * 10_000, id="long name"),
        pytest.param("FROM a\nRUN " + "<<E " * 5_000 + "\n" + "E\n" * 5_000 + "ENV b\n", id="heredocs"),
        pytest.param("FROM a\nENV " + "\\" * 60_000 + "\n", id="backslashes"),
        pytest.param("# a=" + " " * 60_000 + "b\nFROM a\nENV b\n", id="directive"),
    ],
)
def test_depth_and_length_are_no_trouble(text: str) -> None:
    file = parse(text)
    [refusal] = [problem for problem in file.problems if problem.kind is ProblemKind.REFUSED]
    assert refusal.span.last == len(text.splitlines())
    assert len(file.instructions) in {2, 3}
