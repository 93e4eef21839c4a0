"""The text of a script beside its syntax tree: texts, offsets and words of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from multistage_cli.shell.model import Opaque, Variable, Word

if TYPE_CHECKING:
    from tree_sitter import Node

SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})

_Part: TypeAlias = "str | Variable | Opaque"
_OPAQUE = frozenset(
    {"expansion", "ansi_c_string", "translated_string", "arithmetic_expansion", "brace_expression"}
)
_PATTERN = frozenset("*?[{")
_SPECIAL = frozenset("?$!#@*-")
_MAX_DEPTH = 200  # of nested words; deeper ones are opaque


class Source:
    """A script as the bytes that the grammar reads; places come out in characters."""

    __slots__ = ("_characters", "_text", "data")

    def __init__(self, script: str) -> None:
        self.data = script.encode("utf-8", "replace")
        self._text = script if script.isascii() else None
        self._characters = None if self._text is not None else _character_offsets(self.data)

    def slice(self, start: int, end: int) -> str:
        """The text between two bytes."""
        if self._text is not None:
            return self._text[start:end]
        return self.data[start:end].decode("utf-8", "replace")

    def text(self, node: Node) -> str:
        """The text of a node."""
        return self.slice(node.start_byte, node.end_byte)

    def offset(self, byte: int) -> int:
        """The character that a byte belongs to."""
        return byte if self._characters is None else self._characters[byte]

    def word(self, node: Node) -> Word:
        """The word that a node is."""
        kind, start = node.type, node.start_byte
        text = self.slice(start, node.end_byte)
        if kind in {"word", "number"} and "\\" not in text:
            return Word(text, (text,), self.offset(start), not _PATTERN.isdisjoint(text))
        parts: list[_Part] = []
        pattern = self._parts(node, kind, text, parts, 0)
        return Word(text, _merged(parts), self.offset(start), pattern)

    def _parts(self, node: Node, kind: str, text: str, parts: list[_Part], depth: int) -> bool:
        """Append the parts of a word; true where an unquoted pattern is in it."""
        if kind in {"concatenation", "command_name"} and depth < _MAX_DEPTH:
            patterns = [
                self._parts(child, child.type, self.text(child), parts, depth + 1) for child in node.children
            ]
            return any(patterns)
        if kind == "string":
            self._quoted(node, parts, depth)
        elif kind == "raw_string":
            parts.append(text[1:-1])
        elif kind == "simple_expansion":
            # The grammar takes `"$ x"` for an expansion, too.
            parts.append(Variable(text[1:]) if _is_name(text[1:]) else text)
        elif kind == "expansion" and _is_name(text[2:-1]):
            parts.append(Variable(text[2:-1]))
        elif kind in _OPAQUE or kind in SUBSTITUTIONS or node.children:
            parts.append(Opaque(text))
            return kind == "brace_expression"
        else:
            parts.append(_unescape(text))
            return not _PATTERN.isdisjoint(_without_escapes(text))
        return False

    def _quoted(self, node: Node, parts: list[_Part], depth: int) -> None:
        # Take what lies between the expansions from the source: the grammar drops or moves white space.
        position, last = node.start_byte + 1, max(node.end_byte - 1, node.start_byte + 1)
        for child in node.named_children:
            if child.type == "string_content":
                continue
            text = self.text(child)
            stripped = text.lstrip()
            start = child.start_byte + len(text) - len(stripped)
            parts.append(_unescape_quoted(self.slice(position, start)))
            if start != child.start_byte or depth >= _MAX_DEPTH:
                parts.append(Opaque(stripped))
            else:
                self._parts(child, child.type, text, parts, depth + 1)
            position = child.end_byte
        parts.append(_unescape_quoted(self.slice(position, last)))


def _character_offsets(data: bytes) -> list[int]:
    """For each byte of the script, and for its end, the character that it belongs to."""
    offsets: list[int] = []
    index = -1
    for byte in data:
        index += byte & 0xC0 != 0x80  # noqa: PLR2004 - a byte that goes on with a character of UTF-8
        offsets.append(index)
    return [*offsets, index + 1]


def _is_name(text: str) -> bool:
    return text.isidentifier() or text.isdecimal() or text in _SPECIAL


def _merged(parts: list[_Part]) -> tuple[_Part, ...]:
    merged: list[_Part] = []
    for part in parts:
        before = merged[-1] if merged else None
        if isinstance(part, str) and isinstance(before, str):
            merged[-1] = before + part
        elif part != "" or len(parts) == 1:
            merged.append(part)
    return tuple(merged)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.replace("\\\n", "").split("\\\\")
    return "\\".join(part.replace("\\", "") for part in parts)


def _without_escapes(text: str) -> str:
    if "\\" not in text:
        return text
    kept = []
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        kept.append(text[position])
        position += 1
    return "".join(kept)


def _unescape_quoted(text: str) -> str:
    r"""Inside double quotes a backslash is special before `$`, a backquote, `"`, itself and a line end."""
    if "\\" not in text:
        return text
    kept = []
    position = 0
    while position < len(text):
        following = text[position + 1 : position + 2]
        if text[position] == "\\" and following in {"$", "`", '"', "\\", "\n"} and following:
            kept.append("" if following == "\n" else following)
            position += 2
            continue
        kept.append(text[position])
        position += 1
    return "".join(kept)
