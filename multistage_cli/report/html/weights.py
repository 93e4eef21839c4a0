"""The bytes: the image against other ways to build it, by stage and by layer, each bar with its range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.report.html.words import line_link, plural, sized
from multistage_cli.sizes.ranges import about
from multistage_cli.sizes.views.bars import saving
from multistage_cli.terminal.page_shell import range_bar, text

if TYPE_CHECKING:
    from multistage_cli.sizes.model import Layer, Sizes, StageSize
    from multistage_cli.sizes.ranges import Range

_MOST_STAGES = 24
_MOST_LAYERS = 40
_MOST_PARTS = 4
_MOST_EXCLUDED = 8
_MOST_UNKNOWN = 12
_LEAST_LAYER_BYTES = 50_000

_LONGEST = 100  # letters of an instruction: two rows of them


def section(sizes: Sizes) -> str:
    """All of it; nothing is left out but what is lighter than a twentieth of a megabyte."""
    told = saving(sizes)
    return f"""<section id="sizes" aria-labelledby="sizes-title">
<h2 id="sizes-title">Where the megabytes go</h2>
<p class="faint">Estimated without building, for {text(sizes.platform)}; uncompressed, as Docker counts. A bar is \
full up to what it is at least, paler up to what is expected, and palest up to what it may be at most; a + stands for \
what is not known and comes on top.</p>
{_ways(sizes)}{f'<p class="calm">{text(told)}</p>' if told else ""}
<h3>By stage, with its base image</h3>
{_stages(sizes)}
<h3>By layer</h3>
{_layers(sizes)}
{_excluded(sizes)}{_unknown(sizes)}</section>
"""


def _table(head: str, rows: list[str], caption: str) -> str:
    return (
        f'<table class="bars"><caption class="unseen">{caption}</caption><thead class="unseen"><tr>'
        f'<th scope="col">{head}</th><th scope="col">Size</th><th scope="col">Bar</th></tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(label: str, size: Range, largest_bytes: int, *, more: bool, ships: bool, note: str = "") -> str:
    bar = range_bar(size.low, size.estimate, size.high, largest_bytes, ships=ships)
    return (
        f'<tr><th scope="row">{label}{note}</th><td class="number">{sized(size, more=more)}</td>'
        f'<td class="bar-cell">{bar}</td></tr>\n'
    )


def _ways(sizes: Sizes) -> str:
    if not sizes.comparison[1:]:  # this way alone says no more than its stage
        return ""
    largest = max(entry.size.high for entry in sizes.comparison)
    rows = [
        _row(text(entry.label), entry.size, largest, more=entry.more, ships=entry is sizes.comparison[-1])
        for entry in sizes.comparison
    ]
    return _table("Way to build it", rows, "This build and other ways to build the same")


def _stages(sizes: Sizes) -> str:
    needed = [stage for stage in sizes.stages if stage.needed]
    ranked = sorted(needed, key=lambda stage: (stage.stage != sizes.target, -stage.size.estimate))
    kept = {stage.stage for stage in ranked[:_MOST_STAGES]}
    largest = max((stage.size.high for stage in needed), default=0)
    rows = [
        _row(
            text(_name(stage)),
            stage.size,
            largest,
            more=bool(stage.unknown),
            ships=stage.shipped,
            note=_note(stage, sizes),
        )
        for stage in needed
        if stage.stage in kept
    ]
    more = ""
    if len(needed) > len(rows):
        more = f'<p class="faint">and {plural(len(needed) - len(rows), "lighter stage")}</p>'
    if spare := len(sizes.stages) - len(needed):
        verb = "is" if spare == 1 else "are"
        more += f'<p class="faint">{plural(spare, "stage")} {verb} not needed for this target</p>'
    return _table("Stage", rows, "Stages by size") + more


def _name(stage: StageSize) -> str:
    return f"stage {stage.label}" if stage.label.isdecimal() else stage.label


def _note(stage: StageSize, sizes: Sizes) -> str:
    if stage.stage == sizes.target:
        return ' <span class="faint">(the image)</span>'
    return ' <span class="faint">(part of it)</span>' if stage.shipped else ""


def _layers(sizes: Sizes) -> str:
    """Those in the image first, then those that stay behind."""
    found = []
    shipped = [stage for stage in sizes.stages if stage.shipped]
    behind = [stage for stage in sizes.stages if stage.needed and not stage.shipped]
    all_layers = [
        (stage, layer)
        for stage in (*shipped, *behind)
        for layer in stage.layers
        if layer.size.high >= _LEAST_LAYER_BYTES or layer.unknown
    ]
    heaviest = sorted(all_layers, key=lambda entry: -entry[1].size.estimate)[:_MOST_LAYERS]
    kept = {id(layer) for _, layer in heaviest}
    base = sizes.base
    largest = max([base.size.high, *(layer.size.high for _, layer in heaviest)], default=0)
    for title, ships in (("In the image", True), ("Left behind", False)):
        rows = []
        if ships and base.known and base.size.high:
            label = f"<code>{text(base.reference)}</code>"
            rows.append(
                _row(
                    label, base.size, largest, more=bool(base.unknown), ships=True, note=_faint("base image")
                )
            )
        rows += [
            _layer(stage, layer, largest, ships=ships)
            for stage, layer in all_layers
            if id(layer) in kept and stage.shipped is ships
        ]
        if rows:
            found.append(f"<h4>{title}</h4>{_table('Layer', rows, title)}")
    if len(all_layers) > len(kept):
        found.append(f'<p class="faint">and {plural(len(all_layers) - len(kept), "lighter layer")}</p>')
    return "\n".join(found) or '<p class="faint">No instruction adds anything to speak of.</p>'


def _layer(stage: StageSize, layer: Layer, largest: int, *, ships: bool) -> str:
    parts = sorted(layer.parts, key=lambda part: -part.size.estimate)
    told = ", ".join(
        f"{part.what} {about(part.size.estimate)}" for part in parts[:_MOST_PARTS] if part.size.estimate
    )
    if told and len(parts) > _MOST_PARTS:
        told += f" and {len(parts) - _MOST_PARTS} more"
    label = f"{line_link(layer.line)} <code>{text(_short(layer.instruction))}</code>"
    stage_words = "" if ships and stage.base.reference and stage.shipped else f"stage {stage.label}"
    note = _faint("; ".join(words for words in (stage_words, told) if words))
    return _row(label, layer.size, largest, more=bool(layer.unknown), ships=ships, note=note)


def _short(instruction: str) -> str:
    return instruction if len(instruction) <= _LONGEST else f"{instruction[: _LONGEST - 3]}..."


def _faint(words: str) -> str:
    return f'<br><span class="faint">{text(words)}</span>' if words else ""


def _excluded(sizes: Sizes) -> str:
    if not sizes.excluded:
        return ""
    items = "".join(
        f"<li>{text(entry.what)} ({about(entry.size.estimate)}) "
        f'<span class="faint">stage {text(entry.stage)}, line {line_link(entry.line)}</span></li>'
        for entry in sizes.excluded[:_MOST_EXCLUDED]
    )
    if rest := sizes.excluded[_MOST_EXCLUDED:]:
        weight = about(sum(entry.size.estimate for entry in rest))
        items += f'<li class="faint">{len(rest)} more ({weight})</li>'
    return f"<h3>Kept out of the image</h3><ul>{items}</ul>\n"


def _unknown(sizes: Sizes) -> str:
    if not sizes.unknown:
        return ""
    items = "".join(f"<li>{text(words)}</li>" for words in sizes.unknown[:_MOST_UNKNOWN])
    if (left := len(sizes.unknown) - _MOST_UNKNOWN) > 0:
        items += f"<li>{left} more</li>"
    return f'<h3>Not known, and so on top of it</h3><ul class="faint">{items}</ul>\n'
