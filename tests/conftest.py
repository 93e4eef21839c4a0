"""Hypothesis profiles, and programs that the tests may not go without.

HYPOTHESIS_PROFILE: `ci` (the default) or `nightly`. MULTISTAGE_REQUIRE_PROGRAMS: names of programs whose tests
are skipped where they are not installed; where one of those is missing, nothing runs.
"""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", max_examples=500, derandomize=True, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("nightly", max_examples=10_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_sessionstart() -> None:
    wanted = os.environ.get("MULTISTAGE_REQUIRE_PROGRAMS", "").split()
    missing = [name for name in wanted if shutil.which(name) is None]
    if missing:
        pytest.exit(f"MULTISTAGE_REQUIRE_PROGRAMS asks for {', '.join(missing)}: not installed", returncode=4)
