"""The page for machines: what each room's own JSON says, side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Analysis
from multistage_cli.analyze.views.json import as_data as analysis_data
from multistage_cli.analyze.views.json import finding_data
from multistage_cli.commands.views.json import as_data as commands_data
from multistage_cli.flow.views.json import as_data as flow_data
from multistage_cli.sizes.views.json import as_data as sizes_data
from multistage_cli.sizes.views.json import difference_data

if TYPE_CHECKING:
    from multistage_cli.report.page import Page


def render(page: Page) -> str:
    """The page as JSON."""
    return json.dumps(
        {
            "version": 1,
            "path": page.path,
            "flow": flow_data(page.flow),
            "analyze": analysis_data(Analysis((page.analysis,), None)),
            "sizes": sizes_data(page.sizes),
            "commands": commands_data(page.recipes),
            "takeaways": list(page.takeaways),
            "against": _difference(page) if page.difference else None,
        },
        indent=2,
    )


def _difference(page: Page) -> dict[str, object] | None:
    found = page.difference
    if found is None:
        return None
    score = page.analysis.score
    return {
        "against": found.against,
        "new": [finding_data(finding) for finding in found.new],
        "fixed": [finding_data(finding) for finding in found.fixed],
        "kept": found.kept,
        "score": {
            "before": {"passed": found.score.passed, "total": found.score.total},
            "after": {"passed": score.passed, "total": score.total},
        },
        "sizes": difference_data(found.sizes),
        "notes": list(found.notes),
    }
