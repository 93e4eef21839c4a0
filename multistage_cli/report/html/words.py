"""Small pieces that the sections share: links to lines, counts, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.sizes.views.bars import size_range
from multistage_cli.terminal.page_shell import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multistage_cli.sizes.ranges import Range


def line_link(first: int, last: int | None = None) -> str:
    """A link to a line of the Dockerfile, or to the first of several."""
    if last is None or last == first:
        return f'<a href="#L{first}">{first}</a>'
    return f'<a href="#L{first}" data-last="{last}">{first}-{last}</a>'


def sized(size: Range, *, more: bool = False) -> str:
    """A size with its ends, as HTML."""
    return text(size_range(size, more=more))


def plural(count: int, noun: str) -> str:
    """`1 file`, `2,000 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(items: Sequence[str], *, most: int) -> str:
    """The first of them, and how many are left."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more
