"""Three-valued answers: what follows, what does not, and what nobody can know from the file."""

from __future__ import annotations

from enum import Enum
from typing import Final, NoReturn, TypeAlias, TypeVar


class Claim(Enum):
    """Whether something holds in a state.

    A claim has no truth value on purpose: `if state.exists(path)` would read UNKNOWN as yes or as no,
    and either is a guess. Compare with `is Claim.YES` or `is Claim.NO`.
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a claim has three values: compare it with `is`")


class Unknown(Enum):
    """The type of UNKNOWN, which stands where a value exists but cannot be known from the file."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown value is neither true nor false: compare it with `is UNKNOWN`")


UNKNOWN: Final = Unknown.UNKNOWN

T = TypeVar("T")
Known: TypeAlias = T | Unknown
"""A value, or UNKNOWN."""
