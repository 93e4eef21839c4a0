"""What `.gitignore` files name, as git reads them: gitignore(5).

One level for each file; what a deeper file says goes before what is said above it, and within a file the last
line that matches wins. Matching takes time in proportion to the pattern times the path, whatever they hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY_DEPTH = "**"


class Pattern(Struct, frozen=True):
    """One line that has an effect.

    Attributes:
        parts: what each folder name on the way must match; None stands for any number of folders.
        exception: whether it started with `!`.
        folders_only: whether it ended with a slash.
    """

    parts: tuple[re.Pattern[str] | None, ...]
    exception: bool
    folders_only: bool

    def matches(self, names: list[str], *, is_folder: bool) -> bool:
        """Whether the path of these names, from the file's folder, is meant itself."""
        if self.folders_only and not is_folder:
            return False
        reached = {0}
        for part in self.parts:
            if part is None:
                reached = set(range(min(reached), len(names) + 1)) if reached else reached
            else:
                reached = {at + 1 for at in reached if at < len(names) and part.fullmatch(names[at])}
        return len(names) in reached


class Level(Struct, frozen=True):
    """The patterns of one folder's file, and those of the folders above.

    Attributes:
        patterns: the last one first.
        depth: how many folders the level's own lies below the top.
        above: the level above, or None.
    """

    patterns: tuple[Pattern, ...]
    depth: int
    above: Level | None

    def ignores(self, names: list[str], *, is_folder: bool) -> bool:
        """Whether a path stays out, given by its names from the top, its folders not being out themselves."""
        level: Level | None = self
        while level is not None:
            own = names[level.depth :]
            for pattern in level.patterns:
                if pattern.matches(own, is_folder=is_folder):
                    return not pattern.exception
            level = level.above
        return False


def level(text: str, depth: int, above: Level | None) -> Level | None:
    """The level that a file's text adds; the one above where it says nothing."""
    patterns = tuple(_patterns(text))
    return Level(patterns[::-1], depth, above) if patterns else above


def _patterns(text: str) -> Iterator[Pattern]:
    for line in text.removeprefix("\ufeff").split("\n"):
        found = _pattern(line.removesuffix("\r"))
        if found is not None:
            yield found


def _pattern(line: str) -> Pattern | None:
    stripped = line.rstrip(" ")
    if stripped.endswith("\\") and stripped != line and (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        stripped += " "  # an escaped space at the end counts
    if not stripped or stripped.startswith("#"):
        return None
    exception = stripped.startswith("!")
    text = stripped[1:] if exception else stripped
    folders_only = text.endswith("/")
    text = text.rstrip("/") if folders_only else text
    if not text:
        return None
    anchored = "/" in text
    words = text.removeprefix("/").split("/")
    parts: list[re.Pattern[str] | None] = [] if anchored else [None]
    for index, word in enumerate(words):
        if word == _ANY_DEPTH and anchored:
            # At the end `/**` means everything below, and the folder itself stays.
            parts.append(None)
            if index == len(words) - 1:
                parts.append(_ANYTHING)
            continue
        compiled = _name(word)
        if compiled is None:
            return None
        parts.append(compiled)
    return Pattern(tuple(parts), exception, folders_only)


_ANYTHING = re.compile(r".+", re.DOTALL)
_CLASSES = {
    "alnum": "A-Za-z0-9", "alpha": "A-Za-z", "blank": " \\t", "digit": "0-9", "lower": "a-z", "space": "\\s",
    "upper": "A-Z", "xdigit": "0-9A-Fa-f", "punct": "!-/:-@\\[-`{-~",
}  # fmt: skip


def _name(word: str) -> re.Pattern[str] | None:
    """The expression for one name; None for a set that is not closed, which matches nothing."""
    pieces = [""]  # what stands between the stars
    at = 0
    while at < len(word):
        letter = word[at]
        at += 1
        if letter == "*":
            pieces.append("")
        elif letter == "?":
            pieces[-1] += "."
        elif letter == "[":
            end, text = _set(word, at)
            if end < 0:
                return None
            pieces[-1] += text
            at = end
        elif letter == "\\" and at < len(word):
            pieces[-1] += re.escape(word[at])
            at += 1
        elif letter == "\\":
            return None  # a lone backslash at the end matches nothing
        else:
            pieces[-1] += re.escape(letter)
    first, *middle = pieces
    # A star that takes as little as it can and never gives back: no expression is tried twice.
    body = "".join(f"(?>.*?{piece})" for piece in middle[:-1])
    last = f".*{middle[-1]}" if middle else ""
    return re.compile(first + body + last, re.DOTALL)


def _set(word: str, at: int) -> tuple[int, str]:
    """The place after a set that starts before `at`, and its expression; -1 where it is not closed."""
    negated = word[at : at + 1] in {"!", "^"}
    at += negated
    text = ""
    first = True
    while at < len(word) and (word[at] != "]" or first):
        first = False
        if word.startswith("[:", at) and (end := word.find(":]", at)) > 0:
            text += _CLASSES.get(word[at + 2 : end], "")
            at = end + 2
            continue
        if word[at] == "\\" and at + 1 < len(word):
            at += 1
        low = word[at]
        at += 1
        if word[at : at + 1] == "-" and word[at + 1 : at + 2] not in {"]", ""}:
            high = word[at + 1]
            at += 2
            if low <= high:
                text += f"{re.escape(low)}-{re.escape(high)}"
        else:
            text += re.escape(low)
    if at >= len(word):
        return -1, ""
    return at + 1, f"[{'^' if negated else ''}{text}]" if text else ("." if negated else r"(?!)")
