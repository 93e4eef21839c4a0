"""`multistage inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.inspect.knowledge import Knowledge

QUESTION = "The question"

LineOption = Annotated[
    int | None,
    typer.Option(
        "--line",
        help="After which line to look.",
        metavar="N",
        min=1,
        show_default="the target's last instruction",
        rich_help_panel=QUESTION,
    ),
]
PathOption = Annotated[
    list[str] | None,
    typer.Option("--exists", help="Ask about a path. Repeatable.", metavar="PATH", rich_help_panel=QUESTION),
]
CommandOption = Annotated[
    list[str] | None,
    typer.Option(
        "--has-command", help="Ask about a program. Repeatable.", metavar="NAME", rich_help_panel=QUESTION
    ),
]
UserOption = Annotated[
    list[str] | None,
    typer.Option(
        "--has-user", help="Ask about a user. Repeatable.", metavar="NAME", rich_help_panel=QUESTION
    ),
]
PackageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--has-package",
        help="Ask about a package of the distribution. Repeatable.",
        metavar="NAME",
        rich_help_panel=QUESTION,
    ),
]


@room_command("text")
def inspect(
    build: Build,
    *,
    line: LineOption = None,
    exists: PathOption = None,
    has_command: CommandOption = None,
    has_user: UserOption = None,
    has_package: PackageOption = None,
) -> Knowledge:
    """Show what is known after a line, and where each thing comes from.

    Example: multistage inspect --line 12 --has-command curl
    """
    from multistage_cli.inspect.knowledge import Questions, look

    asked = Questions(
        tuple(exists or ()), tuple(has_command or ()), tuple(has_user or ()), tuple(has_package or ())
    )
    return look(build, line, asked)
