"""What the container's user may not enter or execute."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind
from multistage_cli.build.instructions import read_copy
from multistage_cli.build.started import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Entry
    from multistage_cli.build.started import Started
    from multistage_cli.build.state import State

_EXECUTE = 0o111


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
    program, user = found.program, state.ordinary_user
    if program is UNKNOWN or user is None:
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

    Git keeps of a file's mode only whether it may be executed; the rest comes from the umask of whoever checked it
    out. Where that is what closes the program, this is a warning: another checkout gives another image.

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
            checkout = _closed_by_checkout(build, entry, path)
            hint = (
                "the mode is this checkout's, so copy it with --chmod=755"
                if checkout
                else "put it where everybody may, or copy it with --chown"
            )
            message = f"user {state.user.value} may not run {path} in {entry.stage.title}: {hint}"
            word = None if found.program is UNKNOWN else found.program
            yield Match.on(
                found.entry,
                found.step,
                message,
                word=word,
                related=related,
                severity=Severity.WARNING if checkout else None,
                confidence=Confidence.LIKELY if checkout else None,
            )


_OWNER_EXECUTES, _OTHERS_EXECUTE = 0o100, 0o001


def _closed_by_checkout(build: Build, entry: EvaluatedStage, path: str) -> bool:
    """Whether a path or a folder on its way has a mode for its owner alone that the build context brings."""
    copies = {
        step.line
        for index in build.graph.chain(entry.stage.index)
        for step in build.stages[index].steps
        if step.copied is not None
        and step.copied.source is None
        and read_copy(step.instruction).chmod is None
    }
    parts = path.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        found = entry.final.files.entry("/" + "/".join(parts[:length]))
        if found.writer is None or found.mode is UNKNOWN or found.writer.line not in copies:
            continue
        if found.mode & _OWNER_EXECUTES and not found.mode & _OTHERS_EXECUTE:
            return True
    return False


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
        user = state.ordinary_user
        if user is None:
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
