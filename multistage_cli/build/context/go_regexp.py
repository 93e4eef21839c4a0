r"""Go regular expressions, as far as moby/patternmatcher can spell them: what they say.

moby turns a pattern into an expression for Go's regexp package and passes on what it does not know, so that
`\d` in a .dockerignore is a digit, `[[:alpha:]]` a letter and `^` the start of the path. Python's `re` reads
some of that differently, and needs exponential time for patterns such as `a*a*a*b`. `read` gives the pieces
of such an expression; build/go_automaton.py matches them.

Source: regexp/syntax parse.go and perl_groups.go of Go 1.24, with the flags of regexp.Compile (Perl).
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.context.go_paths import PatternError

if TYPE_CHECKING:
    from collections.abc import Iterator


class ExpressionError(PatternError):
    """Go's regexp package refuses what moby made of the pattern."""


ANY_FOLDER: Final = "(.*/)?"
"""What moby writes for `**`: nothing, or anything that ends in a slash."""

Ranges = tuple[tuple[int, int], ...]

_LAST = 0x10FFFF
ALL: Final[Ranges] = ((0, _LAST),)
_DIGIT: Final[Ranges] = ((0x30, 0x39),)
_UPPER: Final[Ranges] = ((0x41, 0x5A),)
_LOWER: Final[Ranges] = ((0x61, 0x7A),)
_ALPHA = _UPPER + _LOWER
_WORD = _DIGIT + _UPPER + ((0x5F, 0x5F),) + _LOWER
_NAMED: Final[dict[str, Ranges]] = {
    "alnum": _DIGIT + _ALPHA,
    "alpha": _ALPHA,
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": _LOWER,
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": _UPPER,
    "word": _WORD,
    "xdigit": (*_DIGIT, (0x41, 0x46), (0x61, 0x66)),
}
_PERL: Final[dict[str, Ranges]] = {"d": _DIGIT, "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)), "w": _WORD}
_CONTROL: Final = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_OCTAL: Final = "01234567"
_MOST_OCTAL_DIGITS: Final = 3
_HEX_DIGITS: Final = 2
_HEX: Final = "0123456789abcdefABCDEF"
_CONSTRUCTS: Final = frozenset("^$.[(\\")
_CATEGORIES: Final = frozenset("CLMNPSZ")


def _others(ranges: Ranges) -> Ranges:
    """Every code point that is in none of the ranges."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    if start <= _LAST:
        gaps.append((start, _LAST))
    return tuple(gaps)


class Set(Struct, frozen=True):
    """Characters: by code point, and by Unicode category with whether the category is turned around."""

    ranges: Ranges
    categories: tuple[tuple[str, bool], ...] = ()
    negated: bool = False

    @property
    def letter(self) -> str | None:
        """The character, where the set holds just one."""
        if len(self.ranges) != 1 or self.categories or self.negated:
            return None
        low, high = self.ranges[0]
        return chr(low) if low == high else None

    def admits(self, letter: str) -> bool:
        """Whether the character is in the set."""
        code = ord(letter)
        found = any(low <= code <= high for low, high in self.ranges)
        if not found and self.categories:
            category = unicodedata.category(letter)
            found = any(category.startswith(name) is not turned for name, turned in self.categories)
        return found is not self.negated


class Where(Enum):
    """A place that takes up no character."""

    START = "start"
    END = "end"
    WORD_EDGE = "word edge"
    NO_WORD_EDGE = "no word edge"


class Item(Struct, frozen=True):
    """One piece of an expression: a set of characters or a place, once, at most once, or any number."""

    what: Set | Where
    count: str = ""


_ANY_FOLDER: Final = Item(Set(()), ANY_FOLDER)
NOT_NEWLINE: Final = Set(_others(((0x0A, 0x0A),)))
SLASH: Final = Set(((0x2F, 0x2F),))


class _Parser:
    """Reads an expression into items; knows the constructs that can come out of a moby pattern."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def items(self) -> Iterator[Item]:
        while self._at < len(self._source):
            letter = self._take()
            if letter not in _CONSTRUCTS:
                yield Item(_one(letter))
            elif letter == "(":
                # moby escapes the parentheses of a pattern, so this one is its own.
                self._at += len(ANY_FOLDER) - 1
                yield _ANY_FOLDER
            elif letter == "\\" and self._takes("Q"):
                yield from self._quoted()
            else:
                yield Item(self._construct(letter), "*" if self._takes("*") else "")

    def _construct(self, letter: str) -> Set | Where:
        if letter == "^":
            return Where.START
        if letter == "$":
            return Where.END
        if letter == ".":
            return NOT_NEWLINE
        if letter == "[":
            return self._class()
        return self._place() or self._shorthand() or _one(chr(self._escaped()))

    def _quoted(self) -> Iterator[Item]:
        r"""Everything up to `\E`, or to the end, stands for itself."""
        literal, closing, _ = self._source[self._at :].partition("\\E")
        self._at += len(literal) + len(closing)
        for letter in literal:
            yield Item(_one(letter))

    def _place(self) -> Where | None:
        places = {"A": Where.START, "z": Where.END, "b": Where.WORD_EDGE, "B": Where.NO_WORD_EDGE}
        for letter, place in places.items():
            if self._takes(letter):
                return place
        return None

    def _shorthand(self) -> Set | None:
        r"""`\d`, `\S`, `\pN` and their like, after the backslash."""
        for letter, ranges in _PERL.items():
            if self._takes(letter):
                return Set(ranges)
            if self._takes(letter.upper()):
                return Set(_others(ranges))
        negated = self._takes("P")
        if not negated and not self._takes("p"):
            return None
        name = self._take()
        if name not in _CATEGORIES:
            # Longer names want braces, and moby writes those as `\\{`, which Go takes for a name.
            raise ExpressionError(f"\\p{name} is no class of characters")
        return Set((), ((name, negated),))

    def _escaped(self) -> int:
        r"""The code point that an escape such as `\t`, `\x41`, `\101` or `\.` stands for."""
        letter = self._take()
        if letter.isascii() and not letter.isalnum():
            return ord(letter)
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter == "0" or (letter in _OCTAL and self._peek() in _OCTAL):
            digits = letter
            while len(digits) < _MOST_OCTAL_DIGITS and self._peek() in _OCTAL:
                digits += self._take()
            return int(digits, 8)
        raise ExpressionError(f"\\{letter} is no escape that Go knows")

    def _hexadecimal(self) -> int:
        r"""Two digits; the braces of `\x{41}` would reach Go behind backslashes and be an error there."""
        digits = self._source[self._at : self._at + _HEX_DIGITS]
        self._at += len(digits)
        if len(digits) < _HEX_DIGITS or any(digit not in _HEX for digit in digits):
            raise ExpressionError("\\x wants two hexadecimal digits")
        return int(digits, 16)

    def _class(self) -> Set:
        """A bracketed set, after its `[`. A `]` in first place is a character of the set."""
        negated = self._takes("^")
        ranges: list[tuple[int, int]] = []
        categories: list[tuple[str, bool]] = []
        first = True
        while first or not self._takes("]"):
            first = False
            group = self._named_group() or self._class_shorthand()
            if group is not None:
                ranges.extend(group.ranges)
                categories.extend(group.categories)
                continue
            low = high = self._bound()
            if self._peek() == "-" and self._source[self._at + 1 : self._at + 2] not in {"]", ""}:
                self._take()
                high = self._bound()
                if high < low:
                    raise ExpressionError("a range of characters runs backwards")
            ranges.append((low, high))
        return Set(tuple(ranges), tuple(categories), negated)

    def _class_shorthand(self) -> Set | None:
        before = self._at
        if self._takes("\\"):
            found = self._shorthand()
            if found is not None:
                return found
        self._at = before
        return None

    def _named_group(self) -> Set | None:
        """`[:alpha:]` or `[:^alpha:]` within a set."""
        if not self._source.startswith("[:", self._at):
            return None
        end = self._source.find(":]", self._at + 2)
        if end < 0:
            return None
        name = self._source[self._at + 2 : end]
        ranges = _NAMED.get(name.removeprefix("^"))
        if ranges is None:
            raise ExpressionError(f"[:{name}:] is no group of characters")
        self._at = end + 2
        return Set(_others(ranges) if name.startswith("^") else ranges)

    def _bound(self) -> int:
        letter = self._take()
        return self._escaped() if letter == "\\" else ord(letter)

    def _peek(self) -> str:
        """The next character, or one that nothing asks for."""
        return self._source[self._at] if self._at < len(self._source) else "\0"

    def _takes(self, text: str) -> bool:
        if not self._source.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _take(self) -> str:
        if self._at >= len(self._source):
            raise ExpressionError("the expression ends too early")
        self._at += 1
        return self._source[self._at - 1]


@lru_cache(maxsize=1024)
def _one(letter: str) -> Set:
    return Set(((ord(letter), ord(letter)),))


def read(source: str) -> tuple[Item, ...]:
    """The pieces of an expression, in order.

    Raises:
        ExpressionError: Go's regexp.Compile refuses it.
    """
    return tuple(_Parser(source).items())
