"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: `ci` (the default) and `nightly`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", max_examples=500, derandomize=True, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("nightly", max_examples=10_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
