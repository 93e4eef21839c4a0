"""Paths that COPY and mounts take from another stage or from the build context, and that are not there."""

from __future__ import annotations

import posixpath
from difflib import get_close_matches
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.instructions import read_copy, read_mounts
from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.terminal.gitignore import level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Files
    from multistage_cli.build.instructions import Mount

_WILD = frozenset("*?[")
_MOST_NAMES = 200
"""Paths of a stage that are looked at for near names: a hostile file could have many more."""


def _taken(build: Build) -> Iterator[tuple[EvaluatedStage, Step, EvaluatedStage, str]]:
    """Each COPY from a stage, that stage, and an absolute path without wildcards that it takes."""
    for entry in build.stages:
        for step in entry.steps:
            copied = step.copied
            if copied is None or copied.source is None or copied.source.kind is not SourceKind.STAGE:
                continue
            source = copied.source.stage
            if source is None or source >= entry.stage.index or read_copy(step.instruction).parents:
                continue
            for path in copied.sources:
                if path is not UNKNOWN and not _WILD & set(path):
                    yield entry, step, build.stages[source], posixpath.normpath(f"/{path.lstrip('/')}")


@rule("MS310", "copied-path-never-made", Severity.ERROR)
def copied_path_never_made(build: Build) -> Iterator[Match]:
    """COPY --from of a path that nothing makes in the stage that it copies from.

    The build ends there with "not found", after everything before it has run.

    Bad, found on line 4:
        FROM debian:bookworm-slim AS build
        RUN mkdir -p /app/build && echo hello > /app/build/index.html
        FROM debian:bookworm-slim
        COPY --from=build /app/dist /var/www

    Good:
        FROM debian:bookworm-slim AS build
        RUN mkdir -p /app/build && echo hello > /app/build/index.html
        FROM debian:bookworm-slim
        COPY --from=build /app/build /var/www

    Good:
        FROM debian:bookworm-slim AS build
        WORKDIR /app
        COPY . .
        RUN ./build-it
        FROM debian:bookworm-slim
        COPY --from=build /app/dist /var/www

    Fix: mend the path, or let the other stage make it.
    """
    mounts: dict[int, _Mounts] = {}
    for entry, step, source, path in _taken(build):
        files = source.final.files
        if files.exists(path) is not Claim.NO:
            continue
        if source.stage.index not in mounts:
            mounts[source.stage.index] = _mounts_of(source)
        if _mounted_at(mounts[source.stage.index], path) is not None:
            continue
        near = _near(files, path)
        hint = f': did you mean "{near}"?' if near else ": mend the path, or make it there"
        message = f"{path} is never made in {source.stage.title}{hint}"
        gone = files.entry(path).because
        related = () if gone is None else (Related(gone.line, f"{path} goes here"),)
        yield Match.on(entry, step, message, word=path, related=related)


def _near(files: Files, path: str) -> str | None:
    """A path that is there and has nearly the same name, in the nearest folder that exists."""
    folder, missing = posixpath.split(f"/{path.lstrip('/')}")
    rest = ""
    while folder != "/" and files.exists(folder) is Claim.NO:
        rest = f"/{missing}{rest}"
        folder, missing = posixpath.split(folder)
    names = files.names(folder)
    known = () if names is UNKNOWN else names
    if not known:
        prefix = f"{folder.rstrip('/')}/"
        known = tuple(dict.fromkeys(
            found.removeprefix(prefix).split("/")[0] for found in _first(files.touched()) if found.startswith(prefix)
        ))  # fmt: skip
    there = [name for name in known if files.exists(f"{folder.rstrip('/')}/{name}") is Claim.YES]
    close = get_close_matches(missing, there, n=1) or (there if len(there) == 1 and folder != "/" else [])
    if not close:
        return None
    found = f"{folder.rstrip('/')}/{close[0]}"
    longer = f"{found}{rest}"
    return longer if rest and files.exists(longer) is Claim.YES else found


def _first(paths: Iterable[str]) -> list[str]:
    return [path for path, _ in zip(paths, range(_MOST_NAMES), strict=False)]


@rule("MS311", "copied-path-only-in-mount", Severity.ERROR)
def copied_path_only_in_mount(build: Build) -> Iterator[Match]:
    r"""COPY --from of a path that was only ever written into a mount of RUN.

    What lies in a `--mount` of type cache, tmpfs or bind is there while that RUN runs and belongs to no layer,
    so that COPY does not find it.

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        WORKDIR /src
        RUN --mount=type=cache,target=/src/target mkdir -p target/release && echo > target/release/app
        FROM debian:bookworm-slim
        COPY --from=build /src/target/release/app /usr/local/bin/app

    Good:
        FROM debian:bookworm-slim AS build
        WORKDIR /src
        RUN --mount=type=cache,target=/src/target mkdir -p target/release && echo > target/release/app \
            && cp target/release/app /src/app
        FROM debian:bookworm-slim
        COPY --from=build /src/app /usr/local/bin/app

    Fix: copy it out of the mount in the same RUN, and copy that.
    """
    mounts: dict[int, _Mounts] = {}
    for entry, step, source, path in _taken(build):
        if source.final.files.exists(path) is not Claim.NO:
            continue
        if source.stage.index not in mounts:
            mounts[source.stage.index] = _mounts_of(source)
        found = _mounted_at(mounts[source.stage.index], path)
        if found is None:
            continue
        at, mount, target = found
        message = (
            f"{path} lies in a {mount.type} mount of {source.stage.title} and so in no layer:"
            f" copy it out of {target} in the same RUN"
        )
        related = (Related(at.line, f"the {mount.type} mount of {target}"),)
        yield Match.on(entry, step, message, word=path, related=related)


_Mounts = dict[str, tuple["Step", "Mount"]]


def _mounts_of(source: EvaluatedStage) -> _Mounts:
    """Where a stage mounts something that belongs to no layer: the last RUN that does, by absolute target."""
    found: _Mounts = {}
    for step in source.steps:
        folder = step.before.working_directory.value
        if step.instruction.name != "RUN" or folder is UNKNOWN:
            continue
        for mount in read_mounts(step.instruction):
            if mount.type in {"cache", "tmpfs", "bind"} and "$" not in (mount.target or ""):
                found[posixpath.normpath(posixpath.join(folder, mount.target or "."))] = (step, mount)
    found.pop("/", None)
    return found


def _mounted_at(mounts: _Mounts, path: str) -> tuple[Step, Mount, str] | None:
    """The mount that a path lies in."""
    parts = path.strip("/").split("/")
    for length in range(len(parts), 0, -1):
        folder = "/" + "/".join(parts[:length])
        if folder in mounts:
            return *mounts[folder], folder
    return None


@rule("MS312", "copied-path-not-in-context", Severity.WARNING, confidence=Confidence.LIKELY)
def copied_path_not_in_context(build: Build) -> Iterator[Match]:
    """COPY or ADD of a path that the build context does not have.

    The build ends there with "not found", unless something puts it there before. It is an error where a name that
    is nearly the same lies in that folder, and worth knowing only where .gitignore names it: something makes it
    before the build then, in a clone that is new.

    Bad, found on line 2:
        FROM alpine:3.22
        COPY requirement.txt /app/
        ==> requirements.txt <==
        flask

    Good:
        FROM alpine:3.22
        COPY requirements.txt /app/
        ==> requirements.txt <==
        flask

    Bad, found on line 2:
        FROM alpine:3.22
        COPY target/app.jar /app/
        ==> .gitignore <==
        target/

    Good:
        FROM alpine:3.22
        COPY requirements.txt optional*.txt /app/
        ==> requirements.txt <==
        flask

    Fix: mend the path, or make the file before the build.
    """
    context = build.context
    if context is None:
        return
    for entry in build.stages:
        for step in entry.steps:
            if (
                step.copied is None
                or step.copied.source is not None
                or entry.stage.index not in build.graph.needed
            ):
                continue
            if read_copy(step.instruction).from_ is not None:
                continue  # a source that BuildKit refuses
            for source in step.copied.sources:
                if source is UNKNOWN or _WILD & set(source) or "://" in source or source.startswith("git@"):
                    continue
                path = posixpath.normpath(f"/{source}").lstrip("/")
                if not path or context.exists(path) or context.ignored(path):
                    continue
                if step.instruction.name == "ADD" and ":" in source:
                    continue
                folder, name = posixpath.split(path)
                close = get_close_matches(name, context.names(folder), n=1, cutoff=0.8)
                severity = Severity.ERROR if close else None
                hint = (
                    f'did you mean "{posixpath.join(folder, close[0])}"?'
                    if close
                    else "make it before the build"
                )
                if _git_ignores(context, path):
                    severity, hint = Severity.INFO, "git ignores it, so make it before the build"
                message = f"{source} is not in the build context: {hint}"
                yield Match.on(entry, step, message, word=source, severity=severity)


def _git_ignores(context: BuildContext, path: str) -> bool:
    """Whether the .gitignore at the top of the build context names a path, or a folder that it lies in."""
    text = context.read_text(".gitignore")
    found = None if text is None else level(text, 0, None)
    parts = path.split("/")
    return found is not None and any(
        found.ignores(parts[:length], is_folder=length < len(parts)) for length in range(1, len(parts) + 1)
    )


@rule("MS313", "wildcard-copies-nothing", Severity.WARNING)
def wildcard_copies_nothing(build: Build) -> Iterator[Match]:
    """COPY --from with a wildcard that fits nothing in the other stage.

    BuildKit copies nothing then and says nothing.

    Bad, found on line 4:
        FROM scratch AS build
        COPY app.tar /out/
        FROM alpine:3.22
        COPY --from=build /out/*.whl /wheels/
        ==> app.tar <==
        not really

    Good:
        FROM scratch AS build
        COPY app.tar /out/
        FROM alpine:3.22
        COPY --from=build /out/*.tar /archives/
        ==> app.tar <==
        not really

    Fix: mend the pattern, or let the other stage make what it should fit.
    """
    for entry in build.stages:
        for step in entry.steps:
            copied = step.copied
            if copied is None or copied.source is None or copied.source.stage is None:
                continue
            if copied.source.stage >= entry.stage.index:
                continue
            source = build.stages[copied.source.stage]
            for path in copied.sources:
                if path is UNKNOWN or not _WILD & set(path):
                    continue
                folder = posixpath.dirname(posixpath.normpath(f"/{path.lstrip('/')}"))
                if _WILD & set(folder):
                    continue
                names = source.final.files.names(folder)
                there = source.final.files.exists(folder)
                fits = names is UNKNOWN or any(_fits(name, posixpath.basename(path)) for name in names)
                if (there is Claim.YES and not fits) or there is Claim.NO:
                    message = f"{path} fits nothing in {source.stage.title}: nothing is copied"
                    yield Match.on(entry, step, message, word=path)


def _fits(name: str, pattern: str) -> bool:
    """Whether a name fits, as Go's filepath.Match has it; a class or an escape counts as fitting anything."""
    from fnmatch import fnmatchcase

    return "[" in pattern or "\\" in pattern or fnmatchcase(name, pattern)


@rule("MS314", "mounted-path-never-made", Severity.ERROR)
def mounted_path_never_made(build: Build) -> Iterator[Match]:
    """RUN --mount of a path that the other stage does not have.

    Bad, found on line 4:
        FROM debian:bookworm-slim AS build
        RUN mkdir /wheels
        FROM debian:bookworm-slim
        RUN --mount=type=bind,from=build,source=/wheelhouse,target=/wheels ls /wheels

    Good:
        FROM debian:bookworm-slim AS build
        RUN mkdir /wheels
        FROM debian:bookworm-slim
        RUN --mount=type=bind,from=build,source=/wheels,target=/wheels ls /wheels

    Fix: mend the source of the mount, or make it there.
    """
    for entry in build.stages:
        edges = [edge for edge in build.graph.into(entry.stage.index) if edge.kind is EdgeKind.MOUNT]
        for step in entry.steps if edges else ():
            if step.instruction.name != "RUN":
                continue
            own = iter([edge for edge in edges if edge.instruction is step.instruction])
            for mount in read_mounts(step.instruction):
                edge = next(own, None) if mount.from_ is not None else None
                source = None if edge is None else edge.source.stage
                if source is None or source >= entry.stage.index or mount.type != "bind":
                    continue
                path = mount.source or "/"
                if "$" in path:
                    continue
                path = posixpath.normpath(f"/{path.lstrip('/')}")
                other = build.stages[source]
                if other.final.files.exists(path) is Claim.NO:
                    near = _near(other.final.files, path)
                    hint = f': did you mean "{near}"?' if near else ": mend the source"
                    message = f"{path} is never made in {other.stage.title}, so it cannot be mounted{hint}"
                    yield Match.on(entry, step, message, word=mount.source)
