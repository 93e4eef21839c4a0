"""What lies below a directory where nothing of the build has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files.model import ABSENT, MAYBE

if TYPE_CHECKING:
    from multistage_cli.build.files.model import Entry


class Backing(Protocol):
    """Answers for paths that no command has touched; `parts` are relative to where it lies."""

    def look(self, parts: tuple[str, ...]) -> Entry:
        """What is known of a path; links are not followed."""

    def names(self, parts: tuple[str, ...]) -> Known[tuple[str, ...]]:
        """The names in a directory, where all of them are known."""


class Nothing:
    """An empty directory."""

    def look(self, parts: tuple[str, ...]) -> Entry:
        return ABSENT

    def names(self, parts: tuple[str, ...]) -> Known[tuple[str, ...]]:
        return ()


class Anything:
    """A directory of which nothing is known."""

    def look(self, parts: tuple[str, ...]) -> Entry:
        return MAYBE

    def names(self, parts: tuple[str, ...]) -> Known[tuple[str, ...]]:
        return UNKNOWN


NOTHING = Nothing()
ANYTHING = Anything()
