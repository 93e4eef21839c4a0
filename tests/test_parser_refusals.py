"""The parser: what BuildKit refuses, where, and what we say to do."""

from __future__ import annotations

import pytest
from msgspec.structs import astuple

from multistage_cli.parser import Heredoc, ProblemKind, Span, parse

LONG = "x" * 65_532
REFUSALS = [
    ("", (1, 1), "the file has no instructions: start with FROM and a base image"),
    ("\n# a\n", (2, 2), "the file has no instructions: start with FROM and a base image"),
    ("FROM a\nENV A\n", (2, 2), 'ENV "A" has no value: write ENV A=value'),
    ("FROM a\nLABEL a.b\n", (2, 2), 'LABEL "a.b" has no value: write LABEL name=value'),
    ("FROM a\nENV A\u00a0b=c\n", (2, 2), 'ENV "A\u00a0b=c" has no value: write ENV name=value'),
    (
        "FROM a\nENV A=1 \\\n B\n",
        (2, 3),
        'ENV has "B" without a `=`: write every pair as name=value, and put quotes around a value with spaces',
    ),
    (
        "FROM a\nLABEL a=b c d=e\n",
        (2, 2),
        'LABEL has "c" without a `=`: write every pair as name=value, and put quotes around a value with spaces',
    ),
    *(
        (
            f"FROM a\n{line}\n",
            (2, 2),
            "a JSON array here may hold strings only: put double quotes around every member",
        )
        for line in (
            "RUN [1]",
            'CMD ["a", -2.5e3]',
            'COPY ["a", null, "b"]',
            "VOLUME [[]]",
            'HEALTHCHECK CMD [{"a": {"b": []}, "c": true}]',
            "ENTRYPOINT [[[[]]]]",
            "ONBUILD RUN [false]",
            "SHELL [{}]",
        )
    ),
    ("FROM a\nONBUILD ENV A\n", (2, 2), 'ENV "A" has no value: write ENV A=value'),
    ("FROM a\nONBUILD ONBUILD ONBUILD ENV A\n", (2, 2), 'ENV "A" has no value: write ENV A=value'),
    (
        "FROM a\nRUN b \\\n <<EOF\nx\n",
        (2, 4),
        "the here-document EOF has no end: write EOF alone on a line below, without white space around",
    ),
    (
        "FROM a\nCOPY <<A <<B /x/\na\nA\nb\n",
        (2, 5),
        "the here-document B has no end: write B alone on a line below, without white space around",
    ),
    (
        "FROM a\nRUN <<EOF\nx\n EOF\n",
        (2, 4),
        (
            "the here-document EOF has no end: write EOF alone on a line below, without white space around;"
            " line 4 has some"
        ),
    ),
    (
        "FROM a\nRUN <<EOF\nx\n\tEOF\n",
        (2, 4),
        (
            "the here-document EOF has no end: write EOF alone on a line below, without white space around, or start"
            " it with <<-EOF, since line 4 has tabs before it"
        ),
    ),
    (
        'FROM a\nRUN ${a:-x <<"b c"}\n',
        (2, 2),
        'cannot read the name of the here-document "<<\\"b": a closing " is missing',
    ),
    (
        f"FROM a\nRUN {LONG}\n",
        (2, 2),
        (
            "line 2 is longer than 65535 bytes, more than BuildKit reads: break it with `\\`, or move its text into a"
            " file that the build copies"
        ),
    ),
    ("# escape=x\nFROM a\n", (1, 1), 'the escape directive takes \\ or ` and has "x": write one of the two'),
    ("# escape= \nFROM a\n", (1, 1), 'the escape directive takes \\ or ` and has " ": write one of the two'),
    *(
        (
            f"# {name}={value}\n# {name.upper()}={value}\nFROM a\n",
            (2, 2),
            f"the {name} directive on line 1 stands here again: keep one of the two lines",
        )
        for name, value in (("syntax", "a"), ("escape", "`"), ("check", "skip=all"))
    ),
]


@pytest.mark.parametrize(("text", "lines", "message"), REFUSALS)
def test_refusal_says_where_and_what_to_do(text: str, lines: tuple[int, int], message: str) -> None:
    [problem] = parse(text).problems
    assert (problem.kind, astuple(problem.span), problem.message) == (ProblemKind.REFUSED, lines, message)


def test_longest_line_is_read() -> None:
    assert not parse(f"FROM a\nRUN {LONG[1:]}\n").problems
    assert not parse(f"FROM a\nRUN {LONG[1:]}").problems
    # Bytes count, not characters.
    assert not parse(f"FROM a\nRUN {'é' * 32_765}e\n").problems
    assert parse(f"FROM a\nRUN {'é' * 32_765}ee\n").problems


def test_file_is_read_on_behind_a_refusal() -> None:
    file = parse("# escape=x\nFROM a\nENV A\nRUN [1]\nCOPY b c\n")
    assert [problem.span.first for problem in file.problems] == [1, 3, 4]
    assert [(entry.name, entry.words) for entry in file.instructions] == [
        ("FROM", ("a",)),
        ("ENV", ("A",)),
        ("RUN", ("[1]",)),
        ("COPY", ("b", "c")),
    ]


def test_heredoc_without_an_end_takes_the_rest() -> None:
    file = parse("FROM a\nCOPY <<A <<B /c/\nx\nRUN y")
    copy = file.instructions[-1]
    assert copy.heredocs == (
        Heredoc("A", "x\nRUN y", expand=True, chomp=False, descriptor=0, span=Span(3, 4)),
    )
    assert copy.span == Span(2, 4)


def test_blank_lines_in_a_continuation_are_named() -> None:
    file = parse("FROM a\nRUN b \\\n\n# c\n \t\n\r\n  d\nRUN e \\\n\n")
    assert [(entry.kind, astuple(entry.span)) for entry in file.problems] == [
        (ProblemKind.EMPTY_CONTINUATION, (3, 3)),
        (ProblemKind.EMPTY_CONTINUATION, (5, 6)),
        (ProblemKind.EMPTY_CONTINUATION, (9, 9)),
    ]
    assert file.problems[0].message == (
        "a blank line inside a continued instruction, which BuildKit will refuse one day: delete it, or end the"
        " instruction before it (no `\\` on the line above)"
    )
