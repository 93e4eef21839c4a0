"""Paths and wildcards as Go's standard library treats them: path.Clean and filepath.Match.

BuildKit cleans every COPY source and .dockerignore line with the one and matches COPY wildcards with the
other. Python's posixpath.normpath and fnmatch differ in the details: normpath keeps a leading "//", and
fnmatch lets `*` cross a "/" and negates a class with "!" where Go says "^".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct


class PatternError(ValueError):
    """Go calls the pattern malformed (filepath.ErrBadPattern), and a build that holds it fails."""


def clean(path: str) -> str:
    """The shortest name of a slash-separated path, by its text alone, as Go's path.Clean gives it.

    `..` stays where nothing is left to go up from, and vanishes after a leading slash. An empty path
    is ".".
    """
    rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            kept.append(part)
        elif kept and kept[-1] != "..":
            kept.pop()
        elif not rooted:
            kept.append(part)
    joined = "/".join(kept)
    if rooted:
        return "/" + joined
    return joined or "."


def inside(path: str) -> str:
    """A path below the root of a build context: cleaned, without the leading slash, "" for the root.

    `../x` is x, because BuildKit joins COPY sources to "/" before it cleans them.
    """
    return clean("/" + path)[1:]


def has_wildcards(path: str, *, escapes: bool = True) -> bool:
    """Whether BuildKit expands the path: a `*`, `?` or `[` that no backslash stands before.

    Source: containsWildcards in tonistiigi/fsutil copy/copy.go. A path without any is taken as it is,
    its backslashes included.
    """
    skip = False
    for letter in path:
        if skip:
            skip = False
        elif letter == "\\" and escapes:
            skip = True
        elif letter in "*?[":
            return True
    return False


class _Class(Struct, frozen=True):
    """A bracketed set of characters: inclusive ranges, or everything but them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def admits(self, letter: str) -> bool:
        return any(low <= letter <= high for low, high in self.ranges) is not self.negated


class _AnyLetter:
    """`?`: any one character but the separator."""

    __slots__ = ()

    def admits(self, letter: str) -> bool:
        return letter != "/"


class _Piece(Struct, frozen=True):
    """What stands between two runs of `*`: characters and sets that each take up one character."""

    starred: bool
    items: tuple[str | _Class | _AnyLetter, ...]

    def fits(self, name: str, start: int) -> bool:
        """Whether the items match the characters of the name from `start` on."""
        if start + len(self.items) > len(name):
            return False
        for offset, item in enumerate(self.items):
            letter = name[start + offset]
            if not (letter == item if isinstance(item, str) else item.admits(letter)):
                return False
        return True


class Glob(Struct, frozen=True):
    """A pattern for Go's filepath.Match, read once. Make one with `read_glob`.

    `crosses_folders` tells of a set that takes a "/" for a character, as `[^a]` does: such a pattern does
    not fall apart into one pattern per folder.
    """

    pieces: tuple[_Piece, ...]
    crosses_folders: bool

    def matches(self, name: str) -> bool:
        """Whether the whole name matches.

        Go takes the first place where a piece fits and never goes back, which is also what keeps this
        at len(pattern) * len(name) steps.
        """
        at = 0
        last = len(self.pieces) - 1
        for index, piece in enumerate(self.pieces):
            found = self._place(piece, name, at, must_end=index == last)
            if found is None:
                return False
            at = found
        return at == len(name)

    @staticmethod
    def _place(piece: _Piece, name: str, at: int, *, must_end: bool) -> int | None:
        """Where the piece ends in the name, or None where it fits nowhere that its `*` can reach."""
        size = len(piece.items)
        if piece.starred and must_end and not size:
            return None if "/" in name[at:] else len(name)
        start = at
        while True:
            if piece.fits(name, start) and not (must_end and start + size != len(name)):
                return start + size
            if not piece.starred or start >= len(name) or name[start] == "/":
                return None
            start += 1


@lru_cache(maxsize=1024)
def read_glob(pattern: str, *, escapes: bool = True) -> Glob:
    """Read a pattern for filepath.Match; `escapes` is false on Windows, where a backslash is none.

    Raises:
        PatternError: Go would return ErrBadPattern.
    """
    reader = _Reader(pattern, escapes=escapes)
    pieces: list[_Piece] = []
    starred = False
    items: list[str | _Class | _AnyLetter] = []
    while reader.more():
        letter = reader.take()
        if letter == "*":
            if items or starred:
                pieces.append(_Piece(starred, tuple(items)))
            starred, items = True, []
            while reader.more() and reader.peek() == "*":
                reader.take()
        elif letter == "?":
            items.append(_AnyLetter())
        elif letter == "[":
            items.append(reader.take_class())
        elif letter == "\\" and escapes:
            items.append(reader.take())
        else:
            items.append(letter)
    if items or starred:
        pieces.append(_Piece(starred, tuple(items)))
    sets = [item for piece in pieces for item in piece.items if isinstance(item, _Class)]
    return Glob(tuple(pieces), any(item.admits("/") for item in sets))


class _Reader:
    """Takes a pattern apart, character by character."""

    NEVER_FIRST: Final = "-]"

    def __init__(self, pattern: str, *, escapes: bool) -> None:
        self._pattern = pattern
        self._escapes = escapes
        self._at = 0

    def more(self) -> bool:
        return self._at < len(self._pattern)

    def peek(self) -> str:
        return self._pattern[self._at]

    def take(self) -> str:
        if not self.more():
            raise PatternError("the pattern ends too early")
        self._at += 1
        return self._pattern[self._at - 1]

    def take_class(self) -> _Class:
        """The set after a `[`: at least one range, and `-` or `]` only behind a backslash."""
        negated = self.more() and self.peek() == "^"
        if negated:
            self.take()
        ranges: list[tuple[str, str]] = []
        while not (ranges and self.more() and self.peek() == "]"):
            low = high = self._take_bound()
            if self.peek() == "-":
                self.take()
                high = self._take_bound()
            ranges.append((low, high))
        self.take()
        return _Class(tuple(ranges), negated)

    def _take_bound(self) -> str:
        letter = self.take()
        if letter in self.NEVER_FIRST:
            raise PatternError(f'"{letter}" stands where a set of characters wants a character')
        if letter == "\\" and self._escapes:
            letter = self.take()
        if not self.more():
            raise PatternError('a "[" has no "]"')
        return letter
