"""Where a file of an image comes from in the build context, following COPY, ADD and bind mounts."""

from __future__ import annotations

import posixpath
from itertools import islice
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import absolute
from multistage_cli.build.instructions import read_mounts
from multistage_cli.build.stages import SourceKind
from multistage_cli.sizes.places import normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Copied, EvaluatedStage, Step

_MOST_STAGES = 8  # that a file is followed through
_MOST_BYTES = 16_000_000  # of a file; the lock of a few thousand packages takes some megabytes
_MOST_COPIES = 200  # that are looked at for one file in one stage


def text_in_context(build: Build, entry: EvaluatedStage, step: Step, path: str) -> str | None:
    """What a file that a command reads holds, or None where it does not come from the build context.

    Args:
        build: the evaluated build, with its context.
        entry: the stage.
        step: the RUN that reads the file.
        path: of the file in the image.
    """
    context = build.context
    if context is None:
        return None
    for candidate in _candidates(build, entry, step, path):
        text = context.read_text(candidate, _MOST_BYTES)
        if text is not None:
            return text
    return None


def bytes_in_context(build: Build, path: str) -> int | None:
    """The size of a path of the build context; None where nothing is there, or no context is known."""
    context = build.context
    if context is None or not context.exists(path):
        return None
    return context.size_of([path]).size_bytes


def mounted(step: Step) -> Iterator[str]:
    """Where a RUN has mounts: what it writes there is in no layer."""
    for mount in read_mounts(step.instruction):
        if mount.target is not None:
            yield normal(absolute(mount.target, step.before.working_directory.value))


def _candidates(build: Build, entry: EvaluatedStage, step: Step, path: str) -> Iterator[str]:
    for mount in read_mounts(step.instruction):
        if mount.type == "bind" and mount.from_ is None and mount.target is not None:
            target = absolute(mount.target, step.before.working_directory.value)
            if (rest := _below(path, target)) is not None:
                yield posixpath.join(mount.source or "", rest) if rest else mount.source or ""
    yield from _written(build, entry.stage.index, entry.steps.index(step), path, 0)


def _written(build: Build, index: int, steps: int | None, path: str, depth: int) -> Iterator[str]:
    """What may be at a path of a stage after that many of its steps; the last one to write it counts."""
    for copied in islice(_copies_before(build, index, steps), _MOST_COPIES):
        if copied.source is None:
            yield from _from_copy(build, copied, path)
        elif (
            copied.source.kind is SourceKind.STAGE
            and copied.source.stage is not None
            and depth < _MOST_STAGES
        ):
            for place in _in_stage(copied, path):
                yield from _written(build, copied.source.stage, None, place, depth + 1)


def _copies_before(build: Build, index: int, steps: int | None) -> Iterator[Copied]:
    """COPY and ADD of a stage and of those that it continues, the last one first."""
    number: int | None = index
    while number is not None:
        entry = build.stages[number]
        for step in reversed(entry.steps if steps is None else entry.steps[:steps]):
            if step.copied is not None:
                yield step.copied
        steps, number = None, entry.stage.base.stage


def _from_copy(build: Build, copied: Copied, path: str) -> Iterator[str]:
    destination = copied.destination
    if destination is UNKNOWN:
        # Both are relative to the same unknown working directory more often than not.
        return
    for source in copied.sources:
        if source is UNKNOWN or build.context is None:
            continue
        for selected in build.context.select(source):
            if selected.kind == "directory":
                if (rest := _below(path, destination.rstrip("/") or "/")) is not None:
                    yield posixpath.join(selected.path, rest)
            elif path in {
                destination,
                posixpath.join(destination, posixpath.basename(selected.path)),
            }:
                yield selected.path


def _in_stage(copied: Copied, path: str) -> Iterator[str]:
    """Where a path of COPY --from's destination may lie in the stage that it is copied from."""
    destination = copied.destination
    for source in copied.sources if destination is not UNKNOWN else ():
        if source is UNKNOWN or destination is UNKNOWN:
            continue
        place = posixpath.normpath(f"/{source.lstrip('/')}")
        if (rest := _below(path, destination.rstrip("/") or "/")) is None:
            continue
        # The source is a folder, whose contents are copied, or a file that keeps its name.
        yield posixpath.join(place, rest) if rest else place
        if rest == posixpath.basename(place):
            yield place


def _below(path: str, folder: str) -> str | None:
    if path == folder:
        return ""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None
