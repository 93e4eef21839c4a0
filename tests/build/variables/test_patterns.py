"""Patterns against Go's way of matching them, spelt out with Python's `re` on short texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from multistage_cli.build.variables.patterns import (
    PatternError,
    compile_pattern,
    replace_all,
    replace_first,
    reverse_pattern,
    trim_prefix,
    trim_suffix,
)

PATTERNS = st.text(alphabet="ab*?.", max_size=7)
VALUES = st.text(alphabet="ab.\n", max_size=10)
REPLACEMENTS = st.sampled_from(["", "x", "xy", "a", "$0", "<${0}>", "$$", "$1", "$", "${0", "$0a", "\\"])


def regex(pattern: str, *, longest: bool = True) -> str:
    """The expression that BuildKit makes of a pattern."""
    star = ".*" if longest else ".*?"
    return "".join(star if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


def template(text: str, match: str) -> str:
    """Go's Regexp.Expand, for an expression without groups."""
    found, rest = "", text
    while "$" in rest:
        before, _, rest = rest.partition("$")
        found += before
        name = re.match(r"\{(\w+)\}|(\w+)", rest)
        if rest.startswith("$"):
            found, rest = found + "$", rest[1:]
        elif name is None:
            found += "$"
        else:
            found += match if (name[1] or name[2]) == "0" else ""
            rest = rest[name.end() :]
    return found + rest


def replaced(value: str, pattern: str, replacement: str) -> str:
    """Go's Regexp.ReplaceAllString: an empty match right after another one does not count."""
    expression = re.compile(regex(pattern))
    parts: list[str] = []
    last = position = 0
    while position <= len(value):
        match = expression.search(value, position)
        if match is None:
            break
        start, end = match.span()
        parts.append(value[last:start])
        if end > last or start == 0:
            parts.append(template(replacement, match[0]))
        last = end
        position = max(end, position + 1)
    return "".join(parts) + value[last:]


@given(VALUES, PATTERNS, st.booleans())
@example("aab", "a*b", False)
@example("a.b.c", "*.", True)
def test_beginnings_are_cut_as_in_go(value: str, pattern: str, longest: bool) -> None:
    match = re.match(regex(pattern, longest=longest), value)
    expected = value[match.end() :] if match else value
    assert trim_prefix(value, compile_pattern(pattern), longest=longest) == expected


@given(VALUES, PATTERNS, st.booleans())
@example("a.b.c", ".*", False)
def test_ends_are_cut_as_in_go(value: str, pattern: str, longest: bool) -> None:
    match = re.match(regex(pattern[::-1], longest=longest), value[::-1])
    expected = value[: len(value) - match.end()] if match else value
    found = trim_suffix(value, compile_pattern(reverse_pattern(pattern)), longest=longest)
    assert found == expected


@given(VALUES, PATTERNS)
@example("ab\nab", "b*")
def test_the_first_match_is_replaced_as_in_go(value: str, pattern: str) -> None:
    expected = re.sub(regex(pattern), lambda _: "<$0>", value, count=1)
    assert replace_first(value, compile_pattern(pattern), "<$0>") == expected


@given(VALUES, PATTERNS, REPLACEMENTS)
@example("a\n\nb\n", "*", "x")
@example("aaa", "", "x")
def test_all_matches_are_replaced_as_in_go(value: str, pattern: str, replacement: str) -> None:
    found = replace_all(value, compile_pattern(pattern), replacement, limit=10_000)
    assert found == replaced(value, pattern, replacement)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("\\*", "*"), ("\\?", "?"), ("\\\\", "\\"), ("\\}", "}"), ("\\/", "/"), ("[a]", "[a]"), ("a+", "a+")],
)
def test_escapes_and_other_signs_stand_for_themselves(pattern: str, text: str) -> None:
    assert trim_prefix(text + "x", compile_pattern(pattern), longest=False) == "x"


@pytest.mark.parametrize("pattern", ["\\a", "a\\", "\\[", "*\\b*", "\\ "])
def test_other_escapes_are_refused(pattern: str) -> None:
    with pytest.raises(PatternError, match="in a pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "turned"),
    [("abc", "cba"), ("a\\*c", "c\\*a"), ("\\\\a", "a\\\\"), ("a\\", "\\a"), ("/\\", "\\/"), ("", "")],
)
def test_escapes_keep_their_order_when_a_pattern_is_turned_round(pattern: str, turned: str) -> None:
    assert reverse_pattern(pattern) == turned
