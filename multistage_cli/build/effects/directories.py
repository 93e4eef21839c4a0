"""mkdir, rmdir and mktemp. Source: the manual pages of GNU coreutils, and BusyBox's applets."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.changes import Deletion, DirectoryMade, Doubted
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, place, places, read_paths
from multistage_cli.build.files import Kind, read_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known

_EVERYTHING = 0o777


@effect("mkdir")
def mkdir(call: Call) -> Iterator[Change]:
    """Directories; `-m` gives the last one of each its mode, and not those above."""
    arguments = read_paths(call, switches="-p --parents -v --verbose -Z", with_value="-m --mode")
    text = arguments.value("-m", "--mode")
    mode: Known[int] | None = None if text is None else directory_mode(text)
    if not arguments.complete:
        mode = UNKNOWN
    parents = arguments.has("-p", "--parents") or not arguments.complete
    for operand in arguments.operands:
        parts = operand.split("/")
        for index in range(1, len(parts) if parents else 0):
            if parts[index] == ".." and parts[index - 1] not in {"", ".", ".."}:
                # `mkdir -p a/../b` makes both.
                yield DirectoryMade(place(call, "/".join(parts[:index])), call.line, call.certain)
        yield DirectoryMade(place(call, operand), call.line, call.certain, parents, mode)


def directory_mode(text: str) -> Known[int]:
    """The mode that `-m` gives to a new directory.

    `+` and `-` start from what the umask leaves in GNU's, from all bits in BusyBox's.
    """
    change = read_mode(text)
    if change is None or "+" in text or "-" in text:
        return UNKNOWN
    return change(_EVERYTHING, Kind.DIRECTORY)


@effect("rmdir")
def rmdir(call: Call) -> Iterator[Change]:
    """Directories that go, and with `-p` those above that a path names."""
    arguments = read_paths(
        call, switches="-p --parents -v --verbose", with_value="--ignore-fail-on-non-empty"
    )
    if not arguments.complete or any("--ignore-fail-on-non-empty" in word for word in arguments.options):
        for path in places(call, arguments.operands):
            yield Doubted(path, call.line, call.certain, adds=False, alters=False)
        return
    paths: list[str] = []
    for operand in arguments.operands:
        paths.append(place(call, operand))
        while arguments.has("-p", "--parents") and (operand := posixpath.dirname(operand)) not in {"", "/"}:
            paths.append(place(call, operand))
    if paths:
        yield Deletion(tuple(paths), call.line, call.certain)


@effect("mktemp")
def mktemp(call: Call) -> Iterator[Change]:
    """A file or directory of a random name, in /tmp unless told otherwise."""
    arguments = read_paths(
        call, switches="-d --directory -q --quiet -t -u --dry-run --tmpdir", with_value="-p --suffix"
    )
    if arguments.has("-u", "--dry-run"):
        return
    temporary = call.environment.get("TMPDIR", "/tmp")  # noqa: S108 - the tool's own default
    folder = arguments.value("-p", "--tmpdir") or temporary
    template = arguments.operands[0] if arguments.operands else ""
    given = arguments.has("-p", "--tmpdir", "-t")
    if template and not given:
        path = place(call, template)
        folder = posixpath.dirname(path) if path.startswith("/") else UNREAD
    yield Doubted(place(call, folder), call.line, call.certain, removes=False, alters=False)
