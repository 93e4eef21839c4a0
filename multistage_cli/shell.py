"""A RUN script -> simple commands with their words, and whether each of them surely runs.

Built on tree-sitter's bash grammar, which also reads what people write for sh and ash, and never fails on
bad input. Nothing is executed, and nothing is expanded here: a word keeps its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tree_sitter import Node, Parser


@dataclass(frozen=True, slots=True)
class Variable:
    """A plain `$name` or `${name}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A part of a word whose value only the shell could tell: `$(command)`, `${x:-y}`, `$((1+1))`."""

    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command.

    Attributes:
        text: as written.
        parts: the word without its quotes.
        offset: where it starts in the script, in characters.
        pattern: whether an unquoted `*`, `?`, `[` or `{` makes it stand for other words.
    """

    text: str
    parts: tuple[str | Variable | Opaque, ...]
    offset: int
    pattern: bool = False

    @property
    def literal(self) -> str | None:
        """The word's value where it follows from the text alone, else None."""
        return self.resolve({})

    def resolve(self, variables: Mapping[str, str]) -> str | None:
        """The word's value with those variables known, or None where something else is in it."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                found.append(part)
            elif isinstance(part, Variable) and part.name in variables:
                found.append(variables[part.name])
            else:
                return None
        return "".join(found)


@dataclass(frozen=True, slots=True)
class Redirect:
    """`> file`, `2>&1`, `<< EOF`: the operator, its word and the descriptor before it, if written."""

    operator: str
    target: Word | None
    descriptor: str = ""
    body: str = ""


class Runs(Enum):
    """Whether a command is reached when the whole script succeeds."""

    ALWAYS = "always"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command.

    Attributes:
        words: the name first; empty where there are only assignments or redirections.
        assignments: `NAME=value` before the name.
        redirects: in their order.
        runs: whether it is reached.
        checked: whether the script fails where this command fails, so that success of the script means
            success of the command.
        subshells: the enclosing subshells and pipeline members, outermost first, by number; what changes
            the shell itself (`cd`, `export`) ends with the innermost.
        offset: where it starts in the script, in characters.
        end: where it ends, in characters.
    """

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word | None], ...]
    redirects: tuple[Redirect, ...]
    runs: Runs
    checked: bool
    subshells: tuple[int, ...]
    offset: int
    end: int

    @property
    def name(self) -> str:
        """The command's name without its folder, or an empty string where it is not literal."""
        literal = self.words[0].literal if self.words else None
        return literal.rsplit("/", 1)[-1] if literal else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words after the name."""
        return self.words[1:]


@dataclass(frozen=True, slots=True)
class Script:
    """The simple commands of a script, in the order in which they stand.

    Attributes:
        commands: those of functions and substitutions too.
        assigned: names that the script itself sets (assignments, `for`, `read`): their value in a word
            is not the environment's.
        broken: whether the grammar could not read some of it.
    """

    commands: tuple[Command, ...]
    assigned: frozenset[str]
    broken: bool


def commands(script: str, *, pipefail: bool = False, errexit: bool = False) -> Script:
    """Read a shell script.

    Args:
        script: the text that the shell gets.
        pipefail: whether the shell was started with `-o pipefail`.
        errexit: whether the shell was started with `-e`.
    """
    return _Reader(script, pipefail=pipefail, errexit=errexit).read()


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


@dataclass(frozen=True, slots=True)
class _Place:
    """How a node is reached: see Command.

    `last` means that the node's exit code is the script's; `ignored`, that `set -e` does not look at it.
    """

    runs: Runs = Runs.ALWAYS
    last: bool = True
    ignored: bool = False
    subshells: tuple[int, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    def but(
        self,
        *,
        runs: Runs | None = None,
        last: bool | None = None,
        ignored: bool | None = None,
        subshell: int | None = None,
        redirects: tuple[Redirect, ...] = (),
    ) -> _Place:
        return _Place(
            self.runs if runs is None else runs,
            self.last if last is None else last,
            self.ignored if ignored is None else ignored,
            self.subshells if subshell is None else (*self.subshells, subshell),
            redirects,
        )


_STATEMENTS = frozenset(
    {
        "case_statement", "command", "compound_statement", "c_style_for_statement", "declaration_command",
        "for_statement", "function_definition", "if_statement", "list", "negated_command", "pipeline",
        "redirected_statement", "subshell", "test_command", "unset_command", "variable_assignment",
        "variable_assignments", "while_statement", "ERROR",
    }
)  # fmt: skip
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
_MAX_DEPTH = 200  # of nested words; deeper ones are opaque


class _Reader:
    """Walks one tree with a stack of its own: a hostile script may nest deeper than Python's."""

    def __init__(self, script: str, *, pipefail: bool, errexit: bool) -> None:
        self.source = script.encode("utf-8", "replace")
        self.pipefail = pipefail
        self.errexit = errexit
        self.found: list[Command] = []
        self.assigned: set[str] = set()
        self.subshell = 0
        self.broken = False
        self.stack: list[tuple[Node, _Place]] = []
        self.characters: list[int] | None = None if script.isascii() else self._character_offsets()
        self.readers: dict[str, Callable[[Node, _Place], None]] = {
            "program": self._sequence,
            "compound_statement": self._sequence,
            "do_group": self._sequence,
            "else_clause": self._sequence,
            "subshell": self._subshell,
            "command_substitution": self._subshell,
            "process_substitution": self._subshell,
            "list": self._list,
            "pipeline": self._pipeline,
            "negated_command": self._negated,
            "redirected_statement": self._redirected,
            "if_statement": self._conditional,
            "elif_clause": self._conditional,
            "while_statement": self._conditional,
            "for_statement": self._for,
            "c_style_for_statement": self._for,
            "case_statement": self._case,
            "case_item": self._case,
            "function_definition": self._case,
            "command": self._command,
            "declaration_command": self._command,
            "unset_command": self._command,
            "test_command": self._test,
            "variable_assignment": self._assignment,
            "variable_assignments": self._assignment,
        }

    def _character_offsets(self) -> list[int]:
        """For each byte of the script, and for its end, the character that it belongs to."""
        offsets: list[int] = []
        text = self.source.decode("utf-8")
        for index, character in enumerate(text):
            offsets.extend([index] * len(character.encode()))
        return [*offsets, len(text)]

    def read(self) -> Script:
        root = _parser().parse(self.source).root_node
        self.broken = root.has_error
        self.stack.append((root, _Place()))
        while self.stack:
            node, place = self.stack.pop()
            reader = self.readers.get(node.type)
            if reader is not None:
                reader(node, place)
            elif node.type == "ERROR":
                self._sequence(node, place.but(runs=Runs.MAYBE, last=False, ignored=True))
        return Script(tuple(self.found), frozenset(self.assigned), self.broken)

    # Where things stand.

    def text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def offset(self, byte: int) -> int:
        return byte if self.characters is None else self.characters[byte]

    def push(self, entries: list[tuple[Node, _Place]]) -> None:
        self.stack.extend(reversed(entries))

    # Compound statements.

    def _sequence(self, node: Node, place: _Place) -> None:
        entries: list[tuple[Node, _Place]] = []
        children = node.children
        for index, child in enumerate(children):
            if child.type not in _STATEMENTS:
                continue
            background = index + 1 < len(children) and children[index + 1].type == "&"
            entries.append((child, place.but(last=False, ignored=place.ignored or background)))
        if entries and place.last and not entries[-1][1].ignored:
            child, before = entries[-1]
            entries[-1] = (child, before.but(last=True))
        self.push(entries)

    def _subshell(self, node: Node, place: _Place) -> None:
        self.subshell += 1
        self._sequence(node, place.but(subshell=self.subshell))

    def _list(self, node: Node, place: _Place) -> None:
        left, right = node.children[0], node.children[-1]
        if any(child.type == "&&" for child in node.children):
            # The exit code of `a && b` tells of both only where it is looked at as a whole: `set -e`
            # ignores a failing left side.
            known = place.last and not place.ignored
            self.push(
                [
                    (left, place.but(ignored=place.ignored or not place.last)),
                    (right, place.but(runs=place.runs if known else Runs.MAYBE)),
                ]
            )
        elif self._always_fails(right):
            # `a || exit 1` ends the script wherever it stands; in a subshell it only ends that.
            left_place = place if place.subshells else place.but(last=True, ignored=False)
            self.push([(left, left_place), (right, place.but(runs=Runs.MAYBE, last=False, ignored=True))])
        else:
            unchecked = place.but(last=False, ignored=True)
            self.push([(left, unchecked), (right, unchecked.but(runs=Runs.MAYBE))])

    def _always_fails(self, node: Node) -> bool:
        """Whether `|| node` is a failure too, such as `|| exit 1` or `|| { echo no; exit 1; }`."""
        while node.type in {"compound_statement", "subshell"} and node.named_children:
            node = node.named_children[-1]
        words = self.text(node).split()
        return words == ["false"] or (words[:1] == ["exit"] and words[1:] not in ([], ["0"]))

    def _pipeline(self, node: Node, place: _Place) -> None:
        members = [child for child in node.children if child.type in _STATEMENTS]
        entries: list[tuple[Node, _Place]] = []
        for index, child in enumerate(members):
            self.subshell += 1
            inside = place.but(subshell=self.subshell)
            if index < len(members) - 1 and not self.pipefail:
                inside = inside.but(last=False, ignored=True)
            entries.append((child, inside))
        self.push(entries)

    def _negated(self, node: Node, place: _Place) -> None:
        self.push([(child, place.but(last=False, ignored=True)) for child in node.named_children])

    def _redirected(self, node: Node, place: _Place) -> None:
        redirects: list[Redirect] = []
        entries: list[tuple[Node, _Place]] = []
        for child in node.named_children:
            if child.type in _REDIRECTS:
                redirects.extend(self.redirect(child))
                entries.extend((inner, place) for inner in child.children if inner.type in _STATEMENTS)
            else:
                entries.append((child, place))
        if entries and entries[0][0].type in {"command", "declaration_command", "test_command"}:
            entries[0] = (entries[0][0], place.but(redirects=tuple(redirects)))
        elif redirects:
            self.emit(node, place, (), (), tuple(redirects))
        self.push(entries)

    def _conditional(self, node: Node, place: _Place) -> None:
        condition = place.but(last=False, ignored=True)
        inside = place.but(runs=Runs.MAYBE)
        entries: list[tuple[Node, _Place]] = []
        in_condition = True
        for child in node.children:
            if child.type in {"then", "do_group"}:
                in_condition = False
            if child.type in _STATEMENTS:
                entries.append((child, condition if in_condition else inside.but(last=False)))
            elif child.type in {"do_group", "else_clause", "elif_clause"}:
                entries.append((child, inside))
        self.push(entries)

    def _for(self, node: Node, place: _Place) -> None:
        name = node.child_by_field_name("variable")
        if name is not None:
            self.assigned.add(self.text(name))
        values = [
            child for child in node.named_children if child.type in {"word", "string", "raw_string", "number"}
        ]
        runs = place.runs if values else Runs.MAYBE
        self.push([(child, place.but(runs=runs)) for child in node.children if child.type == "do_group"])

    def _case(self, node: Node, place: _Place) -> None:
        inside = place.but(runs=Runs.MAYBE, last=False, ignored=True)
        self.push(
            [
                (child, inside)
                for child in node.children
                if child.type in _STATEMENTS or child.type == "case_item"
            ]
        )

    # Simple commands.

    def _command(self, node: Node, place: _Place) -> None:
        words: list[Word] = []
        assignments: list[tuple[str, Word | None]] = []
        redirects: list[Redirect] = []
        for child in node.children:
            if child.type == "variable_assignment" and not words:
                assignments.append(self.assignment(child))
            elif child.type in _REDIRECTS:
                redirects.extend(self.redirect(child))
            elif child.type == "command_name":
                words.append(self.word(child.children[0] if child.children else child))
            elif child.type == "variable_assignment":  # of export, declare or local
                self.assigned.add(self.assignment(child)[0])
                words.append(self.word(child))
            elif child.is_named or child.type in {
                "export",
                "declare",
                "local",
                "readonly",
                "typeset",
                "unset",
            }:
                words.append(self.word(child))
        if words and words[0].literal in {"read", "mapfile", "readarray"}:
            self.assigned.update(word.literal or "" for word in words[1:])
        if words and words[0].literal == "set":
            self._set(words, place)
        self.emit(node, place, tuple(words), tuple(assignments), (*redirects, *place.redirects))

    def _set(self, words: list[Word], place: _Place) -> None:
        if place.runs is not Runs.ALWAYS or place.subshells:
            return
        literals = [word.literal or "" for word in words[1:]]
        for index, word in enumerate(literals):
            if word[:1] in {"-", "+"} and not word.startswith("--"):
                on = word[0] == "-"
                self.errexit = on if "e" in word[1:] else self.errexit
                following = literals[index + 1] if index + 1 < len(literals) else ""
                if word.endswith("o") and following == "pipefail":
                    self.pipefail = on
                elif word.endswith("o") and following == "errexit":
                    self.errexit = on

    def _test(self, node: Node, place: _Place) -> None:
        words = tuple(
            self.word(child)
            for child in _leaves(node)
            if child.type not in {"[", "]", "[[", "]]", "test_operator"}
        )
        opening = node.children[0] if node.children else node
        self.emit(node, place, (self.word(opening), *words), (), place.redirects)

    def _assignment(self, node: Node, place: _Place) -> None:
        found = [node] if node.type == "variable_assignment" else node.named_children
        pairs = tuple(self.assignment(child) for child in found if child.type == "variable_assignment")
        self.assigned.update(name for name, _ in pairs)
        self.emit(node, place, (), pairs, place.redirects)

    def assignment(self, node: Node) -> tuple[str, Word | None]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        return (self.text(name) if name else "", self.word(value) if value else None)

    def redirect(self, node: Node) -> Iterator[Redirect]:
        operator = next((child.type for child in node.children if not child.is_named), "")
        descriptor = next(
            (self.text(child) for child in node.children if child.type == "file_descriptor"), ""
        )
        if node.type != "heredoc_redirect":
            target = next((child for child in node.named_children if child.type != "file_descriptor"), None)
            yield Redirect(operator, self.word(target) if target else None, descriptor)
            return
        body = next((self.text(child) for child in node.children if child.type == "heredoc_body"), "")
        start = next((child for child in node.children if child.type == "heredoc_start"), None)
        yield Redirect(operator, self.word(start) if start else None, descriptor, body)
        for child in node.children:
            if child.type in _REDIRECTS:
                yield from self.redirect(child)

    def emit(
        self,
        node: Node,
        place: _Place,
        words: tuple[Word, ...],
        assignments: tuple[tuple[str, Word | None], ...],
        redirects: tuple[Redirect, ...],
    ) -> None:
        checked = not place.ignored and (place.last or self.errexit)
        start, end = self.offset(node.start_byte), self.offset(node.end_byte)
        self.found.append(
            Command(words, assignments, redirects, place.runs, checked, place.subshells, start, end)
        )
        substitutions = [child for child in _substitutions(node) if child.id != node.id]
        self.push([(child, place.but(last=False, ignored=True)) for child in substitutions])

    # Words.

    def word(self, node: Node) -> Word:
        parts: list[str | Variable | Opaque] = []
        pattern = self._parts(node, parts, 0)
        merged: list[str | Variable | Opaque] = []
        for part in parts:
            before = merged[-1] if merged else None
            if isinstance(part, str) and isinstance(before, str):
                merged[-1] = before + part
            elif part != "" or len(parts) == 1:
                merged.append(part)
        return Word(self.text(node), tuple(merged), self.offset(node.start_byte), pattern)

    def _parts(self, node: Node, parts: list[str | Variable | Opaque], depth: int) -> bool:
        """Append the parts of a word; true where an unquoted pattern is in it."""
        text = self.text(node)
        match node.type:
            case "raw_string":
                parts.append(text[1:-1])
            case "string":
                self._quoted(node, parts, depth)
            case "simple_expansion":
                parts.append(Variable(text[1:]))
            case "expansion" if (
                len(node.named_children) == 1 and text == f"${{{self.text(node.named_children[0])}}}"
            ):
                parts.append(Variable(text[2:-1]))
            case "concatenation" | "command_name" if depth < _MAX_DEPTH:
                patterns = [self._parts(child, parts, depth + 1) for child in node.children]
                return any(patterns)
            case (
                "expansion" | "ansi_c_string" | "translated_string" | "arithmetic_expansion" | "concatenation"
            ):
                parts.append(Opaque(text))
            case kind if kind in _SUBSTITUTIONS:
                parts.append(Opaque(text))
            case _:
                parts.append(_unescape(text))
                return any(character in "*?[{" for character in _without_escapes(text))
        return False

    def _quoted(self, node: Node, parts: list[str | Variable | Opaque], depth: int) -> None:
        # Take what lies between the expansions from the source: the grammar drops or moves white space.
        position, last = node.start_byte + 1, max(node.end_byte - 1, node.start_byte + 1)
        for child in node.named_children:
            if child.type == "string_content":
                continue
            text = self.text(child)
            start = child.start_byte + len(text) - len(text.lstrip())
            parts.append(_unescape_quoted(self.source[position:start].decode("utf-8", "replace")))
            if start != child.start_byte:
                parts.append(Opaque(text.lstrip()))
            else:
                self._parts(child, parts, depth + 1)
            position = child.end_byte
        parts.append(_unescape_quoted(self.source[position:last].decode("utf-8", "replace")))


def _leaves(node: Node) -> Iterator[Node]:
    stack = list(reversed(node.children))
    while stack:
        child = stack.pop()
        if child.is_named and child.type.endswith("_expression"):
            stack.extend(reversed(child.children))
        elif child.is_named:
            yield child


def _substitutions(node: Node) -> Iterator[Node]:
    """Command substitutions in a command's words, not those inside of others (they come with these)."""
    stack = list(reversed(node.children))
    while stack:
        child = stack.pop()
        if child.type in _SUBSTITUTIONS:
            yield child
        elif child.type not in _STATEMENTS or child.type == "variable_assignment":
            stack.extend(reversed(child.children))


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.replace("\\\n", "").split("\\\\")
    return "\\".join(part.replace("\\", "") for part in parts)


def _without_escapes(text: str) -> str:
    if "\\" not in text:
        return text
    kept = []
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        kept.append(text[position])
        position += 1
    return "".join(kept)


def _unescape_quoted(text: str) -> str:
    r"""Inside double quotes a backslash is special before `$`, a backquote, `"`, itself and a line end."""
    if "\\" not in text:
        return text
    kept = []
    position = 0
    while position < len(text):
        following = text[position + 1 : position + 2]
        if text[position] == "\\" and following in {"$", "`", '"', "\\", "\n"} and following:
            kept.append("" if following == "\n" else following)
            position += 2
            continue
        kept.append(text[position])
        position += 1
    return "".join(kept)
