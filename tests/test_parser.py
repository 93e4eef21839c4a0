"""The parser: lines, directives, comments and positions."""

from __future__ import annotations

import pytest
from msgspec.structs import astuple

from multistage_cli.parser import Comment, Directive, Flag, Instruction, Position, ProblemKind, parse


def only(text: str) -> Instruction:
    """The last instruction of a file that BuildKit reads."""
    file = parse(text)
    assert not [problem for problem in file.problems if problem.kind is ProblemKind.REFUSED]
    return file.instructions[-1]


def names(text: str) -> list[tuple[str, int, int]]:
    return [(entry.name, *astuple(entry.span)) for entry in parse(text).instructions]


# Lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM a", [("FROM", 1, 1)], id="no newline at the end"),
        pytest.param(
            "FROM a\nRUN b \\\n  c\nRUN d\n", [("FROM", 1, 1), ("RUN", 2, 3), ("RUN", 4, 4)], id="continued"
        ),
        pytest.param(
            "FROM a\nRUN b \\", [("FROM", 1, 1), ("RUN", 2, 2)], id="continuation at the end of the file"
        ),
        pytest.param("FROM a\nRUN b \\\n\n\n", [("FROM", 1, 1), ("RUN", 2, 4)], id="blank lines to the end"),
        pytest.param(
            "FROM a\nRUN b \\ \t\n c\n",
            [("FROM", 1, 1), ("RUN", 2, 3)],
            id="white space behind the backslash",
        ),
        pytest.param(
            "FROM a\nRUN b \\\\\nRUN c\n",
            [("FROM", 1, 1), ("RUN", 2, 2), ("RUN", 3, 3)],
            id="two backslashes",
        ),
        pytest.param("FROM a\nRUN b \\\n# c\n  d\n", [("FROM", 1, 1), ("RUN", 2, 4)], id="comment between"),
        pytest.param(
            "FROM a\nRUN b # \\\n  c\n", [("FROM", 1, 1), ("RUN", 2, 3)], id="no comment behind a word"
        ),
        pytest.param(
            "FROM a\n# b \\\nRUN c\n", [("FROM", 1, 1), ("RUN", 3, 3)], id="no continuation in a comment"
        ),
        pytest.param("\\\nFROM a\n", [("FROM", 1, 2)], id="nothing before the backslash"),
        pytest.param("FROM a\n\\", [("FROM", 1, 1), ("", 2, 2)], id="nothing but a backslash"),
        pytest.param(
            "\ufeffFROM a\r\nRUN b \\\r\n c\r\n", [("FROM", 1, 1), ("RUN", 2, 3)], id="BOM and CRLF"
        ),
        pytest.param(
            "FROM a\r\r\nRUN b\\\r\r\n c\n", [("FROM", 1, 1), ("RUN", 2, 3)], id="two carriage returns"
        ),
        pytest.param("FROM a\n \u2003RUN b\n", [("FROM", 1, 1), ("RUN", 2, 2)], id="Unicode space before"),
        pytest.param(
            "FROM a\nRUN\u00a0b\n", [("FROM", 1, 1), ("RUN\u00a0B", 2, 2)], id="no-break space in the keyword"
        ),
        pytest.param(
            "FROM a\n\x1cRUN b\n", [("FROM", 1, 1), ("\x1cRUN", 2, 2)], id="file separator is no space"
        ),
        pytest.param("from a\nCoPy b c\n", [("FROM", 1, 1), ("COPY", 2, 2)], id="any case"),
        pytest.param("FROM a\nWOR\u212aDIR /b\n", [("FROM", 1, 1), ("WORKDIR", 2, 2)], id="Kelvin sign"),
        pytest.param(
            "FROM a\nU\u017fER b\n", [("FROM", 1, 1), ("U\u017fER", 2, 2)], id="long s stays what it is"
        ),
        pytest.param(
            "FROM a\nCOMMENT b\n", [("FROM", 1, 1), ("COMMENT", 2, 2)], id="instruction named COMMENT"
        ),
        pytest.param("FROM a\n\0\nRUN b\0c\n", [("FROM", 1, 1), ("\0", 2, 2), ("RUN", 3, 3)], id="NUL"),
    ],
)
def test_instructions_stand_on_their_lines(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert names(text) == expected


def test_continued_lines_are_joined_as_they_are() -> None:
    assert only("FROM a\nRUN  b \\\n# no\n\t c\\\n\nd  \n").text == "b \t cd"


def test_raw_is_what_lies_on_disk() -> None:
    assert only("FROM a\n  RUN b \\\r\n\r\n  c <<E\nd\nE\nRUN x").raw == "RUN x"
    assert (
        parse("FROM a\n  RUN b \\\r\n\r\n  c <<E\nd\nE\n").instructions[1].raw
        == "  RUN b \\\r\n\r\n  c <<E\nd\nE"
    )


def test_keyword_stays_as_written() -> None:
    assert (only("from a").keyword, only("FROM a\n \trUn b").keyword, only("\ufeff From a").keyword) == (
        "from",
        "rUn",
        "From",
    )


# Directives and comments


@pytest.mark.parametrize(
    ("text", "directives", "escape"),
    [
        ("# syntax=docker/dockerfile:1\nFROM a\n", [("syntax", "docker/dockerfile:1", 1)], "\\"),
        ("#Escape =` \nFROM a\n", [("escape", "`", 1)], "`"),
        ("\ufeff# escape=`\r\nFROM a\r\n", [("escape", "`", 1)], "`"),
        ("  #\tescape = `\nFROM a\n", [("escape", "`", 1)], "`"),
        ("\u00a0#\fescape=`\nFROM a\n", [("escape", "`", 1)], "`"),
        ("#\u00a0escape=`\nFROM a\n", [], "\\"),
        (
            "# check=skip=all;error=true\n# escape=`\nFROM a\n",
            [("check", "skip=all;error=true", 1), ("escape", "`", 2)],
            "`",
        ),
        ("# syntax=a b\n# check=\n# escape=`\nFROM a\n", [("syntax", "a b", 1)], "\\"),
        ("# a comment\n# escape=`\nFROM a\n", [], "\\"),
        ("# other=1\n# escape=`\nFROM a\n", [], "\\"),
        ("\n# escape=`\nFROM a\n", [], "\\"),
        ("FROM a\n# escape=`\n", [], "\\"),
        ("#!/usr/bin/env x\n# syntax=a\n# escape=`\nFROM a\n", [("syntax", "a", 2)], "\\"),
    ],
)
def test_directives_stand_at_the_top(text: str, directives: list[tuple[str, str, int]], escape: str) -> None:
    file = parse(text)
    assert (list(file.directives), file.escape) == ([Directive(*entry) for entry in directives], escape)


def test_escape_directive_holds_for_continuations_words_and_flags() -> None:
    file = parse('# escape=`\nFROM a\nCOPY --from=C:\\b `\n  c:\\ d`\n\\e\nENV A="b`"c" D=e` f\n')
    copy, env = file.instructions[1:]
    assert copy.flags == (Flag("from", "C:\\b", "--from=C:\\b"),)
    assert copy.words == ("c:\\", "d\\e")
    assert env.words == ('A="b`"c"', "D=e` f")


def test_comments_are_kept_with_and_without_their_instruction() -> None:
    file = parse("# syntax=a\n# one\n#\n#  two  \n\n  # three\nFROM a\nRUN b \\\n  # four\n c\n#five")
    assert file.comments == (
        Comment(2, "one"),
        Comment(3, ""),
        Comment(4, "two"),
        Comment(6, "three"),
        Comment(9, "four"),
        Comment(11, "five"),
    )
    # As BuildKit has it: an empty comment forgets what is above it, a blank line does not, and an indented
    # comment keeps its #.
    assert file.instructions[0].comments == ("two", "# three")
    assert file.instructions[1].comments == ()


def test_position_behind_the_last_character() -> None:
    run = only("FROM a\nRUN b \\\n  cd\n")
    assert (run.text, run.position(0), run.position(2), run.position(6)) == (
        "b   cd",
        Position(2, 5),
        Position(3, 1),
        Position(3, 5),
    )
    assert only("FROM a\nRUN\n").position(0) == Position(2, 4)
