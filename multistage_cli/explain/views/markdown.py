"""Pages as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.page import markdown_of, page_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.analyze.rule import Rule
    from multistage_cli.explain.pages import Explanation


def render(explanation: Explanation) -> str:
    """The pages one below the other, or a table of the rules."""
    if explanation.whole:
        return "\n".join(markdown_of(rule, "#") for rule in explanation.rules)
    return table(explanation.rules)


def table(rules: Iterable[Rule]) -> str:
    """The rules as a table."""
    rows = ["| Rule | Finds | Severity | Elsewhere |", "| --- | --- | --- | --- |"]
    for rule in rules:
        off = "" if rule.default else " (off)"
        summary = page_of(rule).summary.removesuffix(".").replace("|", "\\|")
        rows.append(
            f"| {rule.code} {rule.name} | {summary} | {rule.severity.value}{off} | {', '.join(rule.aliases)} |"
        )
    return "\n".join((*rows, ""))
