"""The image's layers beside the instructions that made them, found by the image's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.stages import BaseKind
from multistage_cli.sizes.measured.history import fits, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.steps import Step
    from multistage_cli.sizes.measured.archive import HistoryEntry, Image
    from multistage_cli.sizes.model import Layer, Sizes

_MOST_COMPARED = 2000

_MOST_NAMED = 8  # lines that nothing fits


class Instruction(Struct, frozen=True):
    """An instruction of the image's stages that may add a layer, with its estimate."""

    stage: str
    step: Step
    estimate: Layer


class Match(Struct, frozen=True):
    """Which layer is whose.

    Attributes:
        layers: for each instruction the number of its layer; None where it made none.
        found: for each instruction whether the history has it.
        base: the layers of the base image; None where they cannot be told from others.
        unmatched: numbers of the other layers.
        notes: what is wrong, in words.
    """

    layers: tuple[int | None, ...]
    found: tuple[bool, ...]
    base: tuple[int, ...] | None
    unmatched: tuple[int, ...]
    notes: tuple[str, ...]


def instructions_of(build: Build, sizes: Sizes) -> list[Instruction]:
    """What may add a layer to the image, from its base image on."""
    stages = {stage.stage: stage for stage in sizes.stages}
    return [
        Instruction(entry.stage.label, step, layer)
        for entry in reversed(build.shipped)
        for step, layer in zip(
            (step for step in entry.steps if step.may_add_layer), stages[entry.stage.key].layers, strict=True
        )
    ]


def match(build: Build, instructions: Sequence[Instruction], image: Image) -> Match:
    """Find each instruction's layer.

    The longest common sequence counts, the latest one of several, so that one instruction that was changed
    since the image was built does not put all others in doubt.
    """
    nothing = (None,) * len(instructions)
    every = tuple(range(len(image.layers)))
    if image.layers and not image.history:
        note = "the image's history does not say which layer is whose, so only the sum can be compared"
        return Match(nothing, (False,) * len(instructions), None, every, (note,))
    entries = image.history[-_MOST_COMPARED:]
    places = _aligned(instructions, entries)
    layers = tuple(None if place is None else entries[place].layer for place in places)
    found = tuple(place is not None for place in places)
    if _is_merged(instructions, layers, found):
        note = "the image's layers were merged into one, so only the sum can be compared"
        return Match(nothing, (False,) * len(instructions), None, every, (note,))
    from_scratch = build.shipped[-1].stage.base.kind is BaseKind.SCRATCH
    base = _base(instructions, entries, places, image, from_scratch=from_scratch)
    taken = {*layers, *(base or ())}
    unmatched = tuple(number for number in every if number not in taken)
    return Match(layers, found, base, unmatched, tuple(_notes(instructions, found, base, unmatched)))


def _aligned(instructions: Sequence[Instruction], entries: Sequence[HistoryEntry]) -> list[int | None]:
    """For each instruction its place in the history."""
    texts = [written(entry.created_by) for entry in entries]
    same = [[fits(one.step, text) for text in texts] for one in instructions]
    rows = [[0] * (len(texts) + 1)]
    for row in same:
        above, line = rows[-1], [0]
        for place, fit in enumerate(row):
            line.append(above[place] + 1 if fit else max(above[place + 1], line[place]))
        rows.append(line)
    found: list[int | None] = [None] * len(instructions)
    at, place = len(instructions), len(texts)
    while at and place:
        if same[at - 1][place - 1]:
            found[at - 1] = place - 1
            at, place = at - 1, place - 1
        elif rows[at - 1][place] >= rows[at][place - 1] and rows[at - 1][place] == rows[at][place]:
            at -= 1
        else:
            place -= 1
    return found


def _is_merged(
    instructions: Sequence[Instruction], layers: Sequence[int | None], found: Sequence[bool]
) -> bool:
    """Whether the builder kept the history and put all layers into one, as `--squash` and buildah do."""
    writing = [
        layer
        for one, layer, known in zip(instructions, layers, found, strict=True)
        if known and one.step.instruction.name != "WORKDIR"
    ]
    return len(writing) > 1 and sum(layer is not None for layer in writing) <= 1


def _base(
    instructions: Sequence[Instruction],
    entries: Sequence[HistoryEntry],
    places: Sequence[int | None],
    image: Image,
    *,
    from_scratch: bool,
) -> tuple[int, ...] | None:
    """The layers below the first instruction's, if that one is found."""
    if from_scratch:
        return ()
    if not instructions:
        return tuple(range(len(image.layers)))
    if places[0] is None:
        return None
    first = next(
        (entry.layer for entry in entries[places[0] :] if entry.layer is not None), len(image.layers)
    )
    return tuple(range(first))


def _notes(
    instructions: Sequence[Instruction],
    found: Sequence[bool],
    base: tuple[int, ...] | None,
    unmatched: Sequence[int],
) -> list[str]:
    missing = [one.step.line for one, known in zip(instructions, found, strict=True) if not known]
    if not missing and not unmatched:
        return []
    if missing and not any(found):
        return ["no instruction fits the image's history: it was built from another Dockerfile or target"]
    notes = []
    if missing:
        named = [str(line) for line in missing[:_MOST_NAMED]]
        lines = ", ".join([*named, "..."] if missing[_MOST_NAMED:] else named)
        what = "lines" if len(missing) > 1 else "line"
        notes.append(
            f"{what} {lines}: nothing in the image's history fits; "
            f"build the image again if the Dockerfile, its target or its arguments changed"
        )
    if base is None:
        notes.append("where the base image ends cannot be told, since the first instruction is not found")
    return notes
