"""The folders of the build context whose copies are in the image, over however many COPY --from."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.stages import SourceKind
from multistage_cli.sizes.places import below, normal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Copied, EvaluatedStage, Step

_MOST_PLACES: Final = 100  # that one COPY --from is followed through
_MOST_PIECES: Final = 200


class Piece(Struct, frozen=True):
    """A folder of the build context in the image.

    Attributes:
        entry: the stage in which it comes into the image.
        step: the COPY or ADD there.
        folder: in the build context; "." for all of it.
        place: where it lies in the stage that copied it from the build context.
        owner: that stage.
        over: whether it came by COPY --from.
    """

    entry: EvaluatedStage
    step: Step
    folder: str
    place: str
    owner: EvaluatedStage
    over: bool

    def is_there(self, name: str) -> bool:
        """Whether something of that name may still lie in the folder as it is copied on."""
        path = posixpath.join(self.place, name)
        state = self.owner.final if self.over else self.step.after
        return state.exists(path) is not Claim.NO

    def in_context(self, name: str) -> str:
        """A name in the folder, as a path of the build context."""
        return posixpath.normpath(posixpath.join(self.folder, name))


def pieces(build: Build) -> Iterator[Piece]:
    """Each folder once, in the order of the image's layers."""
    seen: set[str] = set()
    tried = 0
    for entry in reversed(build.shipped):
        for step in entry.steps:
            for piece in _of_step(build, entry, step):
                tried += 1
                if tried > _MOST_PIECES:
                    return
                if piece.folder not in seen:
                    seen.add(piece.folder)
                    yield piece


def _of_step(build: Build, entry: EvaluatedStage, step: Step) -> Iterator[Piece]:
    copied = step.copied
    if copied is None or copied.destination is UNKNOWN:
        return
    if copied.source is None:
        for folder in _folders(build, copied):
            yield Piece(entry, step, folder, normal(copied.destination), entry, over=False)
    elif copied.source.kind is SourceKind.STAGE and copied.source.stage is not None:
        for source in copied.sources:
            if source is not UNKNOWN:
                for owner, folder, place in _in_stage(build, copied.source.stage, normal(source), set()):
                    yield Piece(entry, step, folder, place, owner, over=True)


def _folders(build: Build, copied: Copied) -> Iterator[str]:
    for source in copied.sources:
        if build.context is not None and source is not UNKNOWN and "://" not in source:
            for selected in build.context.select(source):
                if selected.kind == "directory":
                    yield selected.path or "."


def _in_stage(
    build: Build, index: int, path: str, seen: set[tuple[int, str]]
) -> Iterator[tuple[EvaluatedStage, str, str]]:
    """The folders of the build context that lie at a path of a stage, or that hold it."""
    if (index, path) in seen or len(seen) > _MOST_PLACES:
        return
    seen.add((index, path))
    for number in build.graph.chain(index):
        owner = build.stages[number]
        for step in owner.steps:
            copied = step.copied
            if copied is None or copied.destination is UNKNOWN:
                continue
            place = normal(copied.destination)
            if copied.source is None:
                for folder in _folders(build, copied):
                    yield from ((owner, *found) for found in _shared(build, folder, place, path))
            elif copied.source.stage is not None and below(place, path):
                for source in copied.sources:
                    if source is not UNKNOWN:
                        yield from _in_stage(build, copied.source.stage, normal(source), seen)


def _shared(build: Build, folder: str, place: str, path: str) -> Iterator[tuple[str, str]]:
    """What of a folder of the build context, copied to a place, lies at a path: the folder, and where that is."""
    if below(place, path):
        yield folder, place
    elif below(path, place) and build.context is not None:
        inner = posixpath.normpath(posixpath.join(folder, posixpath.relpath(path, place)))
        found = build.context.stat(inner)
        if found is not None and found.kind == "directory":
            yield inner, path
