"""Dockerfiles in which a change may rebuild less: the same lines in another order, or a few new ones.

Only what keeps the build's meaning is a candidate: a COPY moves below commands that are known to need nothing of
it but the manifests that they name, an ARG down to the line that first uses it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.changes import (
    CacheRemoval,
    DirectoryMade,
    IndexRefresh,
    Installation,
    Removal,
    ScriptsInstalled,
    UserMade,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_copy, read_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_HARMLESS = (
    CacheRemoval, DirectoryMade, IndexRefresh, Installation, Removal, ScriptsInstalled, UserMade, VirtualEnvironment,
)  # fmt: skip
"""What a command may leave behind that needs no file of the build context, but for the manifests of an
installation."""

_READ_UNASKED = re.compile(
    r"DEBIAN_FRONTEND|.*_PROXY|(PIP|NPM|YARN|UV|CARGO|GO|POETRY|PYTHON|NODE|MAKE)_?.*|LC_.*|LANG"
)
"""Build arguments that programs read without being told: moving them would change what runs."""


class Candidate(Struct, frozen=True):
    """A Dockerfile to try.

    Attributes:
        text: of it.
        line: of the instruction that moves, in the file as it is.
        stage: its stage's key.
        action: `move`, `split` or `mount`.
        sentence: what to do.
        size_bytes: what the build adds less, where that is known.
    """

    text: str
    line: int
    stage: str
    action: str
    sentence: str
    size_bytes: int | None = None


def candidates(build: Build, broken: frozenset[int], arguments: frozenset[str]) -> Iterator[Candidate]:
    """What is worth trying, in the order of the file.

    Args:
        build: as it is.
        broken: the lines of the steps that run again.
        arguments: build arguments that change.
    """
    for entry in build.needed:
        steps = [step for step in entry.steps if not step.fired]
        for position, step in enumerate(steps):
            if step.instruction.name == "ARG" and arguments:
                yield from _argument(build, entry, steps, position, arguments)
            elif step.line in broken and _is_from_context(step):
                yield from _copy(build, entry, steps, position)


# COPY


def _is_from_context(step: Step) -> bool:
    copied = step.copied
    return (
        copied is not None
        and copied.source is None
        and not copied.heredocs
        and copied.destination is not UNKNOWN
        and not any(source is UNKNOWN or "://" in source for source in copied.sources)
    )


def _copy(build: Build, entry: EvaluatedStage, steps: Sequence[Step], position: int) -> Iterator[Candidate]:
    context = build.context
    if context is None:
        return
    copy = steps[position]
    needed: list[str] = []
    last = None
    for step in steps[position + 1 :]:
        if step.instruction.name in {"COPY", "ADD", "ENTRYPOINT", "WORKDIR"} or not _same_place(copy, step):
            break
        if step.instruction.name != "RUN":
            continue
        manifests = _manifests(step, copy, context)
        if manifests is None:
            break
        needed += [path for path in manifests if path not in needed]
        last = step
    if last is None:
        return
    shown = _shown(copy)
    lines = _Lines(build)
    if not needed:
        sentence = f"move line {copy.line}, {shown}, below line {last.line}, which needs none of it"
        yield Candidate(lines.moved(copy, last), copy.line, entry.stage.key, "move", sentence)
        return
    added = _copies_of(copy, needed)
    if added == [copy.instruction.raw.strip()]:
        yield from _mount(build, entry, (steps, position), last, needed)
        return
    sentence = (
        f"put {' and '.join(added)} in the place of line {copy.line}, and move {shown} below line {last.line}"
    )
    yield Candidate(lines.moved(copy, last, added), copy.line, entry.stage.key, "split", sentence)


def _same_place(copy: Step, step: Step) -> bool:
    """Whether a relative destination means the same below the other step."""
    return copy.before.working_directory.value == step.after.working_directory.value


def _manifests(run: Step, copy: Step, context: BuildContext) -> list[str] | None:
    """The files of the build context that a RUN needs of a COPY; None where nobody can tell."""
    if any(not isinstance(change, _HARMLESS) for change in run.changes) or not run.changes:
        return None
    if any(mount.type == "bind" for mount in read_mounts(run.instruction)):
        return None
    found = []
    for change in run.changes:
        if not isinstance(change, Installation):
            continue
        local = any(name.startswith((".", "/")) for name in change.packages)
        if local or not change.complete:
            return None
        for manifest in change.manifests:
            source = _source_of(manifest, copy)
            if source is not None and context.exists(source):
                found.append(source)
    if any(isinstance(change, Installation) and change.manifests for change in run.changes) and not found:
        return None
    return found


def _source_of(path: str, copy: Step) -> str | None:
    """Where a file of the image comes from in the build context, by a COPY of one folder or of files."""
    copied = copy.copied
    if copied is None or copied.destination is UNKNOWN or not path.startswith("/"):
        return None
    place = copied.destination.rstrip("/") or "/"
    for source in copied.sources:
        if source is UNKNOWN:
            continue
        name = posixpath.normpath(source.strip("/") or ".")
        if path in (posixpath.join(place, posixpath.basename(name)), place):
            return name
        if len(copied.sources) == 1 and path.startswith(f"{place.rstrip('/')}/"):
            return posixpath.normpath(posixpath.join(name, path[len(place.rstrip("/")) + 1 :]))
    return None


def _copies_of(copy: Step, files: Sequence[str]) -> list[str]:
    """COPY lines for a few files, to where the whole copy would put them."""
    read = read_copy(copy.instruction)
    kept = " ".join(flag.text for flag in copy.instruction.flags if flag.name in {"chown", "chmod", "link"})
    root = posixpath.normpath(read.sources[0].strip("/") or ".")
    folders: dict[str, list[str]] = {}
    for path in files:
        below = posixpath.relpath(path, root) if len(read.sources) == 1 else posixpath.basename(path)
        folders.setdefault(posixpath.dirname(below), []).append(path)
    found = []
    for folder, paths in folders.items():
        target = posixpath.join(read.destination.rstrip("/") or "/", folder).rstrip("/") + "/"
        if len(read.sources) == 1 and paths == [root] and not folder:
            target = read.destination
        found.append(" ".join(part for part in ("COPY", kept, *paths, target) if part))
    return found


def _mount(
    build: Build, entry: EvaluatedStage, place_in: tuple[Sequence[Step], int], run: Step, files: Sequence[str]
) -> Iterator[Candidate]:
    """Mount what only one command reads, where a later COPY brings it for good."""
    steps, position = place_in
    copy = steps[position]
    later = [step for step in steps[position + 1 :] if _is_from_context(step) and step.copied is not None]
    brought = any(
        step.copied is not None and step.copied.whole_context and step.copied.destination in (
            copy.copied.destination if copy.copied else None, f"{copy.before.working_directory.value}/",
        )
        for step in later
    )  # fmt: skip
    alone = sum(step.instruction.name == "RUN" for step in steps[position + 1 : steps.index(run) + 1]) == 1
    if not brought or not alone or run.instruction.heredocs:
        return
    copied = copy.copied
    place = copied.destination if copied is not None and copied.destination is not UNKNOWN else ""
    flags = " ".join(
        f"--mount=type=bind,source={path},target={_target(place, path, several=len(files) > 1)}"
        for path in files
    )
    text = _Lines(build).mounted(copy, run, flags)
    sentence = f"leave out line {copy.line}, {_shown(copy)}, and give the RUN in line {run.line} {flags}"
    size_bytes = build.context.size_of(files).size_bytes if build.context else None
    yield Candidate(text, copy.line, entry.stage.key, "mount", sentence, size_bytes)


def _target(place: str, path: str, *, several: bool) -> str:
    return posixpath.join(place, posixpath.basename(path)) if several or place.endswith("/") else place


# ARG


def _argument(
    build: Build, entry: EvaluatedStage, steps: Sequence[Step], position: int, arguments: frozenset[str]
) -> Iterator[Candidate]:
    step = steps[position]
    pairs = step.instruction.pairs
    if len(pairs) != 1 or pairs[0].name not in arguments or _READ_UNASKED.fullmatch(pairs[0].name.upper()):
        return
    name = pairs[0].name
    word = re.compile(rf"\b{re.escape(name)}\b")
    following = steps[position + 1 :]
    use = next((later for later in following if word.search(later.instruction.raw)), None)
    lines = _Lines(build)
    if use is None:
        if any(child.stage.base.stage == entry.stage.index for child in build.stages):
            return
        sentence = f"delete line {step.line}, ARG {name}: no line of {entry.stage.title} uses it"
        yield Candidate(lines.without(step), step.line, entry.stage.key, "move", sentence)
    elif use is not following[0]:
        sentence = f"move line {step.line}, ARG {name}, down to line {use.line}, which uses it first"
        yield Candidate(lines.above(step, use), step.line, entry.stage.key, "move", sentence)


# Lines


class _Lines:
    """The lines of the Dockerfile, to be put together in another order."""

    def __init__(self, build: Build) -> None:
        self._lines = build.dockerfile.lines

    def moved(self, step: Step, below: Step, instead: Sequence[str] = ()) -> str:
        """With a step below another one, and perhaps lines in its old place."""
        first, last = step.instruction.span.first - 1, step.instruction.span.last
        end = below.instruction.span.last
        lines = self._lines
        return "\n".join([*lines[:first], *instead, *lines[last:end], *lines[first:last], *lines[end:]])

    def above(self, step: Step, other: Step) -> str:
        """With a step right above another one that comes later."""
        first, last = step.instruction.span.first - 1, step.instruction.span.last
        start = other.instruction.span.first - 1
        lines = self._lines
        return "\n".join([*lines[:first], *lines[last:start], *lines[first:last], *lines[start:]])

    def without(self, step: Step) -> str:
        """Without a step."""
        return "\n".join(
            [*self._lines[: step.instruction.span.first - 1], *self._lines[step.instruction.span.last :]]
        )

    def mounted(self, copy: Step, run: Step, flags: str) -> str:
        """Without a COPY, and with flags for a RUN below it."""
        first, last = copy.instruction.span.first - 1, copy.instruction.span.last
        at = run.instruction.span.first - 1
        keyword = run.instruction.keyword
        head = self._lines[at].replace(keyword, f"{keyword} {flags}", 1)
        return "\n".join([*self._lines[:first], *self._lines[last:at], head, *self._lines[at + 1 :]])


def _shown(step: Step) -> str:
    return " ".join(step.instruction.raw.split())
