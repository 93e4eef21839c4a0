"""The names of here-documents on an instruction's line.

BuildKit finds them with its lexer for variables, `frontend/dockerfile/shell/lex.go`, run over the whole
line without any variable set. What counts here: which words it makes, and where it gives up, for then no
word is a here-document. The lexer recurses over `${a:-${b:-...`; here a stack does, however deep.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from multistage_cli.parser.words import SPACES, RefusalError, quoted, valid_text

_HEREDOC = re.compile(r"([0-9]*)<<(-?)[\t\n\f\r ]*([^<]*)")
_MAX_DESCRIPTOR = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Opening:
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


@dataclass(slots=True)
class _Frame:
    """One level of nesting: the line itself, a double-quoted string, or a word inside `${}`."""

    kind: Literal["line", "quotes", "word"]
    raw_escapes: bool
    stop: str = ""
    before: str = ""
    parts: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    in_word: bool = False


_SPACE_SET = frozenset(SPACES)
_RUN = re.compile(rf"[^{SPACES}$<\\'\"}}/]+")
_QUOTED_RUN = re.compile(r'[^"$\\]+')
_PIECE = re.compile(rf"[{SPACES}]+|[^{SPACES}]+")
_SPECIAL = frozenset("@*#?-$!0")


class _Lexer:
    """Splits a text into words as BuildKit's `Lex.ProcessWords` does with no variable set."""

    def __init__(self, source: str, *, raw_quotes: bool, raw_escapes: bool) -> None:
        # text/scanner skips a byte order mark at the start of its input.
        self._source = source.removeprefix("\ufeff")
        self._position = 0
        self._raw_quotes = raw_quotes
        # BuildKit has one word buffer for all levels: a word inside `${}` throws away what stands before.
        self._buffer: list[str] = []
        self._stack = [_Frame("line", raw_escapes)]

    def words(self) -> list[str]:
        while True:
            frame = self._stack[-1]
            if self._position >= len(self._source):
                if frame.kind == "line":
                    return self._finish(frame)
                missing = '"' if frame.kind == "quotes" else frame.stop
                raise _LexError(f"a closing {missing} is missing")
            if frame.kind == "quotes":
                self._in_quotes(frame)
            else:
                self._in_text(frame)

    def _finish(self, frame: _Frame) -> list[str]:
        if self._buffer:
            frame.words.append("".join(self._buffer))
            self._buffer.clear()
        return frame.words

    def _in_text(self, frame: _Frame) -> None:
        run = _RUN.match(self._source, self._position)
        if run:
            self._position = run.end()
            self._add_raw(frame, run.group())
            return
        letter = self._source[self._position]
        if letter == frame.stop:
            self._position += 1
            self._leave_word(frame)
        elif letter == "'":
            self._single_quotes(frame)
        elif letter == '"':
            self._position += 1
            self._stack.append(_Frame("quotes", frame.raw_escapes))
        elif letter == "$":
            self._dollar(frame)
        elif letter == "<":
            self._add_raw(frame, self._angle())
        elif letter == "\\":
            self._escape(frame)
        else:
            self._position += 1
            self._add(frame, letter)

    def _add_raw(self, frame: _Frame, text: str) -> None:
        frame.parts.append(text)
        if text:
            self._buffer.append(text)
        frame.in_word = True

    def _add(self, frame: _Frame, text: str) -> None:
        """Add a text whose white space ends words."""
        frame.parts.append(text)
        for piece in _PIECE.findall(text):
            if piece[0] not in _SPACE_SET:
                self._buffer.append(piece)
                frame.in_word = True
            elif frame.in_word and self._buffer:
                frame.words.append("".join(self._buffer))
                self._buffer.clear()
                frame.in_word = False

    def _escape(self, frame: _Frame) -> None:
        if frame.raw_escapes:
            self._add_raw(frame, "\\")
        self._position += 1
        if self._position < len(self._source):
            self._add_raw(frame, self._source[self._position])
            self._position += 1

    def _angle(self) -> str:
        start = self._position
        self._position += 1
        if not self._source.startswith("<", self._position):
            return "<"
        self._position += 1
        # Since Dockerfile syntax 1.7 white space may stand between `<<` and the name.
        while self._position < len(self._source) and self._source[self._position] in "\t\r ":
            self._position += 1
        return self._source[start : self._position]

    def _single_quotes(self, frame: _Frame) -> None:
        end = self._source.find("'", self._position + 1)
        if end < 0:
            raise _LexError("a closing ' is missing")
        inner = self._source[self._position + 1 : end]
        self._position = end + 1
        self._add_raw(frame, f"'{inner}'" if self._raw_quotes else inner)

    def _in_quotes(self, frame: _Frame) -> None:
        run = _QUOTED_RUN.match(self._source, self._position)
        if run:
            self._position = run.end()
            frame.parts.append(run.group())
            return
        letter = self._source[self._position]
        if letter == '"':
            self._position += 1
            self._stack.pop()
            inner = "".join(frame.parts)
            self._add_raw(self._stack[-1], f'"{inner}"' if self._raw_quotes else inner)
        elif letter == "$":
            self._dollar(frame)
        else:
            if frame.raw_escapes:
                frame.parts.append("\\")
            self._position += 1
            following = self._source[self._position : self._position + 1]
            if following in ('"', "$", "\\"):
                frame.parts.append(following)
                self._position += 1
            elif following:
                frame.parts.append("\\")

    def _dollar(self, frame: _Frame) -> None:
        self._position += 1
        if not self._source.startswith("{", self._position):
            self._deliver(frame, "$" + self._name())
            return
        self._position += 1
        following = self._source[self._position : self._position + 1]
        if not following or following in "{}:":
            raise _LexError("a name is missing in ${}")
        name = self._name()
        operator = self._source[self._position : self._position + 1]
        self._position += 1
        if operator == "}":
            self._deliver(frame, f"${{{name}}}")
        elif operator == "/":
            if self._source.startswith("/", self._position):
                self._position += 1
            self._enter_word("/", f"${{{name}/", raw_escapes=True)
        elif operator and operator in ":+-?#%":
            modifier = operator
            if operator == ":":
                modifier = self._source[self._position : self._position + 1]
                self._position += 1
                if modifier in ("#", "%"):
                    raise _LexError(f"${{}} has no operator :{modifier}")
                operator += modifier
            self._enter_word("}", f"${{{name}{operator}", raw_escapes=modifier in ("#", "%"))
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

    def _enter_word(self, stop: str, before: str, *, raw_escapes: bool) -> None:
        self._buffer.clear()
        self._stack.append(_Frame("word", raw_escapes, stop, before))

    def _leave_word(self, frame: _Frame) -> None:
        self._buffer.clear()
        self._stack.pop()
        text = frame.before + "".join(frame.parts) + frame.stop
        if frame.stop == "/":
            self._enter_word("}", text, raw_escapes=True)
        else:
            self._deliver(self._stack[-1], text)

    def _deliver(self, frame: _Frame, text: str) -> None:
        """Hand the text of a variable to the level that it stands in."""
        if frame.kind == "quotes":
            frame.parts.append(text)
        else:
            self._add(frame, text)
