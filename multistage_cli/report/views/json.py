"""The page for machines: what each room's own JSON says, side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Analysis
from multistage_cli.analyze.views.json import as_data as analysis_data
from multistage_cli.commands.views.json import as_data as commands_data
from multistage_cli.flow.views.json import as_data as flow_data
from multistage_cli.sizes.views.json import as_data as sizes_data

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
        },
        indent=2,
    )
