"""One pattern of a .dockerignore or of `COPY --exclude`, as moby/patternmatcher reads it.

Source: patternmatcher.go of github.com/moby/patternmatcher (New, compile and match), tried on BuildKit 0.25.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from multistage_cli.build.context.go_automaton import Automaton
from multistage_cli.build.context.go_paths import PatternError, clean, read_glob
from multistage_cli.build.context.go_regexp import ANY_FOLDER

GO_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's strings.TrimSpace takes off; str.strip() would take off U+001C to U+001F as well."""

_BYTE_ORDER_MARK: Final = "\ufeff"
_NO_SLASH: Final = "[^/]"
_SPECIAL: Final = frozenset(".+()|{}$")
_BEYOND_NAMES: Final = frozenset("[]^\\/")


class Kind(Enum):
    """How moby compares the pattern with a path."""

    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    EXPRESSION = "expression"


class Outline(NamedTuple):
    """How a name starts and ends; `suffices` where that is all there is to match."""

    start: str
    end: str
    suffices: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line that has an effect.

    Attributes:
        line: 1-based, in its file; for `COPY --exclude` the place among the options.
        source: as written, without the white space around it.
        text: what is compared with paths: cleaned, without leading slash and "!".
        exception: whether it started with "!" and so brings back what an earlier line left out.
    """

    line: int
    source: str
    text: str
    exception: bool
    kind: Kind = field(repr=False)
    automaton: Automaton | None = field(default=None, repr=False, compare=False)

    @property
    def fixed(self) -> str:
        """What PREFIX and SUFFIX compare: the text without its `**`."""
        if self.kind is Kind.PREFIX:
            return self.text[:-2]
        return self.text[2:] if self.kind is Kind.SUFFIX else self.text

    def matches(self, path: str) -> bool:
        """Whether the pattern matches this slash-separated path itself, regardless of its parents."""
        if self.kind is Kind.EXACT:
            return path == self.text
        if self.kind is Kind.PREFIX:
            return path.startswith(self.fixed)
        if self.kind is Kind.SUFFIX:
            # `**/foo` is foo at any depth, the top included; `**foo` is whatever ends in foo.
            return path.endswith(self.fixed) or path == self.fixed.removeprefix("/")
        return self.automaton is not None and self.automaton.matches(path)

    @property
    def outline(self) -> Outline | None:
        r"""Of `**/NAME` with wildcards: how a name in any folder must start and end to match.

        Such a pattern is `(.*/)?` and an expression without slashes, so in a folder whose path has no line break,
        the only letter that a dot does not match, nothing but the name has a say.
        """
        name = self.text.removeprefix("**/")
        if self.kind is not Kind.EXPRESSION or name == self.text or not _BEYOND_NAMES.isdisjoint(name):
            return None
        if "**" in name:
            return None
        places = [index for index, letter in enumerate(name) if letter in "*?"]
        if not places:
            return None
        start, end = name[: places[0]], name[places[-1] + 1 :]
        return Outline(
            start, end, suffices=len(places) == 1 and name[places[0]] == "*" and not (start and end)
        )

    @property
    def folder(self) -> str:
        """Where fsutil looks for what an exception brings back: the text without a final `/**` and `/*`."""
        return self.text.removesuffix("/**").removesuffix("/*")


def read_pattern(word: str, line: int, source: str, *, windows: bool) -> Pattern | None:
    r"""Read one pattern; None where nothing is left of it.

    On Windows a backslash separates folders, elsewhere it escapes the character behind it.

    Raises:
        PatternError: Docker calls the pattern malformed, and the build fails.
    """
    word = word.strip(GO_SPACES)
    if not word:
        return None
    text = clean(word.replace("\\", "/") if windows else word)
    exception = text.startswith("!")
    if exception:
        text = text[1:]
        if not text:
            raise PatternError('"!" stands alone')
    # moby asks filepath.Match for its verdict on the syntax, and then matches in its own way.
    read_glob(text, escapes=not windows)
    kind, expression = _translate(text)
    automaton = Automaton(expression) if kind is Kind.EXPRESSION else None
    return Pattern(line, source, text, exception, kind, automaton)


def _translate(text: str) -> tuple[Kind, str]:
    """How moby matches the text, and its expression for Go.

    Sets of characters, `^` and escapes go through to Go's regexp package as they are, and a `*` or `?`
    within a set does not: `[*]` becomes `[[^/]*]`, which matches "]" and never "*".
    """
    kind = Kind.EXACT
    # text/scanner, which moby reads patterns with, passes over a byte order mark.
    letters = text.removeprefix(_BYTE_ORDER_MARK)
    parts = ["^"]
    at = 0
    size = len(letters)
    first = True
    while at < size:
        letter = letters[at]
        at += 1
        if letters.startswith("**", at - 1):
            at += 2 if letters.startswith("/", at + 1) else 1
            if at < size:
                parts.append(ANY_FOLDER)
                kind = Kind.EXPRESSION
            elif kind is Kind.EXACT:
                kind = Kind.PREFIX
            else:
                parts.append(".*")
                kind = Kind.EXPRESSION
            if first:
                kind = Kind.SUFFIX
        elif letter in "*?":
            parts.append(_NO_SLASH + ("*" if letter == "*" else ""))
            kind = Kind.EXPRESSION
        elif letter in _SPECIAL:
            parts.append("\\" + letter)
        elif letter == "\\" and at < size:
            parts.append("\\" + letters[at])
            at += 1
            kind = Kind.EXPRESSION
        else:
            parts.append(letter)
            if letter in "[]":
                kind = Kind.EXPRESSION
        first = False
    return kind, "".join(parts) + "$"
