"""Text of unknown origin, made harmless for a terminal or a page.

A Dockerfile may hold anything: escape sequences, line breaks in a name, characters that turn the reading
direction around. Shown as they are, they could hide or forge output.
"""

from __future__ import annotations

import re

_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, ESC among them
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060\u2066-\u2069\ufeff"  # direction and no width
    "\ud800-\udfff]"  # bytes that were no UTF-8
)


def printable(text: str) -> str:
    r"""The text on one line, with each active character as its escape (`\x1b`, `\u202e`)."""
    return _ACTIVE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004  (surrogateescape: the byte that it stands for)
        return f"\\x{code - 0xDC00:02x}"
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(match.group())
    return named or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")  # noqa: PLR2004
