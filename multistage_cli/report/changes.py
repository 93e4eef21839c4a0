"""What each file, build argument and base image would rebuild if it changed, asked once for all that are alike.

Files that the same steps take from the build context have the same answer: of two hundred thousand files, one for
each group is asked about.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.build.context import Coverage
from multistage_cli.build.stages import BaseKind, SourceKind
from multistage_cli.cache.changes import Named, question_of_named
from multistage_cli.cache.invalidation import Asked, predict
from multistage_cli.cache.model import Result
from multistage_cli.cache.sources import selectors_of
from multistage_cli.cache.wording import headline
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.evaluate import Build
    from multistage_cli.cache.model import CacheReport, Verdict

MOST_FILES = 2_500
MOST_IN_FOLDER = 200
"""So many names of one folder are listed, and the rest only as a whole."""
MOST_LETTERS = 30_000
"""Of all names together: they are a part of a page that is to stay small."""

_MOST_FOLDERS = 150  # that are listed as a whole
_MOST_OTHERS = 20  # build arguments, and images
_MOST_WORK = 10_000  # steps times questions: about a second
_ARGUMENT_WORK = 20  # a build argument needs the build evaluated anew, for several values

NAME = "\x01"
"""Stands in an answer's words for the name of what changes; no text that is fit to be shown holds it."""


@dataclass(frozen=True, slots=True)
class Again:
    """A step that does not simply stay cached.

    Attributes:
        place: of the step among all.
        certain: whether it re-runs for sure.
        because: why, with `NAME` for what changes.
    """

    place: int
    certain: bool
    because: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer: `summary` in words without what changes, and the steps that it touches."""

    summary: str
    again: tuple[Again, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that may change.

    Attributes:
        name: a path in the build context (of a folder with a slash behind it), an argument or an image.
        outcome: place of its answer; None where it was not asked for, as there are too many.
    """

    name: str
    outcome: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Every answer that a page holds.

    Attributes:
        steps: all instructions, stage by stage, with what becomes of them while nothing changes.
        outcomes: the answers.
        files: those that are listed, the topmost first; without the Dockerfile and its ignore file.
        folders: whose files are not all listed, as a whole.
        arguments: build arguments.
        images: base images and others that are copied from.
        has_context: whether there is a build context to list files of.
        is_cut: whether there are files that are not listed.
    """

    steps: tuple[Verdict, ...]
    outcomes: tuple[Outcome, ...]
    files: tuple[Thing, ...]
    folders: tuple[Thing, ...]
    arguments: tuple[Thing, ...]
    images: tuple[Thing, ...]
    has_context: bool
    is_cut: bool

    def named(self) -> Iterator[Thing]:
        """All that may change, files first."""
        for group in (self.files, self.folders, self.arguments, self.images):
            yield from group


def collect_changes(build: Build) -> Changes:
    """Ask `cache` about everything that may change, within bounds."""
    asked = _Asked(build)
    files, folders = _listed(build.context) if build.context is not None else ([], [])
    own = _own_files(build)
    files = [path for path in files if path not in own]
    groups = _Groups(build)
    told_files = [Thing(path, asked.files(groups.of(path), path)) for path in files]
    told_folders = [
        Thing(f"{path}/", asked.files(groups.of(path, folder=True), path, folder=True)) for path in folders
    ]
    arguments = [Thing(name, asked.argument(name)) for name in _arguments(build)]
    images = [Thing(name, asked.image(name)) for name in _images(build)]
    return Changes(
        steps=asked.steps,
        outcomes=tuple(asked.outcomes),
        files=tuple(told_files),
        folders=tuple(told_folders),
        arguments=tuple(arguments),
        images=tuple(images),
        has_context=build.context is not None,
        is_cut=bool(folders),
    )


class _Asked:
    """The questions so far: each costs time, and together they may cost so much and no more."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._asked = Asked(build)
        self.steps = tuple(predict(question_of_named(build, Named()), self._asked).verdicts)
        self.outcomes: list[Outcome] = []
        self._left = _MOST_WORK
        self._known: dict[tuple[frozenset[int], bool], int | None] = {}

    def files(self, group: frozenset[int], path: str, *, folder: bool = False) -> int | None:
        """The answer for a path of a group; `folder` where all below it is meant."""
        key = (group, folder)
        if key not in self._known:
            self._known[key] = self._ask(Named(paths=(path,)), path, len(self.steps))
        return self._known[key]

    def argument(self, name: str) -> int | None:
        return self._ask(Named(arguments=(name,)), name, len(self.steps) * _ARGUMENT_WORK)

    def image(self, name: str) -> int | None:
        return self._ask(Named(images=(name,)), name, len(self.steps))

    def _ask(self, named: Named, name: str, work: int) -> int | None:
        if self._left < work and self.outcomes:
            return None
        self._left -= work
        try:
            report = predict(question_of_named(self._build, named), self._asked)
        except MultistageError:  # what only exists to one half of the build is no answer for a page
            return None
        outcome = _outcome(report, name)
        if outcome in self.outcomes:
            return self.outcomes.index(outcome)
        self.outcomes.append(outcome)
        return len(self.outcomes) - 1


def _outcome(report: CacheReport, name: str) -> Outcome:
    again = tuple(
        Again(place, verdict.certain, _nameless(verdict.because, name))
        for place, verdict in enumerate(report.verdicts)
        if verdict.result is Result.RE_RUN or verdict.breaks or not verdict.certain
    )
    return Outcome(headline(report).removeprefix(f"{report.change}: "), again)


def _nameless(because: str, name: str) -> str:
    """A reason that fits every name of its group: it starts or ends with the one that was asked about."""
    if because.startswith((f"{name} ", f"{name},")):
        return NAME + because[len(name) :]
    if because.endswith(f" takes {name}"):
        return because.removesuffix(name) + NAME
    return because


class _Groups:
    """Which steps take a path: files of the same group have the same answer."""

    def __init__(self, build: Build) -> None:
        self._plain: dict[str, set[int]] = {}
        self._others: list[tuple[int, Coverage]] = []
        self._all: list[Coverage] = []
        if build.context is None:
            return
        for place, selector in enumerate(selectors_of(build)):
            coverage = Coverage(build.context, selector)
            self._all.append(coverage)
            if (plain := coverage.plain) is None:
                self._others.append((place, coverage))
            else:
                for root in plain:
                    self._plain.setdefault(root, set()).add(place)

    def of(self, path: str, *, folder: bool = False) -> frozenset[int]:
        """The steps that take a path that no ignore file leaves out."""
        if folder:
            return frozenset(
                place for place, coverage in enumerate(self._all) if coverage.takes(path, folder=True)
            )
        found = set(self._plain.get("", ()))
        end = path.find("/")
        while end >= 0:
            found |= self._plain.get(path[:end], set())
            end = path.find("/", end + 1)
        found |= self._plain.get(path, set())
        found.update(place for place, coverage in self._others if coverage.takes(path))
        return frozenset(found)


def _listed(context: BuildContext) -> tuple[list[str], list[str]]:
    """Files, those of upper folders first, and folders that hold more of them than are listed."""
    files: list[str] = []
    folders: list[str] = []
    letters = 0
    waiting = deque([""])
    while waiting:
        folder = waiting.popleft()
        names = context.names(folder)
        if len(files) >= MOST_FILES or letters >= MOST_LETTERS:
            if len(folders) < _MOST_FOLDERS and folder and names:
                folders.append(folder)
            if len(folders) >= _MOST_FOLDERS:
                break
            continue
        listed = 0
        for name in names:
            path = f"{folder}/{name}" if folder else name
            entry = context.stat(path)
            if entry is None:
                continue
            if entry.kind == "directory":
                waiting.append(path)
            elif listed < MOST_IN_FOLDER:
                files.append(path)
                listed += 1
                letters += len(path)
            elif listed == MOST_IN_FOLDER:
                folders.append(folder or ".")
                listed += 1
    return files, folders


def _own_files(build: Build) -> frozenset[str]:
    """The Dockerfile and its ignore file: what an edit of those does cannot be told without the edit."""
    if build.context is None or build.file is None:
        return frozenset()
    root, file = os.path.abspath(build.context.root), os.path.abspath(build.file)  # noqa: PTH100 - links stay
    name = os.path.relpath(file, root).replace(os.sep, "/") if file.startswith(root) else build.file.name
    return frozenset({name, f"{name}.dockerignore", ".dockerignore"})


def _arguments(build: Build) -> list[str]:
    declared = dict.fromkeys(
        pair.name
        for instruction in build.dockerfile.instructions
        if instruction.name == "ARG"
        for pair in instruction.pairs
        if pair.name
    )
    return list(declared)[:_MOST_OTHERS]


def _images(build: Build) -> list[str]:
    return list(dict.fromkeys(_needed_images(build)))[:_MOST_OTHERS]


def _needed_images(build: Build) -> Iterable[str]:
    for entry in build.needed:
        if entry.stage.base.kind is BaseKind.IMAGE:
            yield entry.stage.base.label
    for edge in build.graph.edges:
        if edge.source.kind is SourceKind.IMAGE and edge.to in build.graph.needed:
            yield edge.source.reference
