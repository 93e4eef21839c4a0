"""Words, the table of tests/data/expansions.txt, and words that are there to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import Scope, expand, expand_heredoc, expand_words

TABLE = Path(__file__).parents[2] / "data" / "expansions.txt"


def read_table() -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """The variables, and the cases: escape character, word and result."""
    variables: dict[str, str] = {}
    cases: list[tuple[str, str, str]] = []
    group = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            group = line[3:]
        elif "\t" in line:
            word, result = line.split("\t")
            if group == "variables":
                variables[word] = result
            else:
                cases.append(("`" if "escape=`" in group else "\\", word, result))
    return variables, cases


VARIABLES, CASES = read_table()
SCOPE = Scope(VARIABLES)


@pytest.mark.parametrize(("escape", "word", "result"), CASES)
def test_word_expands_as_in_buildkit(escape: str, word: str, result: str) -> None:
    found = expand(word, SCOPE, escape=escape)
    if result.startswith("!"):
        assert found.error is not None
        assert result[1:] in found.error
        assert found.value is UNKNOWN
    else:
        assert found.error is None
        assert found.value == result


def test_the_table_is_large() -> None:
    assert len(CASES) >= 500
    assert len({(escape, word) for escape, word, _ in CASES}) == len(CASES)


# What cannot be known. `k` is known, `e` empty, `q` set to something unknown; `n` is not set.
PARTLY = Scope({"k": "abc", "e": "", "q": UNKNOWN})
OPEN = Scope({"k": "abc", "e": "", "q": UNKNOWN}, open=True)


@pytest.mark.parametrize(
    ("word", "closed", "opened"),
    [
        ("$q", UNKNOWN, UNKNOWN),
        ("$n", "", UNKNOWN),
        ("a${q}b", UNKNOWN, UNKNOWN),
        ("$k", "abc", "abc"),
        ("'$q'", "$q", "$q"),
        ("\\$q", "$q", "$q"),
        ('"$q"', UNKNOWN, UNKNOWN),
        ("${q:-w}", UNKNOWN, UNKNOWN),
        ("${q-w}", UNKNOWN, UNKNOWN),
        ("${n:-w}", "w", UNKNOWN),
        ("${n-w}", "w", UNKNOWN),
        ("${n:-$q}", UNKNOWN, UNKNOWN),
        ("${k:-$q}", "abc", "abc"),
        ("${k-$q}", "abc", "abc"),
        ("${e:-$q}", UNKNOWN, UNKNOWN),
        ("${e-$q}", "", ""),
        ("${q:+w}", UNKNOWN, UNKNOWN),
        ("${q+w}", "w", "w"),
        ("${q:+}", "", ""),
        ("${n+w}", "", UNKNOWN),
        ("${n+}", "", ""),
        ("${n:+}", "", ""),
        ("${e:+$q}", "", ""),
        ("${e+$q}", UNKNOWN, UNKNOWN),
        ("${k:+$q}", UNKNOWN, UNKNOWN),
        ("${n:+$q}", "", UNKNOWN),
        ("${q:?m}", UNKNOWN, UNKNOWN),
        ("${q?m}", UNKNOWN, UNKNOWN),
        ("${k:?$q}", "abc", "abc"),
        ("${q#a}", UNKNOWN, UNKNOWN),
        ("${k#$q}", UNKNOWN, UNKNOWN),
        ("${e#$q}", "", ""),
        ("${e%%$q}", "", ""),
        ("${n#a}", "", UNKNOWN),
        ("${k/$q/r}", UNKNOWN, UNKNOWN),
        ("${k/b/$q}", UNKNOWN, UNKNOWN),
        ("${k/x/$q}", "abc", "abc"),
        ("${k//x/$q}", "abc", "abc"),
        ("${e/$q/r}", UNKNOWN, UNKNOWN),
        ("${e/b/$q}", "", ""),
        ("${e/*/$q}", UNKNOWN, UNKNOWN),
        ("${q/a/b}", UNKNOWN, UNKNOWN),
        ("${k:+a${k:-$q}}", "aabc", "aabc"),
        ("${n:-a${n:-${k}}}", "aabc", UNKNOWN),
    ],
)
def test_only_an_unknown_that_matters_makes_a_word_unknown(word: str, closed: object, opened: object) -> None:
    found = expand(word, PARTLY)
    assert found.error is None
    assert found.value == closed
    found = expand(word, OPEN)
    assert found.error is None
    assert found.value == opened


@pytest.mark.parametrize("word", ["${q#\\a}", "${q:-${}}", "${q:+'}", "${k:-${n:?m}}", "${q/\\b/c}"])
def test_a_refusal_stays_one_where_values_are_unknown(word: str) -> None:
    found = expand(word, PARTLY)
    assert found.error is not None
    assert found.value is UNKNOWN


def test_a_variable_that_may_be_set_is_not_refused() -> None:
    assert expand("${n?m}", OPEN).error is None
    assert expand("${q:?m}", PARTLY).error is None
    assert expand("${e:?m}", OPEN).error == "e: m"
    assert expand("${n?m}", PARTLY).error == "n: m"
    assert expand("${n?$q}", PARTLY).error == "n: must not be unset"


@pytest.mark.parametrize(
    ("word", "used", "unset", "defaulted"),
    [
        ("plain", "", "", ""),
        ("$k", "k", "", ""),
        ("${k}${n}$q", "k q", "n", ""),
        ("'$k'", "", "", ""),
        ("${n:-$k}", "k", "", "n"),
        ("${n-}${m+x}", "", "", "n m"),
        ("${k:-$n}", "k", "n", ""),
        ("${n#a}${m/a/b}", "", "n m", ""),
        ("$n${n:-x}", "", "n", "n"),
        ("$1$$", "", "1 $", ""),
        ("${q:+$k}", "q k", "", ""),
        ("${k#$e}", "k e", "", ""),
    ],
)
def test_names_that_were_looked_up(word: str, used: str, unset: str, defaulted: str) -> None:
    found = expand(word, PARTLY)
    assert (found.used, found.unset, found.defaulted) == tuple(
        frozenset(names.split()) for names in (used, unset, defaulted)
    )
    opened = expand(word, OPEN)
    assert opened.used == found.used
    assert not opened.unset | opened.defaulted


def test_names_of_a_refused_word_are_told() -> None:
    found = expand("$k$n${", PARTLY)
    assert found.error is not None
    assert found.used == {"k"}
    assert found.unset == {"n"}


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("", ()),
        ("a", ("a",)),
        ("  a  b ", ("a", "b")),
        ("$list", ("1", "2", "3")),
        ("a$list", ("a1", "2", "3")),
        ("${list}b", ("1", "2", "3b")),
        ('"$list"', ("1 2  3",)),
        ("'a b' c", ("a b", "c")),
        ("a\\ b", ("a b",)),
        ("''", ()),
        ("'' a", ("a",)),
        ("' '", (" ",)),
        ("a' 'b", ("a b",)),
        ("$gap", ()),
        ("a${gap}b", ("a", "b")),
        ("a\tb\u2003c\u00a0d", ("a", "b", "c", "d")),
        ("a\x1cb", ("a\x1cb",)),
        ("${n:-a b}", ("a", "b")),
        ('${n:-"a b"}', ("a", "b")),
        ('"${n:-a b}"', ("a b",)),
        # BuildKit loses the beginning of a word here; see lexer.py.
        ("80${n:-81}", ("81",)),
        ("70 80${n:-81}2 90", ("70", "812", "90")),
        ("80${list#1}", ("2", "3")),
        ("8${list}9${n:-0}", ("81", "2", "0")),
    ],
)
def test_words_split_at_unprotected_spaces(word: str, words: tuple[str, ...]) -> None:
    scope = Scope({"list": "1 2  3", "gap": " \t "})
    found, expansion = expand_words(word, scope)
    assert expansion.error is None
    assert found == words


def test_words_of_an_unknown_or_refused_text_are_unknown() -> None:
    assert expand_words("80 $q", PARTLY)[0] is UNKNOWN
    found, expansion = expand_words("80 ${", PARTLY)
    assert found is UNKNOWN
    assert expansion.error is not None


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("plain 'text' \"here\"\n", "plain 'text' \"here\"\n"),
        ("$k\n", "abc\n"),
        ("'$k' \"$k\"\n", "'abc' \"abc\"\n"),
        ("it's ${k}\n", "it's abc\n"),
        ("\\$k \\\\ \\n\n", "$k \\ n\n"),
        ('${n:-"d"}\n', '"d"\n'),
        ("${n:-two\nlines}\n", "two\nlines\n"),
        ("`$k`\n", "`abc`\n"),
        ("$q\n", UNKNOWN),
        ("ü $k\n", "ü abc\n"),
    ],
)
def test_quotes_are_text_in_a_heredoc(body: str, value: object) -> None:
    found = expand_heredoc(body, PARTLY)
    assert found.error is None
    assert found.value == value


def test_text_that_is_no_utf8_reads_as_gos_scanner_reads_it() -> None:
    assert expand("a\udcff\udcfe", SCOPE).value == "a\ufffd\ufffd"
    assert expand("\ufeffa\ufeff", SCOPE).value == "a\ufeff"
    assert expand("$b", Scope({"b": "\udcff"})).value == "\udcff"


LINES = Scope({"v": "one a\ntwo a\n", "nl": "\n", "w": "no lines"})


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("${v#*a}", "\ntwo a\n"),
        ("${v##*a}", "\ntwo a\n"),
        ("${v##*}", "\ntwo a\n"),
        ("${v#*t}", "one a\ntwo a\n"),
        ("${v%a*}", "one a\ntwo a\n"),
        ("${v%*}", "one a\ntwo a\n"),
        ("${v%%?}", "one a\ntwo a\n"),
        ("${v/ */_}", "one_\ntwo a\n"),
        ("${v// */_}", "one_\ntwo_\n"),
        ("${v/*/_}", "_\ntwo a\n"),
        ("${v//*/_}", "_\n_\n_"),
        ("${v//?a/_}", "one_\ntwo_\n"),
        ("${v//t*o/_}", "one a\n_ a\n"),
        ("${w#$nl}", "no lines"),
        ("${w/*$nl/x}", "no lines"),
        # Nothing in a Dockerfile needs these; they are not worked out.
        ("${v/*$nl/x}", UNKNOWN),
        ("${v%$nl}", UNKNOWN),
    ],
)
def test_stars_and_question_marks_match_no_line_end(word: str, value: object) -> None:
    found = expand(word, LINES)
    assert found.error is None
    assert found.value == value


@pytest.mark.parametrize("depth", [1_000, 30_000])
@pytest.mark.parametrize(
    ("opening", "middle", "closing", "value"),
    [
        ("${n:-", "x", "}", "x"),
        ('${n:-"', "x", '"}', "x"),
        ("${k:+", "x", "}", "x"),
        ("${k#x", "", "}", "abc"),
        ("${n:-${k/", "b", "/x}}", "abc"),
    ],
)
def test_deep_nesting_is_read(depth: int, opening: str, middle: str, closing: str, value: str) -> None:
    assert expand(opening * depth + middle + closing * depth, PARTLY).value == value


def test_deep_nesting_keeps_what_stands_around() -> None:
    depth = 100_000
    found = expand("${n:-a" * depth + "x" + "b}" * depth, PARTLY)
    assert found.value == "a" * depth + "x" + "b" * depth


def test_deep_nesting_without_an_end_is_refused() -> None:
    found = expand("${n:-" * 100_000, PARTLY)
    assert found.error is not None
    assert len(found.error) < 200


def test_messages_stay_short() -> None:
    for word in ("${" + "n" * 100_000 + "^}", "${n:?" + "m" * 100_000 + "}", "${" + "n" * 100_000):
        found = expand(word, PARTLY)
        assert found.error is not None
        assert len(found.error) < 600


@pytest.mark.parametrize("piece", ["$k ", "${k}", "\\a", "'a'", '"a"', "${n:-a}", "a b "])
def test_long_words_are_read(piece: str) -> None:
    count = 30_000
    found = expand(piece * count, PARTLY)
    one = expand(piece, PARTLY).value
    assert isinstance(one, str)
    assert found.value == one * count
    words, _ = expand_words(piece * count, PARTLY)
    assert isinstance(words, tuple)


LONG = Scope({"v": "a" * 200_000, "w": "ab" * 100_000, "l": "a\n" * 100_000})


@pytest.mark.parametrize(
    "pattern",
    [
        "*a*a*a*a*a*a*a*a*a*a*x",
        "*a*a*a*a*a*a*a*a*a*a*?x",
        "a" * 5_000 + "x",
        "x" + "a" * 50_000,
        "*" * 50_000 + "x",
        "*a" * 20_000 + "x",
        "*" + "ab" * 10_000 + "x*",
        "a?" * 50 + "x",
    ],
)
def test_hostile_patterns_do_not_match_and_take_little_time(pattern: str) -> None:
    for name in "vw":
        value = LONG.values[name]
        for form in ("#", "##", "%", "%%"):
            assert expand(f"${{{name}{form}{pattern}}}", LONG).value in (value, UNKNOWN)
        for form in ("/", "//"):
            assert expand(f"${{{name}{form}{pattern}/r}}", LONG).value in (value, UNKNOWN)
    assert expand(f"${{l//{pattern}/r}}", LONG).error is None


def test_long_values_are_edited() -> None:
    assert expand("${v//a/b}", LONG).value == "b" * 200_000
    assert expand("${w//?b/cd}", LONG).value == "cd" * 100_000
    assert expand("${w##*a}", LONG).value == "b"
    assert expand("${w%%a*}", LONG).value == ""
    assert expand("${l//a*/b}", LONG).value == "b\n" * 100_000


def test_a_piece_with_many_question_marks_is_given_up() -> None:
    assert expand("${v#" + "?" * 5_000 + "}", LONG).value is UNKNOWN
    assert expand("${v#" + "?" * 10 + "}", LONG).value == "a" * 199_990


def test_a_value_that_grows_without_bound_is_unknown() -> None:
    doubled = Scope({"v": "a" * 200_000}, limit=1_000_000)
    assert expand("$v$v$v$v$v", doubled).value == "a" * 1_000_000
    assert expand("$v$v$v$v$v$v", doubled).value is UNKNOWN
    assert expand("${v//a/$v}", doubled).value is UNKNOWN
    assert expand("${v//a/'$0$0$0$0$0$0$0$0'}", doubled).value is UNKNOWN
    assert expand("$v", Scope({"v": "a" * 10_000}, limit=1_000)).value is UNKNOWN
    # The word's own text counts for itself.
    assert expand("b" * 2_000_000 + "$x", SCOPE).value == "b" * 2_000_000 + "abc"


def test_work_is_bounded_over_the_whole_word() -> None:
    found = expand("${v##*x}" * 2_000, Scope({"v": "a" * 100_000}, limit=1_000))
    assert found.value is UNKNOWN
    assert found.error is None
