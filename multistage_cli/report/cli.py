"""`multistage report`, and `multistage` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from multistage_cli.terminal import configured_command
from multistage_cli.terminal.revisions import AgainstOption, options_of, other_build

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.report.page import Page
    from multistage_cli.terminal.configured import Configured

Context = typer.Context  # looked up by name when the command is made


@configured_command("text")
def report(build: Build, configured: Configured, ctx: Context, *, against: AgainstOption = None) -> Page:
    """Show it all on one page: flow, practices, sizes, commands, takeaways.

    Example: multistage report --against main --format markdown
    """
    from multistage_cli.report.page import collect_page, with_difference

    page = collect_page(build, configured)
    if against is None:
        return page
    with other_build(build, against, options_of(ctx)) as other:
        return with_difference(page, other, configured)
