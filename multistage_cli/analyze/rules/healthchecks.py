"""HEALTHCHECK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Asked, Match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS522", "no-healthcheck", Severity.INFO, aliases=("DL3057",), default=False)
def no_healthcheck(build: Build, asked: Asked) -> Iterator[Match]:
    """No HEALTHCHECK in an image.

    Docker and Compose then take a service for healthy as long as its process runs. Off unless it is selected:
    Kubernetes has probes of its own, and a command-line tool needs none.

    Bad, found on line 1:
        FROM alpine:3.22
        CMD ["sleep", "inf"]

    Good:
        FROM alpine:3.22
        HEALTHCHECK CMD ["wget", "-qO-", "http://localhost:8080/"]
        CMD ["httpd", "-f", "-p", "8080"]

    Good:
        FROM alpine:3.22 AS base
        HEALTHCHECK NONE
        FROM base
        CMD ["sleep", "inf"]

    Fix: write a HEALTHCHECK that asks the service, or HEALTHCHECK NONE to say that none is wanted.
    """
    for index in asked.targets:
        entry = build.stages[index]
        check = entry.final.healthcheck
        if check.value is None and check.line is None:
            message = (
                f"nothing asks {entry.stage.title} whether it works: write a HEALTHCHECK, or HEALTHCHECK NONE"
            )
            yield Match(entry.stage.head.span, message, stage=entry.stage.key)
