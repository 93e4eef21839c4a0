"""The picture for machines; the shape is a promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multistage_cli.flow.graph import Flow


def render(flow: Flow) -> str:
    """The flow as JSON."""
    return json.dumps(as_data(flow), indent=2)


def as_data(flow: Flow) -> dict[str, object]:
    """The flow as dictionaries and lists."""
    return {
        "version": 1,
        "path": flow.path,
        "target": flow.target,
        "stages": [
            {
                "index": stage.index,
                "name": stage.name,
                "label": stage.label,
                "base": stage.base,
                "base_kind": stage.base_kind.value,
                "platform": stage.platform,
                "line": stage.line,
                "end_line": stage.end_line,
                "instructions": list(stage.instructions),
                "needed": stage.needed,
            }
            for stage in flow.stages
        ],
        "edges": [
            {
                "from": edge.source,
                "to": edge.to,
                "kind": edge.kind.value,
                "line": edge.line,
                "paths": list(edge.paths),
                "destination": edge.destination,
            }
            for edge in flow.edges
        ],
    }
