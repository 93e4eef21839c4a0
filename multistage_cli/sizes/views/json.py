"""The sizes for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.sizes.measured.tables import measured_data

if TYPE_CHECKING:
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
        "unknown": list(sizes.unknown),
        "measured": measured_data(sizes.measured) if sizes.measured else None,
    }


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
