"""What the source words of COPY and ADD mean: paths of a stage or of the build context, and addresses.

Sources: dispatchCopy in dockerfile2llb of moby/buildkit, ResolveWildcards in copy/copy.go of
tonistiigi/fsutil.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.context.go_paths import PatternError, inside, read_glob
from multistage_cli.build.context.sources import split
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from multistage_cli.build.context.go_paths import Glob
    from multistage_cli.build.files import Files

_MOST_MATCHES: Final = 1_000
_UNNAMED: Final = "__unnamed__"
"""What BuildKit calls a file whose address has no name in it."""

_GIT: Final = re.compile(
    r"(?:git|ssh)://|[\w.~-]{1,255}@[\w.-]{1,255}:|https?://[^?#]{1,2000}\.git(?:[?#]|$)", re.ASCII
)


def is_git(word: str) -> bool:
    """Whether ADD clones a repository: of web addresses those that end in `.git`, and never `github.com/a/b`.

    Source: ParseGitRef in dfgitutil of moby/buildkit.
    """
    return _GIT.match(word) is not None


def is_address(word: str) -> bool:
    """Whether ADD fetches a file."""
    return word.startswith(("http://", "https://")) and not is_git(word)


def file_name(address: str) -> str:
    """What a fetched file is called in a directory: the last name of the address, without its query."""
    try:
        name = posixpath.basename(unquote(urlsplit(address).path).rstrip("/"))
    except ValueError:
        return _UNNAMED
    return name or _UNNAMED


def matching(files: Files, word: str) -> tuple[str, ...] | None:
    """The absolute paths that a source word selects, in the order in which BuildKit copies.

    Links on the way to the wildcards are followed; `*` does not cross a slash, and matches hidden names too.

    Returns:
        The paths, which may be none; None where the names are not known.
    """
    fixed, pattern = split(word)
    if not pattern:
        return (f"/{inside(word)}",)
    base = files.resolve(f"/{fixed}")
    try:
        parts = [read_glob(part) for part in pattern.split("/")]
        crosses = read_glob(pattern).crosses_folders
    except PatternError:
        return None
    if base is UNKNOWN or crosses:
        return None
    level = [base]
    for depth, part in enumerate(parts, start=1):
        found: list[str] = []
        for folder in level:
            names = _matches(files, folder, part, folders=depth < len(parts))
            if names is None or len(found) + len(names) > _MOST_MATCHES:
                return None
            found += names
        level = found
    return tuple(level)


def _matches(files: Files, folder: str, part: Glob, *, folders: bool) -> list[str] | None:
    """The paths in a folder that fit; only the folders among them where more is to come."""
    names = files.names(folder)
    if names is UNKNOWN:
        return None
    paths = [f"{folder.rstrip('/')}/{name}" for name in names if part.matches(name)]
    if not folders:
        return paths
    kept = []
    for path in paths:
        kind = files.entry(path, follow=False).kind
        if kind is UNKNOWN:
            return None
        if kind is Kind.DIRECTORY:
            kept.append(path)
    return kept
