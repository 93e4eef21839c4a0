"""How wide a text is in a picture that no font was asked about: a table of widths, on the wide side."""

from __future__ import annotations

from rich.cells import get_character_cell_size

_WIDTHS = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34,
    84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99,
    69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52,
    39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
"""Of the characters from space to tilde, in hundredths of the font size: DejaVu Sans 2.37, read from its `hmtx`
table. It is the widest of the sans-serif fonts that browsers fall back to, so that no text runs out of its box."""

_FIRST, _ONE_CELL, _TWO_CELLS = 0x20, 72, 108  # of other characters: letters, then ideographs and emoji
_BOLD = 1.12
_ROUNDING = 0.01  # a width that was measured here has room for its text
_CUT = "…"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels that a text takes at a font size in pixels, at most."""
    hundredths = sum(map(_width, text))
    return hundredths * size / 100 * (_BOLD if bold else 1.0)


def fitted(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """The text in at most so many pixels, its middle cut out where it must be: the ends tell most."""
    room = width * 100 / size / (_BOLD if bold else 1.0) + _ROUNDING
    # No character is narrower than a quarter of the font size: of a longer text only the ends are looked at.
    most = int(room / 20) + 2
    if len(text) <= most and sum(map(_width, text)) <= room:
        return text
    room = max(room - _width(_CUT), 0.0)
    head = _prefix(text[:most], room * 0.6)
    tail = _prefix(text[-most:][::-1], room * 0.4)[::-1]
    return f"{head.rstrip()}{_CUT}{tail.lstrip()}"


def _prefix(text: str, room: float) -> str:
    for place, character in enumerate(text):
        room -= _width(character)
        if room < 0:
            return text[:place]
    return text


def _width(character: str) -> int:
    place = ord(character) - _FIRST
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    # A mark that combines counts as well: not every font has it combined.
    return _TWO_CELLS if get_character_cell_size(character) > 1 else _ONE_CELL
