"""The configuration as data: what a file and the options say, and what of it holds for one Dockerfile."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from multistage_cli.analyze.selection import Selection
from multistage_cli.analyze.settings import Settings

if TYPE_CHECKING:
    from multistage_cli.analyze.findings import Severity


class Configuration(Struct, frozen=True):
    """What the user wants.

    Attributes:
        settings: what rules look at.
        selection: what runs everywhere.
        per_path: glob and what holds for Dockerfiles whose path from the configuration's folder it matches.
        per_stage: glob and what holds for findings in stages whose name it matches.
        fail_on: the least severity that makes the program fail; None where nothing is said.
        never_fails: whether no finding does.
        source: the file that it comes from, to name it to people; empty for none.
    """

    settings: Settings = field(default_factory=Settings)
    selection: Selection = field(default_factory=Selection)
    per_path: tuple[tuple[str, Selection], ...] = ()
    per_stage: tuple[tuple[str, Selection], ...] = ()
    fail_on: Severity | None = None
    never_fails: bool = False
    source: str = ""

    def for_path(self, path: str) -> Configuration:
        """What holds for one Dockerfile.

        Args:
            path: from the configuration's folder, with slashes.
        """
        selection = self.selection
        for pattern, added in self.per_path:
            if matches(path, pattern):
                selection = added.over(selection)
        return replace(self, selection=selection, per_path=())

    def with_options(self, options: Selection) -> Configuration:
        """With the command line's words on top."""
        return replace(self, selection=options.over(self.selection))

    def for_stage(self, name: str | None) -> tuple[Selection, ...]:
        """What holds for findings in one stage, besides `selection`."""
        if name is None:
            return ()
        return tuple(added for pattern, added in self.per_stage if fnmatchcase(name, pattern.lower()))


def matches(path: str, pattern: str) -> bool:
    """Whether a glob matches a path: `*` stays in a folder, `**` does not; a folder means all below it.

    A pattern without a slash matches at any depth.
    """
    pattern = pattern.removeprefix("./").rstrip("/")
    parts = path.split("/")
    if "/" not in pattern:
        return any(fnmatchcase(part, pattern) for part in parts)
    wanted = pattern.lstrip("/").split("/")
    return any(_parts_match(parts[:end], wanted) for end in range(1, len(parts) + 1))


def _parts_match(parts: list[str], wanted: list[str]) -> bool:
    """Whether all parts match; at most `len(parts) * len(wanted)` steps."""
    reached = {0}
    for part in wanted:
        if part == "**":
            reached = set(range(min(reached), len(parts) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], part)}
    return len(parts) in reached
