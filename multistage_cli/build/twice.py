"""What an image holds although it is gone, or holds twice: a layer only ever adds to those below it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.changes import Deletion, Installation, ModeChanged, OwnerChanged
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Entry, Writer

_WILDCARDS = frozenset("*?[")


class DeletedLater(Struct, frozen=True):
    """A path that a RUN deletes and that an earlier layer of the same image keeps.

    Attributes:
        path: absolute.
        writer: what wrote it.
        kind: what lay there, as far as that is known.
    """

    path: str
    writer: Writer
    kind: Known[Kind]


def deleted_later(step: Step, chain: frozenset[int]) -> Iterator[DeletedLater]:
    """What a RUN surely deletes that an earlier layer of its image surely holds.

    Args:
        step: the RUN.
        chain: the indexes of the stages whose layers are in the image.
    """
    for change in step.changes:
        if not isinstance(change, Deletion) or change.certain is not Claim.YES or not change.complete:
            continue
        for path in change.paths:
            if _WILDCARDS & set(path):
                continue
            before = step.before.files.entry(path)
            if not _is_earlier(before, step, chain) or before.writer is None or before.kind is Kind.LINK:
                continue
            if before.kind is Kind.DIRECTORY and step.before.files.names(path) == ():
                continue
            yield DeletedLater(path, before.writer, before.kind)


def _is_earlier(entry: Entry, step: Step, chain: frozenset[int]) -> bool:
    """Whether an earlier layer of the same image holds what lies at a path."""
    by = entry.writer
    if entry.exists is not Claim.YES or by is None or by.stage not in chain:
        return False
    return by.stage != step.stage or by.line < step.line


class WrittenAgain(Struct, frozen=True):
    """Files of an earlier COPY that a RUN writes once more, since it changes their owner or mode.

    Attributes:
        step: the COPY.
        file: one path that it brought and that surely changes.
        path: what the RUN names.
        owner: whether the owner changes, else the mode.
    """

    step: Step
    file: str
    path: str
    owner: bool


def written_again(build: Build, step: Step, chain: frozenset[int]) -> Iterator[WrittenAgain]:
    """The first of the paths of each chown and chmod of a RUN for which that is sure.

    Args:
        build: the evaluated build.
        step: the RUN.
        chain: the indexes of the stages whose layers are in the image.
    """
    for change in step.changes:
        if not isinstance(change, OwnerChanged | ModeChanged) or change.certain is not Claim.YES:
            continue
        for path in change.paths:
            found = None if _WILDCARDS & set(path) else _copied_before(build, step, path, chain)
            if found is not None and _alters(step, change, found[1]):
                yield WrittenAgain(*found, path, isinstance(change, OwnerChanged))
                break


def _copied_before(build: Build, step: Step, path: str, chain: frozenset[int]) -> tuple[Step, str] | None:
    """The latest COPY of files at or below a path in an earlier layer, and one path that it brought."""
    recursive = step.before.files.entry(path).kind is Kind.DIRECTORY
    for number in sorted(chain, reverse=True):
        if number > step.stage:
            continue
        for other in reversed(build.stages[number].steps):
            copied = other.copied
            if copied is None or copied.destination is UNKNOWN:
                continue
            if number == step.stage and other.line >= step.line:
                continue
            at = copied.destination.rstrip("/") or "/"
            if not (at == path or (recursive and at.startswith(f"{path.rstrip('/')}/"))):
                continue
            files = _file_of(other, at)
            if files:
                return other, files
    return None


def _file_of(step: Step, at: str) -> str | None:
    """A file that a COPY surely brought."""
    entry = step.after.files.entry(at)
    if entry.exists is Claim.YES and entry.kind is Kind.FILE:
        return at
    copied = step.copied
    for source in () if copied is None else copied.sources:
        if source is UNKNOWN:
            continue
        place = f"{at.rstrip('/')}/{posixpath.basename(source.rstrip('/'))}"
        if step.after.files.entry(place).kind is Kind.FILE:
            return place
    names = step.after.files.names(at)
    for name in () if names is UNKNOWN else names:
        place = f"{at.rstrip('/')}/{name}"
        if step.after.files.entry(place).kind is Kind.FILE:
            return place
    return None


def _alters(step: Step, change: OwnerChanged | ModeChanged, path: str) -> bool:
    """Whether owner or mode of a file surely are others afterwards."""
    before, after = step.before.files.entry(path), step.after.files.entry(path)
    if after.exists is not Claim.YES:
        return False
    pairs: tuple[tuple[Known[int], Known[int]], ...]
    if isinstance(change, OwnerChanged):
        pairs = ((before.uid, after.uid), (before.gid, after.gid))
    else:
        pairs = ((before.mode, after.mode),)
    return any(old is not UNKNOWN and new is not UNKNOWN and old != new for old, new in pairs)


def development_installed(build: Build, source: EvaluatedStage) -> Step | None:
    """The RUN that leaves development dependencies of Node in a stage; None where a later one takes them away."""
    installed: Step | None = None
    for number in reversed(build.graph.chain(source.stage.index)):
        for made in build.stages[number].steps:
            for change in made.changes:
                if (
                    isinstance(change, Installation)
                    and change.manager in {"npm", "yarn", "pnpm"}
                    and not change.packages
                ):
                    installed = made if change.development else None
            text = made.instruction.text
            if "prune" in text or "--production" in text or "--omit" in text:
                installed = None
    return installed
