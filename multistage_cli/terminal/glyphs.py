"""Signs that a terminal can show: Unicode, or ASCII where it has nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from rich.console import ConsoleOptions


class Glyphs(Struct, frozen=True):
    """One cell each, so that columns stay columns."""

    passed: str
    failed: str
    skipped: str
    bullet: str
    rule: str
    caret: str


UNICODE = Glyphs(passed="✔", failed="✘", skipped="–", bullet="•", rule="─", caret="^")  # noqa: RUF001
ASCII = Glyphs(passed="+", failed="x", skipped="-", bullet="*", rule="-", caret="^")


def glyphs(options: ConsoleOptions) -> Glyphs:
    """The signs for a console: call it where a renderable is rendered, not where it is made."""
    return ASCII if options.ascii_only else UNICODE
