"""Stages and their settings: names, what nobody needs, what is set twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, asked_of, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step


@rule("MS201", "duplicate-stage-name", Severity.WARNING, aliases=("DuplicateStageName", "DL3024"))
def duplicate_stage_name(build: Build) -> Iterator[Match]:
    """Two stages with one name.

    From here on the name means this stage; the earlier one is reached by its index alone.

    Bad, found on line 2:
        FROM golang:1.25 AS build
        FROM alpine:3.22 AS build

    Good:
        FROM golang:1.25 AS build
        FROM alpine:3.22 AS app

    Fix: give one of them another name.
    """
    seen: dict[str, int] = {}
    for stage in build.graph.stages:
        if stage.name is None:
            continue
        if stage.name in seen:
            message = (
                f'the name "{stage.name}" is taken by the stage on line {seen[stage.name]}: choose another'
            )
            yield Match(
                stage.head.span, message, related=(Related(seen[stage.name], "the first of that name"),)
            )
        seen[stage.name] = stage.head.span.first


@rule("MS202", "reserved-stage-name", Severity.WARNING, aliases=("ReservedStageName", "DL3063"))
def reserved_stage_name(build: Build) -> Iterator[Match]:
    """Stage with a name that Docker uses itself.

    `scratch` is the empty image and `context` the build context: who reads `FROM scratch` below such a stage
    does not expect that it is meant.

    Bad, found on line 1:
        FROM alpine:3.22 AS scratch

    Good:
        FROM alpine:3.22 AS tools

    Fix: choose another name.
    """
    for stage in build.graph.stages:
        if stage.name in {"scratch", "context"}:
            yield Match(
                stage.head.span, f'the name "{stage.name}" is reserved: choose another for this stage'
            )


@rule(
    "MS203",
    "overwritten-instruction",
    Severity.WARNING,
    aliases=("MultipleInstructionsDisallowed", "DL4003", "DL4004", "DL3012"),
)
def overwritten_instruction(build: Build) -> Iterator[Match]:
    """CMD, ENTRYPOINT or HEALTHCHECK that a later one of the same stage replaces.

    An image has one of each; only the last in a stage counts.

    Bad, found on line 2:
        FROM alpine:3.22
        CMD ["sleep", "60"]
        CMD ["sleep", "inf"]

    Good:
        FROM alpine:3.22 AS base
        CMD ["sleep", "60"]
        FROM base
        CMD ["sleep", "inf"]

    Fix: delete the earlier one.
    """
    for entry in build.stages:
        last: dict[str, Step] = {}
        for step in entry.steps:
            name = step.instruction.name
            if name not in _HADOLINT:
                continue
            if name in last:
                message = f"{name} on line {step.line} replaces this one: delete it here"
                related = (Related(step.line, f"this {name} counts"),)
                aliases = ("MultipleInstructionsDisallowed", _HADOLINT[name])
                yield Match.on(entry, last[name], message, related=related, aliases=aliases)
            last[name] = step


_HADOLINT = {"CMD": "DL4003", "ENTRYPOINT": "DL4004", "HEALTHCHECK": "DL3012"}


@rule("MS204", "unreachable-stage", Severity.WARNING, confidence=Confidence.CERTAIN)
def unreachable_stage(build: Build, asked: Asked) -> Iterator[Match]:
    """Stage that nothing builds.

    BuildKit skips a stage that its target does not need, so its RUN lines are never tried and rot unnoticed.
    A named stage that no other one needs counts as a target of its own, unless the configuration lists the
    targets, or a Bake or Compose file beside the Dockerfile does (info then); a stage without a name hardly anybody
    can build.

    Bad, found on line 1:
        FROM golang:1.25
        FROM alpine:3.22 AS app

    Bad, found on line 4:
        FROM alpine:3.22 AS base
        FROM base AS test
        RUN ["test", "-e", "/bin/sh"]
        FROM base AS old
        FROM base AS app
        ==> multistage.toml <==
        targets = ["app", "test"]

    Good:
        FROM alpine:3.22 AS base
        FROM base AS test
        FROM base AS app

    Good:
        FROM alpine:3.22 AS tools
        FROM alpine:3.22 AS app
        COPY --from=tools /bin/busybox /bin/

    Fix: copy from the stage, build it as a target of its own, or delete it.
    """
    # `--target` names one of several for this run: the others are no dead code for that.
    settings = asked.settings
    needed = asked.needed if settings.targets else asked_of(build).needed
    for stage in build.graph.stages:
        if stage.index not in needed:
            listed = settings.targets_from or ("the configuration" if settings.targets else "")
            where = f"no target that {listed} lists" if listed else "no target"
            message = f"{where} needs {stage.title}, so nothing builds it: copy from it or delete it"
            # Somebody may build it all the same, where only a Bake or Compose file says otherwise.
            yield Match(stage.head.span, message, severity=Severity.INFO if settings.targets_from else None)
