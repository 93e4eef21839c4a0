"""Whether what an instruction selects takes in a path of the build context, be it there or not.

A file that was deleted, or that somebody only thinks of, is in no listing: its name alone has to tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.context.dockerignore import from_words
from multistage_cli.build.context.go_paths import PatternError, inside, read_glob
from multistage_cli.build.context.sources import resolve, select, split

if TYPE_CHECKING:
    from multistage_cli.build.context.build_context import BuildContext


class Selector(Struct, frozen=True):
    """What one COPY, ADD or bind mount takes from the build context.

    Attributes:
        words: its sources, expanded, in the order of the instruction.
        exclude: the patterns of `--exclude`.
        wildcards: whether `*`, `?` and `[` in a word mean more than themselves; not so in a mount.
    """

    words: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    wildcards: bool = True

    def patterns(self) -> tuple[tuple[str, str], ...]:
        """Each word as the folders before its first wildcard and the pattern below them."""
        return tuple(split(word) if self.wildcards else (inside(word), "") for word in self.words)


class Coverage:
    """Answers for one selector in one build context."""

    def __init__(self, context: BuildContext, selector: Selector) -> None:
        self._context = context
        self._roots = [_Root.of(context, fixed, pattern) for fixed, pattern in selector.patterns()]
        self._excluded = from_words(selector.exclude)

    def covers(self, path: str, *, folder: bool = False) -> bool:
        """Whether the selector takes in the path, which is relative to the build context.

        Args:
            path: slash-separated.
            folder: whether it stands for all in a folder: then something below it suffices.
        """
        path = inside(path)
        return comes_along(self._context, path, folder=folder) and self.takes(path, folder=folder)

    def takes(self, path: str, *, folder: bool = False) -> bool:
        """The same for a path that is clean and that the ignore file does not leave out."""
        return any(self._taken(root, path, folder=folder) for root in self._roots)

    @property
    def plain(self) -> tuple[str, ...] | None:
        """The paths that it takes whole, where that is all there is to say."""
        if self._excluded.patterns or any(root.pattern or root.places or root.links for root in self._roots):
            return None
        return tuple(root.fixed for root in self._roots)

    def _taken(self, root: _Root, path: str, *, folder: bool) -> bool:
        below = root.below(path)
        if below is not None:
            # BuildKit compares with the path below what the word matched; the match itself always comes.
            return not (below and self._excluded.excludes(below))
        return folder and root.reaches(path)


def comes_along(context: BuildContext, path: str, *, folder: bool) -> bool:
    """Whether the ignore file lets the path into the build, or something in it where it is a folder."""
    return not context.ignored(path) or (folder and context.ignore.may_include_below(path))


class _Root(Struct, frozen=True):
    """A source word: where it leads, by its text and by the links on the way."""

    fixed: str
    pattern: tuple[str, ...]
    crosses: bool
    places: tuple[str, ...]
    links: frozenset[str]

    @staticmethod
    def of(context: BuildContext, fixed: str, pattern: str) -> _Root:
        links = frozenset(_links(context, fixed))
        crosses = False
        if pattern:
            try:
                crosses = read_glob(pattern).crosses_folders
            except PatternError:
                return _Root(fixed, ("[",), crosses=False, places=(), links=links)
            word = f"{fixed}/{pattern}" if fixed else pattern
            found = [item.real for item in select(context.folders, word) if item.real != item.path]
            real = resolve(context.folders, fixed)
            places = tuple(found) if real in (None, fixed) else (*found,)
            parts = (pattern,) if crosses else tuple(pattern.split("/"))
            return _Root(fixed, parts, crosses, places, links)
        real = resolve(context.folders, fixed)
        return _Root(fixed, (), crosses, () if real in (None, fixed) else (str(real),), links)

    def below(self, path: str) -> str | None:
        """What is left of the path below what this word matched; None where it is not in it."""
        if path in self.links:
            return ""
        for place in self.places:
            rest = _rest(place, path)
            if rest is not None:
                return rest
        rest = _rest(self.fixed, path)
        if rest is None or not self.pattern:
            return rest
        names = rest.split("/")
        if self.crosses:
            glob = read_glob(self.pattern[0])
            for count in range(1, len(names) + 1):
                if glob.matches("/".join(names[:count])):
                    return "/".join(names[count:])
            return None
        if len(names) < len(self.pattern):
            return None
        try:
            matched = all(
                read_glob(part).matches(name) for part, name in zip(self.pattern, names, strict=False)
            )
        except PatternError:
            return None
        return "/".join(names[len(self.pattern) :]) if matched else None

    def reaches(self, folder: str) -> bool:
        """Whether the word may match something below the folder."""
        places = (self.fixed, *self.places)
        return any(_rest(folder, place) is not None for place in places) or (
            bool(self.pattern) and _rest(self.fixed, folder) is not None
        )


def _rest(folder: str, path: str) -> str | None:
    if not folder:
        return path
    if path == folder:
        return ""
    return path[len(folder) + 1 :] if path.startswith(folder + "/") else None


def _links(context: BuildContext, path: str) -> list[str]:
    """The links that a path leads through, itself included."""
    found = []
    parts = path.split("/") if path else []
    for count in range(1, len(parts) + 1):
        place = "/".join(parts[:count])
        real = resolve(context.folders, place, last=False)
        row = None if real is None else context.folders.row(real)
        if real is not None and row is not None and row.kind == "link":
            found.append(real)
    return found
