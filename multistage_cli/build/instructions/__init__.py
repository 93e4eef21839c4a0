"""What instructions say, and what BuildKit refuses about them once its parser has let them pass."""

from __future__ import annotations

from multistage_cli.build.instructions.readers import (
    CopySources,
    From,
    Healthcheck,
    Mount,
    read_copy,
    read_from,
    read_healthcheck,
    read_mounts,
)
from multistage_cli.build.instructions.refusals import problems

__all__ = [
    "CopySources",
    "From",
    "Healthcheck",
    "Mount",
    "problems",
    "read_copy",
    "read_from",
    "read_healthcheck",
    "read_mounts",
]
