"""The lines of a Dockerfile, made ready for `dockerfile-parse`.

It gives the stream of instructions, and knows neither here-documents nor several directives, and takes a
blank line for the end of a continued instruction. So it is handed a copy in which each such line is
masked by one that it reads as BuildKit reads the original: line numbers stay true, every instruction
starts and ends where BuildKit says, and no line is long or strange.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct, field

from multistage_cli.parser import heredocs
from multistage_cli.parser.model import Comment, Directive, Heredoc, Problem, ProblemKind, Span
from multistage_cli.parser.words import (
    SPACES,
    RefusalError,
    instruction_name,
    json_words,
    quoted,
    shortened,
    split_flags,
    split_keyword,
)

BYTE_ORDER_MARK = "\ufeff"
MAX_LINE_BYTES = 65_535  # bufio.MaxScanTokenSize - 1: BuildKit's scanner stops at a longer line
_PLAIN = re.compile(r"[\t\x20-\x7e]{,1000}")
_DIRECTIVE = re.compile(r"#[\t\n\f\r ]*([A-Za-z][A-Za-z0-9]*)[\t\n\f\r ]*=([\t\n\f\r ]*)(.*)", re.DOTALL)
_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)
Escape = Literal["\\", "`"]
Origins = tuple[tuple[int, int, int], ...]
"""Offset, line on disk and column of each part of a joined text, by rising offset."""


class Joined(Struct, frozen=True):
    """An instruction that is more than one plain line.

    Attributes:
        text: its lines joined as BuildKit joins them.
        last: the last line before the bodies of here-documents.
    """

    text: str
    origins: Origins
    last: int
    heredocs: tuple[Heredoc, ...]


class Lines(Struct):
    r"""What the lines of a file are.

    Attributes:
        lines: as they lie on disk, without `\n`.
        masked: one for each of `lines`, as `dockerfile-parse` gets to see it.
        joined: by first line; an instruction that is not in here is one plain line.
        above: by first line, the comments right above an instruction.
    """

    lines: list[str]
    ends_with_newline: bool
    masked: list[str] = field(default_factory=list)
    joined: dict[int, Joined] = field(default_factory=dict)
    above: dict[int, tuple[str, ...]] = field(default_factory=dict)
    directives: list[Directive] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    escape: Escape = "\\"

    def refuse(self, first: int, last: int, message: str) -> None:
        """Note that BuildKit refuses the file because of those lines."""
        self.problems.append(Problem(ProblemKind.REFUSED, Span(first, last), message))


def read_lines(text: str) -> Lines:
    """Tell directives, comments, instructions and here-documents apart, line by line."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    file = Lines(lines, text.endswith("\n"))
    _refuse_long_lines(file)
    above: list[str] = []
    index = _read_directives(file, above)
    while index < len(lines):
        line = lines[index].rstrip("\r")
        if index == 0:
            line = line.removeprefix(BYTE_ORDER_MARK)
        content = line.lstrip(SPACES)
        if not content:
            file.masked.append("")
            index += 1
        elif content[0] == "#":
            _read_comment(file, line, content, index, above)
            index += 1
        else:
            if above:
                file.above[index + 1] = tuple(above)
                above.clear()
            index = _read_instruction(file, index, content)
    return file


def _refuse_long_lines(file: Lines) -> None:
    for number, line in enumerate(file.lines, 1):
        if 4 * len(line) > MAX_LINE_BYTES and _size_bytes(line) > MAX_LINE_BYTES:
            file.refuse(
                number,
                number,
                f"line {number} is longer than {MAX_LINE_BYTES} bytes, more than BuildKit reads: break it"
                f" with `{file.escape}`, or move its text into a file that the build copies",
            )


def _size_bytes(text: str) -> int:
    try:
        return len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # surrogates that no decoding makes
        return len(text.encode("utf-8", "surrogatepass"))


# Directives and comments


def _read_directives(file: Lines, above: list[str]) -> int:
    """Read the directives at the top; the index of the first line that is none."""
    lines = file.lines
    shebang = bool(lines) and lines[0].removeprefix(BYTE_ORDER_MARK).startswith("#!")
    index = 0
    if shebang:
        line = lines[0].rstrip("\r").removeprefix(BYTE_ORDER_MARK)
        _read_comment(file, line, line, 0, above)
        index = 1
    while index < len(lines):
        line = lines[index].rstrip("\r")
        if index == 0:
            line = line.removeprefix(BYTE_ORDER_MARK)
        # Below a shebang BuildKit looks for `syntax` and `check` only, and not behind white space.
        content = line if shebang else line.lstrip(SPACES)
        match = _DIRECTIVE.match(content)
        if match is None:
            break
        name = match.group(1).lower()
        value = match.group(3).rstrip("\t\n\f\r ") or match.group(2)[-1:]
        if name not in ("syntax", "escape", "check") or not value or (shebang and name == "escape"):
            break
        _add_directive(file, name, value, index + 1)
        file.masked.append("")
        index += 1
    return index


def _add_directive(file: Lines, name: str, value: str, line: int) -> None:
    first = next((directive.line for directive in file.directives if directive.name == name), None)
    if first is not None:
        file.refuse(
            line, line, f"the {name} directive on line {first} stands here again: keep one of the two lines"
        )
        return
    file.directives.append(Directive(name, value, line))
    if name != "escape":
        return
    if value == "\\":
        file.escape = "\\"
    elif value == "`":
        file.escape = "`"
    else:
        file.refuse(
            line, line, f"the escape directive takes \\ or ` and has {quoted(value)}: write one of the two"
        )


def _read_comment(file: Lines, line: str, content: str, index: int, above: list[str]) -> None:
    file.comments.append(Comment(index + 1, content[1:].strip(SPACES)))
    file.masked.append("")
    # BuildKit cuts the first character and not the `#` off: an indented comment keeps its `#`.
    comment = line[1:].strip(SPACES)
    if comment:
        above.append(comment)
    else:
        above.clear()


# Instructions


def _read_instruction(file: Lines, index: int, content: str) -> int:
    """Read the instruction that starts at that index; the index of the line behind it."""
    if content.rstrip("\t ")[-1] not in "\\`" and "<<" not in content and _PLAIN.fullmatch(content):
        file.masked.append(content)
        return index + 1
    text, origins, last = _join(file, index, content)
    documents: tuple[Heredoc, ...] = ()
    end = last
    if "<<" in text and _may_have_heredoc(text, file.escape):
        try:
            openings = heredocs.openings(text)
        except RefusalError as refusal:
            file.refuse(index + 1, last + 1, str(refusal))
        else:
            documents, end = _read_heredocs(file, index, last, openings)
    file.joined[index + 1] = Joined(text, origins, last + 1, documents)
    keyword = split_keyword(text.lstrip(SPACES))[0]
    shown = keyword if keyword.isalpha() and _PLAIN.fullmatch(keyword) else "X"
    if end == index:
        file.masked.append(f"{shown} X")
    else:
        # Comments do not grow the text that dockerfile-parse copies again for every continued line.
        file.masked.append(f"{shown} \\")
        file.masked.extend(["#"] * (end - index - 1))
        file.masked.append("X")
    return end + 1


def _join(file: Lines, index: int, content: str) -> tuple[str, Origins, int]:
    """Join the lines that continue each other; also where the parts came from, and the last line's index."""
    parts: list[str] = []
    origins: list[tuple[int, int, int]] = []
    part, continued = _continuation(content, file.escape)
    start = (0, index + 1, len(file.lines[index].rstrip("\r")) - len(content) + 1)
    if part:
        origins.append(start)
        parts.append(part)
    length = len(part)
    last = index
    blank = 0
    while continued and last + 1 < len(file.lines):
        last += 1
        line = file.lines[last].rstrip("\r")
        content = line.lstrip(SPACES)
        if not content:
            blank = blank or last + 1
            continue
        if blank:
            _warn_of_blank_lines(file, blank, last)
            blank = 0
        if content[0] == "#":
            file.comments.append(Comment(last + 1, content[1:].strip(SPACES)))
            continue
        part, continued = _continuation(line, file.escape)
        if part:
            origins.append((length, last + 1, 1))
            parts.append(part)
            length += len(part)
    if blank:
        _warn_of_blank_lines(file, blank, last + 1)
    return "".join(parts), tuple(origins) or (start,), last


def _continuation(line: str, escape: str) -> tuple[str, bool]:
    """The line without its continuation character, and whether it has one; a doubled one is none."""
    tail = line.rstrip("\t ")
    if tail.endswith(escape) and tail[-2:-1] != escape:
        return tail[:-1], True
    return line, False


def _warn_of_blank_lines(file: Lines, first: int, last: int) -> None:
    file.problems.append(
        Problem(
            ProblemKind.EMPTY_CONTINUATION,
            Span(first, last),
            "a blank line inside a continued instruction, which BuildKit will refuse one day: delete it, or"
            f" end the instruction before it (no `{file.escape}` on the line above)",
        )
    )


# Here-documents


def _may_have_heredoc(text: str, escape: str) -> bool:
    """Whether it is RUN, COPY or ADD, plain or behind one ONBUILD, in another form than JSON."""
    text = text.strip(SPACES)
    keyword, start = split_keyword(text)
    name = instruction_name(keyword)
    _, start = split_flags(text, start, escape)
    rest = text[start:].strip(SPACES)
    if name == "ONBUILD" and rest:
        keyword, start = split_keyword(rest)
        name = instruction_name(keyword)
        _, start = split_flags(rest, start, escape)
        rest = rest[start:].strip(SPACES)
    if name not in ("RUN", "COPY", "ADD"):
        return False
    try:
        return json_words(rest) is None
    except RefusalError:
        return False


def _read_heredocs(
    file: Lines, index: int, last: int, openings: tuple[heredocs.Opening, ...]
) -> tuple[tuple[Heredoc, ...], int]:
    """The here-documents below an instruction, and the index of the last line that they take."""
    found: list[Heredoc] = []
    lines = file.lines
    for opening in openings:
        start = last + 1
        end = next((at for at in range(start, len(lines)) if _ends(lines[at], opening)), None)
        last = len(lines) - 1 if end is None else end
        body = "\n".join(lines[start : len(lines) if end is None else end])
        if body or (start < last if end is None else start < end):
            body += "\n" if end is not None or file.ends_with_newline else ""
        if opening.chomp:
            body = _LEADING_TABS.sub("", body)
        span = Span(min(start, last) + 1, last + 1)
        found.append(Heredoc(opening.name, body, opening.expand, opening.chomp, opening.descriptor, span))
        if end is None:
            file.refuse(index + 1, last + 1, _unterminated(file, opening, start))
            break
    return tuple(found), last


def _ends(line: str, opening: heredocs.Opening) -> bool:
    line = line.rstrip("\r")
    return (line.lstrip("\t") if opening.chomp else line) == opening.name


def _unterminated(file: Lines, opening: heredocs.Opening, start: int) -> str:
    name, wanted = shortened(opening.name), opening.name.strip(SPACES)
    message = (
        f"the here-document {name} has no end: write {name} alone on a line below, without white space around"
    )
    near = next((at for at in range(start, len(file.lines)) if file.lines[at].strip(SPACES) == wanted), None)
    if near is None:
        return message
    if file.lines[near].rstrip("\r").lstrip("\t") == opening.name:
        return f"{message}, or start it with <<-{name}, since line {near + 1} has tabs before it"
    return f"{message}; line {near + 1} has some"
