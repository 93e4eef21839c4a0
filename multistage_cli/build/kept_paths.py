"""Which paths `COPY --exclude` leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.claims import Claim
from multistage_cli.build.context.dockerignore import from_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from multistage_cli.build.files import Parts


def kept_paths(exclude: tuple[str, ...], base: str = "") -> Callable[[Parts], Claim]:
    """Whether a path is copied, asked by its names below the directory that is copied.

    Args:
        exclude: the patterns, which BuildKit compares with the path below the directory.
        base: the folders between what the patterns start from and what is asked (`--parents`).

    Returns:
        The question's answers: UNKNOWN for a folder that is left out and comes along all the same if
        something in it does not stay out.
    """
    ignore = from_words(exclude)

    def kept(below: Parts) -> Claim:
        path = "/".join((base, *below) if base else below)
        if not ignore.excludes(path):
            return Claim.YES
        return Claim.UNKNOWN if ignore.may_include_below(path) else Claim.NO

    return kept
