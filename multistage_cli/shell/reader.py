"""Walks the syntax tree of a script and tells which commands a successful run cannot have left out.

A claim (ALWAYS, checked) is made only where every shell would have run the command; tests/test_shell.py
proves that with real shells and random scripts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.shell.model import Command, Piped, Redirect, Runs, Script, Word
from multistage_cli.shell.options import Options
from multistage_cli.shell.place import Place
from multistage_cli.shell.source import Source
from multistage_cli.shell.tree import STATEMENTS, continued, leaves, substitutions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser


def read_script(script: str, *, pipefail: bool, errexit: bool) -> Script:
    """See `multistage_cli.shell.commands`."""
    return _Reader(script, pipefail=pipefail, errexit=errexit).read()


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


_SIMPLE = frozenset({"command", "declaration_command", "test_command", "unset_command"})
_REDIRECTS = frozenset({"file_redirect", "heredoc_redirect", "herestring_redirect"})
_KEYWORDS = frozenset({"export", "declare", "local", "readonly", "typeset", "unset", "unsetenv"})
_READERS_OF_NAMES = frozenset({"read", "mapfile", "readarray", "getopts", "printf"})
_LEAVES = re.compile(rb"\b(?:exit|exec|return|break|continue|eval|source|trap)\b")
_SKIPS = re.compile(rb"\b(?:break|continue)\b")
_ENDS = re.compile(r"\b(?:exit|exec|return|set|shopt|kill)\b")


class _Reader:
    """Walks one tree with a stack of its own: a hostile script may nest deeper than Python's."""

    def __init__(self, script: str, *, pipefail: bool, errexit: bool) -> None:
        self.source = Source(script)
        self.options = Options(errexit=errexit, pipefail=pipefail)
        self.found: list[Command] = []
        self.assigned: set[str] = set()
        self.functions: set[str] = set()
        self.subshell = 0
        self.broken = False
        # The subshells that an `exit` may have ended with success; () is the shell itself.
        self.ended: set[tuple[int, ...]] = set()
        # Where an `exit` without a number stands that fails.
        self.failing: set[int] = set()
        self.stack: list[tuple[Node, Place]] = []

    def read(self) -> Script:
        root = _parser().parse(self.source.data).root_node
        self.broken = root.has_error
        start = Place(Runs.MAYBE, last=False, ignored=True) if self.broken else Place()
        self.stack.append((root, start))
        readers = self.READERS
        while self.stack:
            node, place = self.stack.pop()
            reader = readers.get(node.type)
            if reader is not None:
                reader(self, node, place)
        if self.broken and not root.has_error:
            self.found = [replace(command, runs=Runs.MAYBE, checked=False) for command in self.found]
        return Script(tuple(self.found), frozenset(self.assigned), self.broken, frozenset(self.functions))

    def push(self, entries: list[tuple[Node, Place]]) -> None:
        self.stack.extend(reversed(entries))

    def settle(self, place: Place) -> Place:
        """The place, with what an `exit` before it may have left out."""
        if self.ended and place.runs is Runs.ALWAYS:
            prefixes = (place.subshells[:length] for length in range(len(place.subshells) + 1))
            if any(prefix in self.ended for prefix in prefixes):
                return place.maybe()
        return place

    def is_checked(self, place: Place) -> bool:
        """Whether the script fails where a statement at that place fails."""
        return place.last or (self.options.errexit and not place.ignored)

    def enter(self, place: Place) -> Place:
        """The place of what a subshell runs that stands at `place`."""
        self.subshell += 1
        return place.inside(self.subshell, checked=self.is_checked(place))

    # Compound statements.

    def _sequence(self, node: Node, place: Place) -> None:
        entries: list[tuple[Node, Place]] = []
        children = node.children
        first = place.first()
        for index, child in enumerate(children):
            if child.type not in STATEMENTS:
                continue
            if index + 1 < len(children) and children[index + 1].type == "&":
                # A background job may still run, or not run yet, when the script ends.
                entries.append((child, self.enter(first.unchecked()).maybe()))
            else:
                entries.append((child, first))
        if entries and place.last and entries[-1][1] is first:
            entries[-1] = (entries[-1][0], place.final())
        self.push(entries)

    def _subshell(self, node: Node, place: Place) -> None:
        inside = self.enter(place)
        # Shells do not agree on whether `set -e` is at work in a subshell whose exit code is not looked at.
        self._sequence(node, inside.maybe() if place.ignored and not place.last else inside)

    def _list(self, node: Node, place: Place) -> None:
        children = node.children
        left, right = children[0], children[-1]
        operator = next((child.type for child in children if child.type in {"&&", "||"}), "")
        self.push(self._joined(left, operator, right, place))

    def _joined(self, left: Node, operator: str, right: Node, place: Place) -> list[tuple[Node, Place]]:
        """Two sides of `&&` or `||` with their places."""
        if operator == "&&":
            if not place.last:
                # `set -e` ignores a failing left side, and so a right side that was not reached.
                return [(left, place.unchecked()), (right, place.maybe())]
            return [(left, place.left(counts=True)), (right, place)]
        ending = self._ending(right)
        # `a || exit 1` ends the script wherever it stands; `a || false` fails where `a` does.
        counts = (ending == "exit" and place.exit_counts) or (ending is not None and self.is_checked(place))
        return [(left, place.left(counts=counts)), (right, place.unchecked().maybe())]

    def _ending(self, node: Node) -> str | None:
        """`exit` where `|| node` fails and ends the shell, `fail` where it only fails, else None."""
        end = "exit"
        alone = True
        if self.functions & {"exit", "false", "echo", "printf"}:
            return None
        outer = node
        while node.type in {"compound_statement", "subshell"} and node.named_children:
            end = "fail" if node.type == "subshell" else end
            alone = alone and len(node.named_children) == 1
            node = node.named_children[-1]
        if node is not outer and len(_LEAVES.findall(self.source.data, outer.start_byte, outer.end_byte)) > 1:
            return None  # something else may end it before, with success
        words = self.source.text(node).split()
        if words == ["false"]:
            return "fail"
        # Without a number, `exit` right after `||` ends with the failure of the left side.
        if words == ["exit"] and alone:
            self.failing.add(node.start_byte)
            return end
        return end if _is_failing_exit(words) else None

    def _pipeline(self, node: Node, place: Place) -> None:
        members = [child for child in node.children if child.type in STATEMENTS]
        if members and members[0].type == "negated_command":
            place = place.unchecked()  # the `!` is the whole pipeline's
        self.push(self._piped(members, place))

    def _piped(self, members: list[Node], place: Place) -> list[tuple[Node, Place]]:
        entries: list[tuple[Node, Place]] = []
        unheard = self.is_checked(place) and not self.options.pipefail
        for index, child in enumerate(members):
            last = index == len(members) - 1
            seen = last or self.options.pipefail
            outside = place if seen else place.unchecked()
            inside = self.enter(outside)
            if not last:
                inside = replace(inside, piped=Piped.UNHEARD if unheard else Piped.HEARD)
            if outside.ignored and not outside.last and child.type not in _SIMPLE:
                inside = inside.maybe()  # see _subshell
            entries.append((child, inside))
        return entries

    def _negated(self, node: Node, place: Place) -> None:
        self.push([(child, place.unchecked()) for child in node.named_children])

    def _redirected(self, node: Node, place: Place) -> None:
        redirects: list[Redirect] = []
        body: Node | None = None
        rest: list[tuple[str, Node]] = []
        for child in node.named_children:
            if child.type in _REDIRECTS:
                redirects.extend(self.redirect(child))
                rest.extend(continued(child))
            else:
                body = child
        if body is not None and body.type == "list" and not rest:
            # `a && b > file`: the grammar gives the redirection to both.
            operator = next((child.type for child in body.children if child.type in {"&&", "||"}), "")
            left, right = self._joined(body.children[0], operator, body.children[-1], place)
            self.push([left, (right[0], replace(right[1], redirects=tuple(redirects)))])
            return
        entries = self._after_heredoc(body, rest, place) if body is not None else []
        if entries and body is not None and body.type in _SIMPLE:
            entries[0] = (entries[0][0], replace(entries[0][1], redirects=tuple(redirects)))
        if redirects and (body is None or body.type not in _SIMPLE):
            self.emit(node, place, (), (), tuple(redirects), opens=False)
        self.push(entries)

    def _after_heredoc(
        self, body: Node, rest: list[tuple[str, Node]], place: Place
    ) -> list[tuple[Node, Place]]:
        """What follows `<< EOF` on its line belongs to the statement: `a << EOF && b`."""
        if not rest:
            return [(body, place)]
        [(operator, right), *more] = rest
        plain = right.type not in {"list", "redirected_statement"}
        if operator in {"&&", "||"} and plain and not more:
            return self._joined(body, operator, right, place)
        if operator == "|" and body.type != "list" and not more:
            members = [child for child in right.children if child.type in STATEMENTS]
            return self._piped([body, *members], place)
        # With more operators the grammar nests them the wrong way round.
        return [
            (body, place.unchecked()),
            *((other, place.unchecked().maybe()) for _, other in rest),
        ]

    def _conditional(self, node: Node, place: Place) -> None:
        condition = place.unchecked()
        inside = place.final().maybe()
        entries: list[tuple[Node, Place]] = []
        in_condition = True
        for child in node.children:
            kind = child.type
            if kind in {"then", "do_group"}:
                in_condition = False
            if kind in STATEMENTS:
                entries.append((child, condition if in_condition else inside.first()))
            elif kind in {"do_group", "else_clause", "elif_clause"}:
                entries.append((child, inside))
        self.push(entries)

    def _for(self, node: Node, place: Place) -> None:
        name = node.child_by_field_name("variable")
        if name is not None:
            self.assigned.add(self.source.text(name))
        inside = place.final()
        is_plain = node.type == "for_statement" and node.children[0].type == "for"
        surely = is_plain and any(map(self._is_one_word, node.named_children[1:]))
        if not surely or _SKIPS.search(self.source.data):
            inside = inside.maybe()
        self.push(
            [(child, inside) for child in node.children if child.type in {"do_group", "compound_statement"}]
        )

    def _is_one_word(self, node: Node) -> bool:
        """Whether a word of `for` stands for one value at least: `"$@"` and `*.txt` may be none."""
        if node.type not in {"word", "string", "raw_string", "number"}:
            return False
        text = self.source.text(node)
        return not any(character in text for character in ("@*?[" if node.type != "raw_string" else ""))

    def _case(self, node: Node, place: Place) -> None:
        inside = place.unchecked().maybe()
        kinds = {*STATEMENTS, "case_item"}
        self.push([(child, inside) for child in node.children if child.type in kinds])

    def _function(self, node: Node, place: Place) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self.functions.add(self.source.text(name))
        inside = replace(place.unchecked().maybe(), function=True)
        self.push([(child, inside) for child in node.children if child.type in STATEMENTS])

    # Simple commands.

    def _command(self, node: Node, place: Place) -> None:
        words: list[Word] = []
        assignments: list[tuple[str, Word | None]] = []
        redirects: list[Redirect] = []
        word = self.source.word
        for child in node.children:
            kind = child.type
            if kind in {"word", "number", "string", "raw_string", "concatenation", "simple_expansion"}:
                words.append(word(child))
            elif kind == "command_name":
                words.append(word(child.children[0] if child.children else child))
            elif kind == "variable_assignment":
                pair = self.assignment(child)
                if words:  # of export, declare or local
                    self.assigned.add(pair[0])
                    words.append(word(child))
                else:
                    assignments.append(pair)
            elif kind in _REDIRECTS:
                redirects.extend(self.redirect(child))
            elif kind in _KEYWORDS or (child.is_named and kind != "comment"):
                words.append(word(child))
        place = self.settle(place)
        if words:
            self._control(words, place, node.start_byte)
        self.emit(node, place, tuple(words), tuple(assignments), (*redirects, *place.redirects))

    def _control(self, words: list[Word], place: Place, start: int) -> None:
        """What a command does to the reading of the commands after it."""
        literals = [word.literal for word in words]
        while literals and literals[0] in {"command", "builtin"}:
            del literals[0]
        name = literals[0] if literals else None
        if name is None or name not in _CONTROLS:
            return
        if name == "set":
            surely = place.runs is Runs.ALWAYS and not place.subshells and not place.function
            if self.options.set(literals[1:], surely=surely) and place.subshells:
                self.ended.add(place.subshells)  # from here on the subshell may end early
        elif name in _READERS_OF_NAMES:
            if name != "printf" or literals[1:2] == ["-v"]:
                self.assigned.update(literal for literal in literals[1:] if literal)
        elif name in {"exit", "return", "exec"}:
            if not (start in self.failing and place.exit_counts):
                self._leave(name, literals, place)
        elif name == "shopt" or any(literal is None or _ENDS.search(literal) for literal in literals[1:]):
            # `eval "exit 0"`, `trap 'exit 0' EXIT`
            self.options.unsettle()
            if name != "shopt":
                self.ended.add(())

    def _leave(self, name: str, literals: list[str | None], place: Place) -> None:
        if name == "exec" and len(literals) == 1:
            return  # it only redirects
        if name == "return" and place.function:
            return
        if not (_is_failing_exit([literal or "?" for literal in literals]) and place.exit_counts):
            self.ended.add(place.subshells)

    def _test(self, node: Node, place: Place) -> None:
        words = tuple(
            self.source.word(child)
            for child in leaves(node)
            if child.type not in {"[", "]", "[[", "]]", "test_operator"}
        )
        opening = node.children[0] if node.children else node
        self.emit(node, self.settle(place), (self.source.word(opening), *words), (), place.redirects)

    def _assignment(self, node: Node, place: Place) -> None:
        found = [node] if node.type == "variable_assignment" else node.named_children
        pairs = tuple(self.assignment(child) for child in found if child.type == "variable_assignment")
        self.assigned.update(name for name, _ in pairs)
        self.emit(node, self.settle(place), (), pairs, place.redirects)

    def assignment(self, node: Node) -> tuple[str, Word | None]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        return (self.source.text(name) if name else "", self.source.word(value) if value else None)

    def redirect(self, node: Node) -> Iterator[Redirect]:
        children = node.children
        operator = next((child.type for child in children if not child.is_named), "")
        descriptor = next(
            (self.source.text(child) for child in children if child.type == "file_descriptor"), ""
        )
        if node.type != "heredoc_redirect":
            target = next((child for child in node.named_children if child.type != "file_descriptor"), None)
            yield Redirect(operator, self.source.word(target) if target else None, descriptor)
            return
        body = next((self.source.text(child) for child in children if child.type == "heredoc_body"), "")
        start = next((child for child in children if child.type == "heredoc_start"), None)
        yield Redirect(operator, self.source.word(start) if start else None, descriptor, body)
        end = next((child.end_byte for child in children if child.type == "heredoc_end"), -1)
        if self.source.data[end : end + 1] not in {b"", b"\n"}:
            self.broken = True  # the grammar ends it at `EOF;` too, where a shell reads on
        for child in children:
            if child.type in _REDIRECTS:
                yield from self.redirect(child)

    def emit(
        self,
        node: Node,
        place: Place,
        words: tuple[Word, ...],
        assignments: tuple[tuple[str, Word | None], ...],
        redirects: tuple[Redirect, ...],
        *,
        opens: bool = True,
    ) -> None:
        start, end = node.start_byte, node.end_byte
        self.found.append(
            Command(
                words,
                assignments,
                redirects,
                place.runs,
                self.is_checked(place),
                place.subshells,
                self.source.offset(start),
                self.source.offset(end),
                place.piped,
            )
        )
        if opens and not place.is_deep and _OPENS.search(self.source.data, start, end):
            # `set -e` is at work inside of them in some shells and not in others.
            inside = place.unchecked().maybe()
            self.push([(child, inside) for child in substitutions(node)])

    READERS: dict[str, Callable[[_Reader, Node, Place], None]] = {  # noqa: RUF012 - read only
        "program": _sequence,
        "compound_statement": _sequence,
        "do_group": _sequence,
        "else_clause": _sequence,
        "ERROR": _sequence,
        "subshell": _subshell,
        "command_substitution": _subshell,
        "process_substitution": _subshell,
        "list": _list,
        "pipeline": _pipeline,
        "negated_command": _negated,
        "redirected_statement": _redirected,
        "if_statement": _conditional,
        "elif_clause": _conditional,
        "while_statement": _conditional,
        "for_statement": _for,
        "c_style_for_statement": _for,
        "case_statement": _case,
        "case_item": _case,
        "function_definition": _function,
        "command": _command,
        "declaration_command": _command,
        "unset_command": _command,
        "test_command": _test,
        "variable_assignment": _assignment,
        "variable_assignments": _assignment,
    }


_CONTROLS = frozenset({"set", "exit", "return", "exec", "shopt", "eval", "trap", *_READERS_OF_NAMES})
_OPENS = re.compile(rb"\$\(|`|[<>]\(")
_FAILING = re.compile(r"[0-9]{1,4}")


def _is_failing_exit(words: list[str]) -> bool:
    """Whether the words are `exit` with a number that is no success: shells keep its lowest 8 bits."""
    return (
        len(words) > 1
        and words[0] == "exit"
        and _FAILING.fullmatch(words[1]) is not None
        and int(words[1]) % 256 != 0
    )
