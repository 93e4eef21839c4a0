"""What a step is given besides the step before it, as a token: equal tokens mean equal content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from multistage_cli.build.context import Difference


class Token(Struct, frozen=True):
    """Content, named by where it comes from.

    Attributes:
        text: equal to the earlier build's where the content is the same for sure.
        new: whether it is not known to be what the earlier build had.
        maybe: whether the content may be the same although `text` is another.
        differences: of the build context, where those make it another.
        line: the step whose result may differ, where that makes it another.
    """

    text: str
    new: bool = False
    maybe: bool = False
    differences: tuple[Difference, ...] = ()
    line: int | None = None


def digest(*texts: str) -> str:
    """One short text for several; equal for equal ones only."""
    found = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big"))
        found.update(data)
    return found.hexdigest()
