"""Paths: what COPY takes, and where WORKDIR leads."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.context.dockerignore import Ignore
    from multistage_cli.build.evaluate import Build


@rule("MS302", "copied-path-ignored", Severity.ERROR, aliases=("CopyIgnoredFile",))
def copied_path_ignored(build: Build) -> Iterator[Match]:
    """COPY or ADD of something that .dockerignore keeps out of the build context.

    The build ends with "not found", although the file is there. With a wildcard it copies nothing instead.
    Where the ignore file has exceptions (lines with `!`) this rule is silent.

    Bad, found on line 2:
        FROM alpine:3.22
        COPY settings.env /etc/app/
        ==> .dockerignore <==
        *.env

    Good:
        FROM alpine:3.22
        COPY settings.toml /etc/app/
        ==> .dockerignore <==
        *.env

    Fix: take the line out of .dockerignore, or do not copy the file.
    """
    context = build.context
    if context is None or not context.ignore.patterns or context.ignore.has_exceptions:
        return
    for entry in build.stages:
        for step in entry.steps:
            if step.copied is None or step.copied.source is not None:
                continue
            for source in step.copied.sources:
                if source is UNKNOWN or _is_remote(source):
                    continue
                if (line := _ignored_by(context.ignore, source)) is not None:
                    name = context.ignore_file or ".dockerignore"
                    message = (
                        f"{source} is kept out of the build context by line {line} of {name}: do not copy it"
                    )
                    wild = bool(set(source) & set("*?[")) or posixpath.normpath(source) in {".", "/"}
                    severity = Severity.WARNING if wild else None
                    yield Match.on(
                        entry, step, f"{message}, or change that line", word=source, severity=severity
                    )


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://", "git@", "git://", "ssh://"))


_EVERYTHING = frozenset({"*", "**", "**/*"})


def _ignored_by(ignore: Ignore, source: str) -> int | None:
    """The line that leaves a source out, by its own name or that of a folder above it."""
    path = posixpath.normpath(source)
    if path in {".", "/"}:
        return next((entry.line for entry in ignore.patterns if entry.text in _EVERYTHING), None)
    if path.startswith("/"):
        path = path.lstrip("/")
    found = ignore.matching(path)
    return None if found is None else found.line


@rule("MS303", "relative-workdir", Severity.WARNING, aliases=("WorkdirRelativePath", "DL3000"))
def relative_workdir(build: Build) -> Iterator[Match]:
    """Relative WORKDIR with no absolute one before it.

    It starts from the base image's working directory, which another build of that image may change.

    Bad, found on line 2:
        FROM alpine:3.22
        WORKDIR app

    Good:
        FROM alpine:3.22
        WORKDIR /srv
        WORKDIR app

    Good:
        FROM alpine:3.22 AS base
        WORKDIR /srv
        FROM base
        WORKDIR app

    Fix: write the whole path.
    """
    settled: set[int] = set()
    for entry in build.stages:
        is_set = entry.stage.base.stage in settled
        for step in entry.steps:
            if step.instruction.name != "WORKDIR":
                continue
            if not is_set:
                word = step.instruction.text.strip()
                value = expand(word, step.before.variables.scope, escape=build.dockerfile.escape).value
                path = word if value is UNKNOWN else value
                windows = step.before.windows
                if not (path.startswith("/") or (windows and _is_windows_path(path)) or value is UNKNOWN):
                    folder = step.before.working_directory.value
                    start = "the base image's working directory" if folder is UNKNOWN else folder
                    message = f'WORKDIR "{path}" starts from {start}: write the whole path'
                    yield Match.on(entry, step, message, word=word)
            is_set = True
        if is_set:
            settled.add(entry.stage.index)


def _is_windows_path(path: str) -> bool:
    return path.startswith("\\") or path[1:2] == ":"
