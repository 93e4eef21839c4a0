"""`multistage sizes`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from multistage_cli.terminal import room_command
from multistage_cli.terminal.revisions import AgainstOption, options_of, other_build

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.sizes.model import Sizes

Context = typer.Context  # looked up by name when the command is made
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="The most that the image may weigh, such as 200MB or 190MiB: exit code 1 where the estimate is over.",
        metavar="SIZE",
        rich_help_panel="The comparison",
    ),
]


@room_command("bars")
def sizes(build: Build, ctx: Context, *, budget: BudgetOption = None, against: AgainstOption = None) -> Sizes:
    """Estimate how large the image of each stage is, what stays out of it, and what need not be in it.

    Example: multistage sizes --budget 200MB --against main
    """
    from multistage_cli.sizes.budget import Held, judge, parse_size, sentence
    from multistage_cli.sizes.estimate import estimate_sizes

    most = None if budget is None else parse_size(budget)  # before the work, since it may be wrong
    found = estimate_sizes(build)
    if most is not None:
        judged = judge(most, found.image, more=found.on_top)
        found = replace(found, budget=judged)
        if judged.held is Held.MAYBE:
            typer.echo(f"multistage: warning: {sentence(judged)}", err=True)
    if against is not None:
        from multistage_cli.sizes.difference import compare_builds

        with other_build(build, against, options_of(ctx)) as other:
            difference = compare_builds(estimate_sizes(other.build), found, other.label, other.notes)
        found = replace(found, difference=difference)
    return found
