"""Users and groups that the image does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import (
    OwnerChanged,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.instructions import read_copy
from multistage_cli.build.stages import BaseKind
from multistage_cli.build.variables import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.state import State


def _missing_account(state: State, user: Known[str] | None) -> str | None:
    """What of `user:group` has no entry in /etc/passwd or /etc/group for sure, in words."""
    if user is None or user is UNKNOWN or state.windows:
        return None
    name, colon, group = user.partition(":")
    if name and not name.isdecimal() and state.has_user(name) is Claim.NO:
        return f"user {name}"
    if colon and group and not group.isdecimal() and _has_group(state, group) is Claim.NO:
        return f"group {group}"
    return None


def _has_group(state: State, name: str) -> Claim:
    found = state.accounts.has_group(name)
    return Claim.UNKNOWN if found is Claim.NO and state.packages.known.users else found


@rule("MS536", "unknown-user", Severity.ERROR)
def unknown_user(build: Build, asked: Asked) -> Iterator[Match]:
    """USER whose name is not in the image's /etc/passwd.

    The next RUN fails, or the container does not start: "unable to find user". A user that another stage made
    does not come along with COPY --from.

    Bad, found on line 2:
        FROM debian:bookworm-slim
        USER app
        CMD ["sleep", "60"]

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        RUN useradd --system app
        FROM debian:bookworm-slim
        COPY --from=build /etc/hostname /srv/name
        USER app
        CMD ["sleep", "60"]

    Good:
        FROM debian:bookworm-slim
        RUN useradd --system app
        USER app
        CMD ["sleep", "60"]

    Good:
        FROM scratch
        COPY --from=debian:bookworm-slim /etc/passwd /etc/passwd
        USER nobody
        CMD ["/app"]

    Fix: make it with useradd or adduser before, name one that the image has, or write a number.
    """
    for entry in build.stages:
        for step, state in _users(entry, asked):
            missing = _missing_account(state, step.after.user.value)
            if missing is not None:
                message = f"{entry.stage.title} has no {missing}: make it before, or write a number"
                yield Match.on(entry, step, message)


def _users(entry: EvaluatedStage, asked: Asked) -> Iterator[tuple[Step, State]]:
    """Each USER whose user something needs, with the state that it is looked up in first."""
    current: Step | None = None
    for step in entry.steps:
        if step.instruction.name == "USER":
            current = step
        elif step.instruction.name == "RUN" and current is not None:
            yield current, step.before
            current = None
    if current is not None and entry.stage.index in asked.targets:
        yield current, entry.final


@rule("MS537", "unknown-owner", Severity.WARNING)
def unknown_owner(build: Build) -> Iterator[Match]:
    """COPY or ADD --chown with a name that the stage's /etc/passwd or /etc/group does not have.

    BuildKit says nothing and gives the files to root; in an empty image (FROM scratch) the build ends with "invalid
    user index". The names are those of the stage that is copied into, not of the one that is copied from.

    Bad, found on line 2:
        FROM debian:bookworm-slim
        COPY --chown=app:app . /srv
        USER 1000

    Bad, found on line 2:
        FROM scratch
        COPY --chown=app:app . /srv

    Good:
        FROM debian:bookworm-slim
        RUN useradd app
        COPY --chown=app:app . /srv
        USER app

    Fix: make the user before, or write numbers.
    """
    for entry in build.stages:
        for position, step in enumerate(entry.steps):
            if step.instruction.name not in {"COPY", "ADD"}:
                continue
            owner = read_copy(step.instruction).chown
            if owner is None:
                continue
            value = expand(owner, step.before.variables.scope, escape=build.dockerfile.escape).value
            missing = _missing_account(step.before, value)
            if missing is not None:
                message = (
                    f"{entry.stage.title} has no {missing} for --chown, so root gets the files: write numbers"
                )
                first = entry.stage.base.kind is BaseKind.SCRATCH and not any(
                    other.may_add_layer for other in entry.steps[:position]
                )
                if first:
                    message = f"an empty image has no {missing}, so --chown ends the build: write numbers"
                yield Match.on(entry, step, message, severity=Severity.ERROR if first else None)


@rule("MS538", "chown-to-unknown-user", Severity.ERROR)
def chown_to_unknown_user(build: Build) -> Iterator[Match]:
    """RUN chown to a user or group that the image does not have.

    chown says "invalid user", and the build ends.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        COPY . /srv
        RUN chown -R app:app /srv

    Good:
        FROM debian:bookworm-slim
        COPY . /srv
        RUN useradd app && chown -R app:app /srv

    Fix: make the user before, or write numbers.
    """
    for entry in build.stages:
        for step, change in entry.changes():
            if not isinstance(change, OwnerChanged) or change.certain is not Claim.YES:
                continue
            for state in (step.before, step.after):
                if _missing_owner(state, change) is None:
                    break
            else:
                message = (
                    f"{entry.stage.title} has no {_missing_owner(step.after, change)}: make it before chown"
                )
                yield Match.on(entry, step, message, word="chown")


def _missing_owner(state: State, change: OwnerChanged) -> str | None:
    owner = "" if change.owner is None else change.owner
    group = "" if change.group is None else change.group
    if owner is UNKNOWN or group is UNKNOWN:
        return None
    return _missing_account(state, f"{owner}:{group}" if group else owner)
