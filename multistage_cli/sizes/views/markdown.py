"""The sizes as Markdown, for a pull request's comment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.sizes.budget import Held, sentence
from multistage_cli.sizes.difference import Presence, headline, signed
from multistage_cli.sizes.measured.tables import measured_tables
from multistage_cli.sizes.ranges import about
from multistage_cli.sizes.wording import (
    base_words,
    line_words,
    parts_of,
    platform_note,
    role,
    saving,
    size_range,
    spare_advice,
    spare_size,
    spare_title,
    stage_name,
)
from multistage_cli.terminal.markdown import code, escaped, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.difference import Difference, StageDifference
    from multistage_cli.sizes.model import Sizes

_MOST_ROWS = 40
_MARKS = {Held.YES: "✅", Held.MAYBE: "⚠️", Held.NO: "❌"}


def render(sizes: Sizes) -> str:
    """A heading, then a section for each question."""
    head = f"## Image size: {size_range(sizes.image, more=sizes.on_top)}"
    return "\n".join((head, *sections(sizes))) + "\n"


def sections(sizes: Sizes) -> Iterator[str]:
    """All sections as lines, each with an empty line before it; for a page that holds more."""
    yield ""
    yield f"Target {code(sizes.target)} for {code(sizes.platform)}."
    if sizes.budget:
        yield from ("", f"{_MARKS[sizes.budget.held]} **{sentence(sizes.budget)}**")
    if sizes.difference:
        yield from difference_section(sizes.difference)
    yield from _ways(sizes)
    yield from _stages(sizes)
    yield from _layers(sizes)
    yield from spare_section(sizes)
    yield from _excluded(sizes)
    if sizes.unknown:
        texts = sizes.unknown[:_MOST_ROWS]
        yield from ("", "### Not known, and so left out of these numbers or only in their range", "")
        yield from (f"- {escaped(text)}" for text in texts)
        yield from _more(len(sizes.unknown) - len(texts), item=True)
    if note := platform_note(sizes.platform):
        yield from ("", f"⚠️ {escaped(note)}.")
    if sizes.measured:
        yield from _measured(sizes)


def _ways(sizes: Sizes) -> Iterator[str]:
    rows = [(escaped(entry.label), size_range(entry.size, more=entry.more)) for entry in sizes.comparison]
    yield from ("", "### Compared with one stage", "")
    yield from table(("Build", "Size"), rows, (1,))
    if text := saving(sizes):
        yield from ("", f"**{escaped(text)}**")


def _stages(sizes: Sizes) -> Iterator[str]:
    rows = [
        (
            code(stage_name(stage)),
            code(stage.base.reference),
            size_range(stage.size, more=bool(stage.unknown)),
            role(stage, sizes),
        )
        for stage in sizes.stages[:_MOST_ROWS]
    ]
    yield from ("", "### Stages, with their base images", "")
    yield from table(("Stage", "Base", "Size", ""), rows, (2,))
    yield from _more(len(sizes.stages) - len(rows))


def _layers(sizes: Sizes) -> Iterator[str]:
    layers = [layer for stage in sizes.stages if stage.shipped for layer in stage.layers]
    rows = [
        ("", code(f"FROM {sizes.base.reference}"), size_range(sizes.base.size, more=not sizes.base.known), "")
    ]
    rows += [
        (
            str(layer.line),
            code(layer.instruction),
            size_range(layer.size, more=bool(layer.unknown)),
            escaped(parts_of(layer)),
        )
        for layer in layers[:_MOST_ROWS]
    ]
    yield from ("", "### The image, layer by layer", "")
    yield from table(("Line", "Instruction", "Adds", "Heaviest parts"), rows, (0, 2))
    yield from _more(len(layers) - len(rows) + 1)


def spare_section(sizes: Sizes, most: int = _MOST_ROWS) -> Iterator[str]:
    """What is in the image and need not be."""
    if not sizes.spare:
        return
    rows = [
        (
            escaped(entry.what),
            spare_size(entry),
            escaped(entry.stage),
            str(entry.line),
            escaped(spare_advice(entry)),
        )
        for entry in sizes.spare[:most]
    ]
    yield from ("", f"### {escaped(spare_title(sizes))}", "")
    yield from table(("What", "Size", "Stage", "Line", "Why, and what to do"), rows, (1, 3))
    yield from _more(len(sizes.spare) - len(rows))


def _excluded(sizes: Sizes) -> Iterator[str]:
    if not sizes.excluded:
        return
    rows = [
        (escaped(entry.what), about(entry.size.estimate), escaped(entry.stage), str(entry.line))
        for entry in sizes.excluded[:_MOST_ROWS]
    ]
    yield from ("", "### Excluded from the final image", "")
    yield from table(("What", "Size", "Stage", "Line"), rows, (1, 3))
    yield from _more(len(sizes.excluded) - len(rows))


def _measured(sizes: Sizes) -> Iterator[str]:
    if sizes.measured is None:
        return
    for found in measured_tables(sizes.measured):
        yield from ("", f"### {escaped(found.title.removesuffix(':'))}", "")
        rows = [tuple(escaped(cell) for cell in row) for row in found.rows]
        head = tuple(escaped(name) for name in found.columns)
        yield from table(head, rows, tuple(sorted(found.right)))
        yield from (line for note in found.notes for line in ("", escaped(note)))


# The difference.


def difference_section(difference: Difference) -> Iterator[str]:
    """What differs from another build: the image, then the stages and lines in which something does."""
    yield from ("", f"### Against {code(difference.against)}: {signed(difference.delta)}", "")
    yield f"The image: {headline(difference)}"
    changed = difference.changed
    if not changed:
        yield from ("", "No stage and no line of it differs.")
    for stage in changed[:_MOST_ROWS]:
        yield from _stage(stage)
    yield from _more(len(changed) - _MOST_ROWS)
    if difference.notes:
        yield ""
        yield from (f"- {escaped(note)}" for note in difference.notes)


def _stage(stage: StageDifference) -> Iterator[str]:
    renamed = "" if stage.renamed_from is None else f" (was {code(stage.renamed_from)})"
    words = {Presence.ADDED: " is new", Presence.REMOVED: " is gone", Presence.BOTH: renamed}[stage.presence]
    whole = stage.after if stage.presence is Presence.ADDED else stage.before
    told = signed(stage.delta)
    if stage.presence is not Presence.BOTH and whole is not None:
        told = size_range(whole.size)
    yield from ("", f"**Stage {code(stage.label)}**{words}: {told}")
    if base := base_words(stage):
        yield from ("", f"{code(base)}: {signed(stage.base)}")
    lines = [line for line in stage.lines if not line.is_same]
    rows = []
    for line in lines[:_MOST_ROWS]:
        sign, place = line_words(line)
        layer = line.after or line.before
        text = "" if layer is None else code(layer.instruction)
        if (
            line.before is not None
            and line.after is not None
            and line.before.instruction != line.after.instruction
        ):
            text += f", was {code(line.before.instruction)}"
        rows.append((escaped(sign) if sign.strip() else "", place, text, signed(line.delta)))
    if rows:
        yield ""
        yield from table(("", "Place", "Instruction", "Difference"), rows, (3,))
        yield from _more(len(lines) - len(rows))


def _more(count: int, *, item: bool = False) -> Iterator[str]:
    if count > 0:
        text = f"and {count} more: `--format json` shows all"
        yield from (f"- {text}",) if item else ("", text)
