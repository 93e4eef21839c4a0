"""What a .dockerignore leaves out of the build context, to the letter of BuildKit.

Three things decide: how the lines are read (moby/patternmatcher ignorefile.go), how a pattern matches
(build/ignore_pattern.py), and how fsutil walks the folders (filter.go of tonistiigi/fsutil: the last line that
matches wins, a folder's verdict holds for what is in it, and a folder that is left out is entered only where
an exception could bring something back). The engine agrees on each: tests/engine/test_context.py.

One path at a time is asked of an `Ignore`; whoever walks a tree asks its `Level`s, one per folder.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.context.go_paths import PatternError, clean, inside
from multistage_cli.build.context.go_regexp import ExpressionError
from multistage_cli.build.context.ignore_level import Level
from multistage_cli.build.context.ignore_pattern import GO_SPACES, Pattern, read_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_LINE_BYTES: Final = 65_535
"""bufio.Scanner holds 64 KiB, the line's end included; Docker gives up on a longer line."""

_MOST_LEVELS: Final = 1024
_CONTROLS: Final = frozenset(map(chr, (*range(0x20), 0x7F)))


class Problem(Struct, frozen=True):
    """A line that Docker refuses, and the build with it.

    `always` is false where Docker notices only when it compares the line with a path, which it does not do
    for a path that an earlier line has settled.
    """

    line: int
    source: str
    message: str
    always: bool


class Ignore:
    """The patterns of one .dockerignore, in order; none at all leave nothing out.

    Paths are relative to the build context and separated by slashes. A pattern that Docker refuses is among
    the `problems` and takes no part in any answer.
    """

    def __init__(self, patterns: Iterable[Pattern] = (), problems: Iterable[Problem] = ()) -> None:
        self.patterns: Final = tuple(patterns)
        self.problems: Final = tuple(problems)
        self.has_exceptions: Final = any(pattern.exception for pattern in self.patterns)
        self._top: Final = Level.top(self.patterns)
        self._levels: dict[str, Level] = {}

    def excludes(self, path: str) -> bool:
        """Whether the path stays out of the build context, by its name and those of its folders.

        A folder that is left out comes along all the same where something in it does not stay out:
        `may_include_below` tells whether that can be.
        """
        decided_by = self.matching(path)
        return decided_by is not None and not decided_by.exception

    def matching(self, path: str) -> Pattern | None:
        """The line that decides about the path, or None where no line speaks of it or of its folders."""
        folder, _, name = inside(path).rpartition("/")
        if not name:
            return None
        level = self.level(folder)
        return level.decided_by if level.closed else level.deciding(name)

    def may_include_below(self, directory: str) -> bool:
        """Whether anything in the directory can be part of the build context; if not, do not walk it."""
        return not self.level(directory).closed

    def level(self, directory: str) -> Level:
        """What the patterns say inside a directory; "" is the build context itself.

        Below a closed directory there is nothing to ask: the closed one is returned.
        """
        directory = inside(directory)
        if not directory:
            return self._top
        known = self._levels.get(directory)
        if known is not None:
            return known
        level = self._top
        names = directory.split("/")
        for depth, name in enumerate(names, start=1):
            path = "/".join(names[:depth])
            below = self._levels.get(path)
            if below is None:
                if len(self._levels) >= _MOST_LEVELS:
                    self._levels.clear()
                below = self._levels[path] = level.below(name)
            level = below
            if level.closed:
                break
        return level


def parse(text: str, *, windows: bool = os.name == "nt") -> Ignore:
    """Read a .dockerignore.

    Args:
        text: the file, bytes that are not UTF-8 as lone surrogates (`errors="surrogateescape"`).
        windows: whether the build's client runs on Windows, where a backslash separates folders.
    """
    patterns: list[Pattern] = []
    problems: list[Problem] = []
    sent: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) * 4 > MOST_LINE_BYTES and len(_as_bytes(line)) > MOST_LINE_BYTES:
            message = f"the line is longer than {MOST_LINE_BYTES:,} bytes; Docker cannot read the file"
            problems.append(Problem(number, line[:40] + "...", message, always=True))
            break
        source = (line.removeprefix("\ufeff") if number == 1 else line).removesuffix("\r")
        # Only a "#" in the first column starts a comment: " # note" is a pattern.
        if source.startswith("#"):
            continue
        source = source.strip(GO_SPACES)
        if source:
            word = _normalized(source)
            sent.append((number, word))
            _add(patterns, problems, word, number, source, windows=windows)
    problems.extend(_unsendable(sent))
    return Ignore(patterns, sorted(problems, key=lambda problem: problem.line))


def from_words(words: Iterable[str]) -> Ignore:
    """The patterns of `COPY --exclude`, which no file's rules touch: a leading slash or "#" stays."""
    patterns: list[Pattern] = []
    problems: list[Problem] = []
    for number, word in enumerate(words, start=1):
        _add(patterns, problems, word, number, word, windows=False)
    return Ignore(patterns, problems)


def _normalized(source: str) -> str:
    """A line as ignorefile.ReadAll passes it on: the engine does this, so never with Windows' separators."""
    exception = source.startswith("!")
    # JSON, on the way to the engine's source operation, writes U+FFFD for each byte that is not UTF-8.
    word = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in source)
    word = word[1:].strip(GO_SPACES) if exception else word
    if word:
        word = clean(word)
        if word != "/":
            word = word.removeprefix("/")
    return "!" + word if exception else word


def _add(
    patterns: list[Pattern], problems: list[Problem], word: str, line: int, source: str, *, windows: bool
) -> None:
    try:
        pattern = read_pattern(word, line, source, windows=windows)
    except ExpressionError as error:
        message = f"malformed pattern, Docker stops the build where it tries it: {error}"
        problems.append(Problem(line, source, message, always=False))
    except PatternError as error:
        message = f"malformed pattern, Docker stops the build: {error}"
        problems.append(Problem(line, source, message, always=True))
    else:
        if pattern is not None:
            patterns.append(pattern)


def _unsendable(sent: list[tuple[int, str]]) -> list[Problem]:
    """Lines with control characters, which the engine cannot send to the client.

    Patterns travel in gRPC headers. Where any of them is not ASCII BuildKit encodes them all, and then
    control characters pass (encodeStringForHeader in session/filesync).
    """
    if not all(word.isascii() for _, word in sent):
        return []
    message = "control character in a pattern, Docker stops the build; a lone carriage return ends no line"
    return [
        Problem(line, word, message, always=True) for line, word in sent if not _CONTROLS.isdisjoint(word)
    ]


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
