"""The names of here-documents on an instruction's line.

BuildKit finds them with its lexer for variables, `frontend/dockerfile/shell/lex.go`, run over the whole
line without any variable set. What counts here: which words it makes, and where it gives up, for then no
word is a here-document. The lexer recurses over `${a:-${b:-...`; here a stack does, however deep.
"""

from __future__ import annotations

import re

from msgspec import Struct

from multistage_cli.parser.words import SPACES, RefusalError, quoted, valid_text

_HEREDOC = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)")
_MAX_DESCRIPTOR = 2**64 - 1


class Opening(Struct, frozen=True):
    """A here-document as the line announces it."""

    name: str
    expand: bool
    chomp: bool
    descriptor: int


def openings(line: str) -> tuple[Opening, ...]:
    """The here-documents that an instruction's joined line announces, in order.

    Raises:
        RefusalError: a name that BuildKit's parser refuses.
    """
    if "<<" not in line:
        return ()
    try:
        words = _Lexer(valid_text(line), raw_quotes=True, raw_escapes=True).words()
    except _LexError:
        return ()
    found = (_opening(word) for word in words)
    return tuple(opening for opening in found if opening)


def heredoc_word(word: str) -> Opening | None:
    """The here-document that a word of COPY or ADD stands for, or None where it is a path."""
    if "<<" not in word:
        return None
    try:
        return _opening(word)
    except RefusalError:
        return None


def _opening(word: str) -> Opening | None:
    match = _HEREDOC.fullmatch(word)
    if match is None or not match.group(3):
        return None
    digits, dash, name = match.groups()
    try:
        plain = _Lexer(name, raw_quotes=False, raw_escapes=False).words()
        if len(plain) != 1:
            return None
        raw = _Lexer(name, raw_quotes=True, raw_escapes=False).words()
    except _LexError as error:
        raise RefusalError(f"cannot read the name of the here-document {quoted(word)}: {error}") from None
    expand = _quotes(plain[0]) == _quotes(raw[0])
    descriptor = min(int(digits[:25] or "0"), _MAX_DESCRIPTOR)
    return Opening(plain[0], expand, dash == "-", descriptor)


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


class _LexError(ValueError):
    pass


class _Level(Struct, frozen=True):
    """A double-quoted string, or a word inside `${}` that ends at `stop`."""

    stop: str
    raw_escapes: bool

    @property
    def is_quotes(self) -> bool:
        return self.stop == '"'


_RUN = re.compile(rf"[^{SPACES}$<\\'\"}}/]+")
_GAP = re.compile(rf"[{SPACES}]+")
_QUOTED_RUN = re.compile(r'[^"$\\]+')
_SPECIAL = frozenset("@*#?-$!0")


class _Lexer:
    """Splits a text into words as BuildKit's `Lex.ProcessWords` does with no variable set.

    What stands inside quotes and `${}` is collected as one text, whatever the depth, since all of it comes
    out again: an unset variable stays as it is.
    """

    def __init__(self, source: str, *, raw_quotes: bool, raw_escapes: bool) -> None:
        # text/scanner skips a byte order mark at the start of its input.
        self._source = source.removeprefix("\ufeff")
        self._position = 0
        self._raw_quotes = raw_quotes
        self._line_raw_escapes = raw_escapes
        self._words: list[str] = []
        self._word: list[str] = []
        self._levels: list[_Level] = []
        self._inner: list[str] = []

    def words(self) -> list[str]:
        source = self._source
        while self._position < len(source):
            level = self._levels[-1] if self._levels else None
            run = (_QUOTED_RUN if level and level.is_quotes else _RUN).match(source, self._position)
            if run:
                self._position = run.end()
                self._add_raw(run.group())
            elif level and source[self._position] == level.stop:
                self._position += 1
                self._leave(level)
            elif source[self._position] == "$":
                self._dollar()
            elif level and level.is_quotes:
                self._escape_in_quotes(level)
            else:
                self._special(source[self._position], level)
        if self._levels:
            raise _LexError(f"a closing {self._levels[-1].stop} is missing")
        self._end_word()
        return self._words

    def _add_raw(self, text: str) -> None:
        """Add a text whose white space stays in the word."""
        if self._levels:
            self._inner.append(text)
        elif text:
            self._word.append(text)

    def _add(self, text: str) -> None:
        """Add a text whose white space ends words."""
        if self._levels:
            self._inner.append(text)
            return
        for index, piece in enumerate(_GAP.split(text)):
            if index:
                self._end_word()
            if piece:
                self._word.append(piece)

    def _end_word(self) -> None:
        if self._word:
            self._words.append("".join(self._word))
            self._word.clear()

    def _special(self, letter: str, level: _Level | None) -> None:
        if letter == "'":
            self._single_quotes()
        elif letter == '"':
            self._position += 1
            raw_escapes = level.raw_escapes if level else self._line_raw_escapes
            self._levels.append(_Level('"', raw_escapes))
            self._inner.append('"' if self._raw_quotes else "")
        elif letter == "<":
            self._angle()
        elif letter == "\\":
            if level.raw_escapes if level else self._line_raw_escapes:
                self._add_raw("\\")
            self._add_raw(self._source[self._position + 1 : self._position + 2])
            self._position += 2
        else:
            self._position += 1
            self._add(letter)

    def _angle(self) -> None:
        start = self._position
        self._position += 1
        if self._source.startswith("<", self._position):
            self._position += 1
            # Since Dockerfile syntax 1.7 white space may stand between `<<` and the name.
            while self._position < len(self._source) and self._source[self._position] in "\t\r ":
                self._position += 1
        self._add_raw(self._source[start : self._position])

    def _single_quotes(self) -> None:
        end = self._source.find("'", self._position + 1)
        if end < 0:
            raise _LexError("a closing ' is missing")
        inner = self._source[self._position + 1 : end]
        self._position = end + 1
        self._add_raw(f"'{inner}'" if self._raw_quotes else inner)

    def _escape_in_quotes(self, level: _Level) -> None:
        if level.raw_escapes:
            self._inner.append("\\")
        self._position += 1
        following = self._source[self._position : self._position + 1]
        if following in ('"', "$", "\\"):
            self._inner.append(following)
            self._position += 1
        elif following:
            self._inner.append("\\")

    def _dollar(self) -> None:
        self._position += 1
        if not self._source.startswith("{", self._position):
            self._add("$" + self._name())
            return
        self._position += 1
        following = self._source[self._position : self._position + 1]
        if not following or following in "{}:":
            raise _LexError("a name is missing in ${}")
        name = self._name()
        operator = self._source[self._position : self._position + 1]
        self._position += 1
        if operator == "}":
            self._add(f"${{{name}}}")
        elif operator == "/":
            if self._source.startswith("/", self._position):
                self._position += 1
            self._enter(f"${{{name}/", _Level("/", raw_escapes=True))
        elif operator and operator in ":+-?#%":
            modifier = operator
            if operator == ":":
                modifier = self._source[self._position : self._position + 1]
                self._position += 1
                if modifier in ("#", "%"):
                    raise _LexError(f"${{}} has no operator :{modifier}")
                operator += modifier
            self._enter(f"${{{name}{operator}", _Level("}", raw_escapes=modifier in ("#", "%")))
        else:
            raise _LexError(f"${{}} has no operator {operator}" if operator else "a closing } is missing")

    def _name(self) -> str:
        source, start = self._source, self._position
        first = source[start : start + 1]
        end = start
        if first.isdecimal():
            while end < len(source) and source[end].isdecimal():
                end += 1
        elif first and first in _SPECIAL:
            end += 1
        else:
            while end < len(source) and (
                source[end].isalpha() or source[end].isdecimal() or source[end] == "_"
            ):
                end += 1
        self._position = end
        return source[start:end]

    def _enter(self, before: str, level: _Level) -> None:
        # BuildKit has one word buffer for all levels: a word inside `${}` throws away what stands before.
        self._word.clear()
        self._levels.append(level)
        self._inner.append(before)

    def _leave(self, level: _Level) -> None:
        self._levels.pop()
        self._inner.append(level.stop if self._raw_quotes or not level.is_quotes else "")
        if level.stop == "/":
            self._levels.append(_Level("}", raw_escapes=True))
        elif not self._levels:
            text = "".join(self._inner)
            self._inner.clear()
            if level.is_quotes:
                self._add_raw(text)
            else:
                self._add(text)
