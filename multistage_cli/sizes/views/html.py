"""The sizes as a page of their own: one file, no script, no network; every bar has its numbers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
from multistage_cli.terminal.page_shell import STYLE, html_page, range_bar, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from multistage_cli.sizes.difference import Delta, Difference, StageDifference
    from multistage_cli.sizes.model import Layer, Sizes
    from multistage_cli.sizes.ranges import Range

_MOST_ROWS: Final = 1_000  # of one table: browsers stay quick
_STYLE: Final = f"""{STYLE}
main{{max-width:72rem;margin:2rem auto;padding:0 1rem}}
section{{margin:2.25rem 0}}
h1{{margin-bottom:.25rem}}
.scroll{{overflow-x:auto}}
table{{width:100%}}
th,td{{border-bottom:1px solid var(--edge);padding:.4rem .75rem .4rem 0}}
thead th{{font-weight:600}}
tbody th{{min-width:5rem}}
tbody th{{font-weight:400}}
.bars td:last-child,.bars th:last-child{{width:38%;min-width:9rem;padding-right:0}}
td .bar{{margin-top:.4rem}}
.sum{{font-size:2rem;font-weight:600;margin:.25rem 0}}
.more{{color:var(--bad)}}.less{{color:var(--good)}}
.held-yes{{color:var(--good)}}.held-maybe{{color:var(--warn)}}.held-no{{color:var(--bad)}}
.legend{{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.75rem 0 0;list-style:none}}
.legend svg{{display:inline-block;width:1.5rem;margin-right:.4rem}}
.word{{white-space:nowrap}}
small{{display:block}}
@media print{{section{{break-inside:avoid}}tr{{break-inside:avoid}}}}
"""


def render(sizes: Sizes) -> str:
    """The page."""
    title = f"Image size of {sizes.path}"
    body = "\n".join(("<main>", *_body(sizes), "</main>"))
    return html_page(title=title, body=body, style=_STYLE)


def _body(sizes: Sizes) -> Iterator[str]:
    yield f"<h1>Image size of <code>{text(sizes.path)}</code></h1>"
    yield (
        f'<p class="faint">Target <code>{text(sizes.target)}</code> for <code>{text(sizes.platform)}</code>,'
        " uncompressed, as <code>docker image ls</code> counts; estimated without building.</p>"
    )
    yield f'<p class="sum">{size_range(sizes.image, more=sizes.on_top)}</p>'
    if sizes.budget:
        held = sizes.budget.held
        yield f'<p class="held-{held}"><strong>{_mark(held)} {sentence(sizes.budget)}</strong></p>'
    if note := platform_note(sizes.platform):
        yield f'<p class="held-maybe">{text(note)}.</p>'
    if sizes.difference:
        yield from _difference(sizes.difference)
    yield from _ways(sizes)
    yield from _stages(sizes)
    yield from _layers(sizes)
    yield from _spare(sizes)
    if sizes.excluded:
        rows = [
            (text(entry.what), about(entry.size.estimate), text(entry.stage), str(entry.line))
            for entry in sizes.excluded
        ]
        head = ("What", "Size", "Stage", "Line")
        yield from _section("excluded", "Excluded from the final image", _table(head, rows, {1, 3}))
    if sizes.unknown:
        items = "".join(f"<li>{text(entry)}</li>" for entry in sizes.unknown[:_MOST_ROWS])
        title = "Not known, and so left out of these numbers or only in their range"
        yield from _section("unknown", title, [f"<ul>{items}</ul>", *_left(len(sizes.unknown))])
    if sizes.measured:
        for number, found in enumerate(measured_tables(sizes.measured)):
            cells = [tuple(text(cell) for cell in row) for row in found.rows]
            notes = [f'<p class="faint">{text(note)}</p>' for note in found.notes]
            rows_of = _table(tuple(text(name) for name in found.columns), cells, set(found.right))
            yield from _section(f"measured-{number}", text(found.title.removesuffix(":")), [*rows_of, *notes])


def _mark(held: Held) -> str:
    return {Held.YES: "✔", Held.MAYBE: "!", Held.NO: "✘"}[held]


def _section(name: str, title: str, content: Iterable[str]) -> Iterator[str]:
    """A section under its heading; the title is HTML already."""
    yield f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>'
    yield from content
    yield "</section>"


def _table(
    head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: set[int], kind: str = "plain"
) -> Iterator[str]:
    """A table whose cells are HTML already; the first column names the row."""
    sides = [' class="number"' if index in right else "" for index in range(len(head))]
    yield f'<div class="scroll" tabindex="0"><table class="{kind}"><thead><tr>'
    yield "".join(f'<th scope="col"{side}>{name}</th>' for side, name in zip(sides, head, strict=True))
    yield "</tr></thead><tbody>"
    for row in rows[:_MOST_ROWS]:
        first, *rest = row
        cells = "".join(f"<td{side}>{cell}</td>" for side, cell in zip(sides[1:], rest, strict=True))
        yield f'<tr><th scope="row"{sides[0]}>{first}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    yield from _left(len(rows))


def _left(count: int) -> Iterator[str]:
    if count > _MOST_ROWS:
        yield f'<p class="faint">and {count - _MOST_ROWS} more: --format json shows all</p>'


def _bar(size: Range, largest: int, *, ships: bool) -> str:
    return range_bar(size.low, size.estimate, size.high, largest, ships=ships)


def _ways(sizes: Sizes) -> Iterator[str]:
    largest = max(entry.size.high for entry in sizes.comparison)
    rows = [
        (
            text(entry.label),
            size_range(entry.size, more=entry.more),
            _bar(entry.size, largest, ships=entry is sizes.comparison[-1]),
        )
        for entry in sizes.comparison
    ]
    said = [f"<p><strong>{text(told)}</strong></p>"] if (told := saving(sizes)) else []
    content = [*_table(("Build", "Size", ""), rows, {1}, "bars"), *said, _legend()]
    yield from _section("compared", "Compared with one stage", content)


def _legend() -> str:
    bars = (((1, 1, 1), "at least"), ((0, 1, 1), "expected"), ((0, 0, 1), "at most"))
    items = "".join(f"<li>{range_bar(*ends, 1, ships=False)}{words}</li>" for ends, words in bars)
    return f'<ul class="legend faint" aria-label="What the shades of a bar mean">{items}</ul>'


def _stages(sizes: Sizes) -> Iterator[str]:
    largest = max(stage.size.high for stage in sizes.stages)
    rows = []
    for stage in sizes.stages:
        kind = role(stage, sizes)
        note = f'<small class="faint">{kind}</small>' if kind else ""
        name = f"<strong>{text(stage_name(stage))}</strong>" if stage.shipped else text(stage_name(stage))
        size = size_range(stage.size, more=bool(stage.unknown))
        base = f"<code>{text(stage.base.reference)}</code>"
        rows.append((f"{name}{note}", base, size, _bar(stage.size, largest, ships=stage.shipped)))
    head = ("Stage", "Base image", "Size with it", "")
    yield from _section("stages", "Stages", _table(head, rows, {2}, "bars"))


def _layers(sizes: Sizes) -> Iterator[str]:
    layers = [layer for stage in sizes.stages if stage.shipped for layer in stage.layers]
    largest = max((sizes.base.size.high, *(layer.size.high for layer in layers)))
    base = sizes.base
    rows = [
        (
            f"<code>FROM {text(base.reference)}</code>",
            "",
            size_range(base.size, more=not base.known),
            _bar(base.size, largest, ships=True),
        ),
        *(_layer(layer, largest) for layer in layers),
    ]
    head = ("Instruction, and its heaviest parts", "Line", "Adds", "")
    yield from _section("layers", "The image, layer by layer", _table(head, rows, {1, 2}, "bars"))


def _layer(layer: Layer, largest: int) -> tuple[str, ...]:
    parts = parts_of(layer, most=6)
    below = f'<small class="faint">{text(parts)}</small>' if parts else ""
    unknown = "".join(f'<small class="faint">not known: {text(entry)}</small>' for entry in layer.unknown[:3])
    return (
        f"<code>{text(layer.instruction)}</code>{below}{unknown}",
        str(layer.line),
        size_range(layer.size, more=bool(layer.unknown)),
        _bar(layer.size, largest, ships=True),
    )


def _spare(sizes: Sizes) -> Iterator[str]:
    if not sizes.spare:
        return
    rows = [
        (text(entry.what), spare_size(entry), text(entry.stage), str(entry.line), text(spare_advice(entry)))
        for entry in sizes.spare
    ]
    head = ("What", "Size", "Stage", "Line", "Why, and what to do")
    yield from _section("spare", text(spare_title(sizes)), _table(head, rows, {1, 3}))


# The difference.


def _difference(difference: Difference) -> Iterator[str]:
    content = [f"<p>The image: <strong>{_signed(difference.delta, headline(difference))}</strong></p>"]
    if not difference.changed:
        content.append("<p>No stage and no line of it differs.</p>")
    for stage in difference.changed[:_MOST_ROWS]:
        content += _stage(stage)
    content += [f'<p class="held-maybe">{text(note)}.</p>' for note in difference.notes]
    yield from _section("against", f"Against <code>{text(difference.against)}</code>", content)


def _signed(delta: Delta, words: str | None = None) -> str:
    told = text(signed(delta) if words is None else words)
    if delta.is_none:
        return told
    return f'<span class="{"more" if delta.estimate > 0 else "less"}">{told}</span>'


def _stage(stage: StageDifference) -> Iterator[str]:
    renamed = "" if stage.renamed_from is None else f" (was {text(stage.renamed_from)})"
    words = {Presence.ADDED: " is new", Presence.REMOVED: " is gone", Presence.BOTH: renamed}[stage.presence]
    yield f"<h3>Stage {text(stage.label)}{words}: {_signed(stage.delta)}</h3>"
    if base := base_words(stage):
        yield f"<p><code>{text(base)}</code>: {_signed(stage.base)}</p>"
    rows = []
    for line in stage.lines:
        if line.is_same:
            continue
        sign, place = line_words(line)
        layer = line.after or line.before
        shown = f"<code>{text(layer.instruction)}</code>" if layer else ""
        if (
            line.before is not None
            and line.after is not None
            and line.before.instruction != line.after.instruction
        ):
            shown += f'<small class="faint">was <code>{text(line.before.instruction)}</code></small>'
        kind = {"+": "added", "-": "removed", "~": "changed"}.get(sign, "")
        mark = f'<span class="word">{kind}</span>'
        rows.append((f'<span class="word">{place}</span>', mark, shown, _signed(line.delta)))
    if rows:
        yield from _table(("Place", "", "Instruction", "Difference"), rows, {3})
