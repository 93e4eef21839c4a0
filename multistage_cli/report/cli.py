"""`multistage report`, and `multistage` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.terminal import configured_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.report.page import Page
    from multistage_cli.terminal.configured import Configured


@configured_command("text")
def report(build: Build, configured: Configured) -> Page:
    """Show it all on one page: flow, practices, sizes, commands, takeaways."""
    from multistage_cli.report.page import collect_page

    return collect_page(build, configured)
