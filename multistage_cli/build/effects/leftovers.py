"""What build tools leave around: in their project, in caches below the home folder, elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Doubted
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects.python_places import anywhere, home_of
from multistage_cli.build.system_commands import SYSTEM_COMMANDS, SYSTEM_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known
    from multistage_cli.build.effects import Call

_SYSTEM: Final = SYSTEM_PLACES | {"bin", "lib", "root", "run", "usr", "var"}
"""Where a tool whose project is the root folder still writes nothing."""


def project(call: Call, folder: str = ".") -> Iterator[Change]:
    """Anything may have changed in a project, but nothing outside of it."""
    path = call.absolute(folder)
    unknown = not path.startswith("/")
    spares = _SYSTEM if path == "/" else SYSTEM_PLACES if unknown else frozenset[str]()
    yield Doubted("/" if unknown else path, call.line, call.certain, spares=spares, inside=True)


def added(call: Call, *paths: Known[str]) -> Iterator[Change]:
    """Something new may lie at these paths or below; what is there stays."""
    for path in paths:
        if path is UNKNOWN or not call.absolute(path).startswith("/"):
            yield anywhere(call)
            continue
        place = call.absolute(path)
        spares = SYSTEM_PLACES if place == "/" else SYSTEM_COMMANDS
        yield Doubted(place, call.line, call.certain, removes=False, alters=False, spares=spares)


def caches(call: Call, *names: str) -> Iterator[Change]:
    """Folders in the home folder that a tool may fill."""
    home = home_of(call)
    for name in names:
        yield from added(call, UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/{name}")


def scripts(call: Call, folder: str = ".") -> Iterator[Change]:
    """A project's own scripts run: they do in it what they like, and may leave something new elsewhere.

    What belongs to the distribution (SYSTEM_PLACES) they leave alone.
    """
    yield from project(call, folder)
    yield anywhere(call)
