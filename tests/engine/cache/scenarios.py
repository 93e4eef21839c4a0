"""The scenarios: each rule of BuildKit's cache, with a change that shows it."""

from __future__ import annotations

from tests.engine.cache import (
    rules_base,
    rules_content,
    rules_copy,
    rules_exact,
    rules_link,
    rules_mounts,
    rules_outside,
    rules_run,
    rules_selection,
    rules_settings,
    rules_stages,
    rules_variables,
)
from tests.engine.cache.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *rules_content.SCENARIOS,
    *rules_selection.SCENARIOS,
    *rules_copy.SCENARIOS,
    *rules_run.SCENARIOS,
    *rules_variables.SCENARIOS,
    *rules_settings.SCENARIOS,
    *rules_mounts.SCENARIOS,
    *rules_stages.SCENARIOS,
    *rules_exact.SCENARIOS,
    *rules_base.SCENARIOS,
    *rules_link.SCENARIOS,
    *rules_outside.SCENARIOS,
)
