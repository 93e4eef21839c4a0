"""Commands that pip, npm and their like put into a folder: looked up when somebody asks, not before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Entry, Kind
from multistage_cli.build.pythons import script_for
from multistage_cli.build.system_commands import SYSTEM_COMMANDS

if TYPE_CHECKING:
    from multistage_cli.build.changes import ScriptsInstalled
    from multistage_cli.build.files import Event, Parts, Query, Writer

_PIP: Final = re.compile(r"pip3\.[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class InstalledScripts:
    """What an installation did to the folder of commands: an event there.

    Attributes:
        by: the command.
        change: what was installed.
        uid: of the owner.
        gid: of the group.
        mode: of the scripts.
    """

    by: Writer
    change: ScriptsInstalled
    uid: Known[int]
    gid: Known[int]
    mode: Known[int]
    _found: list[frozenset[str]] = field(default_factory=list, compare=False, repr=False)

    def over(self, entry: Entry, below: Parts, query: Query) -> Entry:
        """As the protocol says."""
        if not below:
            return self._folder(entry)
        if len(below) != 1 or below[0] in SYSTEM_COMMANDS:
            return entry
        if self.change.certain is Claim.YES and below[0] in self._commands():
            script = script_for(self.change.interpreter)
            return Entry(
                Claim.YES, Kind.FILE, self.mode, self.uid, self.gid,
                content=script, writer=self.by, because=self.by,
            )  # fmt: skip
        return Entry(Claim.UNKNOWN, because=self.by) if entry.exists is Claim.NO else entry

    def _folder(self, entry: Entry) -> Entry:
        """The folder itself, which is made for the first command."""
        if entry.exists is not Claim.NO:
            return entry
        if self.change.certain is not Claim.YES or not self._commands():
            return Entry(Claim.UNKNOWN, because=self.by)
        return Entry(
            Claim.YES, Kind.DIRECTORY, self.mode, self.uid, self.gid, writer=self.by, because=self.by
        )

    def names(self, below: Parts, query: Query) -> Known[tuple[str, ...]]:
        """As the protocol says."""
        return UNKNOWN if not below else ()

    def covers(self, older: Event) -> bool:
        """As the protocol says."""
        if not isinstance(older, InstalledScripts):
            return False
        return replace(older.change, line=self.change.line) == self.change

    def _commands(self) -> frozenset[str]:
        """Commands that are there for certain."""
        if not self._found:
            change = self.change
            found = set(change.commands)
            if change.manager == "pip":
                found |= _python_commands(change)
            self._found.append(frozenset(found))
        return self._found[0]


def _python_commands(change: ScriptsInstalled) -> set[str]:
    from multistage_cli.facts import python, python_commands

    version = "3.12" if change.version is UNKNOWN else change.version
    wanted = []
    for text in change.packages:
        try:
            found = python.parse_requirement(text, python=version)
        except ValueError:
            continue
        if found is not None and found.url is None:
            wanted.append(found)
    for text in change.manifests:
        wanted += [
            found
            for found in python.parse_requirements(text, python=version).requirements
            if found.url is None
        ]
    commands = set(python_commands.certain(wanted, constrained=change.constrained, python=version))
    named = {name for name in commands if _PIP.fullmatch(name)}
    if named:
        commands = commands - named | (set() if change.version is UNKNOWN else {f"pip{version}"})
    return commands
