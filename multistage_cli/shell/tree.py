"""What the bash grammar's syntax trees look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.shell.source import SUBSTITUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

STATEMENTS = frozenset(
    {
        "case_statement", "command", "compound_statement", "c_style_for_statement", "declaration_command",
        "for_statement", "function_definition", "if_statement", "list", "negated_command", "pipeline",
        "redirected_statement", "subshell", "test_command", "unset_command", "variable_assignment",
        "variable_assignments", "while_statement", "ERROR",
    }
)  # fmt: skip


def continued(heredoc: Node) -> Iterator[tuple[str, Node]]:
    """The statements behind a `<< EOF` on its line, each with the operator before it."""
    operator = ""
    for child in heredoc.children:
        if child.type in {"&&", "||", "|"}:
            operator = child.type
        elif child.type in STATEMENTS:
            piped = (
                child.type == "pipeline" and bool(child.children) and child.children[0].type in {"|", "|&"}
            )
            yield ("|" if piped else operator), child


def leaves(node: Node) -> Iterator[Node]:
    """The words and operators of a test."""
    stack = list(reversed(node.children))
    while stack:
        child = stack.pop()
        if child.is_named and child.type.endswith("_expression"):
            stack.extend(reversed(child.children))
        elif child.is_named:
            yield child


def substitutions(node: Node) -> Iterator[Node]:
    """Command substitutions in a command's words, not those inside of others (they come with these)."""
    stack = list(reversed(node.children))
    while stack:
        child = stack.pop()
        if child.type in SUBSTITUTIONS:
            yield child
        elif child.type not in STATEMENTS or child.type == "variable_assignment":
            stack.extend(reversed(child.children))
