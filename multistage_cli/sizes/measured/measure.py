"""The estimate with the image that was built beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.printable import printable
from multistage_cli.sizes.measured.archive import usual
from multistage_cli.sizes.measured.layers import heaviest
from multistage_cli.sizes.measured.matching import instructions_of, match
from multistage_cli.sizes.measured.model import Measured, MeasuredLine, UnmatchedLayer, WastedPath
from multistage_cli.sizes.measured.waste import wasted

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build
    from multistage_cli.sizes.measured.archive import Image
    from multistage_cli.sizes.measured.matching import Instruction
    from multistage_cli.sizes.model import Sizes

_LONGEST_TEXT = 200


def measured_beside(build: Build, sizes: Sizes, image: Image, label: str) -> Sizes:
    """The same sizes with `measured`: the image, line by line.

    Args:
        build: that was estimated.
        sizes: the estimate.
        image: that was built from it, or so the user says.
        label: the archive or the image's name.
    """
    instructions = instructions_of(build, sizes)
    matched = match(build, instructions, image)
    lines = {layer: one.step.line for one, layer in zip(instructions, matched.layers, strict=True)}
    created = {entry.layer: entry.created_by for entry in image.history if entry.layer is not None}
    base = matched.base or ()
    waste = wasted(image.layers, lowest=len(base))
    largest, directories = heaviest([image.layers[number] for number in base])
    return replace(
        sizes,
        measured=Measured(
            label=printable(label),
            size_bytes=sum(layer.size_bytes for layer in image.layers),
            estimate=sizes.image,
            base=sizes.base.reference,
            base_bytes=None
            if matched.base is None
            else sum(image.layers[number].size_bytes for number in base),
            base_estimate=sizes.base.size,
            lines=tuple(
                _line(one, image, layer if found else -1)
                for one, layer, found in zip(instructions, matched.layers, matched.found, strict=True)
            ),
            unmatched=tuple(
                UnmatchedLayer(_text(created.get(number, "")), image.layers[number].size_bytes)
                for number in matched.unmatched
            ),
            wasted=tuple(
                WastedPath(
                    entry.path,
                    entry.size_bytes,
                    lines.get(entry.layer),
                    lines.get(entry.by),
                    entry.layer in base,
                )
                for entry in waste.heaviest
            ),
            wasted_bytes=waste.size_bytes,
            base_wasted_bytes=waste.lowest_bytes,
            base_heaviest=largest,
            base_directories=directories,
            notes=(*matched.notes, *_notes(build, image, complete=waste.complete)),
        ),
    )


def _line(one: Instruction, image: Image, layer: int | None) -> MeasuredLine:
    """One line; -1 stands for a layer that was not found, None for an instruction that made none."""
    line = MeasuredLine(one.stage, one.step.line, one.estimate.instruction, one.estimate.size, None)
    if layer is None:
        return replace(line, size_bytes=0)
    if layer < 0:
        return line
    contents = image.layers[layer]
    largest, directories = heaviest([contents])
    return replace(
        line,
        size_bytes=contents.size_bytes,
        files=contents.files,
        heaviest=largest,
        directories=directories,
    )


def _text(created_by: str) -> str:
    text = " ".join(created_by.removesuffix("# buildkit").split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."


def _notes(build: Build, image: Image, *, complete: bool) -> list[str]:
    notes = []
    if image.platform and image.platform != usual(build.platform):
        notes.append(
            f"the image is for {printable(image.platform)}, the estimate for {build.platform}; "
            f"estimate for the same with --platform {printable(image.platform)}"
        )
    if not complete:
        notes.append("too many files are hard links, deleted or in several layers: more may be wasted")
    return notes
