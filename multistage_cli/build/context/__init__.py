"""The build context on disk and .dockerignore, as BuildKit sees them."""

from __future__ import annotations

from multistage_cli.build.context.build_context import BuildContext, Entry, Totals, open_context
from multistage_cli.build.context.coverage import Coverage, Selector
from multistage_cli.build.context.differences import Change, Compared, Difference, Differences
from multistage_cli.build.context.digests import ContextDigests
from multistage_cli.build.context.folders import ContextProblem, Kind
from multistage_cli.build.context.unread import PartlyUnread

__all__ = [
    "BuildContext",
    "Change",
    "Compared",
    "ContextDigests",
    "ContextProblem",
    "Coverage",
    "Difference",
    "Differences",
    "Entry",
    "Kind",
    "PartlyUnread",
    "Selector",
    "Totals",
    "open_context",
]
