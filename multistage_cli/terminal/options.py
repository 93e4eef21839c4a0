"""The arguments and options that the rooms' commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.terminal.reading import parsed_dockerfile

Color = Literal["auto", "always", "never"]


BUILD = "The build"
OUTPUT = "The output"
CONFIGURATION = "The configuration"


def _complete_target(ctx: typer.Context, incomplete: str) -> list[str]:
    """Stage names of the Dockerfile already on the command line: nothing where it cannot be read."""
    from multistage_cli.build.instructions import read_from

    # An option that still waits for its value keeps Click from handing out the arguments before it.
    given = ctx.params.get("dockerfile") or ctx.args
    first = given[0] if isinstance(given, (list, tuple)) and given else given
    try:
        _, dockerfile = parsed_dockerfile(Path(str(first)) if first else None)
    except MultistageError:
        return []
    heads = (read_from(entry) for entry in dockerfile.instructions if entry.name == "FROM")
    names = dict.fromkeys(head.stage_name for head in heads if head.stage_name)
    # Any case will do for Docker; a shell wants the letters that are there already.
    return [
        incomplete + printable(name)[len(incomplete) :]
        for name in names
        if name.lower().startswith(incomplete.lower())
    ]


DockerfileArgument = Annotated[
    Path | None,
    typer.Argument(help="The Dockerfile; `-` reads standard input.", show_default="./Dockerfile"),
]
DockerfilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Dockerfiles, or folders and globs to search; `-` reads standard input.",
        show_default="./Dockerfile",
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="The stage to build.",
        metavar="NAME",
        show_default="the last stage",
        autocompletion=_complete_target,
        rich_help_panel=BUILD,
    ),
]
BuildArgOption = Annotated[
    list[str] | None,
    typer.Option(
        "--build-arg",
        help="A build argument; without a value it comes from the environment. Repeatable.",
        metavar="NAME[=VALUE]",
        rich_help_panel=BUILD,
    ),
]
BuildContextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--build-context",
        help="A named context that stands for a stage or an image. Repeatable.",
        metavar="NAME=WHERE",
        rich_help_panel=BUILD,
    ),
]
ContextOption = Annotated[
    Path | None,
    typer.Option(
        "--context",
        help="The folder that is the build context.",
        metavar="DIR",
        show_default="the Dockerfile's folder",
        rich_help_panel=BUILD,
    ),
]
PlatformOption = Annotated[
    str,
    typer.Option("--platform", help="The target platform.", metavar="OS/ARCH", rich_help_panel=BUILD),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The configuration: a TOML file, or one of hadolint's.",
        metavar="FILE",
        show_default="the nearest multistage.toml, pyproject.toml or .hadolint.yaml",
        rich_help_panel=CONFIGURATION,
    ),
]
NoConfigOption = Annotated[
    bool, typer.Option("--no-config", help="Look for no configuration.", rich_help_panel=CONFIGURATION)
]
OnlineOption = Annotated[
    bool,
    typer.Option(
        "--online",
        help="Ask registries and package indexes too, not the shipped facts alone.",
        rich_help_panel=BUILD,
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        help="Write to a file instead of standard output.",
        metavar="FILE",
        rich_help_panel=OUTPUT,
    ),
]
ColorOption = Annotated[
    Color,
    typer.Option("--color", help="Colour the output (also NO_COLOR).", rich_help_panel=OUTPUT),
]
WidthOption = Annotated[
    int | None,
    typer.Option(
        "--width",
        help="Columns to write in.",
        metavar="N",
        min=20,
        max=1000,
        show_default="the terminal's",
        rich_help_panel=OUTPUT,
    ),
]


def format_option(formats: tuple[str, ...]) -> Any:
    """The `--format` option of a room, its first format the default."""
    return Annotated[
        str,
        typer.Option(
            "--format",
            help=f"How to show it: {', '.join(formats)}.",
            metavar="FORMAT",
            autocompletion=lambda incomplete: [name for name in formats if name.startswith(incomplete)],
            rich_help_panel=OUTPUT,
        ),
    ]
