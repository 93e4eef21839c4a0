"""`multistage sizes`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

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
MEASURED = "The image that was built"

ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        "--archive",
        help="An image that was built from this Dockerfile, as a file of docker save or an OCI layout in a tar.",
        metavar="FILE",
        rich_help_panel=MEASURED,
    ),
]
ImageOption = Annotated[
    str | None,
    typer.Option(
        "--image",
        help="The same, of the engine that runs here; with --archive, which of several images in it.",
        metavar="REF",
        rich_help_panel=MEASURED,
    ),
]


@room_command("bars")
def sizes(
    build: Build,
    ctx: Context,
    *,
    budget: BudgetOption = None,
    against: AgainstOption = None,
    archive: ArchiveOption = None,
    image: ImageOption = None,
) -> Sizes:
    """Estimate how large the image of each stage is, what stays out of it, and what need not be in it.

    Example: multistage sizes --budget 200MB --against main
    """
    from multistage_cli.sizes.budget import Held, judge, parse_size, sentence
    from multistage_cli.sizes.estimate import estimate_sizes
    from multistage_cli.terminal.counting import counted_files

    most = None if budget is None else parse_size(budget)  # before the work, since it may be wrong
    with counted_files(build.context, color=ctx.params["color"]):
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
    return _measured(build, found, archive, image)


def _measured(build: Build, sizes: Sizes, archive: Path | None, image: str | None) -> Sizes:
    """The sizes beside the image that the user named, if any."""
    if archive is None and image is None:
        return sizes
    from multistage_cli.sizes.measured.measure import measured_beside
    from multistage_cli.sizes.measured.reading import image_of_archive, image_of_engine

    if archive is not None:
        label = "standard input" if str(archive) == "-" else str(archive)
        found = image_of_archive(archive, build.platform, image, is_taken=build.file is None)
    elif image is not None:
        label, found = image, image_of_engine(image, build.platform, os.environ)
    return measured_beside(build, sizes, found, label)
