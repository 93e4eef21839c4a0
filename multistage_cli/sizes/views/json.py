"""The sizes for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.sizes.budget import Held, sentence
from multistage_cli.sizes.measured.tables import measured_data

if TYPE_CHECKING:
    from multistage_cli.sizes.budget import Budget
    from multistage_cli.sizes.difference import Delta, Difference, LineDifference
    from multistage_cli.sizes.model import Layer, Sizes, StageSize
    from multistage_cli.sizes.ranges import Range


def render(sizes: Sizes) -> str:
    """The sizes as JSON."""
    return json.dumps(as_data(sizes), indent=2)


def as_data(sizes: Sizes) -> dict[str, object]:
    """The sizes as dictionaries and lists."""
    return {
        "version": 1,
        "path": sizes.path,
        "target": sizes.target,
        "platform": sizes.platform,
        "image": _range(sizes.image),
        "base": {"ref": sizes.base.reference, **_range(sizes.base.size)},
        "stages": [_stage(stage) for stage in sizes.stages],
        "comparison": [
            {"label": entry.label, **_range(entry.size), "more": entry.more} for entry in sizes.comparison
        ],
        "saving": {"bytes": sizes.saving, "percent": sizes.saving_percent},
        "excluded": [
            {"what": entry.what, "bytes": entry.size.estimate, "stage": entry.stage, "line": entry.line}
            for entry in sizes.excluded
        ],
        "spare": [
            {
                "what": entry.what,
                "bytes": None if entry.size is None else entry.size.estimate,
                "low": None if entry.size is None else entry.size.low,
                "high": None if entry.size is None else entry.size.high,
                "stage": entry.stage,
                "line": entry.line,
                "because": entry.because,
                "instead": entry.instead,
                "confidence": "likely" if entry.likely else "certain",
            }
            for entry in sizes.spare
        ],
        "unknown": list(sizes.unknown),
        "budget": _budget(sizes.budget) if sizes.budget else None,
        "against": difference_data(sizes.difference) if sizes.difference else None,
        "measured": measured_data(sizes.measured) if sizes.measured else None,
    }


def _budget(budget: Budget) -> dict[str, object]:
    held = {Held.YES: True, Held.NO: False, Held.MAYBE: "maybe"}[budget.held]
    return {"bytes": budget.size_bytes, "held": held, "over": budget.over_bytes, "message": sentence(budget)}


def difference_data(difference: Difference) -> dict[str, object]:
    """What differs from another build; `before` is that one, `after` this one."""
    return {
        "against": difference.against,
        "before": _range(difference.before),
        "after": _range(difference.after),
        "difference": _delta(difference.delta),
        "stages": [
            {
                "stage": stage.after.stage if stage.after else None,
                "before_stage": stage.before.stage if stage.before else None,
                "presence": stage.presence.value,
                "base": stage.after.base.reference if stage.after else None,
                "before_base": stage.before.base.reference if stage.before else None,
                "before": _range(stage.before.size) if stage.before else None,
                "after": _range(stage.after.size) if stage.after else None,
                "difference": _delta(stage.delta),
                "lines": [_line(line) for line in stage.lines],
            }
            for stage in difference.stages
        ],
        "notes": list(difference.notes),
    }


def _line(line: LineDifference) -> dict[str, object]:
    before, after = line.before, line.after
    return {
        "presence": line.presence.value,
        "same": line.is_same,
        "line": after.line if after else None,
        "before_line": before.line if before else None,
        "instruction": after.instruction if after else None,
        "before_instruction": before.instruction if before else None,
        "before": _range(before.size) if before else None,
        "after": _range(after.size) if after else None,
        "difference": _delta(line.delta),
    }


def _delta(delta: Delta) -> dict[str, object]:
    return {"low": delta.low, "estimate": delta.estimate, "high": delta.high, "more": delta.more}


def _range(size: Range) -> dict[str, int]:
    return {"low": size.low, "estimate": size.estimate, "high": size.high}


def _stage(stage: StageSize) -> dict[str, object]:
    return {
        "stage": stage.stage,
        "shipped": stage.shipped,
        **_range(stage.size),
        "layers": [_layer(layer) for layer in stage.layers],
    }


def _layer(layer: Layer) -> dict[str, object]:
    return {
        "line": layer.line,
        "instruction": layer.instruction,
        **_range(layer.size),
        "parts": [
            {"what": part.what, "kind": part.kind, "bytes": part.size.estimate} for part in layer.parts
        ],
        "unknown": list(layer.unknown),
    }
