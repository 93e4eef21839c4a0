"""The parser: flags, words, JSON form, names and values."""

from __future__ import annotations

import pytest
from msgspec.structs import astuple

from multistage_cli.parser import Flag, Instruction, KeyValue, ProblemKind, parse


def only(text: str) -> Instruction:
    """The last instruction of a file that BuildKit reads."""
    file = parse(text)
    assert not [problem for problem in file.problems if problem.kind is ProblemKind.REFUSED]
    return file.instructions[-1]


# Flags


@pytest.mark.parametrize(
    ("line", "flags", "text"),
    [
        ("COPY --from=a --link b c", [("from", "a", "--from=a"), ("link", None, "--link")], "b c"),
        ("COPY   --a=\tb", [("a", "", "--a=")], "b"),
        ("RUN --a='b c' d", [("a", "b c", "--a='b c'")], "d"),
        ('RUN --a="b\\"c" d', [("a", 'b"c', '--a="b\\"c"')], "d"),
        ("RUN --a=b\\ c d", [("a", "b c", "--a=b\\ c")], "d"),
        ("RUN --a=b -- --c d", [("a", "b", "--a=b")], "--c d"),
        ("RUN --", [], ""),
        ("RUN -a --b", [], "-a --b"),
        ("RUN b --a", [], "b --a"),
        ('RUN "--a" b', [], '"--a" b'),
        ("RUN --a='b c", [("a", "b c", "--a='b c")], ""),
        ("RUN --a", [("a", None, "--a")], ""),
        ("RUN --=a b", [("", "a", "--=a")], "b"),
        (
            "COPY --from=a \\\n  --chown=b \\\n  c d",
            [("from", "a", "--from=a"), ("chown", "b", "--chown=b")],
            "c d",
        ),
        # BuildKit writes every byte of a letter as a character of its own, and ends flags at byte 0xA0.
        ("RUN --a=\u00e9 b", [("a", "\u00c3\u00a9", "--a=\u00e9")], "b"),
        ("RUN --a=\u00e0 b", [("a", "\u00c3", "--a=\u00e0")], "b"),
        ("RUN --a='\u00e0' b", [("a", "\u00c3\u00a0", "--a='\u00e0'")], "b"),
    ],
)
def test_flags_come_first(line: str, flags: list[tuple[str, str | None, str]], text: str) -> None:
    file = parse(f"FROM a\n{line}\n")
    assert file.instructions[1].flags == tuple(Flag(*flag) for flag in flags)
    assert file.instructions[1].text == text


def test_last_flag_of_a_name_counts() -> None:
    copy = only("FROM a\nCOPY --from=a --from=b --link c d\n")
    assert (copy.flag("from"), copy.flag("link"), copy.flag("chown")) == ("b", "", None)


# Words and pairs


@pytest.mark.parametrize(
    ("line", "words", "json_form"),
    [
        ("RUN a  b", ("a  b",), False),
        ("RUN", (), False),
        ('RUN ["a", "b c"]', ("a", "b c"), True),
        ('RUN [ "a" , "\\u00e9\\n\\ud83d\\udc33" ]', ("a", "\u00e9\n\U0001f433"), True),
        ('RUN ["\\ud800"]', ("\ufffd",), True),
        ("RUN []", (), True),
        ("RUN ['a']", ("['a']",), False),
        ('RUN ["a",]', ('["a",]',), False),
        ('RUN ["a"] && b', ('["a"] && b',), False),
        ('RUN ["a\tb"]', ('["a\tb"]',), False),
        ("RUN [ -f a ] || b", ("[ -f a ] || b",), False),
        ("RUN [1e999]", ("[1e999]",), False),
        ("RUN [01]", ("[01]",), False),
        ('RUN ["a" "b"]', ('["a" "b"]',), False),
        ('RUN ["a", "b":1]', ('["a", "b":1]',), False),
        ('RUN [{"a" 1}]', ('[{"a" 1}]',), False),
        ("RUN [NaN]", ("[NaN]",), False),
        ('RUN ["a"\\\n, "b"]', ("a", "b"), True),
        ('SHELL ["/bin/sh", "-c"]', ("/bin/sh", "-c"), True),
        ("COPY a\t b\u00a0c  d", ("a", "b\u00a0c", "d"), False),
        ('COPY "a b" c', ('"a', 'b"', "c"), False),
        ('COPY ["a b", "c"]', ("a b", "c"), True),
        ("FROM a:1 AS b", ("a:1", "AS", "b"), False),
        ("EXPOSE 80 443/tcp", ("80", "443/tcp"), False),
        ("WORKDIR /a b ", ("/a b",), False),
        ("HEALTHCHECK NONE", ("NONE",), False),
        ("HEALTHCHECK CMD  a b", ("CMD", "a b"), False),
        ('HEALTHCHECK --interval=1s CMD ["a", "b"]', ("CMD", "a", "b"), True),
        ('HEALTHCHECK ["a"]', ('["a"]',), False),
        ("MAINTAINER a <b@c>", ("a <b@c>",), False),
        ("ONBUILD RUN a b", ("RUN a b",), False),
        ("FOO a b", ("a", "b"), False),
    ],
)
def test_words_are_split_by_instruction(line: str, words: tuple[str, ...], json_form: bool) -> None:
    found = only(f"FROM a\n{line}\n")
    assert (found.words, found.json_form) == (words, json_form)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("ENV a b  c=d", [("a", "b  c=d", " ")]),
        (
            "ENV a=b c= d='e f' g=\"h i\" j=k\\ l",
            [("a", "b", "="), ("c", "", "="), ("d", "'e f'", "="), ("g", '"h i"', "="), ("j", "k\\ l", "=")],
        ),
        ("ENV a=b=c", [("a", "b=c", "=")]),
        ("ENV a='b\\'", [("a", "'b\\'", "=")]),
        ('ENV a="b\\"c" d=e', [("a", '"b\\"c"', "="), ("d", "e", "=")]),
        ("ENV a=b\\", [("a", "b", "=")]),
        ('ENV a="b\\', [("a", '"b', "=")]),
        ("ENV a='b c", [("a", "'b c", "=")]),
        ("ENV a=b\u2003c=d", [("a", "b", "="), ("c", "d", "=")]),
        ("ENV =a", [("", "a", "=")]),
        ("ENV", []),
        ("ENV a=b \\\n  c=d", [("a", "b", "="), ("c", "d", "=")]),
        ("LABEL a.b=c", [("a.b", "c", "=")]),
        ("LABEL a b", [("a", "b", " ")]),
        ('LABEL "a b"=c', [('"a b"', "c", "=")]),
        ("ARG a b=c d=", [("a", None, ""), ("b", "c", "="), ("d", "", "=")]),
        ("ARG a='b c'", [("a", "'b c'", "=")]),
        ("ARG", []),
    ],
)
def test_pairs_stay_quoted(line: str, pairs: list[tuple[str, str | None, str]]) -> None:
    found = only(f"FROM a\n{line.removesuffix(chr(10))}")
    assert [astuple(pair) for pair in found.pairs] == pairs


def test_bytes_that_are_no_text_come_out_as_in_buildkit() -> None:
    env, label = parse("FROM a\nENV a=\udc80\nLABEL a \udc80\n").instructions[1:]
    assert env.pairs == (KeyValue("a", "\ufffd", "="),)
    assert label.pairs == (KeyValue("a", "\udc80", " "),)
