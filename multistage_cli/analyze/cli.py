"""`multistage analyze`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from multistage_cli.terminal import Opened, rooms_command

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import Analysis

FailOn = Literal["error", "warning", "info", "style", "never"]


@rooms_command("text")
def analyze(
    opened: list[Opened],
    fail_on: Annotated[
        FailOn,
        typer.Option("--fail-on", help="Exit with 1 for findings of this severity or a graver one."),
    ] = "warning",
) -> Analysis:
    """Say what is wrong and why, and how the practices stand."""
    from multistage_cli.analyze.engine import Analysis, Severity, analyze_build, unreadable

    files = tuple(
        analyze_build(entry.build) if entry.build else unreadable(entry.path, entry.error) for entry in opened
    )
    return Analysis(files, None if fail_on == "never" else Severity(fail_on))
