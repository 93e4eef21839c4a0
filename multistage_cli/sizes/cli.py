"""`multistage sizes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.terminal import room_command

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.sizes.model import Sizes


@room_command("bars")
def sizes(build: Build) -> Sizes:
    """Estimate how large the image of each stage is, and what stays out of it."""
    from multistage_cli.sizes.estimate import estimate_sizes

    return estimate_sizes(build)
