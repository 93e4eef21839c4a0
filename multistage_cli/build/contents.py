"""What a file is, from its first bytes or its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Content, Nature

if TYPE_CHECKING:
    from multistage_cli.build.context import BuildContext

_LONGEST_LINE: Final = 255  # BINPRM_BUF_SIZE of Linux, without the newline
_MOST_CHARACTERS: Final = 65_536


def content_of_text(text: str) -> Content:
    """The content of a text whose every character is known; only small ones are kept."""
    first, _, _ = text.partition("\n")
    kept: Known[str] = text if len(text) <= _MOST_CHARACTERS else UNKNOWN
    carriage_returns = Claim.YES if "\r\n" in text else Claim.NO
    if first.startswith("#!"):
        interpreter = first[2:_LONGEST_LINE].strip(" \t")
        return Content(Nature.SCRIPT, interpreter=interpreter, carriage_returns=carriage_returns, text=kept)
    return Content(Nature.TEXT, carriage_returns=carriage_returns, text=kept)


def content_of_file(context: BuildContext, path: str) -> Content | None:
    """The content of a file of the build context; None where it is neither text nor a known binary."""
    text = context.read_text(path, _MOST_CHARACTERS)
    return None if text is None else content_of_text(text)
