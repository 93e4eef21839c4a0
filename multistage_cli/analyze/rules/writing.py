"""What the container's user, or the user of a RUN, may not write."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import (
    DirectoryMade,
    FileWritten,
    Installation,
    VirtualEnvironment,
)
from multistage_cli.build.claims import Claim
from multistage_cli.build.started import instruction_of, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.state import State

_ENGINES_OWN = ("/dev", "/proc", "/sys")


@rule("MS542", "output-not-writable", Severity.ERROR)
def output_not_writable(build: Build, asked: Asked) -> Iterator[Match]:
    """Command that writes its output to a file which the container's user may not write.

    The shell cannot open it and does not start the program.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        USER 1000
        CMD exec sleep 60 > /app.log

    Good:
        FROM debian:bookworm-slim
        USER 1000
        CMD exec sleep 60 > /tmp/app.log

    Good:
        FROM debian:bookworm-slim
        RUN mkdir /logs && chown 1000 /logs
        USER 1000
        CMD exec sleep 60 > /logs/app.log

    Fix: write to standard output, which `docker logs` shows, or give the user the folder with chown.
    """
    for index in asked.targets:
        entry = build.stages[index]
        state = entry.final
        user = state.ordinary_user
        if user is None:
            continue
        for found in started(build, entry):
            for path in found.writes:
                where = posixpath.join(str(state.working_directory.value), path)
                if not where.startswith("/") or where.startswith(_ENGINES_OWN) or _in_volume(state, where):
                    continue
                if state.can_write(user, where) is Claim.NO:
                    message = (
                        f"user {user} may not write {where}: write to standard output, or chown its folder"
                    )
                    yield Match.on(found.entry, found.step, message, word=path)


def _in_volume(state: State, path: str) -> bool:
    return any(path.startswith(f"{volume.rstrip('/')}/") for volume in state.volumes)


@rule("MS543", "volume-not-writable", Severity.WARNING, confidence=Confidence.LIKELY)
def volume_not_writable(build: Build, asked: Asked) -> Iterator[Match]:
    """VOLUME that the container's user may not write.

    A new volume gets owner and mode of the folder in the image, or root's where there is none.

    Bad, found on line 2:
        FROM debian:bookworm-slim
        VOLUME /data
        USER 1000
        CMD ["sleep", "60"]

    Good:
        FROM debian:bookworm-slim
        RUN mkdir /data && chown 1000:1000 /data
        VOLUME /data
        USER 1000
        CMD ["sleep", "60"]

    Fix: make the folder before VOLUME, and chown it to the user.
    """
    for index in asked.targets:
        entry = build.stages[index]
        state = entry.final
        user = state.ordinary_user
        if user is None or state.windows:
            continue
        for path, line in state.volumes.items():
            place = instruction_of(build, entry, "VOLUME", line)
            if place is not None and path.startswith("/") and state.can_write(user, path) is Claim.NO:
                message = f"user {user} may not write the volume {path}: make the folder before and chown it"
                yield Match.on(*place, message, word=path)


@rule("MS545", "installs-without-root", Severity.ERROR)
def installs_without_root(build: Build) -> Iterator[Match]:
    """Package manager of the distribution that does not run as root.

    It cannot lock its lists, and the build ends. A base image may have set another user than root.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        USER nobody
        RUN apt-get update && apt-get install -y --no-install-recommends curl

    Good:
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
        USER nobody

    Fix: install before USER, or write USER root before and the other one again after it.
    """
    for entry in build.stages:
        for step, change in entry.changes():
            if not isinstance(change, Installation) or change.manager not in {"apt", "apk", "dnf"}:
                continue
            if (
                change.certain is Claim.YES
                and step.before.runs_as_root is Claim.NO
                and not _changes_user(step)
            ):
                user = step.before.user.value
                message = (
                    f"{change.manager} runs as user {user} here, who may not install: move it before USER"
                )
                related: tuple[Related, ...] = ()
                if (line := step.before.user.line) is not None:
                    related = (Related(line, f"USER {user}"),)
                yield Match.on(entry, step, message, related=related)
                break


def _changes_user(step: Step) -> bool:
    words = step.instruction.text.split()
    return any(
        word.rsplit("/", 1)[-1] in {"sudo", "su", "doas", "gosu", "su-exec", "setpriv"} for word in words
    )


@rule("MS546", "writes-without-rights", Severity.ERROR)
def writes_without_rights(build: Build) -> Iterator[Match]:
    """RUN that writes as a user who may not write there.

    The command says "permission denied", and the build ends. WORKDIR makes its folder for the USER before it,
    COPY for root.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        USER nobody
        RUN mkdir /cache

    Good:
        FROM debian:bookworm-slim
        RUN mkdir /cache && chown nobody /cache
        USER nobody
        RUN mkdir /cache/pages

    Fix: do it before USER, or give the user the folder with chown or COPY --chown.
    """
    for entry in build.stages:
        for step in entry.steps:
            state = step.before
            user = state.ordinary_user
            if user is None or state.windows or _changes_user(step):
                continue
            if any(flag.name == "mount" for flag in step.instruction.flags):
                continue
            for change in step.changes:
                path = _written(state, change)
                if path is not None and state.can_write(user, path) is Claim.NO:
                    message = (
                        f"user {user} may not write {path}: do it before USER, or chown its folder before"
                    )
                    yield Match.on(entry, step, message, word=path)
                    break


def _written(state: State, change: object) -> str | None:
    """The path that a change surely writes or makes."""
    if (
        not isinstance(change, FileWritten | DirectoryMade | VirtualEnvironment)
        or change.certain is not Claim.YES
    ):
        return None
    if not change.path.startswith("/") or change.path.startswith(_ENGINES_OWN):
        return None
    there = state.exists(change.path)
    if isinstance(change, FileWritten):
        return None if change.touched and there is not Claim.NO else change.path
    return change.path if there is Claim.NO else None
