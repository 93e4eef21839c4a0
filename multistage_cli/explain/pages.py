"""Which pages a word asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.rule import all_rules
from multistage_cli.analyze.selection import covers, suggestion
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from multistage_cli.analyze.rule import Rule


class Explanation(Struct, frozen=True):
    """Rules to explain.

    Attributes:
        rules: by code.
        whole: whether each is explained in full, or only listed.
    """

    rules: tuple[Rule, ...]
    whole: bool


def all_pages() -> Explanation:
    """The list of all rules."""
    return Explanation(all_rules(), whole=False)


def pages_of(word: str) -> Explanation:
    """The rules that a word means: one by its code or name, several by a prefix or by another tool's name.

    Raises:
        MultistageError: it means none.
    """
    found = tuple(entry for entry in all_rules() if covers(word, entry.code, entry.name, entry.aliases))
    if not found:
        raise MultistageError(f'there is no rule "{word}"{suggestion(word)}')
    return Explanation(found, whole=len(found) == 1 or word.upper() not in {"ALL", "MS", "DL", "SC"})
