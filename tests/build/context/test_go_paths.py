"""Go's path.Clean and filepath.Match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.build.context.go_paths import PatternError, clean, has_wildcards, inside, read_glob


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        # The rules in the documentation of path.Clean.
        ("", "."),
        (".", "."),
        ("a", "a"),
        ("a/b/c", "a/b/c"),
        ("a//b", "a/b"),
        ("a/./b/.", "a/b"),
        ("a/b/", "a/b"),
        ("a/b/..", "a"),
        ("a/../..", ".."),
        ("../../a", "../../a"),
        ("a/../../b", "../b"),
        ("/", "/"),
        ("//", "/"),
        ("///a//b/", "/a/b"),
        ("/..", "/"),
        ("/../../a", "/a"),
        ("/a/../../b", "/b"),
        ("!a/../b", "b"),
        ("...", "..."),
    ],
)
def test_path_is_cleaned_as_in_go(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", "a"),
        ("/a/", "a"),
        ("../a", "a"),
        ("", ""),
        (".", ""),
        ("/", ""),
        ("a/../..", ""),
        ("./a//b", "a/b"),
    ],
)
def test_path_stays_inside(path: str, found: str) -> None:
    assert inside(path) == found


def test_wildcards_are_seen_unless_escaped() -> None:
    assert [has_wildcards(path) for path in ("a*", "a?", "[", "a", "]", "a\\*", "a\\\\*")] == [
        *(True, True, True, False, False, False, True),
    ]
    assert has_wildcards("a\\*", escapes=False)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        # The pattern syntax in the documentation of filepath.Match.
        ("", [""], ["a"]),
        ("a", ["a"], ["", "ab", "b"]),
        ("*", ["", "a", "abc", ".x"], ["a/b", "/"]),
        ("a*", ["a", "abc"], ["a/b", "ba"]),
        ("*a", ["a", "aa", "bca"], ["ab", "b/a"]),
        ("*a*b", ["ab", "aab", "xaybzb"], ["ba", "abx"]),
        ("a*/b", ["a/b", "abc/b"], ["a/c/b", "ab"]),
        ("a*b*c*d*e*/f", ["axbxcxdxe/f", "axbxcxdxexxx/f"], ["axbxcxdxe/xxx/f", "axbxcxdxexxx/fff"]),
        ("**", ["", "a"], ["a/b"]),
        ("a**b", ["ab", "axb"], ["a/b"]),
        ("?", ["a", "é", "*"], ["", "ab", "/"]),
        ("a?c", ["abc", "a?c"], ["a/c", "ac"]),
        ("[ab]", ["a", "b"], ["c", "", "ab"]),
        ("[a-c]", ["a", "b", "c"], ["d", "-"]),
        ("[^a-c]", ["d", "-", "/"], ["a", "b"]),
        ("[!a]", ["!", "a"], ["b"]),
        ("[\\-x]", ["-", "x"], ["z"]),
        ("[\\]a]", ["]", "a"], ["z"]),
        ("[x\\-]", ["x", "-"], ["z"]),
        ("[z-a]", [], ["a", "z", "m"]),
        ("*[^a]b", ["xb", "xxb", "/b"], ["ab", "b"]),
        ("a[.-0]b", ["a/b", "a.b"], ["axb"]),
        ("\\*", ["*"], ["a", "\\*"]),
        ("\\a", ["a"], ["\\a"]),
        ("]", ["]"], ["["]),
        ("a[^c]*", ["ab", "abc", "a/x"], ["ac", "a/x/y"]),
    ],
)
def test_pattern_matches_as_in_go(pattern: str, matching: list[str], others: list[str]) -> None:
    glob = read_glob(pattern)
    assert [name for name in [*matching, *others] if glob.matches(name)] == matching


@pytest.mark.parametrize(
    "pattern",
    [
        "[",
        "[a",
        "[^",
        "[]",
        "[]a]",
        "[^]",
        "[-a]",
        "[a-]",
        "[a-",
        "[a-b-c]",
        "[\\",
        "[a\\",
        "\\",
        "a\\",
        "x[",
        "*[",
    ],
)
def test_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        read_glob(pattern)


def test_backslash_is_a_character_on_windows() -> None:
    assert read_glob("a\\*", escapes=False).matches("a\\b")
    assert read_glob("a\\", escapes=False).matches("a\\")


@pytest.mark.parametrize(
    ("pattern", "crosses"), [("*", False), ("[a-z]", False), ("[^a]", True), ("[^/]", False), ("[.-0]", True)]
)
def test_sets_that_take_a_slash_are_known(pattern: str, crosses: bool) -> None:
    assert read_glob(pattern).crosses_folders is crosses


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "*", "?", "[ab]", "/"]), max_size=10),
    st.text("ab/", max_size=12),
)
def test_greedy_match_is_a_full_match(tokens: list[str], name: str) -> None:
    expression = "".join({"*": "[^/]*", "?": "[^/]"}.get(token, token) for token in tokens)
    assert read_glob("".join(tokens)).matches(name) is (re.fullmatch(expression, name) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 5_000 + "b", "?*" * 5_000, "[ab]*" * 3_000 + "c"])
def test_hostile_pattern_takes_no_time(pattern: str) -> None:
    assert not read_glob(pattern).matches("a" * 4_000)
