"""Matches the expressions of build/go_regexp.py in time that grows with the text and nothing else.

An automaton keeps the set of positions in its expression as the bits of a number. It remembers each step it
has taken, so that a step costs one dictionary look-up once a letter was seen in a state before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from multistage_cli.build.context.go_regexp import ALL, ANY_FOLDER, NOT_NEWLINE, SLASH, Item, Set, Where, read

_MOST_STATES: Final = 4096
"""States kept per expression: hostile paths could otherwise make one for every character they hold."""

_START: Final = "start"
_WORD: Final = "word"
_OTHER: Final = "other"


@dataclass(slots=True)
class State:
    """Where a match stands after some text: positions as bits, what came last, and the steps known so far."""

    positions: int
    last: str
    accepted: bool | None = None
    steps: dict[str, State | None] = field(default_factory=dict, repr=False)


class Automaton:
    """One expression, ready to match: feed it text piece by piece with `run`, and ask `accepts` at its end.

    Raises:
        ExpressionError: Go cannot compile the expression.
    """

    def __init__(self, source: str) -> None:
        self._letters: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._sets: dict[Set, int] = {}
        self._loops = self._folders = 0
        self._places: dict[Where, int] = {}
        self._final = 1
        items = list(read(source))
        if not items or items[0].what is not Where.START:
            raise ValueError(f"not from moby: {source!r} starts anywhere")
        if items[-1].what is Where.END:
            items.pop()
        else:
            # `\Q` takes moby's final "$" for a character: anything may follow.
            items.append(Item(Set(ALL), "*"))
        before: Item | None = items[0]
        for item in items[1:]:
            # Two loops over the same set in a row are one, and so are two of the same place: what is left
            # has no long chains of positions that take up no character.
            if item != before or not (item.count or isinstance(item.what, Where)):
                self._append(item)
            before = item
        self._states: dict[tuple[int, str], State] = {}
        self.start: State = self._state(1, _START)

    def run(self, state: State | None, text: str) -> State | None:
        """The state after more text, or None where nothing that follows can match any more."""
        for letter in text:
            if state is None:
                return None
            here = state
            try:
                state = here.steps[letter]
            except KeyError:
                state = self._step(here, letter)
        return state

    def accepts(self, state: State | None) -> bool:
        """Whether the text that led to the state matches as a whole."""
        if state is None:
            return False
        if state.accepted is None:
            state.accepted = bool(self._pass_places(state.positions, state.last, None) & self._final)
        return state.accepted

    def matches(self, text: str) -> bool:
        """Whether the expression matches the text."""
        return self.accepts(self.run(self.start, text))

    def _append(self, item: Item) -> None:
        here = self._final
        if item.count == ANY_FOLDER:
            # Three positions: pass by, loop over anything but a newline, then take the slash.
            self._folders |= here
            self._consume(NOT_NEWLINE, here << 1)
            self._loops |= here << 1
            self._consume(SLASH, here << 2)
            self._final = here << 3
            return
        if isinstance(item.what, Where):
            self._places[item.what] = self._places.get(item.what, 0) | here
        else:
            self._consume(item.what, here)
            if item.count:
                self._loops |= here
        self._final = here << 1

    def _consume(self, what: Set, here: int) -> None:
        letter = what.letter
        if letter is not None:
            self._letters[letter] = self._letters.get(letter, 0) | here
        else:
            self._sets[what] = self._sets.get(what, 0) | here

    def _state(self, positions: int, last: str) -> State:
        """The state for a set of positions, grown by all those that can be reached without a character."""
        positions = self._pass_optional(positions)
        key = (positions, last)
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= _MOST_STATES:
                for state in self._states.values():
                    state.steps.clear()
                self._states.clear()
            found = self._states[key] = State(positions, last)
        return found

    def _pass_optional(self, positions: int) -> int:
        """Add what lies behind loops (which may run no time) and behind folders (which may be left out)."""
        while True:
            grown = positions | (positions & self._loops) << 1
            folders = grown & self._folders
            grown |= folders << 1 | folders << 3
            if grown == positions:
                return positions
            positions = grown

    def _pass_places(self, positions: int, last: str, letter: str | None) -> int:
        """Add what lies behind places that hold between the last character and the next (None: the end)."""
        if not self._places:
            return positions
        next_is_word = letter is not None and _is_word(letter)
        edge = (last == _WORD) is not next_is_word
        holds = {
            Where.START: last == _START,
            Where.END: letter is None,
            Where.WORD_EDGE: edge,
            Where.NO_WORD_EDGE: not edge,
        }
        open_places = sum(bits for place, bits in self._places.items() if holds[place])
        while True:
            grown = self._pass_optional(positions | (positions & open_places) << 1)
            if grown == positions:
                return positions
            positions = grown

    def _step(self, state: State, letter: str) -> State | None:
        positions = self._pass_places(state.positions, state.last, letter) & self._admitting(letter)
        positions = positions & self._loops | (positions & ~self._loops) << 1
        last = ""
        if self._places:
            last = _WORD if _is_word(letter) else _OTHER
        found = self._state(positions, last) if positions else None
        state.steps[letter] = found
        return found

    def _admitting(self, letter: str) -> int:
        """The positions that take this character."""
        # Go reads each byte that is not UTF-8 as the replacement character; we hold it as a lone surrogate.
        letter = "\ufffd" if "\ud800" <= letter <= "\udfff" else letter
        positions = self._known.get(letter)
        if positions is None:
            positions = self._letters.get(letter, 0)
            for what, bits in self._sets.items():
                if what.admits(letter):
                    positions |= bits
            self._known[letter] = positions
        return positions


def _is_word(letter: str) -> bool:
    r"""Whether Go's `\b` counts the character to a word: ASCII only."""
    return letter == "_" or (letter.isascii() and letter.isalnum())
