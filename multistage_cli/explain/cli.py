"""`multistage explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from multistage_cli.terminal import plain_command

if TYPE_CHECKING:
    from multistage_cli.explain.pages import Explanation


def _complete_rule(incomplete: str) -> list[str]:
    from multistage_cli.analyze.rule import all_rules

    names = [name for entry in all_rules() for name in (entry.code, entry.name, *entry.aliases)]
    return [name for name in names if name.lower().startswith(incomplete.lower())]


@plain_command("text")
def explain(
    rule: Annotated[
        str | None,
        typer.Argument(
            help="A code, a name or another tool's name: MS204, unreachable-stage, DL3006, SC2086.",
            show_default="a list of all rules",
            autocompletion=_complete_rule,
        ),
    ] = None,
) -> Explanation:
    """Show a rule's page: what it finds, why, a bad and a good example, and how to mend it.

    Example: multistage explain MS301
    """
    from multistage_cli.explain.pages import all_pages, pages_of

    return all_pages() if rule is None else pages_of(rule)
