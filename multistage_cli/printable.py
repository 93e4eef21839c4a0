"""Text of unknown origin, made harmless for a terminal or a page.

A Dockerfile may hold anything: escape sequences, line breaks in a name, characters that turn the reading
direction around. Shown as they are, they could hide or forge output.
"""

from __future__ import annotations

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_BYTES = range(0xDC80, 0xDD00)  # where `surrogateescape` puts bytes that were no UTF-8
_LAST_BYTE = 0xFF
_LAST_OF_FOUR_DIGITS = 0xFFFF


def printable(text: str) -> str:
    r"""The text on one line, with each character that does not show as its escape (`\x1b`, `\u202e`)."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if named := _NAMED.get(character):
        return named
    if code <= _LAST_BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"
