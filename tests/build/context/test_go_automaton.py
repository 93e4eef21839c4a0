"""Expressions as moby writes them, beside Python's `re`, which reads these as Go does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.build.context.go_automaton import Automaton
from multistage_cli.build.context.go_regexp import ExpressionError

PIECES = ["a", "b", "/", "[^/]*", "[^/]", "(.*/)?", "[ab]", "[^a]", "[^a]*", "\\b", "\\w", "\\.", "^", "x"]


@settings(max_examples=1_500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.text("abx/.\n", min_size=1, max_size=9))
def test_expression_matches_as_in_re(pieces: list[str], text: str) -> None:
    source = "^" + "".join(pieces)
    assert Automaton(source + "$").matches(text) is (re.match(source + r"\Z", text) is not None)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8), st.text("abx/", max_size=6), st.text("abx/", max_size=6)
)
def test_text_may_come_in_parts(pieces: list[str], first: str, second: str) -> None:
    automaton = Automaton("^" + "".join(pieces) + "$")
    state = automaton.run(automaton.run(automaton.start, first), second)
    assert automaton.accepts(state) is automaton.matches(first + second)


def test_nothing_comes_of_a_dead_state() -> None:
    automaton = Automaton("^ab$")
    assert automaton.run(automaton.start, "x") is None
    assert automaton.run(None, "ab") is None
    assert not automaton.accepts(None)


def test_no_word_edge_holds_in_an_empty_text() -> None:
    # Python's re says otherwise before 3.14.
    assert Automaton("^\\B$").matches("")
    assert not Automaton("^\\b$").matches("")


def test_words_are_ascii() -> None:
    assert Automaton("^a\\bé$").matches("aé")


@pytest.mark.parametrize(
    "source", ["^[a$", "^\\", "^[[:none:]]$", "^[b-a]$", "^\\q$", "^\\x4$", "^\\pX$", "^[\\b]$"]
)
def test_expression_that_go_refuses(source: str) -> None:
    with pytest.raises(ExpressionError):
        Automaton(source)


def test_states_are_forgotten_in_time() -> None:
    automaton = Automaton("^(.*/)?" + "[^/]" * 20 + "$")
    text = "".join(chr(0x100 + number % 9_000) if number % 3 else "/" for number in range(30_000))
    assert not automaton.matches(text)
    assert automaton.matches(text + "/" + "x" * 20)
