"""Whether the image stays within a size that the user sets."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.sizes.ranges import about, megabytes

if TYPE_CHECKING:
    from multistage_cli.sizes.ranges import Range

_UNITS: Final = {
    "b": 1,
    "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}  # fmt: skip
_SIZE: Final = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)\s*", re.ASCII)
_UNIT_OF_DOCKER: Final = {"k": "kB", "m": "MB", "g": "GB", "t": "TB"}


class Held(StrEnum):
    """Whether a budget holds."""

    YES = "yes"
    """Even the high end of the estimate is within it, and nothing of unknown size comes on top."""
    MAYBE = "maybe"
    """The estimate is within it; the high end is not, or something of unknown size comes on top."""
    NO = "no"
    """The estimate is over it."""


class Budget(Struct, frozen=True):
    """A size that the image is to stay within.

    Attributes:
        size_bytes: the most that it may have.
        held: whether it stays within.
        over_bytes: by how much the estimate is over; below zero for what is left.
        image: the size that was looked at.
        more: whether things of unknown size come on top.
    """

    size_bytes: int
    held: Held
    over_bytes: int
    image: Range
    more: bool = False


def parse_size(text: str) -> int:
    """Bytes of a size such as `200MB` (decimal, as Docker prints them) or `190MiB` (binary).

    Raises:
        MultistageError: it is no such size.
    """
    found = _SIZE.fullmatch(text)
    shown = printable(text.strip())
    if found is None:
        raise MultistageError(f'--budget "{shown}" is no size; write a number and a unit, such as 200MB')
    number, unit = found[1], found[2].lower()
    if unit not in _UNITS:
        meant = _UNIT_OF_DOCKER.get(unit, "MB")
        why = f'has no unit "{printable(found[2])}"' if unit else "has no unit"
        raise MultistageError(f'--budget "{shown}" {why}; write {number}{meant} (or kB, MB, GB, MiB, GiB)')
    whole, _, fraction = number.partition(".")
    size = int(whole) * _UNITS[unit]
    return size + (int(fraction) * _UNITS[unit] // 10 ** len(fraction) if fraction else 0)


def judge(size_bytes: int, image: Range, *, more: bool) -> Budget:
    """Whether an image stays within a size.

    Args:
        size_bytes: the most that it may have.
        image: the estimate.
        more: whether things of unknown size come on top.
    """
    if image.estimate > size_bytes:
        held = Held.NO
    elif image.high > size_bytes or more:
        held = Held.MAYBE
    else:
        held = Held.YES
    return Budget(size_bytes, held, image.estimate - size_bytes, image, more)


def sentence(budget: Budget) -> str:
    """The answer in one line, the same in every view."""
    limit, image = megabytes(budget.size_bytes), budget.image
    head = f"Budget {limit}"
    if budget.held is Held.NO:
        least = "" if image.low > budget.size_bytes else f", though it may be {megabytes(image.low)}"
        return f"{head}: over by {about(budget.over_bytes)}{least}"
    left = f"{megabytes(-budget.over_bytes)} left"
    if budget.held is Held.YES:
        return f"{head}: held, {left}"
    if image.high > budget.size_bytes:
        more = " or more" if budget.more else ""
        return f"{head}: held by the estimate, {left}, but the image may be {megabytes(image.high)}{more}"
    return f"{head}: held by the estimate, {left}, but things of unknown size come on top"
