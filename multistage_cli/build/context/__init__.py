"""The build context on disk and .dockerignore, as BuildKit sees them."""

from __future__ import annotations

from multistage_cli.build.context.build_context import BuildContext, Entry, Totals, open_context
from multistage_cli.build.context.folders import ContextProblem, Kind

__all__ = ["BuildContext", "ContextProblem", "Entry", "Kind", "Totals", "open_context"]
