"""The expansion of one word, as BuildKit does it.

Source: moby/buildkit, frontend/dockerfile/shell/lex.go (Dockerfile syntax 1.19). Where that differs from
a shell, so does this module: a pattern's stars stay active inside quotes, a backslash stays in the
replacement of `${x/p/r}`, and what stands before a `${x:-w}` is lost where a word is split (EXPOSE).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from multistage_cli.build.claims import UNKNOWN, Unknown
from multistage_cli.build.shell_patterns import (
    PatternError,
    compile_pattern,
    find_first,
    replace_all,
    replace_first,
    reverse_pattern,
    trim_prefix,
    trim_suffix,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.claims import Known

DEFAULT_LIMIT = 1_048_576
"""The most characters that variables add to one word. Linux runs no command with a variable above
131,072 bytes (MAX_ARG_STRLEN), so no file that works comes near."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables that an instruction may see.

    Attributes:
        values: name to value; UNKNOWN where it is set to something that the file does not tell.
        open: whether names that are not in `values` may be set all the same (by a base image that the
            facts do not know). In an open scope an unset name expands to UNKNOWN, else to nothing.
        limit: the most characters that variables may add to a word, besides sixteen for each one of the
            word's own. Longer results are UNKNOWN: a short hostile file could fill the memory with them.
    """

    values: Mapping[str, Known[str]] = field(default_factory=lambda: _NOTHING)
    open: bool = False
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a word became.

    Attributes:
        value: the text, UNKNOWN where a part of it cannot be known.
        used: names that were looked up and were set.
        unset: names that were looked up and are certainly not set, without a default in the word.
        error: BuildKit's refusal in words (`${x:?message}`, a bad substitution), or None. The value is
            then UNKNOWN.
    """

    value: Known[str]
    used: frozenset[str] = _NO_NAMES
    unset: frozenset[str] = _NO_NAMES
    error: str | None = None


def expand(word: str, scope: Scope, *, escape: str = "\\") -> Expansion:
    """Expand one word: quotes and escapes removed, variables replaced (ProcessWord of BuildKit).

    Args:
        word: as it is written, quotes and all.
        scope: the variables that it may use.
        escape: the Dockerfile's escape character: a backslash or a backtick.
    """
    if _is_plain(word, escape):
        return Expansion(word)
    simple = _SIMPLE.fullmatch(word)
    if simple is not None:
        return _simple(simple[1] or simple[2], scope, len(word))
    return _Lexer(word, scope, escape, quotes=True, split=False).run()


def expand_words(word: str, scope: Scope, *, escape: str = "\\") -> tuple[Known[tuple[str, ...]], Expansion]:
    """Expand one argument that may split into several words at unquoted spaces (ProcessWords).

    The spaces of a variable's value split as well. EXPOSE expands its arguments like this.
    """
    lexer = _Lexer(word, scope, escape, quotes=True, split=True)
    expansion = lexer.run()
    if isinstance(expansion.value, Unknown):
        return UNKNOWN, expansion
    return lexer.words(), expansion


def expand_heredoc(body: str, scope: Scope) -> Expansion:
    r"""Expand the body of a here-document of COPY or ADD: variables are replaced and quotes are text.

    The escape character is a backslash there, whatever the Dockerfile's is: `\$x` keeps the dollar sign
    and every other character after a backslash stays without it (SupportsSingleWordExpansionRaw in
    moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go).
    """
    if body.isascii() and "$" not in body and "\\" not in body:
        return Expansion(body)
    return _Lexer(body, scope, "\\", quotes=False, split=False).run()


_SIMPLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
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


def _is_plain(word: str, escape: str) -> bool:
    return word.isascii() and "$" not in word and '"' not in word and "'" not in word and escape not in word


def _simple(name: str, scope: Scope, length: int) -> Expansion:
    """`${name}` or `$name` and nothing else."""
    value = scope.values.get(name)
    if value is None:
        if scope.open:
            return Expansion(UNKNOWN)
        return Expansion("", unset=frozenset((name,)))
    if isinstance(value, str) and len(value) > scope.limit + 16 * length:
        value = UNKNOWN
    return Expansion(value, used=frozenset((name,)))


class _SyntaxError(Exception):
    """BuildKit refuses the word."""


@dataclass(slots=True)
class _Part:
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


class _Lexer:
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
        self.room = scope.limit + 16 * len(word)
        self.steps: float = 16 * self.room
        self.part = self.new_part("", raw_escapes=False)
        self.stack: list[_Part] = []

    def run(self) -> Expansion:
        error = None
        try:
            self.read()
        except _SyntaxError as refusal:
            error = str(refusal)
        value = UNKNOWN if error is not None else self.part.text()
        return Expansion(value, frozenset(self.used), frozenset(self.unset), error)

    def words(self) -> tuple[str, ...]:
        """The words of a text that was read."""
        return tuple(filter(None, (*self.complete, "".join(self.current))))

    def new_part(self, stop: str, *, raw_escapes: bool, name: str = "", operation: str = "") -> _Part:
        run = _RUNS[self.escape, "" if stop == '"' else self.quotes, stop]
        return _Part(stop, run, raw_escapes, name, operation)

    def push(self, part: _Part) -> None:
        self.stack.append(self.part)
        self.part = part

    def add(self, text: _Text, length: int, *, raw: bool = False) -> None:
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

    def add_value(self, value: Known[str]) -> None:
        """Add what a variable gave."""
        if isinstance(value, Unknown):
            self.part.unknown = True
            return
        self.room -= len(value)
        if self.room < 0:
            self.part.unknown = True
        else:
            self.add(value, len(value))

    def read(self) -> None:
        source, end = self.source, len(self.source)
        while True:
            part = self.part
            match = part.run.match(source, self.position)
            if match is not None:
                self.add(match[0], len(match[0]))
                self.position = match.end()
            if self.position == end:
                if part.stop:
                    raise _SyntaxError(self.unclosed(part))
                return
            character = source[self.position]
            self.position += 1
            if character == part.stop:
                self.close()
            elif character == "$":
                self.read_dollar()
            elif part.stop == '"':
                self.read_quoted_escape()
            elif character == "'":
                self.read_single_quotes()
            elif character == '"':
                self.push(self.new_part('"', raw_escapes=part.raw_escapes))
            else:
                self.read_escape()

    def read_escape(self) -> None:
        follower = self.source[self.position : self.position + 1]
        self.position += len(follower)
        text = self.escape + follower if self.part.raw_escapes else follower
        if text:
            self.add(text, len(text), raw=True)

    def read_quoted_escape(self) -> None:
        """An escape character between double quotes: it escapes the quote, the dollar sign and itself.

        In a pattern it is kept, and before any other character BuildKit keeps it twice.
        """
        if self.part.raw_escapes:
            self.add(self.escape, 1)
        follower = self.source[self.position : self.position + 1]
        if follower in ('"', "$", self.escape) and follower:
            self.position += 1
            self.add(follower, 1)
        elif follower:
            self.add(self.escape, 1)

    def read_single_quotes(self) -> None:
        closing = self.source.find("'", self.position)
        if closing < 0:
            raise _SyntaxError("a single quote is not closed: add the second one, or escape the first")
        self.add(self.source[self.position : closing], closing - self.position, raw=True)
        self.position = closing + 1

    def read_name(self) -> str:
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

    def read_dollar(self) -> None:
        source = self.source
        if source[self.position : self.position + 1] != "{":
            name = self.read_name()
            if name:
                self.add_value(self.look_up(name)[0])
            else:
                self.add("$", 1)
            return
        self.position += 1
        if source[self.position : self.position + 1] in ("{", "}", ":"):
            shown = source[self.position - 2 : self.position + 1]
            raise _SyntaxError(f"`{shown}` names no variable: write its name after `${{`{self.or_escape()}")
        name = self.read_name()
        operation = source[self.position : self.position + 1]
        self.position += 1
        if operation == "}":
            self.add_value(self.look_up(name)[0])
            return
        if operation == ":":
            operation += source[self.position : self.position + 1]
            self.position += 1
        if not operation or operation == ":":
            raise _SyntaxError(f"`${{{_short(name)}` has no closing brace: add a `}}`")
        if operation[-1] not in _MODIFIERS or operation in (":#", ":%", ":/"):
            raise _SyntaxError(self.unsupported(name, operation))
        if operation == "/":
            if source[self.position : self.position + 1] == "/":
                self.position += 1
                operation = "//"
            self.push(self.new_part("/", raw_escapes=True, name=name, operation=operation))
        else:
            raw_escapes = operation in ("#", "%")
            self.push(self.new_part("}", raw_escapes=raw_escapes, name=name, operation=operation))
        # BuildKit keeps the word that it is splitting off in one buffer, and empties it here: with `x`
        # unset, `EXPOSE 80${x:-81}` exposes port 81 alone.
        self.current = []

    def look_up(self, name: str, *, optional: bool = False) -> tuple[Known[str], bool | None]:
        """The value of a variable and whether it is set: yes, no or unknown (None)."""
        value = self.scope.values.get(name)
        if value is not None:
            self.used.add(name)
            return value, True
        if self.scope.open:
            return UNKNOWN, None
        if not optional:
            self.unset.add(name)
        return "", False

    def close(self) -> None:
        """End the current part and add to the part around what came of it."""
        part = self.part
        if part.operation in ("/", "//") and part.stop == "/":
            self.part = self.new_part("}", raw_escapes=True, name=part.name, operation=part.operation)
            self.part.pattern = part.text()
            return
        self.part = self.stack.pop()
        if part.stop == '"':
            self.add_part(part, raw=True)
        elif part.operation[-1] in "+-?":
            self.choose(part)
        else:
            value, _ = self.look_up(part.name)
            try:
                self.add_value(self.edit(part, value))
            except PatternError as refusal:
                raise _SyntaxError(f"`${{{_short(part.name)}{part.operation}`: {refusal}") from refusal

    def add_part(self, part: _Part, *, raw: bool = False) -> None:
        if part.unknown:
            self.part.unknown = True
        else:
            self.add(part.texts[0] if len(part.texts) == 1 else part.texts, part.length, raw=raw)

    def choose(self, part: _Part) -> None:
        """`${x:-w}`, `${x:+w}`, `${x:?w}` and the same without a colon."""
        value, is_set = self.look_up(part.name, optional=True)
        null_is_unset = part.operation[0] == ":"
        if is_set and null_is_unset:
            is_set = None if isinstance(value, Unknown) else value != ""
        operation = part.operation[-1]
        if operation == "+":
            if is_set:
                self.add_part(part)
            elif is_set is None and (part.unknown or part.length):
                self.part.unknown = True
        elif is_set:
            self.add_value(value)
        elif is_set is None:
            self.part.unknown = True
        elif operation == "-":
            self.add_part(part)
        else:
            state = "empty" if null_is_unset and part.name in self.scope.values else "unset"
            raise _SyntaxError(_required(part, state))

    def edit(self, part: _Part, value: Known[str]) -> Known[str]:
        """`${x#p}`, `${x%p}`, `${x/p/r}` and the same with the sign doubled.

        Raises:
            PatternError: the pattern is not valid, whatever the value is.
        """
        word = part.text()
        source = part.pattern if part.operation[0] == "/" else word
        if isinstance(source, Unknown):
            return "" if value == "" and part.operation in ("#", "%") else UNKNOWN
        longest = part.operation in ("#", "%") and source.startswith(part.operation)
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

    def unclosed(self, part: _Part) -> str:
        if part.stop == '"':
            return "a double quote is not closed: add the second one, or escape the first"
        if part.stop == "/":
            return f"`${{{_short(part.name)}{part.operation}` has no second `/`: write `${{name/old/new}}`"
        return f"`${{{_short(part.name)}{part.operation}` has no closing brace: add a `}}`"

    def unsupported(self, name: str, operation: str) -> str:
        return (
            f"`${{{_short(name)}{operation}` is no substitution that BuildKit knows: use one of "
            f":- - :+ + :? ? # ## % %% / // after the name{self.or_escape()}"
        )

    def or_escape(self) -> str:
        return f", or escape the dollar sign: `{self.escape}$`"


def _required(part: _Part, state: str) -> str:
    """The error of `${x?message}`."""
    message = part.text()
    if isinstance(message, Unknown) or not message:
        message = f"must not be {state}"
    return f"{_short(part.name)}: {_short(message, 400)}"


def _short(text: str, length: int = _SHOWN_LENGTH) -> str:
    return text if len(text) <= length else text[:length] + "..."
