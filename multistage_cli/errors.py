"""A mistake that the user can mend."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MultistageError(Exception):
    """What went wrong and what to do next, in one line; the program ends with exit code 2.

    A fault in the Dockerfile is never one of these: it is a finding.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean "builder"?`, or nothing where no known name is near."""
    near = get_close_matches(name, list(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
