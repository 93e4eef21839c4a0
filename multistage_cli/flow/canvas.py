"""Rows of spans as something that Rich can print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from rich.segment import Segment

from multistage_cli.flow.charset import Charset
from multistage_cli.flow.labels import PLAIN, STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from multistage_cli.flow.labels import Row, Span


class Canvas(Struct, frozen=True):
    """A picture that is drawn when the width and the characters of its console are known.

    Attributes:
        draw: makes the rows, none wider than the width in cells that it is given.
    """

    draw: Callable[[Charset, int], Iterator[Row]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Rows as segments: their spans were cut to size, so nothing is left for Rich to wrap."""
        styles = {name: console.get_style(name) for name in STYLES}
        for row in self.draw(Charset.of(options), options.max_width):
            for text, style in _merged(row):
                yield Segment(text, styles[style])
            yield Segment.line()


def _merged(row: Row) -> Iterator[Span]:
    """Neighbours of the same style as one, without spaces at the end of the row.

    Spaces go with what is before them: no style of ours shows on a space, and a picture is half spaces.
    """
    text, style, gap = "", PLAIN, ""
    for span, its_style in row:
        words = span.rstrip(" ")
        if not words:
            gap += span
            continue
        text += gap
        gap = span[len(words) :]
        if its_style != style:
            if text.strip(" "):
                yield text, style
                text = ""
            style = its_style
        text += words
    if text:
        yield text, style
