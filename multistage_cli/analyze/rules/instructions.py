"""Instructions where another one, or another order, says it better."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import Run, of_instructions, runs_of, written_steps
from multistage_cli.analyze.findings import Confidence, Edit, Fix, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.files import Kind
from multistage_cli.build.instructions import read_copy
from multistage_cli.build.variables import Scope, expand
from multistage_cli.parser import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")
_UNPACKED = (
    ".tar", ".tar.gz", ".tgz", ".taz", ".tar.bz2", ".tb2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst",
    ".gz", ".bz2", ".xz", ".zst",
)  # fmt: skip
"""What ADD unpacks, by name: tar archives, plain or compressed with gzip, bzip2, xz or zstd (moby/go-archive)."""


@rule("MS110", "inline-ignore", Severity.INFO, aliases=("DL1001",), default=False)
def inline_ignore(build: Build) -> Iterator[Match]:
    """Comment that silences rules.

    Off unless it is selected: for those who allow exceptions in the configuration only.

    Bad, found on line 2:
        FROM alpine:3.22
        # hadolint ignore=DL3018
        RUN apk add --no-cache curl

    Good:
        FROM alpine:3.22
        # curl is for the health check
        RUN apk add --no-cache curl

    Fix: mend what the comment hides, or put the exception into the configuration.
    """
    from multistage_cli.analyze.suppression import Ignores

    for ignore in Ignores(build).ignores:
        message = f"{', '.join(ignore.words)} is silenced here: mend it, or put it into the configuration"
        yield Match(Span(ignore.line, ignore.line), message)


@rule("MS111", "add-for-files", Severity.STYLE, aliases=("DL3020",), confidence=Confidence.LIKELY)
def add_for_files(build: Build) -> Iterator[Match]:
    """ADD where COPY does the same.

    ADD fetches addresses and unpacks archives; for anything else COPY says what happens.

    Bad, found on line 2:
        FROM alpine:3.22
        ADD settings.toml /etc/app/

    Good:
        FROM alpine:3.22
        COPY settings.toml /etc/app/

    Good:
        FROM alpine:3.22
        ADD rootfs.tar.gz /
        ADD https://example.com/settings.toml /etc/app/

    Fix: write COPY.
    """
    for entry, step, instruction in of_instructions(build, "ADD"):
        read = read_copy(instruction)
        scope = step.before.variables.scope
        sources = [expand(source, scope, escape=build.dockerfile.escape).value for source in read.sources]
        if not instruction.words or any(
            source is UNKNOWN or source.startswith(_REMOTE) or source.endswith(_UNPACKED)
            for source in sources
        ):
            continue
        special = read.checksum or read.keep_git_dir or read.unpack is not None
        yield Match.on(
            entry,
            step,
            "ADD does what COPY does here: write COPY",
            fix=None if special else _with_keyword(step, "COPY"),
        )


def _with_keyword(step: Step, keyword: str) -> Fix | None:
    instruction = step.instruction
    line = instruction.span.first
    text = instruction.raw.split("\n", 1)[0].rstrip("\r")
    before, _, after = text.partition(instruction.keyword)
    if before.strip():
        return None  # behind ONBUILD
    written = keyword.lower() if instruction.keyword.islower() else keyword
    return Fix(safe=True, edits=(Edit(line, line, f"{before}{written}{after}"),))


@rule(
    "MS223", "variable-of-the-same-line", Severity.WARNING, aliases=("DL3044",), confidence=Confidence.LIKELY
)
def variable_of_the_same_line(build: Build) -> Iterator[Match]:
    """ENV that uses a variable which the same ENV sets.

    All values of a line see the variables from before it. Where it is known that the variable has no value
    there, rule undefined-variable says so; here the base image is not known.

    Bad, found on line 2:
        FROM registry.example.com/team/base:1
        ENV APP_HOME=/srv/app PATH=$APP_HOME/bin:$PATH

    Good:
        FROM registry.example.com/team/base:1
        ENV APP_HOME=/srv/app
        ENV PATH=$APP_HOME/bin:$PATH

    Fix: write two ENV instructions.
    """
    for entry, step, instruction in of_instructions(build, "ENV"):
        variables = step.before.variables
        names = {pair.name for pair in instruction.pairs}
        if len(names) < _TWO or "$" not in instruction.text:
            continue
        for pair in instruction.pairs:
            # In an empty scope every name that a value uses is unset.
            used = expand(pair.value or "", Scope(), escape=build.dockerfile.escape)
            for name in sorted((used.unset | used.defaulted) & (names - {pair.name})):
                if variables.open and variables.known(name) is None and not variables.is_declared(name):
                    message = (
                        f"{pair.name} sees no {name} of this line, only one from before it: write two ENV"
                    )
                    yield Match.on(entry, step, message, word=f"{pair.name}=")


_TWO = 2


@rule("MS224", "relative-copy-destination", Severity.INFO, aliases=("DL3045",))
def relative_copy_destination(build: Build) -> Iterator[Match]:
    """COPY to a relative path where no WORKDIR is set.

    It lands in the base image's working directory, which another build of that image may change; mostly that
    is the root folder. It is a warning where that folder is not known.

    Bad, found on line 2:
        FROM alpine:3.22
        COPY settings.toml etc/

    Good:
        FROM alpine:3.22
        WORKDIR /srv
        COPY settings.toml etc/

    Good:
        FROM alpine:3.22 AS base
        WORKDIR /srv
        FROM base
        COPY settings.toml .

    Fix: write WORKDIR above, or the whole path.
    """
    for entry, step, instruction in of_instructions(build, "COPY"):
        folder = step.before.working_directory
        if folder.line is not None or not instruction.words:
            continue
        written = read_copy(instruction).destination
        value = expand(written, step.before.variables.scope, escape=build.dockerfile.escape).value
        if value is UNKNOWN or value.startswith("/") or (step.before.windows and value[1:2] in {":", "\\"}):
            continue
        where = "the base image's working directory" if folder.value is UNKNOWN else folder.value
        message = f"{written} starts from {where}: write WORKDIR above, or the whole path"
        severity = Severity.WARNING if folder.value is UNKNOWN else None
        yield Match.on(entry, step, message, severity=severity)


@rule(
    "MS225",
    "several-sources-to-one-path",
    Severity.WARNING,
    aliases=("DL3021",),
    confidence=Confidence.LIKELY,
)
def several_sources_to_one_path(build: Build) -> Iterator[Match]:
    """COPY of several files to a path without a slash at its end.

    BuildKit takes the path for the name of each of them, where no folder of that name is there: the last file
    stays and the others are lost, without a word. Older builders refuse it.

    Bad, found on line 2:
        FROM alpine:3.22
        COPY settings.toml rules.toml /etc/app

    Good:
        FROM alpine:3.22
        COPY settings.toml rules.toml /etc/app/

    Good:
        FROM alpine:3.22
        WORKDIR /etc/app
        COPY settings.toml rules.toml .

    Fix: write a slash at the end of the path.
    """
    for entry, step, instruction in of_instructions(build, "COPY", "ADD"):
        read = read_copy(instruction)
        copied = step.copied
        several = len(read.sources) + len(read.heredocs) > 1
        if not several or copied is None or copied.destination is UNKNOWN or copied.destination.endswith("/"):
            continue
        place = step.before.files.entry(copied.destination)
        # Of folders, it is their content that is copied, and archives are unpacked.
        folders = all("." not in posixpath.basename(source) for source in read.sources) or (
            instruction.name == "ADD" and any(source.endswith(_UNPACKED) for source in read.sources)
        )
        if place.exists is Claim.YES and place.kind is not Kind.FILE:
            continue
        if place.exists is not Claim.NO and read.destination.rstrip("/").endswith("."):
            continue
        message = (
            f"each source is written to {read.destination}, the last one stays: write {read.destination}/"
        )
        yield Match.on(entry, step, message, severity=Severity.INFO if folders else None)


@rule("MS720", "consecutive-runs", Severity.STYLE, aliases=("DL3059",))
def consecutive_runs(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN of one command right after another RUN, in a stage that ships.

    Each RUN is a layer, and what a later one deletes stays in the earlier one's. Two RUNs are cached apart,
    though: where the second one changes more often, that is worth a layer. RUNs of several commands, scripts in
    here-documents, and mounts or networks that differ are left alone.

    Bad, found on line 3:
        FROM debian:12-slim
        RUN useradd app
        RUN mkdir /srv/app

    Good:
        FROM debian:12-slim
        RUN useradd app && mkdir /srv/app

    Good:
        FROM debian:12-slim AS build
        RUN useradd app
        RUN mkdir /srv/app
        FROM debian:12-slim
        COPY --from=build /srv/app /srv/app

    Fix: join them with &&, or leave them where caching is worth it.
    """
    by_step = {id(run.step.instruction): run for run in runs_of(build)}
    for entry in build.stages:
        if not asked.ships(entry):
            continue
        before: Run | None = None
        for step, trigger in written_steps(build, entry):
            run = None if trigger else by_step.get(id(step.instruction))
            if before is not None and run is not None and _joins(before, run):
                message = f"the RUN on line {before.line} could do this, too, in one layer: join them with &&"
                yield Match.on(entry, step, message, related=(Related(before.line, "the RUN before it"),))
            before = run


def _joins(before: Run, run: Run) -> bool:
    first, second = before.step.instruction, run.step.instruction
    flags = [{flag.text for flag in instruction.flags} for instruction in (first, second)]
    plain = not (first.heredocs or second.heredocs)
    return flags[0] == flags[1] and plain and len(before.commands) <= 1 and len(run.commands) <= 1


@rule("MS721", "archive-unpacked-later", Severity.INFO, aliases=("DL3010",), confidence=Confidence.LIKELY)
def archive_unpacked_later(build: Build, asked: Asked) -> Iterator[Match]:
    """Archive that is copied and then unpacked, in a stage that ships.

    The archive stays in the layer of COPY, even where the RUN deletes it. ADD unpacks an archive of the build
    context (tar, alone or with gzip, bzip2, xz or zstd) and leaves nothing behind.

    Bad, found on line 2:
        FROM debian:12-slim
        COPY app.tar.gz /tmp/
        RUN tar -xzf /tmp/app.tar.gz -C /srv && rm /tmp/app.tar.gz

    Good:
        FROM debian:12-slim
        ADD app.tar.gz /srv/

    Good:
        FROM debian:12-slim
        RUN --mount=type=bind,source=app.tar.gz,target=/tmp/app.tar.gz tar -xzf /tmp/app.tar.gz -C /srv

    Fix: write ADD, or mount the archive into the RUN.
    """
    runs = {id(run.step.instruction): run for run in runs_of(build)}
    for entry in build.stages:
        if not asked.ships(entry):
            continue
        copied: dict[str, Step] = {}
        for step, _ in written_steps(build, entry):
            if step.instruction.name == "COPY" and read_copy(step.instruction).from_ is None:
                copied.update(dict.fromkeys(_archives(step), step))
            run = runs.get(id(step.instruction)) if copied else None
            if run is not None:
                yield from _unpacked(entry, run, copied)


def _archives(step: Step) -> Iterator[str]:
    """Names under which the archives of a COPY lie in the image."""
    copied = step.copied
    if copied is None:
        return
    for source in copied.sources:
        if source is not UNKNOWN and source.endswith(_UNPACKED) and ".t" in source:
            yield posixpath.basename(source)
            if copied.destination is not UNKNOWN and copied.destination.endswith(_UNPACKED):
                yield posixpath.basename(copied.destination)


def _unpacked(entry: EvaluatedStage, run: Run, copied: dict[str, Step]) -> Iterator[Match]:
    for command in run.commands:
        if command.name not in {"tar", "bsdtar"} or not command.known:
            continue
        first, *rest = command.known
        extracts = (
            ("x" in first and not first.startswith("--"))
            or not {"--extract", "--get", "-x"}.isdisjoint(command.known)
            or any(word.startswith("-") and not word.startswith("--") and "x" in word for word in rest)
        )
        for word in command.known if extracts else ():
            name = posixpath.basename(word)
            step = copied.pop(name, None)
            if step is not None:
                line = command.position.line
                message = f"{name} stays in this layer after line {line} has unpacked it: write ADD, or mount it there"
                yield Match.on(entry, step, message, related=(Related(line, "unpacked here"),), word=name)


@rule("MS722", "whole-root-copied", Severity.WARNING, aliases=("DL3067",))
def whole_root_copied(build: Build) -> Iterator[Match]:
    """All of another stage copied over the root folder.

    The tools, caches and sources that the other stage is there to keep away come along, and files of another
    base image mix with those of this one. Into scratch it makes one layer of many, which may be what is wanted.

    Bad, found on line 3:
        FROM golang:1.25 AS build
        FROM debian:12-slim
        COPY --from=build / /

    Good:
        FROM golang:1.25 AS build
        FROM debian:12-slim
        COPY --from=build /go/bin/app /usr/local/bin/

    Fix: copy what the program needs, path by path.
    """
    from multistage_cli.build.stages import BaseKind

    for entry, step, _ in of_instructions(build, "COPY"):
        copied = step.copied
        if copied is None or copied.source is None or copied.destination is UNKNOWN:
            continue
        whole = any(
            source is not UNKNOWN and posixpath.normpath(f"/{source}") in {"/", "//"}
            for source in copied.sources
        )
        if whole and posixpath.normpath(copied.destination) in {"/", "//"}:
            empty = entry.stage.base.kind is BaseKind.SCRATCH
            message = (
                f"all of {copied.source.reference} comes along, its tools and caches, too: copy path by path"
            )
            yield Match.on(entry, step, message, severity=Severity.INFO if empty else None)
