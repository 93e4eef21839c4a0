r"""The part of YAML that hadolint's configuration and plain Compose files are written in.

Mappings, lists, quoted and plain scalars on one line, flow lists and mappings on one line, block scalars and
comments. Everything else (anchors, aliases, tags, several documents, scalars over several lines) is refused
with its line, never misread. A dependency would read it all and cost 130 kB and its start; nobody needs it here.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from msgspec import Struct

Value: TypeAlias = "str | bool | list[Value] | dict[str, Value] | None"

_DEEPEST = 64
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_REFUSED_STARTS = tuple("&*!%@`|>")


class YamlError(ValueError):
    """What is not read, and on which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what}")


class _Line(Struct, frozen=True):
    number: int
    indent: int
    text: str


def parse(text: str) -> Value:
    """The document.

    Raises:
        YamlError: it is no YAML, or uses more of it than is read here.
    """
    reader = _Reader(text)
    value = reader.block(0, 0)
    if (rest := reader.peek()) is not None:
        raise YamlError(rest.number, "this does not belong to what is above it: check how far it is indented")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.raw = text.splitlines()
        self.at = 0
        if self.raw and self.raw[0].rstrip() == "---":
            self.at = 1

    def peek(self) -> _Line | None:
        """The next line that says something."""
        while self.at < len(self.raw):
            content = _without_comment(self.raw[self.at], self.at + 1)
            stripped = content.lstrip(" ")
            if stripped.startswith("\t"):
                raise YamlError(self.at + 1, "a tab: indent with spaces")
            if stripped in {"---", "..."}:
                raise YamlError(self.at + 1, "several documents: keep one")
            if stripped:
                return _Line(self.at + 1, len(content) - len(stripped), stripped)
            self.at += 1
        return None

    def block(self, indent: int, depth: int) -> Value:
        """What is indented at least so far."""
        line = self.peek()
        if line is None or line.indent < indent:
            return None
        if depth > _DEEPEST:
            raise YamlError(line.number, "nested too deeply")
        if line.text == "-" or line.text.startswith("- "):
            return self._list(line.indent, depth)
        if _split_key(line) is None:
            self.at += 1
            return _scalar(line.text, line.number)
        return self._mapping(line.indent, depth)

    def _list(self, indent: int, depth: int) -> Value:
        found: list[Value] = []
        while (line := self.peek()) is not None and line.indent == indent:
            if not (line.text == "-" or line.text.startswith("- ")):
                break
            inner = line.text[1:].lstrip(" ")
            if not inner:
                self.at += 1
                found.append(self.block(indent + 1, depth + 1))
                continue
            # `- name: x` opens a mapping whose keys stand where `name` does.
            column = indent + len(line.text) - len(inner)
            self.raw[self.at] = " " * column + inner
            found.append(self.block(column, depth + 1))
        return found

    def _mapping(self, indent: int, depth: int) -> Value:
        found: dict[str, Value] = {}
        while (line := self.peek()) is not None and line.indent == indent:
            pair = _split_key(line)
            if pair is None:
                raise YamlError(line.number, f'"{line.text}" is no key with a colon')
            key, rest = pair
            if key in found:
                raise YamlError(line.number, f'the key "{key}" is there twice')
            self.at += 1
            if re.fullmatch(r"[|>][-+0-9]*", rest):
                found[key] = self._block_scalar(indent)
            elif rest:
                found[key] = _scalar(rest, line.number)
            else:
                following = self.peek()
                dash = following is not None and following.indent == indent and following.text[:1] == "-"
                found[key] = self.block(indent if dash else indent + 1, depth + 1)
        return found

    def _block_scalar(self, indent: int) -> str:
        lines: list[str] = []
        while self.at < len(self.raw):
            line = self.raw[self.at]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                break
            lines.append(line.strip())
            self.at += 1
        return "\n".join(lines)


def _without_comment(line: str, number: int) -> str:
    if "#" not in line:
        return line.rstrip()
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and not (quote == '"' and line[at - 1] == "\\") else quote
        elif letter in "\"'" and (at == 0 or line[at - 1] in " [{,:-("):
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at].rstrip()
    return line.rstrip()


_KEY = r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[{#&*!|>%@`-][^#:]*|-[^\s:]+)[ \t]*:(?:[ \t](.*))?"""


def _split_key(line: _Line) -> tuple[str, str] | None:
    found = re.fullmatch(_KEY, line.text)
    if found is None:
        return None
    key = found[1].strip()
    quoted = key[:1] in {'"', "'"}
    return (_quoted(key, line.number)[0] if quoted else key), (found[2] or "").strip()


def _scalar(text: str, number: int) -> Value:
    value, rest = _flow(text, number, 0)
    if rest.strip():
        raise YamlError(number, f'"{rest.strip()}" stands after a value that is complete')
    return value


def _flow(text: str, number: int, depth: int, *, ends: str = "") -> tuple[Value, str]:
    """One value and what follows it; a plain one ends at one of `ends`."""
    text = text.lstrip(" ")
    if depth > _DEEPEST:
        raise YamlError(number, "nested too deeply")
    if text.startswith(("[", "{")):
        return _collection(text, number, depth)
    if text.startswith(('"', "'")):
        return _quoted(text, number)
    if text.startswith(_REFUSED_STARTS):
        raise YamlError(number, f'"{text[:20]}" is more YAML than is read here: write it as plain text')
    end = next((at for at, letter in enumerate(text) if letter in ends), len(text))
    word = text[:end].strip()
    return _WORDS.get(word.lower(), word), text[end:]


def _quoted(text: str, number: int) -> tuple[str, str]:
    quote = text[0]
    pattern = r'"((?:[^"\\]|\\.)*)"' if quote == '"' else r"'((?:[^']|'')*)'"
    found = re.match(pattern, text)
    if found is None:
        raise YamlError(number, f"the quote {quote} is not closed on its line")
    inner = re.sub(r"\\(.)", r"\1", found[1]) if quote == '"' else found[1].replace("''", "'")
    return inner, text[found.end() :]


def _collection(text: str, number: int, depth: int) -> tuple[Value, str]:
    opening, closing = text[0], "]" if text[0] == "[" else "}"
    members: list[Value] = []
    pairs: dict[str, Value] = {}
    text = text[1:].lstrip(" ")
    while not text.startswith(closing):
        key, text = _flow(text, number, depth + 1, ends=",]}:" if opening == "{" else ",]}")
        if opening == "[":
            members.append(key)
        else:
            text = text.lstrip(" ")
            value: Value = None
            if text.startswith(":"):
                value, text = _flow(text[1:], number, depth + 1, ends=",}")
            pairs[str(key)] = value
        text = text.lstrip(" ")
        if text.startswith(","):
            text = text[1:].lstrip(" ")
        elif not text.startswith(closing):
            raise YamlError(number, f"the {opening} is not closed on its line")
    return (members if opening == "[" else pairs), text[1:]
