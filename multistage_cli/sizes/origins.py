"""Where a file of an image comes from in the build context, following COPY, ADD and bind mounts."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import absolute
from multistage_cli.build.instructions import read_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Copied, EvaluatedStage, Step


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
        text = context.read_text(candidate)
        if text is not None:
            return text
    return None


def _candidates(build: Build, entry: EvaluatedStage, step: Step, path: str) -> Iterator[str]:
    for mount in read_mounts(step.instruction):
        if mount.type == "bind" and mount.from_ is None and mount.target is not None:
            target = absolute(mount.target, step.before.working_directory.value)
            if (rest := _below(path, target)) is not None:
                yield posixpath.join(mount.source or "", rest) if rest else mount.source or ""
    before = list(entry.steps[: entry.steps.index(step)])
    for index in build.graph.chain(entry.stage.index)[1:]:
        before = [*build.stages[index].steps, *before]
    # The last one to write the path is the one that counts.
    for earlier in reversed(before):
        if earlier.copied is not None and earlier.copied.source is None:
            yield from _from_copy(build, earlier.copied, path)


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


def _below(path: str, folder: str) -> str | None:
    if path == folder:
        return ""
    prefix = folder if folder.endswith("/") else f"{folder}/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None
