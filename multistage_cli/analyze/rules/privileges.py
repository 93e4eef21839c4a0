"""sudo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS620", "sudo-in-run", Severity.WARNING, aliases=("DL3004",))
def sudo_in_run(build: Build) -> Iterator[Match]:
    """RUN with sudo.

    A RUN is root's unless USER says otherwise, so it does nothing; most images have no sudo at all, and the
    build fails. Where it works, whoever breaks into the container finds a way to become root.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN sudo useradd app

    Good:
        FROM debian:12-slim
        RUN useradd app
        USER app

    Good:
        FROM debian:12-slim
        USER nobody
        USER root
        RUN useradd app
        USER app

    Fix: leave it out; write USER root above and the other user's name below where it needs root.
    """
    for run in runs_of(build):
        before = run.step.before
        for command in run.commands:
            if "sudo" not in {command.outer, command.name}:
                continue
            missing = {before.has_command("sudo"), run.step.after.has_command("sudo")} == {Claim.NO}
            if missing:
                message = (
                    "sudo is not in this image: leave it out, and write USER root above where that is needed"
                )
            elif before.runs_as_root is Claim.YES:
                message = "sudo does nothing, as this RUN is root's: leave it out"
            else:
                message = (
                    "sudo lets whoever gets into the container become root: write USER root above this RUN"
                )
            yield run.match(command, message, severity=Severity.ERROR if missing else None)
            break
