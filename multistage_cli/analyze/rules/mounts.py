"""RUN --mount: what may not be written, and caches that do nothing."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.changes import Cache, DirectoryMade, FileWritten, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.instructions import read_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.instructions import Mount


def _mounts(step: Step, kind: str) -> Iterator[tuple[Mount, str]]:
    """The mounts of a type, each with its absolute target."""
    folder = step.before.working_directory.value
    if step.instruction.name != "RUN" or folder is UNKNOWN:
        return
    for mount in read_mounts(step.instruction):
        if mount.type == kind and "$" not in (mount.target or ""):
            yield mount, posixpath.normpath(posixpath.join(folder, mount.target or "."))


@rule("MS320", "read-only-mount-written", Severity.ERROR)
def read_only_mount_written(build: Build) -> Iterator[Match]:
    """RUN that writes into a bind mount, which is read-only unless it says `rw`.

    The command says "read-only file system", and the build ends.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        WORKDIR /src
        RUN --mount=type=bind,target=/src mkdir /src/build

    Good:
        FROM debian:bookworm-slim
        WORKDIR /src
        RUN --mount=type=bind,target=/src mkdir /build

    Good:
        FROM debian:bookworm-slim
        WORKDIR /src
        RUN --mount=type=bind,target=/src,rw mkdir -p /src/build && ls /src > /list

    Fix: write elsewhere, or mount with rw: what is written then is gone after the RUN.
    """
    for entry in build.stages:
        for step in entry.steps:
            mounts = [(mount, target) for mount, target in _mounts(step, "bind") if mount.readonly]
            others = [target for kind in ("cache", "tmpfs") for _, target in _mounts(step, kind)]
            others += [target for mount, target in _mounts(step, "bind") if not mount.readonly]
            path = _first_written(step, [target for _, target in mounts], others) if mounts else None
            if path is not None:
                message = (
                    f"{path} lies in a bind mount, which is read-only: write elsewhere, or mount it with rw"
                )
                yield Match.on(entry, step, message, word=path)


def _first_written(step: Step, targets: list[str], others: list[str]) -> str | None:
    for change in step.changes:
        if not isinstance(change, FileWritten | DirectoryMade) or change.certain is not Claim.YES:
            continue
        inside = any(change.path.startswith(f"{target}/") for target in targets)
        spared = any(change.path == other or change.path.startswith(f"{other}/") for other in others)
        # A folder that is there already does no harm to `mkdir -p`, nor a file to `touch` alone.
        harmless = isinstance(change, DirectoryMade) and change.parents
        if inside and not spared and not harmless:
            return change.path
    return None


@rule("MS321", "cache-mount-not-writable", Severity.WARNING)
def cache_mount_not_writable(build: Build) -> Iterator[Match]:
    """Cache mount that the user of the RUN may not write.

    A cache belongs to root with mode 0755 unless the mount says otherwise: what writes there fails or goes without it.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        USER 1000
        RUN --mount=type=cache,target=/cache touch /cache/seen

    Good:
        FROM debian:bookworm-slim
        USER 1000
        RUN --mount=type=cache,target=/cache,uid=1000 touch /cache/seen

    Fix: add uid=NUMBER (and gid=) of the user to the mount.
    """
    for entry in build.stages:
        for step in entry.steps:
            state = step.before
            user = state.ordinary_user
            if user is None or "sudo" in step.instruction.text:
                continue
            uid, _ = state.accounts.ids(user)
            for mount, target in _mounts(step, "cache"):
                owned = mount.uid is not None or mount.gid is not None or mount.mode is not None
                if owned or uid == 0 or mount.from_ is not None or mount.source is not None:
                    continue
                message = (
                    f"user {user} may not write the cache at {target}: add uid= of the user to the mount"
                )
                yield Match.on(entry, step, message)


@rule("MS322", "cache-mount-without-use", Severity.INFO)
def cache_mount_without_use(build: Build) -> Iterator[Match]:
    """Cache mount for a package manager that is told to keep no cache.

    The mount stays empty, and each build downloads everything anew.

    Bad, found on line 2:
        FROM python:3.12-slim
        RUN --mount=type=cache,target=/root/.cache/pip pip install --no-cache-dir flask

    Good:
        FROM python:3.12-slim
        RUN --mount=type=cache,target=/root/.cache/pip pip install flask

    Fix: take the option away where the cache is mounted.
    """
    for entry in build.stages:
        for step in entry.steps:
            for _, target in _mounts(step, "cache"):
                name = next((name for name in _CACHES if target.endswith(_CACHES[name])), None)
                changes = [
                    change
                    for change in step.changes
                    if isinstance(change, Installation) and change.manager == name
                ]
                if changes and all(change.cache is Cache.NEVER for change in changes):
                    message = f"{name} is told to keep no cache, so the mount at {target} stays empty: drop the option"
                    yield Match.on(entry, step, message, word="--no-cache")


_CACHES = {"pip": "/.cache/pip", "uv": "/.cache/uv"}
