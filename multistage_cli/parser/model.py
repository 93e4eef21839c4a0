"""What a Dockerfile is once it has been read: instructions, each with its place on disk."""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from typing import Literal

from msgspec import Struct


class Span(Struct, frozen=True):
    """Whole lines of one Dockerfile: 1-based, both ends included, as Docker prints them.

    Raises:
        ValueError: the ends are no line range. That is our bug, never the user's Dockerfile.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last:
            raise ValueError(f"not a line range: {self.first} to {self.last}")


class Position(Struct, frozen=True):
    """A character of the Dockerfile as it lies on disk: 1-based line and column."""

    line: int
    column: int


class Segment(Struct, frozen=True):
    """Where a run of characters of a joined text came from: `text[offset:]` up to the next segment."""

    offset: int
    position: Position


class Flag(Struct, frozen=True):
    """A flag of an instruction, such as `--from=builder`.

    Attributes:
        name: what stands between `--` and `=`.
        value: what follows the `=`, quotes and escapes removed as BuildKit does: every byte of a letter
            beyond ASCII comes out as a letter of its own. None where there is no `=`.
        text: as it was written.
    """

    name: str
    value: str | None
    text: str


class KeyValue(Struct, frozen=True):
    """One pair of ENV, LABEL or ARG, its value still quoted and unexpanded.

    `separator` is `=`, or a space for the legacy `ENV name value`, or empty for `ARG name`, whose value
    is None.
    """

    name: str
    value: str | None
    separator: Literal["=", " ", ""]


class Heredoc(Struct, frozen=True):
    """A here-document of RUN, COPY or ADD.

    Attributes:
        name: the terminator, without quotes.
        body: the lines between, leading tabs removed for `<<-`, line ends as they lie on disk.
        expand: whether variables in the body are expanded (the name was not quoted).
        chomp: whether it was written `<<-`.
        descriptor: the file descriptor before `<<`, 0 where none was written.
        span: the lines from the first line of the body to the terminator; to the end of the file where there
            is none.
    """

    name: str
    body: str
    expand: bool
    chomp: bool
    descriptor: int
    span: Span


class Instruction(Struct, frozen=True):
    """One instruction of a Dockerfile.

    Attributes:
        name: in capitals, such as `RUN`; an unknown word stays what it is, in capitals.
        keyword: the name as it was written.
        span: from its first line to the last, here-documents included.
        raw: those lines as they lie on disk.
        text: what follows the keyword and the flags, continuation lines joined as BuildKit joins them,
            without comment lines and without the bodies of here-documents.
        flags: in their order.
        words: the arguments as BuildKit's parser splits them for this instruction: one string for a
            shell form, the members for a JSON form, the words of FROM, COPY and so on, still quoted and
            unexpanded. For ENV, LABEL and ARG see `pairs`. HEALTHCHECK has its type before the command's.
        json_form: whether the arguments are a JSON array of strings.
        pairs: of ENV, LABEL and ARG, else empty.
        heredocs: in their order.
        comments: the comment lines above, as BuildKit keeps them for descriptions: without the first
            character, so that an indented one keeps its `#`, and none from above an empty comment.
        trigger: of ONBUILD, the instruction that fires in a child, else None. It has the lines, `raw` and
            here-documents of its ONBUILD, and no trigger of its own.
        segments: where each part of `text` came from, by rising offset; at least one.
    """

    name: str
    keyword: str
    span: Span
    raw: str
    text: str
    flags: tuple[Flag, ...]
    words: tuple[str, ...]
    json_form: bool
    pairs: tuple[KeyValue, ...]
    heredocs: tuple[Heredoc, ...]
    comments: tuple[str, ...]
    trigger: Instruction | None
    segments: tuple[Segment, ...]

    def flag(self, name: str) -> str | None:
        """The value of the last flag of that name; an empty string where it has none; None without it."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return flag.value or ""
        return None

    def position(self, offset: int) -> Position:
        """The place on disk of `text[offset]`."""
        index = max(bisect_right(self.segments, offset, key=lambda segment: segment.offset) - 1, 0)
        segment = self.segments[index]
        return Position(segment.position.line, segment.position.column + offset - segment.offset)


class Directive(Struct, frozen=True):
    """A parser directive at the top of the file: `syntax`, `escape` or `check`, its name in lower case."""

    name: str
    value: str
    line: int


class Comment(Struct, frozen=True):
    """A comment line, without `#` and the white space around."""

    line: int
    text: str


class ProblemKind(Enum):
    """What BuildKit makes of a problem."""

    REFUSED = "refused"
    """BuildKit's parser refuses the file here; what follows is what a person would still want to know."""
    EMPTY_CONTINUATION = "empty continuation"
    """A blank line inside a continued instruction: a warning today, an error one day."""


class Problem(Struct, frozen=True):
    """Something wrong with the file itself, in words that say what to do."""

    kind: ProblemKind
    span: Span
    message: str


class Dockerfile(Struct, frozen=True):
    """A Dockerfile that was read: never an exception, whatever the text."""

    text: str
    instructions: tuple[Instruction, ...]
    directives: tuple[Directive, ...]
    comments: tuple[Comment, ...]
    problems: tuple[Problem, ...]
    escape: Literal["\\", "`"]

    @property
    def lines(self) -> list[str]:
        r"""The lines as Docker counts them (`\n` ends a line and nothing else does), without line ends."""
        return [line.removesuffix("\r") for line in self.text.split("\n")]

    def directive(self, name: str) -> str | None:
        """The value of a directive, or None."""
        return next((entry.value for entry in self.directives if entry.name == name), None)
