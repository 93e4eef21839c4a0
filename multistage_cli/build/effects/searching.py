"""find: what it deletes, or has other commands do to what it finds. Source: find(1) of GNU findutils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import (
    Doubted,
    FileWritten,
    ModeChanged,
    OwnerChanged,
    Unmeasured,
    Untracked,
)
from multistage_cli.build.effects import Call, effect, effect_of
from multistage_cli.build.effects.attributes import owners
from multistage_cli.build.effects.neutral import neutral
from multistage_cli.build.effects.places import UNREAD, expanded, place, places
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_ACTIONS: Final = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_FILES: Final = frozenset({"-fprint", "-fls", "-fprint0", "-fprintf"})
_REMOVING: Final = frozenset({"rm", "rmdir", "unlink"})
_ALTERING: Final = frozenset({"chmod", "chown", "chgrp", "touch", "strip", "sed", "setfacl", "dos2unix"})
_MOVING: Final = frozenset({"mv", "gzip", "gunzip", "bzip2", "xz", "rename"})
_KINDS: Final = {"f": Kind.FILE, "d": Kind.DIRECTORY}
_HARMLESS: Final = frozenset({"-type", "-depth", "-print", "-print0", "-xdev", "-mount", "-a", "-and"})
"""What stands between `-type` and `-exec` without choosing among the paths any further."""


@effect("find")
def find(call: Call) -> Iterator[Change]:
    """Nothing, unless an action deletes, writes or runs something."""
    words = list(expanded(call))
    while words and words[0] in {"-L", "-P", "-H"}:
        del words[0]
    count = next((index for index, word in enumerate(words) if word[:1] in {"-", "(", "!", "\\"}), len(words))
    paths = places(call, tuple(words[:count]) or (".",))
    expression = words[count:]
    names = _names(expression)
    if "-delete" in expression:
        yield from _doubts(call, paths, names, removes=True)
    for index, word in enumerate(expression):
        if word in _FILES and index + 1 < len(expression):
            yield FileWritten(place(call, expression[index + 1]), call.line, call.certain)
        elif word in _ACTIONS:
            yield from _run(call, paths, names, expression[:index], expression[index + 1 :])
    if UNREAD in expression and not any(word in _ACTIONS or word == "-delete" for word in expression):
        before = expression[expression.index(UNREAD) - 1] if expression.index(UNREAD) else ""
        if not before.startswith("-"):
            yield from _doubts(call, paths, (), adds=True, removes=True, alters=True)


def _run(
    call: Call, paths: tuple[str, ...], names: tuple[str, ...], before: list[str], after: list[str]
) -> Iterator[Change]:
    """What the command of `-exec` does to what is found."""
    ends = [index for index, word in enumerate(after) if word in {";", "\\;", "+"}]
    command = after[: ends[0]] if ends else after
    name = command[0].rsplit("/", 1)[-1] if command else UNREAD
    if name in _REMOVING:
        yield from _doubts(call, paths, names, removes=True)
    elif name in _ALTERING and "{}" in command and not (name == "sed" and "-i" not in "".join(command)):
        yield Unmeasured(name, call.line, call.certain)
        exact = _exact(call, paths, before, command)
        if exact is not None:
            yield exact
        else:
            yield from _doubts(call, paths, names, alters=True, adds=name == "sed")
    elif name in _MOVING:
        yield Unmeasured(name, call.line, call.certain)
        yield from _doubts(call, paths, (), removes=True, adds=True, alters=True)
        if name == "mv":
            yield Doubted(place(call, command[-1]), call.line, call.certain, removes=False)
    elif effect_of(name) is not neutral and name not in {"true", "false", "[", "test", "sed"}:
        yield Untracked(name, call.line, call.certain)


def _exact(call: Call, paths: tuple[str, ...], before: list[str], command: list[str]) -> Change | None:
    """`-exec chmod` or `chown` of root for all files, all directories, or all there is."""
    kinds = [before[index + 1] for index, word in enumerate(before[:-1]) if word == "-type"]
    plain = all(word in _HARMLESS or word in _KINDS for word in before) and len(kinds) <= 1
    if not plain or call.user not in {"", "root", "0"} or len(command) != 3 or UNREAD in command:  # noqa: PLR2004
        return None
    kind = _KINDS[kinds[0]] if kinds else None
    name, value = command[0].rsplit("/", 1)[-1], command[1]
    if name == "chmod" and (kind is not None):
        return ModeChanged(paths, value, call.line, call.certain, recursive=True, kind=kind)
    if name in {"chown", "chgrp"} and kind is None:
        owner, group = owners(call, value) if name == "chown" else (None, value)
        return OwnerChanged(paths, owner, group, call.line, call.certain, recursive=True)
    return None


def _doubts(
    call: Call,
    paths: tuple[str, ...],
    names: tuple[str, ...],
    *,
    adds: bool = False,
    removes: bool = False,
    alters: bool = False,
) -> Iterator[Change]:
    for path in paths:
        yield Doubted(path, call.line, call.certain, adds=adds, removes=removes, alters=alters, names=names)


def _names(expression: list[str]) -> tuple[str, ...]:
    """The patterns of which one fits the name of whatever is found; empty where nothing says so."""
    found: list[str] = []
    named = False
    for index, word in enumerate(expression):
        if word in {"!", "-not", "\\!", "-path", "-prune", ","} or UNREAD in word:
            return ()
        if word in {"-o", "-or", *_ACTIONS, "-delete"}:
            if not named:
                return ()
            if word not in {"-o", "-or"}:
                break
            named = False
        elif word == "-name" and index + 1 < len(expression):
            found.append(expression[index + 1])
            named = True
    return tuple(found)
