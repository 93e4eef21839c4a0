"""Who runs what: users that do not exist, and what they may not enter or write."""

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
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind
from multistage_cli.build.started import instruction_of, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.files import Entry
    from multistage_cli.build.started import Started
    from multistage_cli.build.state import State

_EXECUTE = 0o111
_ENGINES_OWN = ("/dev", "/proc", "/sys")


def may_reach(state: State, user: Known[str], path: str) -> Claim:
    """Whether a user may enter all folders above a path."""
    uid, gid = state.accounts.ids(user)
    if uid == 0:
        return Claim.YES
    if not path.startswith("/"):
        return Claim.UNKNOWN
    answer = Claim.YES
    parts = posixpath.dirname(posixpath.normpath(path)).strip("/").split("/")
    for depth in range(len(parts) + 1):
        granted = _granted(state.files.entry("/" + "/".join(parts[:depth])), uid, gid)
        if granted is Claim.NO:
            return Claim.NO
        if granted is Claim.UNKNOWN:
            answer = Claim.UNKNOWN
    return answer


def _granted(entry: Entry, uid: Known[int], gid: Known[int]) -> Claim:
    """Whether somebody may execute a file or enter a directory."""
    if entry.exists is not Claim.YES or entry.mode is UNKNOWN:
        return Claim.UNKNOWN
    bits = entry.mode & _EXECUTE
    if bits == _EXECUTE:
        return Claim.YES
    if not bits:
        return Claim.NO
    if uid is UNKNOWN or entry.uid is UNKNOWN:
        return Claim.UNKNOWN
    if uid == entry.uid:
        return Claim.YES if bits & 0o100 else Claim.NO
    if not bits & 0o011:
        return Claim.NO
    if gid is UNKNOWN or entry.gid is UNKNOWN:
        return Claim.UNKNOWN
    if gid == entry.gid:
        return Claim.YES if bits & 0o010 else Claim.NO
    # Another group of the user's may be the file's.
    return Claim.YES if bits & 0o001 else Claim.UNKNOWN


def _out_of_reach(state: State, found: Started) -> str | None:
    """The path of a started program, where it is there and the user surely may not run it."""
    program, user = found.program, state.user.value
    if program is UNKNOWN or user is UNKNOWN or state.runs_as_root is not Claim.NO:
        return None
    folders = state.path
    if "/" in program:
        here = state.working_directory.value
        if here is UNKNOWN:
            return None
        paths = [posixpath.normpath(posixpath.join(here, program))]
    elif folders is UNKNOWN:
        return None
    else:
        paths = [f"{folder.rstrip('/')}/{program}" for folder in folders]
    uid, gid = state.accounts.ids(user)
    blocked: str | None = None
    for path in paths:
        entry = state.files.entry(path)
        if entry.exists is Claim.NO:
            continue
        reached = may_reach(state, user, path)
        if reached is Claim.NO or (entry.kind is Kind.FILE and _granted(entry, uid, gid) is Claim.NO):
            blocked = blocked or (path if entry.exists is Claim.YES else None)
            continue
        return None
    return blocked


@rule("MS540", "started-program-out-of-reach", Severity.ERROR)
def started_program_out_of_reach(build: Build, asked: Asked) -> Iterator[Match]:
    """Program that the container starts as a user who may not enter its folder, or not execute it.

    It ends with "permission denied" or "not found". /root is closed to everybody else, and with it all that
    `pip install --user` puts into /root/.local.

    Bad, found on line 5:
        FROM debian:bookworm-slim
        COPY --chmod=755 serve /root/bin/serve
        ENV PATH=/root/bin:$PATH
        USER 1000
        CMD ["serve"]
        ==> serve <==
        #!/bin/sh
        exec sleep 60

    Bad, found on line 4:
        FROM debian:bookworm-slim
        COPY --chmod=700 serve /usr/local/bin/serve
        USER 1000
        CMD ["serve"]
        ==> serve <==
        #!/bin/sh
        exec sleep 60

    Good:
        FROM debian:bookworm-slim
        COPY --chmod=755 serve /usr/local/bin/serve
        USER 1000
        CMD ["serve"]
        ==> serve <==
        #!/bin/sh
        exec sleep 60

    Fix: put it where everybody may read, such as /usr/local or /opt/venv, or copy it with --chown and --chmod.
    """
    for index in asked.targets:
        entry = build.stages[index]
        state = entry.final
        for found in started(build, entry):
            path = _out_of_reach(state, found)
            if path is None or state.files.entry(path).executable is Claim.NO:
                continue
            writer = state.files.entry(path).writer
            related = () if writer is None else (Related(writer.line, f"{path} comes from here"),)
            message = (
                f"user {state.user.value} may not run {path} in {entry.stage.title}:"
                " put it where everybody may, or copy it with --chown"
            )
            word = None if found.program is UNKNOWN else found.program
            yield Match.on(found.entry, found.step, message, word=word, related=related)


@rule("MS541", "copied-out-of-reach", Severity.WARNING)
def copied_out_of_reach(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY into a folder that the container's user may not enter, and nothing afterwards runs as root.

    Nobody can use it there. It happens to /root/.local when `pip install --user` ran as root in the builder.

    Bad, found on line 4:
        FROM python:3.12-slim AS build
        RUN pip install --user flask
        FROM python:3.12-slim
        COPY --from=build /root/.local /root/.local
        USER 1000
        CMD ["python", "-m", "flask", "--version"]

    Good:
        FROM python:3.12-slim AS build
        RUN pip install --prefix=/install flask
        FROM python:3.12-slim
        COPY --from=build /install /usr/local
        USER 1000
        CMD ["python", "-m", "flask", "--version"]

    Good:
        FROM debian:bookworm-slim
        COPY pip.conf /root/.config/pip/pip.conf
        RUN cat /root/.config/pip/pip.conf
        USER 1000

    Fix: copy it to where the user may read, such as /usr/local, /opt/venv or the user's own home.
    """
    for index in asked.targets:
        entry = build.stages[index]
        state = entry.final
        user = state.user.value
        if user is UNKNOWN or state.runs_as_root is not Claim.NO:
            continue
        blocked = [
            path for found in started(build, entry) if (path := _out_of_reach(state, found)) is not None
        ]
        for owner in (build.stages[number] for number in build.graph.chain(index)):
            for position, step in enumerate(owner.steps):
                copied = step.copied
                if copied is None or copied.destination is UNKNOWN:
                    continue
                inside = posixpath.join(copied.destination, "x")
                target = inside if copied.destination.endswith("/") else copied.destination
                if may_reach(state, user, target) is not Claim.NO:
                    continue
                later = owner.steps[position + 1 :]
                if any(_runs_as_root(other) for other in later) or owner is not entry:
                    continue
                if any(path.startswith(copied.destination.rstrip("/") + "/") for path in blocked):
                    continue  # MS540 tells of that
                message = (
                    f"user {user} may not enter {posixpath.dirname(target)}: copy it to where everybody may"
                )
                yield Match.on(owner, step, message)


def _runs_as_root(step: Step) -> bool:
    return step.instruction.name == "RUN" and step.before.runs_as_root is not Claim.NO


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
        user = state.user.value
        if user is UNKNOWN or state.runs_as_root is not Claim.NO:
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
        user = state.user.value
        if user is UNKNOWN or state.runs_as_root is not Claim.NO or state.windows:
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
            user = state.user.value
            if user is UNKNOWN or state.runs_as_root is not Claim.NO or state.windows or _changes_user(step):
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
