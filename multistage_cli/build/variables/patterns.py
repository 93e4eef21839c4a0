r"""The patterns of `${x#p}`, `${x%p}` and `${x/p/r}`: `*` and `?`, matched without backtracking.

BuildKit turns a pattern into a Go regular expression (`convertShellPatternToRegex` in moby/buildkit,
frontend/dockerfile/shell/lex.go), which takes linear time. Python's do not, so a pattern is cut here at
its stars, and the pieces between are looked for one after the other. Go's `.` matches no line end: a
match with stars lies on one line.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Unknown

if TYPE_CHECKING:
    from multistage_cli.build.claims import Known

_LONGEST_WILD_PIECE = 4_096

# Go's templates: what `$` may stand for in the replacement of `${x//p/r}`.
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


class PatternError(ValueError):
    """The pattern is not valid; the message says which part of it and what to write instead."""


class _Piece(Struct, frozen=True):
    """What stands between two stars: fixed text, or single characters with `?` among them."""

    text: str
    length: int
    regex: re.Pattern[str] | None = None
    last: re.Pattern[str] | None = None

    def find(self, line: str, start: int) -> int:
        """Where the piece first stands at or after `start`, or -1."""
        if self.regex is None:
            return line.find(self.text, start)
        match = self.regex.search(line, start)
        return match.start() if match else -1

    def find_last(self, line: str, start: int) -> int:
        """Where the piece last stands at or after `start`, or -1."""
        if self.last is None:
            # rfind takes quadratic time on some texts; find does not, so both are turned round.
            found = line[start:][::-1].find(self.text[::-1])
            return -1 if found < 0 else len(line) - found - self.length
        match = self.last.match(line, start)
        return match.start(1) if match else -1

    def stands_at(self, line: str, start: int) -> bool:
        if self.regex is None:
            return line.startswith(self.text, start)
        return self.regex.match(line, start) is not None


class Pattern(Struct, frozen=True):
    """A pattern that was read.

    Attributes:
        first: what stands before the first star.
        middle: what stands between the stars.
        last: what stands after the last star; None where there is no star.
        cost: steps for each character of a value, at the worst; endless where a piece with `?` in it is
            so long that no value can be worth the time.
        multiline: whether the pattern itself holds a line end.
    """

    first: _Piece
    middle: tuple[_Piece, ...]
    last: _Piece | None
    cost: float
    multiline: bool


def compile_pattern(source: str) -> Pattern:
    r"""Read a pattern.

    Raises:
        PatternError: a backslash stands before something else than `*`, `?`, `\\`, `}` or `/`.
    """
    pieces: list[_Piece] = []
    text: list[str] = []
    wild = False
    index, end = 0, len(source)
    while index < end:
        character = source[index]
        index += 1
        if character == "*":
            if text or not pieces:  # two stars in a row say what one says
                pieces.append(_piece(text, wild=wild))
            text, wild = [], False
            continue
        if character == "?":
            text.append("")
            wild = True
            continue
        if character == "\\":
            follower = source[index : index + 1]
            if follower in {"}", "/"}:
                continue
            if follower not in {"*", "?", "\\"}:
                raise PatternError(_invalid_escape(follower))
            character = follower
            index += 1
        text.append(character)
    pieces.append(_piece(text, wild=wild))
    first, *middle = pieces
    last = middle.pop() if middle else None
    return Pattern(first, tuple(middle), last, max(map(_cost, pieces)), "\n" in source)


def _invalid_escape(follower: str) -> str:
    found = f"`\\{follower}`" if follower else "a `\\` at the end"
    return f"{found} in a pattern: only `*`, `?`, `\\`, `}}` and `/` can stand after a `\\` there"


def _piece(text: list[str], *, wild: bool) -> _Piece:
    """A piece of these characters; an empty string among them stands for any character."""
    if not wild or len(text) > _LONGEST_WILD_PIECE:
        return _Piece("".join(text), len(text))
    source = "".join(re.escape(character) if character else "[^\n]" for character in text)
    return _Piece("", len(text), re.compile(source), re.compile(f"[^\n]*({source})"))


def _cost(piece: _Piece) -> float:
    if piece.regex is not None:
        return piece.length
    return 1 if piece.length == len(piece.text) else math.inf


def reverse_pattern(source: str) -> str:
    r"""The pattern that matches the reversed text; escapes keep their order: `a\*c` becomes `c\*a`."""
    parts = re.findall(r"\\.|.", source, re.DOTALL)
    return "".join(reversed(parts))


def trim_prefix(value: str, pattern: Pattern, *, longest: bool) -> Known[str]:
    """The value without the shortest (`${x#p}`) or longest (`${x##p}`) beginning that matches."""
    if pattern.multiline and "\n" in value:
        return UNKNOWN
    line = value.partition("\n")[0]
    if not pattern.first.stands_at(line, 0):
        return value
    end = _end(pattern, line, pattern.first.length, longest=longest)
    return value if end < 0 else value[end:]


def trim_suffix(value: str, reversed_pattern: Pattern, *, longest: bool) -> Known[str]:
    """The value without the shortest (`${x%p}`) or longest (`${x%%p}`) end that matches.

    Args:
        value: the text to cut.
        reversed_pattern: the pattern, turned round by `reverse_pattern` before it was compiled.
        longest: whether the longest end is cut.
    """
    trimmed = trim_prefix(value[::-1], reversed_pattern, longest=longest)
    return trimmed[::-1] if isinstance(trimmed, str) else UNKNOWN


def find_first(value: str, pattern: Pattern) -> Known[tuple[int, int] | None]:
    """Where the first match starts and ends, or None."""
    if pattern.multiline and "\n" in value:
        return UNKNOWN
    if pattern.last is None:
        return _find(pattern, value)
    offset = 0
    for line in value.split("\n"):
        found = _find(pattern, line)
        if found is not None:
            return offset + found[0], offset + found[1]
        offset += len(line) + 1
    return None


def replace_first(value: str, pattern: Pattern, replacement: str) -> Known[str]:
    """The value with the first match replaced (`${x/p/r}`)."""
    found = find_first(value, pattern)
    if isinstance(found, Unknown):
        return UNKNOWN
    return value if found is None else value[: found[0]] + replacement + value[found[1] :]


def replace_all(value: str, pattern: Pattern, replacement: str, *, limit: int) -> Known[str]:
    """The value with every match replaced (`${x//p/r}`); UNKNOWN where that takes more than `limit`.

    Go reads the replacement as a template here, though not for `${x/p/r}`: `$0` is the match, other
    names are empty and `$$` is a dollar sign.

    Args:
        value: the text to change.
        pattern: what to look for.
        replacement: what to put there.
        limit: the most characters that the result may have.
    """
    if pattern.multiline and "\n" in value:
        return UNKNOWN
    first = pattern.first
    if pattern.last is not None:
        spans = _line_matches(pattern, value)
    elif first.regex is not None:
        spans = [match.span() for match in first.regex.finditer(value)]
    elif not first.text:
        spans = [(index, index) for index in range(len(value) + 1)]
    elif "$" not in replacement:
        if value.count(first.text) * len(replacement) + len(value) > limit:
            return UNKNOWN
        return value.replace(first.text, replacement)
    else:
        spans = [match.span() for match in re.finditer(re.escape(first.text), value)]
    references = replacement.count("$")
    if len(spans) * len(replacement) + (references + 1) * len(value) > limit:
        return UNKNOWN
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts.append(value[done:start])
        parts.append(_fill(replacement, value[start:end]) if references else replacement)
        done = end
    parts.append(value[done:])
    return "".join(parts)


def _fill(template: str, match: str) -> str:
    return _REFERENCE.sub(
        lambda found: "$" if found[1] else match if (found[2] or found[3]) == "0" else "", template
    )


def _find(pattern: Pattern, line: str) -> tuple[int, int] | None:
    """The leftmost match in a line: its start and its end, both stars and match as long as possible.

    The earliest first piece leaves the most room for the rest, so only it needs to be tried.
    """
    start = pattern.first.find(line, 0)
    if start < 0:
        return None
    end = _end(pattern, line, start + pattern.first.length, longest=True)
    return None if end < 0 else (start, end)


def _end(pattern: Pattern, line: str, position: int, *, longest: bool) -> int:
    """Where a match ends whose first piece ends at `position`, or -1 where the rest does not follow."""
    last = pattern.last
    if last is None:
        return position
    for piece in pattern.middle:
        found = piece.find(line, position)
        if found < 0:
            return -1
        position = found + piece.length
    if not longest:
        found = last.find(line, position)
    elif last.length == 0:
        return len(line)
    else:
        found = last.find_last(line, position)
    return -1 if found < 0 else found + last.length


def _line_matches(pattern: Pattern, value: str) -> list[tuple[int, int]]:
    """All matches of a pattern with stars: one on each line at most.

    The last piece of a match is the last one of its line, so nothing after it matches again.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in value.split("\n"):
        found = _find(pattern, line)
        if found is not None:
            spans.append((offset + found[0], offset + found[1]))
        offset += len(line) + 1
    return spans
