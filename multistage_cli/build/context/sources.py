"""What a path or a source word means in a build context: links followed, wildcards expanded.

Links lead nowhere but into the build context, whose root no `..` and no leading slash gets out of, and
wildcards are those of Go's filepath.Match.

Sources: ResolveWildcards in copy/copy.go of tonistiigi/fsutil, docopy in solver/llbsolver/file/backend.go of
moby/buildkit, RootPath in fs/path.go of containerd/continuity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from multistage_cli.build.context.folders import Folders, Found, Row, join
from multistage_cli.build.context.go_paths import Glob, PatternError, has_wildcards, inside, read_glob
from multistage_cli.build.context.ignore_pattern import read_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINKS: Final = 255
"""Where RootPath gives up with "too many links"."""


class Selected(NamedTuple):
    """What a source word selects: the path it was selected by, where that leads, and what is there.

    `row` is None for the build context itself, and a link where it leads nowhere.
    """

    path: str
    real: str
    row: Row | None


def split(word: str) -> tuple[str, str]:
    """A source word as the folders before its first wildcard and the pattern below them, "" if it has none."""
    parts = inside(word).split("/")
    for index, part in enumerate(parts):
        if has_wildcards(part):
            return "/".join(parts[:index]), "/".join(parts[index:])
    return "/".join(parts), ""


def resolve(folders: Folders, path: str, *, last: bool = True) -> str | None:
    """Where a path lies once its links are followed; None where that is not in the build context.

    `last` tells whether a link in last place is followed too.
    """
    done = ""
    ahead = path.split("/")[::-1] if path else []
    links = 0
    while ahead:
        place = join(done, ahead.pop())
        row = folders.row(place)
        if row is None:
            return None
        if row.kind == "link" and (ahead or last):
            links += 1
            if links > _MOST_LINKS or not row.target:
                return None
            # As Go joins: by the text, so that `..` behind the name of a link undoes that name.
            target = inside(row.target if row.target.startswith("/") else f"{done}/{row.target}")
            ahead.extend(target.split("/")[::-1] if target else [])
            done = ""
        elif ahead and row.kind != "directory":
            return None
        else:
            done = place
    return done


def is_directory(folders: Folders, real: str) -> bool:
    """Whether a place, which leads through no links, is a directory of the build context."""
    row = folders.row(real) if real else None
    return not real or (row is not None and row.kind == "directory")


def is_sendable(word: str) -> bool:
    """Whether the client can look for the files of a wildcard: it takes the word for one of moby's patterns.

    It does so unless another instruction needs the whole build context, and stops at `[z-a]`, in which
    filepath.Match sees no fault.
    """
    try:
        read_pattern(inside(word), 1, word, windows=False)
    except PatternError:
        return False
    return True


def select(folders: Folders, word: str) -> Iterator[Selected]:
    """What one source word selects, in the order in which BuildKit copies.

    Raises:
        PatternError: the word's wildcards are malformed, and the build fails.
    """
    fixed, pattern = split(word)
    if not pattern:
        yield from _follow(folders, fixed, fixed)
        return
    glob = read_glob(pattern)
    base = resolve(folders, fixed)
    if base is None or not is_directory(folders, base):
        return
    if glob.crosses_folders:
        matches = _match_anywhere(folders, base, fixed, glob)
    else:
        matches = _match_by_folder(folders, base, fixed, [read_glob(part) for part in pattern.split("/")])
    for match in matches:
        yield from _follow(folders, match.path, match.real)


def _follow(folders: Folders, path: str, place: str) -> Iterator[Selected]:
    real = resolve(folders, place)
    if real is not None:
        yield Selected(path, real, folders.row(real) if real else None)
        return
    link = resolve(folders, place, last=False)
    if link is not None:
        yield Selected(path, link, folders.row(link))


def _match_by_folder(folders: Folders, base: str, shown: str, parts: list[Glob]) -> Iterator[Found]:
    """One pattern per folder: only folders that match so far are read."""
    level = [(base, shown)]
    for part in parts[:-1]:
        level = [
            (found.real, found.path)
            for real, path in level
            for found in _children(folders, real, path)
            if found.row.kind == "directory" and part.matches(found.row.name)
        ]
    for real, path in level:
        for found in _children(folders, real, path):
            if parts[-1].matches(found.row.name):
                yield found


def _match_anywhere(folders: Folders, base: str, shown: str, glob: Glob) -> Iterator[Found]:
    """A set of characters takes a slash for one, so that only whole paths can be compared."""
    taken = None
    for found in folders.walk(base, ""):
        if taken is not None and found.path.startswith(taken):
            continue
        taken = None
        if glob.matches(found.path):
            if found.row.kind == "directory":
                # fsutil does not look for more matches in a folder that matched.
                taken = found.path + "/"
            yield found._replace(path=join(shown, found.path))


def _children(folders: Folders, real: str, path: str) -> Iterator[Found]:
    for name, row in folders.listing(real).items():
        place = join(real, name)
        if row.included or folders.row(place) is not None:
            yield Found(join(path, name), place, row)
