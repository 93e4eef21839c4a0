"""The measured image as tables of plain text, for every view that people read, and as data for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.printable import printable
from multistage_cli.sizes.ranges import about, megabytes, number_of_megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.measured.model import Measured, MeasuredLine, WastedPath, Weight
    from multistage_cli.sizes.ranges import Range

_LITTLE_BYTES = 50_000
_WORTH_SHOWING_BYTES = 1_000_000
_MOST_FILES, _MOST_DIRECTORIES = 5, 3
_MOST_WASTED = 10
_MOSTLY_PERCENT = 90
_LONGEST_TEXT = 70
_OUTSIDE = "*"


class MeasuredTable(Struct, frozen=True):
    """One table.

    Attributes:
        title: above it.
        columns: their titles; those of numbers and sizes stand to the right.
        right: which columns hold numbers.
        rows: printable texts, one for each column.
        notes: below it.
    """

    title: str
    columns: tuple[str, ...]
    right: frozenset[int]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def measured_tables(measured: Measured) -> tuple[MeasuredTable, ...]:
    """Estimate and truth by line, the heaviest paths of each layer, and what the image holds for nothing."""
    rows = tuple(_line_rows(measured))
    notes = [printable(note) for note in measured.notes]
    if any(row[-1].endswith(_OUTSIDE) for row in rows):
        notes.insert(0, f"{_OUTSIDE} outside of the estimate's range")
    tables = [
        MeasuredTable(
            f"Measured beside estimated, {printable(measured.label)}:",
            ("line", "what", "estimate", "measured", "difference"),
            frozenset({0, 2, 3, 4}),
            rows,
            tuple(notes),
        )
    ]
    if heaviest := tuple(_heaviest_rows(measured)):
        columns = ("line", "path", "size")
        tables.append(MeasuredTable("Heaviest paths of each layer:", columns, frozenset({0, 2}), heaviest))
    if measured.wasted_bytes:
        tables.append(_wasted_table(measured))
    return tuple(tables)


def _wasted_table(measured: Measured) -> MeasuredTable:
    shown = measured.wasted[:_MOST_WASTED]
    notes = []
    if rest := measured.wasted_bytes - sum(entry.size_bytes for entry in shown):
        notes.append(f"and {size_text(rest)} in lighter files")
    if measured.base_wasted_bytes:
        notes.append(
            f"{size_text(measured.base_wasted_bytes)} more within the base image, which no line here changes"
        )
    return MeasuredTable(
        f"Written again or deleted by a later layer, and in the image all the same: "
        f"{size_text(measured.wasted_bytes)}",
        ("path", "size", "written by", "hidden by"),
        frozenset({1}),
        tuple(_wasted_row(entry) for entry in shown),
        tuple(notes),
    )


def _line_rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    yield _row("", f"base image {printable(measured.base)}", measured.base_estimate, measured.base_bytes)
    for line in measured.lines:
        yield _row(str(line.line), printable(line.instruction), line.estimate, line.size_bytes)
    for layer in measured.unmatched:
        text = printable(layer.created_by) or "made by nobody knows what"
        text = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 3]}..."
        yield "", f"no line fits: {text}", "", size_text(layer.size_bytes), ""
    yield _row("", "the image", measured.estimate, measured.size_bytes)


def _row(line: str, what: str, estimate: Range, truth: int | None) -> tuple[str, ...]:
    if truth is None:
        return line, what, _estimate_text(estimate), "?", ""
    difference = _difference_text(estimate.estimate - truth)
    if not estimate.low <= truth <= estimate.high and abs(estimate.estimate - truth) >= _LITTLE_BYTES:
        difference = f"{difference} {_OUTSIDE}"
    return line, what, _estimate_text(estimate), size_text(truth), difference


def _estimate_text(estimate: Range) -> str:
    text = about(estimate.estimate) if estimate.estimate else "0 MB"
    low, high = number_of_megabytes(estimate.low), number_of_megabytes(estimate.high)
    return text if low == high else f"{text} ({low}-{high})"


def size_text(size_bytes: int) -> str:
    """A size that was measured: `152 MB`; a few kilobytes are just little."""
    return "<0.1 MB" if 0 < size_bytes < _LITTLE_BYTES else megabytes(size_bytes)


def _difference_text(difference: int) -> str:
    if abs(difference) < _LITTLE_BYTES:
        return "0 MB"
    return f"{'+' if difference > 0 else '-'}{megabytes(abs(difference))}"


def _heaviest_rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    yield from _paths("base", measured.base_heaviest, measured.base_directories)
    for line in measured.lines:
        yield from _paths(str(line.line), line.heaviest, line.directories)


def _paths(
    line: str, files: tuple[Weight, ...], directories: tuple[Weight, ...]
) -> Iterator[tuple[str, ...]]:
    telling = [entry for entry in directories if not _is_one_file(entry, files)]
    shown = [(f"{entry.path.rstrip('/')}/", entry.size_bytes) for entry in telling[:_MOST_DIRECTORIES]]
    shown += [(entry.path, entry.size_bytes) for entry in files[:_MOST_FILES]]
    for path, size_bytes in sorted(shown, key=lambda entry: -entry[1]):
        if size_bytes >= _WORTH_SHOWING_BYTES:
            yield line, printable(path), size_text(size_bytes)
            line = ""  # once for all its paths


def _is_one_file(directory: Weight, files: tuple[Weight, ...]) -> bool:
    """Whether a directory is nearly all one of these files, which says more."""
    folder = f"{directory.path.rstrip('/')}/"
    return any(
        entry.path.startswith(folder) and entry.size_bytes * 100 >= directory.size_bytes * _MOSTLY_PERCENT
        for entry in files
    )


def _wasted_row(entry: WastedPath) -> tuple[str, ...]:
    return (
        printable(entry.path),
        size_text(entry.size_bytes),
        _who(entry.line, of_base=entry.of_base),
        _who(entry.by_line, of_base=False),
    )


def _who(line: int | None, *, of_base: bool) -> str:
    if line is not None:
        return f"line {line}"
    return "the base image" if of_base else "another layer"


def measured_data(measured: Measured) -> dict[str, object]:
    """The same for machines: the shape of `measured` in the JSON of `multistage sizes`.

    `bytes` counts as Docker does. A line whose layer was not found has null; `line` is null for what comes
    with the base image, and where it is not known.
    """
    return {
        "source": measured.label,
        "bytes": measured.size_bytes,
        "estimate": measured.estimate.estimate,
        "difference": measured.estimate.estimate - measured.size_bytes,
        "base": None
        if measured.base_bytes is None
        else {
            "bytes": measured.base_bytes,
            "estimate": measured.base_estimate.estimate,
            "difference": measured.base_estimate.estimate - measured.base_bytes,
        },
        "layers": [_line_data(line) for line in measured.lines],
        "unmatched": [
            {"created_by": printable(entry.created_by), "bytes": entry.size_bytes}
            for entry in measured.unmatched
        ],
        "heaviest": [
            *_weights(None, measured.base_heaviest),
            *(entry for line in measured.lines for entry in _weights(line.line, line.heaviest)),
        ],
        "directories": [
            *_weights(None, measured.base_directories),
            *(entry for line in measured.lines for entry in _weights(line.line, line.directories)),
        ],
        "wasted_bytes": measured.wasted_bytes,
        "base_wasted_bytes": measured.base_wasted_bytes,
        "wasted": [
            {"path": entry.path, "bytes": entry.size_bytes, "line": entry.line, "by_line": entry.by_line}
            for entry in measured.wasted
        ],
        "notes": list(measured.notes),
    }


def _line_data(line: MeasuredLine) -> dict[str, object]:
    return {
        "stage": line.stage,
        "line": line.line,
        "instruction": line.instruction,
        "bytes": line.size_bytes,
        "files": None if line.size_bytes is None else line.files,
        "estimate": line.estimate.estimate,
        "low": line.estimate.low,
        "high": line.estimate.high,
        "difference": line.difference_bytes,
        "within": line.is_within,
    }


def _weights(line: int | None, weights: tuple[Weight, ...]) -> Iterator[dict[str, object]]:
    for entry in weights:
        yield {"path": entry.path, "bytes": entry.size_bytes, "line": line}
