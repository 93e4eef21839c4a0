r"""Text of unknown origin in Markdown as GitHub and GitLab show it, where it stays text.

A Dockerfile's names cannot end a cell or a code span, start a tag, a link, a heading or a list, call somebody
(`@name`) or point to an issue (`#12`). Backslashes do for what is Markdown's own. Names and addresses are looked
for after Markdown is read, so an empty space that does not show (U+200B) stands in them, as dependency bots do it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]#|~!$])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_TICKS: Final = re.compile(r"`+")
_GAP: Final = "&#8203;"
_CALLS: Final = re.compile(r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])|@(?=[A-Za-z0-9.-]+\.[A-Za-z])")
_ISSUES: Final = re.compile(r"(\\#|\bGH-)(?=[0-9])", re.IGNORECASE)
_ADDRESSES: Final = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=\bwww)(?=\.)", re.IGNORECASE)
_LIST: Final = re.compile(r"^(\s*)([-+=]|[0-9]{1,9}(?=[.)]))")


def escaped(text: str) -> str:
    """Text in which nothing is markup, a mention, a link or the end of a cell."""
    shown = "".join(_ENTITIES.get(letter, letter) for letter in printable(text))
    shown = _SPECIAL.sub(r"\\\1", shown)
    shown = _CALLS.sub(f"@{_GAP}", shown)
    shown = _ISSUES.sub(rf"\1{_GAP}", shown)
    shown = _ADDRESSES.sub(lambda found: f"{found[0]}{_GAP}", shown)
    found = _LIST.match(shown)
    if found is None:
        return shown
    place = found.end() if found[2].isdigit() else found.start(2)
    return f"{shown[:place]}\\{shown[place:]}"


def code(text: str) -> str:
    r"""A code span that nothing in the text can end, in a table too, where `|` ends a cell even in there.

    A backslash before a `|` has no form of its own in a cell: such a text comes without a span.
    """
    shown = printable(text)
    if not shown.strip() or "\\|" in shown:
        return escaped(text)
    shown = shown.replace("|", "\\|")
    longest = max((len(run) for run in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if longest else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()) -> list[str]:
    """The lines of a table whose cells are Markdown already; the columns of those places are set to the right."""
    rule = " | ".join("---:" if index in right else "---" for index in range(len(head)))
    return [f"| {' | '.join(head)} |", f"| {rule} |", *(f"| {' | '.join(row)} |" for row in rows)]
