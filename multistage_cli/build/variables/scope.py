"""What an expansion starts from and what it gives."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.claims import Known

DEFAULT_LIMIT = 1_048_576
"""The most characters that variables add to one word. Linux runs no command with a variable above
131,072 bytes (MAX_ARG_STRLEN), so no file that works comes near."""

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_NAMES: frozenset[str] = frozenset()


class Scope(Struct, frozen=True):
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


class Expansion(Struct, frozen=True):
    """What a word became.

    Attributes:
        value: the text, UNKNOWN where a part of it cannot be known.
        used: names that were looked up and were set.
        unset: names that were looked up and are certainly not set, without a default in the word.
        defaulted: the same, but inside `${x:-w}`, `${x-w}`, `${x:+w}` or `${x+w}`. BuildKit's check
            UndefinedVar names these as well, unless an ARG declares them.
        error: BuildKit's refusal in words (`${x:?message}`, a bad substitution), or None. The value is
            then UNKNOWN.
    """

    value: Known[str]
    used: frozenset[str] = _NO_NAMES
    unset: frozenset[str] = _NO_NAMES
    defaulted: frozenset[str] = _NO_NAMES
    error: str | None = None
