"""The files of an image: who wrote them, what they are, whose they are, as far as it follows."""

from __future__ import annotations

from multistage_cli.build.files.backing import ANYTHING, NOTHING, Backing
from multistage_cli.build.files.events import Event, Parts, changed
from multistage_cli.build.files.model import (
    ABSENT,
    MAYBE,
    Change,
    Content,
    Entry,
    Kind,
    Nature,
    Writer,
    either,
)
from multistage_cli.build.files.modes import UMASK, read_mode
from multistage_cli.build.files.nodes import Query
from multistage_cli.build.files.tree import Files

__all__ = [
    "ABSENT",
    "ANYTHING",
    "MAYBE",
    "NOTHING",
    "UMASK",
    "Backing",
    "Change",
    "Content",
    "Entry",
    "Event",
    "Files",
    "Kind",
    "Nature",
    "Parts",
    "Query",
    "Writer",
    "changed",
    "either",
    "read_mode",
]
