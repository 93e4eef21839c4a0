"""Text -> Dockerfile: the stream of instructions from `dockerfile-parse`, completed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from io import BytesIO
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.parser.lines import BYTE_ORDER_MARK, Lines, Origins, read_lines
from multistage_cli.parser.model import (
    Dockerfile,
    Heredoc,
    Instruction,
    Position,
    Segment,
    Span,
)
from multistage_cli.parser.words import (
    SPACES,
    Arguments,
    RefusalError,
    arguments,
    instruction_name,
    split_flags,
    split_keyword,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_INFINITE = float("inf")


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile.

    Args:
        text: the file, decoded as UTF-8 with `surrogateescape`, line ends untouched.
    """
    file = read_lines(text)
    instructions = tuple(
        _instruction(file, entry_name, first, last, value)
        for entry_name, first, last, value in _instruction_stream(file.masked)
    )
    if not instructions:
        last = max(len(file.lines), 1)
        file.refuse(last, last, "the file has no instructions: start with FROM and a base image")
    file.problems.sort(key=lambda problem: (problem.span.first, problem.span.last))
    return Dockerfile(
        text=text,
        instructions=instructions,
        directives=tuple(file.directives),
        comments=tuple(file.comments),
        problems=tuple(file.problems),
        escape=file.escape,
    )


def _instruction_stream(masked: list[str]) -> Iterator[tuple[str, int, int, str]]:
    """Name, first line, last line and joined value of every instruction, as `dockerfile-parse` has them."""
    from dockerfile_parse import DockerfileParser

    content = BytesIO("".join(f"{line}\n" for line in masked).encode("ascii"))
    for entry in DockerfileParser(fileobj=content).structure:
        if entry["content"][0] != "#":
            yield entry["instruction"], entry["startline"] + 1, entry["endline"] + 1, entry["value"]


class _Source(Struct, frozen=True):
    """The joined line of one instruction, and what its trigger shares with it.

    `last` is its last line before the bodies of here-documents: BuildKit's refusals reach that far.
    """

    text: str
    origins: Origins
    span: Span
    last: int
    raw: str
    heredocs: tuple[Heredoc, ...]

    def position(self, offset: int) -> Position:
        at, line, column = self.origins[max(bisect_right(self.origins, (offset, _INFINITE)) - 1, 0)]
        return Position(line, column + offset - at)

    def segments(self, start: int, end: int) -> tuple[Segment, ...]:
        """Where the characters from `start` up to `end` came from; the first even if there are none."""
        first = Segment(0, self.position(start))
        if len(self.origins) == 1:
            return (first,)
        inside = self.origins[
            bisect_right(self.origins, (start, _INFINITE)) : bisect_left(self.origins, (end,))
        ]
        return (first, *(Segment(at - start, Position(line, column)) for at, line, column in inside))


def _instruction(file: Lines, stream_name: str, first: int, last: int, value: str) -> Instruction:
    span = Span(first, last)
    comments = file.above.get(first, ())
    joined = file.joined.get(first)
    if joined is None:
        # One plain line, of which dockerfile-parse has the name and the value right.
        raw = file.lines[first - 1]
        line = raw.rstrip("\r")
        keyword = line.lstrip(SPACES + BYTE_ORDER_MARK)[: len(stream_name)]
        column = len(line.rstrip("\t ")) - len(value) + 1
        source = _Source(value, ((0, first, column),), span, last, raw, ())
        return _complete(file, source, keyword, stream_name, 0, comments=comments)
    raw = "\n".join(file.lines[first - 1 : last])
    source = _Source(joined.text.rstrip(SPACES), joined.origins, span, joined.last, raw, joined.heredocs)
    start = len(source.text) - len(source.text.lstrip(SPACES))
    keyword, start = split_keyword(source.text, start)
    return _complete(file, source, keyword, instruction_name(keyword), start, comments=comments)


def _complete(
    file: Lines, source: _Source, keyword: str, name: str, start: int, *, comments: tuple[str, ...] = ()
) -> Instruction:
    """The instruction whose flags and arguments start at an offset of the joined line."""
    flags, start = split_flags(source.text, start, file.escape)
    text = source.text[start:].lstrip(SPACES)
    start = len(source.text) - len(text)
    trigger = None
    parsed = Arguments()
    if name == "ONBUILD" and text:
        trigger = _trigger(file, source, start)
        parsed = Arguments((text,))
    else:
        try:
            parsed = arguments(name, text, file.escape)
        except RefusalError as refusal:
            file.refuse(source.span.first, source.last, str(refusal))
            parsed = Arguments((text,))
    return Instruction(
        name=name,
        keyword=keyword,
        span=source.span,
        raw=source.raw,
        text=text,
        flags=flags,
        words=parsed.words,
        json_form=parsed.json_form,
        pairs=parsed.pairs,
        heredocs=source.heredocs,
        comments=comments,
        trigger=trigger,
        segments=source.segments(start, len(source.text)),
    )


def _trigger(file: Lines, source: _Source, start: int) -> Instruction:
    """The instruction behind ONBUILD.

    A trigger that is an ONBUILD itself, which BuildKit refuses later, has no trigger here: its parser
    recurses to the innermost one, so only what it refuses there is looked for.
    """
    keyword, start = split_keyword(source.text, start)
    name = instruction_name(keyword)
    if name != "ONBUILD":
        return _complete(file, source, keyword, name, start)
    flags, start = split_flags(source.text, start, file.escape)
    start = len(source.text) - len(source.text[start:].lstrip(SPACES))
    text = source.text[start:]
    chained = Instruction(
        name=name,
        keyword=keyword,
        span=source.span,
        raw=source.raw,
        text=text,
        flags=flags,
        words=(text,) if text else (),
        json_form=False,
        pairs=(),
        heredocs=(),
        comments=(),
        trigger=None,
        segments=source.segments(start, len(source.text)),
    )
    while name == "ONBUILD" and start < len(source.text):
        keyword, start = split_keyword(source.text, start)
        name = instruction_name(keyword)
        _, start = split_flags(source.text, start, file.escape)
    if name != "ONBUILD":
        try:
            arguments(name, source.text[start:].lstrip(SPACES), file.escape)
        except RefusalError as refusal:
            file.refuse(source.span.first, source.last, str(refusal))
    return chained
