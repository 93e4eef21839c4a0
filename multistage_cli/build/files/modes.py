"""Permission bits as chmod reads them: `755`, `u+x`, `a+rX,g-w`, `u=rwX,go=`.

Source: chmod(1) of GNU coreutils, POSIX, and what GNU's and BusyBox's chmod really do: they differ in the
set-ID bits of directories, which GNU's keeps unless they are named, and in who the sticky bit belongs to.
Where the two would leave different bits, the answer is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files.model import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

UMASK = 0o022
"""Of a RUN: BuildKit starts commands with it, and neither dash nor bash changes it."""

_LONGEST_OCTAL = 5
_ALL = 0o7777
_SET_IDS = 0o6000
_STICKY = 0o1000
_CLASSES = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": _ALL}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "X": 0, "s": _SET_IDS, "t": _STICKY}
_COPIED = {"u": 6, "g": 3, "o": 0}


def read_mode(text: str) -> Callable[[int, Kind], Known[int]] | None:
    """What chmod makes of old bits, or None where it would refuse the text.

    Returns:
        A function from the old bits and the kind of the path to the new bits.
    """
    if text.isascii() and text.isdecimal() and set(text) <= set("01234567"):
        return _numeric(text)
    actions: list[_Action] = []
    for clause in text.split(","):
        read = _clause(clause)
        if read is None:
            return None
        actions += read

    def change(old: int, kind: Kind) -> Known[int]:
        gnu = busybox = old
        for action in actions:
            gnu = action.apply(gnu, kind, gnu=True)
            busybox = action.apply(busybox, kind, gnu=False)
        return gnu if gnu == busybox else UNKNOWN

    return change


def _numeric(text: str) -> Callable[[int, Kind], Known[int]] | None:
    value = int(text, 8)
    if value > _ALL:
        return None

    def change(old: int, kind: Kind) -> Known[int]:
        kept = 0
        if kind is Kind.DIRECTORY and len(text) < _LONGEST_OCTAL:
            kept = old & _SET_IDS & ~value  # GNU's keeps them, BusyBox's does not
        return UNKNOWN if kept else value

    return change


class _Action(Struct, frozen=True):
    """One `+rwx`, for the classes in front of it.

    Attributes:
        who: the bits of the classes; None where none is named, so that the umask counts.
        operator: `+`, `-` or `=`.
        letters: permissions, or one class to copy from.
    """

    who: str
    operator: str
    letters: str

    def apply(self, old: int, kind: Kind, *, gnu: bool) -> int:
        """The new bits, as GNU's or BusyBox's chmod makes them."""
        folder = kind is Kind.DIRECTORY
        affected = 0
        for letter in self.who:
            affected |= _CLASSES[letter] & (~_STICKY if letter == "o" and not gnu else _ALL)
        named = _BITS["s"] & (affected or _ALL) if "s" in self.letters else 0
        omitted = _SET_IDS & ~named if folder and gnu else 0
        value = self._value(old, folder=folder) & (affected or ~UMASK) & ~omitted
        if self.operator == "+":
            return old | value
        if self.operator == "-":
            return old & ~value
        preserved = (_ALL & ~affected if affected else 0) | omitted
        return (old & preserved) | value

    def _value(self, old: int, *, folder: bool) -> int:
        if self.letters in _COPIED:
            digit = (old >> _COPIED[self.letters]) & 7
            return digit << 6 | digit << 3 | digit
        value = 0
        for letter in self.letters:
            value |= _BITS[letter]
        if "X" in self.letters and (folder or old & 0o111):
            value |= _BITS["x"]
        return value


def _clause(text: str) -> list[_Action] | None:
    who = text[: len(text) - len(text.lstrip("ugoa"))]
    rest = text[len(who) :]
    actions: list[_Action] = []
    while rest:
        operator, rest = rest[0], rest[1:]
        length = next((index for index, letter in enumerate(rest) if letter in "+-="), len(rest))
        letters, rest = rest[:length], rest[length:]
        if operator not in "+-=" or not (letters in _COPIED or set(letters) <= _BITS.keys()):
            return None
        actions.append(_Action(who, operator, letters))
    return actions or None
