"""What differs between an earlier and a later state of a build context, one selection at a time.

Two folders are compared by what BuildKit compares: names, kinds, permission bits, links' targets and content.
Where only the names of changed files are known (from a person, or from git), nothing is read at all.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.context.coverage import Coverage, comes_along
from multistage_cli.build.context.digests import ContextDigests, same_content
from multistage_cli.build.context.dockerignore import from_words
from multistage_cli.build.context.folders import join
from multistage_cli.build.context.go_paths import PatternError, inside
from multistage_cli.build.context.sources import resolve, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from multistage_cli.build.context.build_context import BuildContext
    from multistage_cli.build.context.coverage import Selector
    from multistage_cli.build.context.folders import Row


class Change(StrEnum):
    """What became of a path."""

    CHANGED = "changed"
    MODE = "has other permissions"
    NEW = "is new"
    GONE = "is gone"
    LEFT_OUT = "is left out by the ignore file now"
    LET_IN = "is no longer left out by the ignore file"


class Difference(Struct, frozen=True):
    """A path of the build context and what became of it.

    Attributes:
        path: relative to the build context.
        change: what became of it.
        folder: whether the path stands for all in a folder.
        overlooked: whether a builder that has a copy of this very folder from an earlier build does not
            notice. It asks again for files of another size, time or mode only (sameFile in tonistiigi/fsutil
            diff_containerd.go), and a folder's mode gets to its copy but not to the digests
            (DiskWriter.HandleChange in diskwriter.go).
        perhaps: whether it may as well be the same.
    """

    path: str
    change: Change
    folder: bool = False
    overlooked: bool = False
    perhaps: bool = False


class Compared(Struct, frozen=True):
    """How the two states of one selection differ.

    Attributes:
        differences: by path; empty where BuildKit finds the same.
        certain: false where BuildKit may find the same: files only moved, and it does not look at all of
            their names, or nobody knows whether they differ.
    """

    differences: tuple[Difference, ...]
    certain: bool = True

    @property
    def overlooked(self) -> bool:
        """Whether a builder may overlook all of them; see `Difference`."""
        return bool(self.differences) and all(entry.overlooked for entry in self.differences)


_SAME: Final = Compared(())


class Differences:
    """Compares two states of a build context.

    Args:
        before: the earlier state.
        after: the later one; the same object where only `touched` tells them apart.
        touched: the paths that differ, where that is known, so that no file is read; None to find out.
        selectors: all that will be asked, so that folders within folders are walked once.
    """

    def __init__(
        self,
        before: BuildContext,
        after: BuildContext,
        touched: Iterable[Difference] | None = None,
        selectors: Iterable[Selector] = (),
    ) -> None:
        self._before = before
        self._after = after
        self._touched = None if touched is None else _Touched(tuple(touched), before, after)
        self._paths: Mapping[str, Difference] = self._touched.by_path if self._touched else {}
        self._digests = (ContextDigests(before), ContextDigests(after))
        self._compared: dict[Selector, Compared] = {}
        self._below: dict[str, tuple[Difference, ...]] = {}
        self._counts: dict[str, int] = {}
        self._folders = self._top_folders(selectors)

    @property
    def reads(self) -> bool:
        """Whether it has to look at files to tell what differs."""
        return self._touched is None

    @property
    def touched(self) -> Mapping[str, Difference]:
        """The paths that were known to differ from the start; empty where it has to look."""
        return self._paths

    def of(self, selector: Selector) -> Compared:
        """The differences in what one selector takes."""
        known = self._compared.get(selector)
        if known is None:
            known = self._compared[selector] = self._compare(selector)
        return known

    def count(self, selector: Selector) -> int:
        """How many files a selector takes in the later state; no folder is walked twice."""
        total = 0
        for fixed, pattern in selector.patterns():
            real = None if pattern or selector.exclude else resolve(self._after.folders, fixed)
            known = None if real is None else self._counts.get(real)
            total += self._after.size_of([join(fixed, pattern)]).files if known is None else known
        return total

    def moved(self, earlier: Selector, later: Selector) -> bool | None:
        """Whether an earlier instruction took the same as a later one with other sources.

        None where nobody knows, as the earlier files are not there any more.
        """
        if self._touched is not None and self.of(earlier).differences:
            return None
        return self._digests[0].of(earlier) == self._digests[1].of(later)

    def _compare(self, selector: Selector) -> Compared:
        found: dict[str, Difference] = {}
        if self._before is not self._after:
            found.update((entry.path, entry) for entry in self._listed(selector))
        if self._touched is not None:
            for entry in self._touched.taken(selector):
                found.setdefault(entry.path, entry)
        if not found:
            return _SAME
        differences = tuple(found[path] for path in sorted(found))
        if all(entry.perhaps for entry in differences):
            return Compared(differences, certain=False)
        if not _may_have_moved(selector, differences):
            return Compared(differences)
        if self._touched is not None:
            return Compared(differences, certain=False)
        same = self._digests[0].of(selector) == self._digests[1].of(selector)
        return _SAME if same else Compared(differences)

    # Two listings.

    def _top_folders(self, selectors: Iterable[Selector]) -> tuple[str, ...]:
        """The folders that selectors take whole, without those that lie in one of them."""
        places = set()
        for selector in selectors:
            for fixed, pattern in selector.patterns():
                real = resolve(self._after.folders, fixed)
                if real is not None and not pattern:
                    places.add(real)
        kept: list[str] = []
        for place in sorted(places):
            if not any(not top or place == top or place.startswith(top + "/") for top in kept[-1:]):
                kept.append(place)
        return tuple(kept)

    def _listed(self, selector: Selector) -> Iterator[Difference]:
        excluded = from_words(selector.exclude)
        for fixed, pattern in selector.patterns():
            word = join(fixed, pattern) if pattern else fixed
            before = dict(_matches(self._before, word, literal=not pattern))
            after = dict(_matches(self._after, word, literal=not pattern))
            for path in sorted(before.keys() | after.keys()):
                for entry in self._at(path, before.get(path), after.get(path)):
                    below = entry.path[len(path) :].lstrip("/") if path else entry.path
                    if not (below and excluded.excludes(below)):
                        yield entry

    def _at(self, path: str, before: _Place | None, after: _Place | None) -> Iterator[Difference]:
        if before is None or after is None:
            present = before or after
            if present is not None:
                yield self._one_sided(path, present.real, gone=after is None)
            return
        folders = before.is_folder, after.is_folder
        if not any(folders):
            yield from self._file(path, before, after)
        elif not all(folders):
            yield Difference(path or ".", Change.CHANGED)
        else:
            if before.row is not None and after.row is not None and before.row.mode != after.row.mode:
                yield Difference(path, Change.MODE, overlooked=True)
            if before.real == after.real:
                for entry in self._folder(after.real):
                    rest = entry.path[len(after.real) :].lstrip("/") if after.real else entry.path
                    yield replace(entry, path=join(path, rest))
            else:
                yield from self._walked(before.real, after.real, path)

    def _folder(self, real: str) -> tuple[Difference, ...]:
        known = self._below.get(real)
        if known is not None:
            return known
        for top in self._folders:
            if top != real and (not top or real.startswith(top + "/")):
                below = real + "/"
                whole = self._folder(top)
                known = tuple(entry for entry in whole if entry.path.startswith(below))
                break
        else:
            known = tuple(self._walked(real, real, real))
        self._below[real] = known
        return known

    def _walked(self, before: str, after: str, shown: str) -> Iterator[Difference]:
        """Merge two walks; both are in the order of their paths, name by name."""
        earlier = {found.path: found for found in self._before.folders.walk(before, "")}
        count = 0
        for found in self._after.folders.walk(after, ""):
            count += found.row.kind == "file"
            match = earlier.pop(found.path, None)
            path = join(shown, found.path)
            if match is None:
                yield self._one_sided(path, found.real, gone=False)
            elif "directory" not in (match.row.kind, found.row.kind):
                yield from self._file(path, _Place(match.real, match.row), _Place(found.real, found.row))
            elif match.row.kind != found.row.kind:
                yield Difference(path, Change.CHANGED)
            elif match.row.mode != found.row.mode:
                yield Difference(path, Change.MODE, overlooked=True)
        self._counts[after] = count
        for rest, match in earlier.items():
            yield self._one_sided(join(shown, rest), match.real, gone=True)

    def _file(self, path: str, before: _Place, after: _Place) -> Iterator[Difference]:
        earlier, later = before.row, after.row
        if earlier is None or later is None:
            return
        if self._touched is not None:
            touched = self._paths.get(after.real)
            if touched is not None:
                yield Difference(path, touched.change)
            return
        content = (earlier.kind, earlier.size_bytes, earlier.target)
        if content != (later.kind, later.size_bytes, later.target):
            yield Difference(path, Change.CHANGED)
        elif earlier.kind != "link" and earlier.mode != later.mode:
            yield Difference(path, Change.MODE)
        elif earlier.kind == "file" and not same_content(
            self._before.folders.on_disk(before.real),
            self._after.folders.on_disk(after.real),
            later.size_bytes,
        ):
            times = [_time(self._before, before.real), _time(self._after, after.real)]
            yield Difference(path, Change.CHANGED, overlooked=times[0] == times[1])

    def _one_sided(self, path: str, real: str, *, gone: bool) -> Difference:
        """What is in one listing alone: new or gone, or only let in or left out by the ignore file."""
        other = self._after if gone else self._before
        if other.ignored(real) and not (self._after if not gone else self._before).ignored(real):
            touched = self._paths.get(real)
            if touched is None:
                return Difference(path or ".", Change.LEFT_OUT if gone else Change.LET_IN)
        return Difference(path or ".", Change.GONE if gone else Change.NEW)


class _Touched:
    """The paths that are known to differ, in the order of their names."""

    def __init__(self, entries: tuple[Difference, ...], before: BuildContext, after: BuildContext) -> None:
        self.by_path: Final = {inside(entry.path): entry for entry in entries}
        self._contexts = (after,) if before is after else (after, before)
        self._paths = [
            sorted(
                path
                for path, entry in self.by_path.items()
                if comes_along(context, path, folder=entry.folder)
            )
            for context in self._contexts
        ]
        self._has_folders = any(entry.folder for entry in entries)

    def taken(self, selector: Selector) -> Iterator[Difference]:
        """Those that a selector takes in, before or after."""
        for context, paths in zip(self._contexts, self._paths, strict=True):
            coverage = Coverage(context, selector)
            plain = None if self._has_folders else coverage.plain
            if plain is None:
                for path in paths:
                    entry = self.by_path[path]
                    if coverage.takes(path, folder=entry.folder):
                        yield entry
                continue
            for place in plain:
                # All below a folder stand together, and `0` is the letter behind the slash.
                first = bisect_left(paths, place + "/") if place else 0
                last = bisect_left(paths, place + "0") if place else len(paths)
                yield from (self.by_path[path] for path in paths[first:last])
                if place in self.by_path and comes_along(context, place, folder=False):
                    yield self.by_path[place]


class _Place(Struct, frozen=True):
    real: str
    row: Row | None

    @property
    def is_folder(self) -> bool:
        return self.row is None or self.row.kind == "directory"


def _time(context: BuildContext, real: str) -> int:
    try:
        return os.stat(context.folders.on_disk(real), follow_symlinks=False).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _matches(context: BuildContext, word: str, *, literal: bool) -> Iterator[tuple[str, _Place]]:
    if literal:
        real = resolve(context.folders, inside(word))
        if real is None:
            real = resolve(context.folders, inside(word), last=False)
        if real is not None:
            yield word, _Place(real, context.folders.row(real) if real else None)
        return
    try:
        for found in select(context.folders, word):
            yield found.path, _Place(found.real, found.row)
    except PatternError:
        return


def _may_have_moved(selector: Selector, differences: tuple[Difference, ...]) -> bool:
    """Whether the files may only have moved, where BuildKit takes in their last names alone.

    checksum.go does so for wildcards and `--exclude`.
    """
    if not selector.exclude and not any(pattern for _, pattern in selector.patterns()):
        return False
    added = {Change.NEW, Change.LET_IN}
    removed = {Change.GONE, Change.LEFT_OUT}
    kinds = {entry.change for entry in differences}
    if not kinds & added or not kinds & removed or kinds - added - removed:
        return False
    names = [
        sorted(entry.path.rpartition("/")[2] for entry in differences if entry.change in group)
        for group in (added, removed)
    ]
    return names[0] == names[1]
