"""Reads one word and expands it; see expansion.py for the ways in.

Source: moby/buildkit, frontend/dockerfile/shell/lex.go (Dockerfile syntax 1.19). Where that differs from
a shell, so does this module: a pattern's stars stay active inside quotes, a backslash stays in the
replacement of `${x/p/r}`, and what stands before a `${x:-w}` is lost where a word is split (EXPOSE).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from multistage_cli.build.claims import UNKNOWN, Unknown
from multistage_cli.build.variables.patterns import (
    PatternError,
    compile_pattern,
    find_first,
    replace_all,
    replace_first,
    reverse_pattern,
    trim_prefix,
    trim_suffix,
)
from multistage_cli.build.variables.scope import Expansion

if TYPE_CHECKING:
    from multistage_cli.build.claims import Known
    from multistage_cli.build.variables.scope import Scope

_NAME = re.compile(r"\d+|[@*#?\-$!]|[^\W\d]\w*")
_MODIFIERS = "+-?#%/"

# Runs of characters that mean nothing to the lexer, by the escape and the character that ends the part.
_RUNS = {
    (escape, quotes, stop): re.compile(f"[^${quotes}{stop}{re.escape(escape)}]+")
    for escape in "\\`"
    for quotes, stop in (("\"'", ""), ("\"'", "}"), ("\"'", "/"), ("", ""), ("", "}"), ("", "/"), ("", '"'))
}

# Go's unicode.IsSpace; Python's str.split() would also split at the separators U+001C to U+001F.
_SPACE = re.compile("[\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN_LENGTH = 40

_Rope: TypeAlias = "list[str | _Rope]"
_Text: TypeAlias = "str | _Rope"


class _SyntaxError(Exception):
    """BuildKit refuses the word."""


class _Part(Struct):
    """A part of the word that is being read: all of it, one between double quotes or one inside `${}`.

    Attributes:
        stop: the character that ends it; empty for the whole word.
        run: matches characters that stand for themselves.
        raw_escapes: whether escape characters stay in the text, because the text is a pattern.
        name: the variable that a part inside `${}` belongs to.
        operation: what is done with the part, such as `:-` or `#`.
        texts: what was read so far, nested where it came from a part inside, so that nothing is copied
            before all is known.
        length: of all texts together.
        unknown: whether something in it cannot be known.
        pattern: of `${x/p/r}`, once it was read.
    """

    stop: str
    run: re.Pattern[str]
    raw_escapes: bool
    name: str = ""
    operation: str = ""
    texts: _Rope = field(default_factory=list)
    length: int = 0
    unknown: bool = False
    pattern: Known[str] = ""

    def text(self) -> Known[str]:
        return UNKNOWN if self.unknown else _flatten(self.texts)


def _flatten(text: _Text) -> str:
    """The text of a rope, without recursion: a word may be nested as deeply as it is long."""
    if isinstance(text, str):
        return text
    if len(text) == 1 and isinstance(text[0], str):
        return text[0]
    out: list[str] = []
    stack: list[_Text] = [text]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
        else:
            stack.extend(reversed(item))
    return "".join(out)


class Lexer:
    """Reads one word from left to right, with a stack of its own instead of recursion."""

    def __init__(self, word: str, scope: Scope, escape: str, *, quotes: bool, split: bool) -> None:
        if not word.isascii():
            # Go's scanner skips a byte order mark and reads a byte that is no UTF-8 as U+FFFD.
            word = _SURROGATE.sub("\ufffd", word.removeprefix("\ufeff"))
        self.source = word
        self.position = 0
        self.scope = scope
        self.escape = escape
        self.quotes = "\"'" if quotes else ""
        self.split = split
        self.complete: list[str] = []
        self.current: list[str] = []
        self.used: set[str] = set()
        self.unset: set[str] = set()
        self.defaulted: set[str] = set()
        self.room = scope.limit + 16 * len(word)
        self.steps: float = 16 * self.room
        self.part = self._new_part("", raw_escapes=False)
        self.stack: list[_Part] = []

    def run(self) -> Expansion:
        """Read the word to its end."""
        error = None
        try:
            self._read()
        except _SyntaxError as refusal:
            error = str(refusal)
        value = UNKNOWN if error is not None else self.part.text()
        used, unset, defaulted = map(frozenset, (self.used, self.unset, self.defaulted))
        return Expansion(value, used, unset, defaulted, error)

    def words(self) -> tuple[str, ...]:
        """The words of a text that was read."""
        return tuple(filter(None, (*self.complete, "".join(self.current))))

    def _new_part(self, stop: str, *, raw_escapes: bool, name: str = "", operation: str = "") -> _Part:
        run = _RUNS[self.escape, "" if stop == '"' else self.quotes, stop]
        return _Part(stop, run, raw_escapes, name, operation)

    def _push(self, part: _Part) -> None:
        self.stack.append(self.part)
        self.part = part

    def _add(self, text: _Text, length: int, *, raw: bool = False) -> None:
        """Add a text to the current part; a raw one came from quotes or escapes and splits no words."""
        if not length:
            return
        self.part.texts.append(text)
        self.part.length += length
        if self.split and not self.stack:
            if raw:
                self.current.append(_flatten(text))
                return
            first, *others = _SPACE.split(_flatten(text))
            self.current.append(first)
            for other in others:
                self.complete.append("".join(self.current))
                self.current = [other]

    def _add_value(self, value: Known[str]) -> None:
        """Add what a variable gave."""
        if isinstance(value, Unknown):
            self.part.unknown = True
            return
        self.room -= len(value)
        if self.room < 0:
            self.part.unknown = True
        else:
            self._add(value, len(value))

    def _read(self) -> None:
        source, end = self.source, len(self.source)
        while True:
            part = self.part
            match = part.run.match(source, self.position)
            if match is not None:
                self._add(match[0], len(match[0]))
                self.position = match.end()
            if self.position == end:
                if part.stop:
                    raise _SyntaxError(self._unclosed(part))
                return
            character = source[self.position]
            self.position += 1
            if character == part.stop:
                self._close()
            elif character == "$":
                self._read_dollar()
            elif part.stop == '"':
                self._read_quoted_escape()
            elif character == "'":
                self._read_single_quotes()
            elif character == '"':
                self._push(self._new_part('"', raw_escapes=part.raw_escapes))
            else:
                self._read_escape()

    def _read_escape(self) -> None:
        follower = self.source[self.position : self.position + 1]
        self.position += len(follower)
        text = self.escape + follower if self.part.raw_escapes else follower
        if text:
            self._add(text, len(text), raw=True)

    def _read_quoted_escape(self) -> None:
        """An escape character between double quotes: it escapes the quote, the dollar sign and itself.

        In a pattern it is kept, and before any other character BuildKit keeps it twice.
        """
        if self.part.raw_escapes:
            self._add(self.escape, 1)
        follower = self.source[self.position : self.position + 1]
        if follower in {'"', "$", self.escape}:
            self.position += 1
            self._add(follower, 1)
        elif follower:
            self._add(self.escape, 1)

    def _read_single_quotes(self) -> None:
        closing = self.source.find("'", self.position)
        if closing < 0:
            raise _SyntaxError("a single quote is not closed: add the second one, or escape the first")
        self._add(self.source[self.position : closing], closing - self.position, raw=True)
        self.position = closing + 1

    def _read_name(self) -> str:
        match = _NAME.match(self.source, self.position)
        if match is None:
            return ""
        name = match[0]
        if not name.isascii():
            # Python's \w knows more digits than Go's unicode.IsDigit.
            for index, character in enumerate(name):
                if not (character.isalpha() or character.isdecimal() or character == "_"):
                    name = name[:index]
                    break
        self.position += len(name)
        return name

    def _read_dollar(self) -> None:
        source = self.source
        if source[self.position : self.position + 1] != "{":
            name = self._read_name()
            if name:
                self._add_value(self._look_up(name)[0])
            else:
                self._add("$", 1)
            return
        self.position += 1
        if source[self.position : self.position + 1] in {"{", "}", ":"}:
            shown = source[self.position - 2 : self.position + 1]
            raise _SyntaxError(f"`{shown}` names no variable: write its name after `${{`{self._or_escape()}")
        name = self._read_name()
        operation = source[self.position : self.position + 1]
        self.position += 1
        if operation == "}":
            self._add_value(self._look_up(name)[0])
            return
        if operation == ":":
            operation += source[self.position : self.position + 1]
            self.position += 1
        if not operation or operation == ":":
            raise _SyntaxError(f"`${{{_short(name)}` has no closing brace: add a `}}`")
        if operation[-1] not in _MODIFIERS or operation in {":#", ":%", ":/"}:
            raise _SyntaxError(self._unsupported(name, operation))
        if operation == "/":
            if source[self.position : self.position + 1] == "/":
                self.position += 1
                operation = "//"
            self._push(self._new_part("/", raw_escapes=True, name=name, operation=operation))
        else:
            raw_escapes = operation in {"#", "%"}
            self._push(self._new_part("}", raw_escapes=raw_escapes, name=name, operation=operation))
        # BuildKit keeps the word that it is splitting off in one buffer, and empties it here: with `x`
        # unset, `EXPOSE 80${x:-81}` exposes port 81 alone.
        self.current = []

    def _look_up(self, name: str, *, optional: bool = False) -> tuple[Known[str], bool | None]:
        """The value of a variable and whether it is set: yes, no or unknown (None)."""
        value = self.scope.values.get(name)
        if value is not None:
            self.used.add(name)
            return value, True
        if self.scope.open:
            return UNKNOWN, None
        (self.defaulted if optional else self.unset).add(name)
        return "", False

    def _close(self) -> None:
        """End the current part and add to the part around what came of it."""
        part = self.part
        if part.operation in {"/", "//"} and part.stop == "/":
            self.part = self._new_part("}", raw_escapes=True, name=part.name, operation=part.operation)
            self.part.pattern = part.text()
            return
        self.part = self.stack.pop()
        if part.stop == '"':
            self._add_part(part, raw=True)
        elif part.operation[-1] in "+-?":
            self._choose(part)
        else:
            value, _ = self._look_up(part.name)
            try:
                self._add_value(self._edit(part, value))
            except PatternError as refusal:
                raise _SyntaxError(f"`${{{_short(part.name)}{part.operation}`: {refusal}") from refusal

    def _add_part(self, part: _Part, *, raw: bool = False) -> None:
        if part.unknown:
            self.part.unknown = True
        else:
            self._add(part.texts[0] if len(part.texts) == 1 else part.texts, part.length, raw=raw)

    def _choose(self, part: _Part) -> None:
        """`${x:-w}`, `${x:+w}`, `${x:?w}` and the same without a colon."""
        value, is_set = self._look_up(part.name, optional=True)
        null_is_unset = part.operation[0] == ":"
        if is_set and null_is_unset:
            is_set = None if isinstance(value, Unknown) else value != ""
        operation = part.operation[-1]
        if operation == "+":
            if is_set:
                self._add_part(part)
            elif is_set is None and (part.unknown or part.length):
                self.part.unknown = True
        elif is_set:
            self._add_value(value)
        elif is_set is None:
            self.part.unknown = True
        elif operation == "-":
            self._add_part(part)
        else:
            state = "empty" if null_is_unset and part.name in self.scope.values else "unset"
            raise _SyntaxError(_required(part, state))

    def _edit(self, part: _Part, value: Known[str]) -> Known[str]:
        """`${x#p}`, `${x%p}`, `${x/p/r}` and the same with the sign doubled.

        Raises:
            PatternError: the pattern is not valid, whatever the value is.
        """
        word = part.text()
        source = part.pattern if part.operation[0] == "/" else word
        if isinstance(source, Unknown):
            return "" if value == "" and part.operation in {"#", "%"} else UNKNOWN
        longest = part.operation in {"#", "%"} and source.startswith(part.operation)
        source = source[1:] if longest else source
        if part.operation == "%":
            source = reverse_pattern(source)
        pattern = compile_pattern(source)
        if isinstance(value, Unknown):
            return UNKNOWN
        self.steps -= pattern.cost * (len(value) + len(source))
        if self.steps < 0:
            return UNKNOWN
        if part.operation == "#":
            return trim_prefix(value, pattern, longest=longest)
        if part.operation == "%":
            return trim_suffix(value, pattern, longest=longest)
        if isinstance(word, Unknown):
            # Without a match the replacement does not matter.
            return value if find_first(value, pattern) is None else UNKNOWN
        if part.operation == "/":
            return replace_first(value, pattern, word)
        return replace_all(value, pattern, word, limit=max(self.room, 0))

    def _unclosed(self, part: _Part) -> str:
        if part.stop == '"':
            return "a double quote is not closed: add the second one, or escape the first"
        if part.stop == "/":
            return f"`${{{_short(part.name)}{part.operation}` has no second `/`: write `${{name/old/new}}`"
        return f"`${{{_short(part.name)}{part.operation}` has no closing brace: add a `}}`"

    def _unsupported(self, name: str, operation: str) -> str:
        return (
            f"`${{{_short(name)}{operation}` is no substitution that BuildKit knows: use one of "
            f":- - :+ + :? ? # ## % %% / // after the name{self._or_escape()}"
        )

    def _or_escape(self) -> str:
        return f", or escape the dollar sign: `{self.escape}$`"


def _required(part: _Part, state: str) -> str:
    """The error of `${x?message}`."""
    message = part.text()
    if isinstance(message, Unknown) or not message:
        message = f"must not be {state}"
    return f"{_short(part.name)}: {_short(message, 400)}"


def _short(text: str, length: int = _SHOWN_LENGTH) -> str:
    return text if len(text) <= length else text[:length] + "..."
