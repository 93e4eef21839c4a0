"""Permission bits as chmod reads them: `755`, `u+x`, `a+rX,g-w`.

Source: chmod(1) of GNU coreutils, and POSIX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

UMASK = 0o022
"""Of a RUN: BuildKit starts commands with it, and neither dash nor bash changes it."""

_LONGEST_OCTAL = 5
_SPECIAL = 0o7000
_CLASSES = {"u": 0o700, "g": 0o070, "o": 0o007}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111}


def read_mode(text: str) -> Callable[[int, Kind], Known[int]] | None:
    """What chmod makes of old bits, or None where it would refuse the text.

    Returns:
        A function from the old bits and the kind of the path to the new bits.
    """
    if text.isascii() and text.isdecimal() and set(text) <= set("01234567"):
        return _numeric(text)
    clauses = []
    for clause in text.split(","):
        read = _clause(clause)
        if read is None:
            return None
        clauses.append(read)

    def change(old: int, kind: Kind) -> Known[int]:
        mode: Known[int] = old
        for apply in clauses:
            if mode is UNKNOWN:
                return UNKNOWN
            mode = apply(mode, kind)
        return mode

    return change


def _numeric(text: str) -> Callable[[int, Kind], Known[int]] | None:
    if len(text) > _LONGEST_OCTAL:
        return None
    value = int(text, 8) & 0o7777

    def change(old: int, kind: Kind) -> Known[int]:
        # GNU chmod keeps a directory's set-ID bits unless five digits say otherwise.
        return value | (old & 0o6000 if kind is Kind.DIRECTORY and len(text) < _LONGEST_OCTAL else 0)

    return change


def _clause(text: str) -> Callable[[int, Kind], Known[int]] | None:
    who = text[: len(text) - len(text.lstrip("ugoa"))]
    rest = text[len(who) :]
    if len(rest) < 1 or rest[0] not in "+-=":
        return None
    operator, letters = rest[0], rest[1:]
    if not set(letters) <= set("rwxXst") and letters not in _CLASSES:
        return None  # `u+w-x` and the like are rare enough to be unknown
    mask = 0
    for letter in who or "a":
        mask |= 0o777 if letter == "a" else _CLASSES[letter]
    if not who:
        mask &= ~UMASK  # without a class, the umask's bits are left alone

    def change(old: int, kind: Kind) -> Known[int]:
        if "s" in letters or "t" in letters or (operator == "=" and old & _SPECIAL):
            return UNKNOWN
        bits = _named_bits(letters, old, kind) & mask
        match operator:
            case "+":
                return old | bits
            case "-":
                return old & ~bits
            case _:
                return (old & ~mask) | bits

    return change


def _named_bits(letters: str, old: int, kind: Kind) -> int:
    if letters in _CLASSES:
        shift = {"u": 6, "g": 3, "o": 0}[letters]
        digit = (old >> shift) & 7
        return digit << 6 | digit << 3 | digit
    bits = 0
    for letter in letters:
        if letter == "X":
            bits |= _BITS["x"] if kind is Kind.DIRECTORY or old & 0o111 else 0
        else:
            bits |= _BITS.get(letter, 0)
    return bits
