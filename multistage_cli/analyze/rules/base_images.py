"""What FROM names: the base image's name and its platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_from
from multistage_cli.build.stages import BaseKind
from multistage_cli.build.variables import expand, global_scope, predefined
from multistage_cli.build.variables.platforms import parse_platform
from multistage_cli.errors import MultistageError
from multistage_cli.facts.references import InvalidReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.build.stages import Stage
    from multistage_cli.build.variables import Expansion, Scope


@rule("MS207", "no-base-without-arguments", Severity.INFO, aliases=("InvalidDefaultArgInFrom",))
def no_base_without_arguments(build: Build) -> Iterator[Match]:
    """FROM that names no valid image unless a build argument is given.

    Whoever builds it without that argument gets an error about an empty or malformed name.

    Bad, found on line 2:
        ARG VERSION
        FROM alpine:$VERSION

    Good:
        ARG VERSION=3.22
        FROM alpine:$VERSION

    Good:
        ARG VERSION
        FROM alpine:${VERSION:-3.22}

    Fix: give the ARG a default that works.
    """
    scope = _without_build_arguments(build)
    if scope is None:
        return
    for stage in build.graph.stages:
        written = read_from(stage.head).base
        expansion = expand(written, scope, escape=build.dockerfile.escape)
        if expansion.error is not None:
            return  # BuildKit gives up here too
        if expansion.value is UNKNOWN:
            continue
        try:
            parse_reference(expansion.value)
        except InvalidReference:
            shown = f'"{expansion.value}"' if expansion.value else "nothing"
            message = (
                f"without build arguments {written} is {shown}, which is no image: give its ARG a default"
            )
            if "$" not in written:
                message = f"{written} is no valid name of an image: write it in small letters, as NAME:TAG"
            yield Match(stage.head.span, message)


def _without_build_arguments(build: Build) -> Scope | None:
    """What FROM lines would see if no build argument were given; None where an ARG is refused."""
    scope = build.graph.global_scope
    if build.build_args:
        last = build.graph.stages[-1] if build.graph.stages else None
        scope = global_scope(
            # One instruction may declare several names.
            {id(entry.instruction): entry.instruction for entry in scope.arguments}.values(),
            {},
            predefined(target_platform=build.platform, target_stage=(last and last.name) or ""),
            escape=build.dockerfile.escape,
            limit=build.graph.global_scope.scope.limit,
        )
    return None if scope.errors else scope.scope


@rule("MS208", "constant-platform", Severity.WARNING, aliases=("FromPlatformFlagConstDisallowed", "DL3029"))
def constant_platform(build: Build) -> Iterator[Match]:
    """Platform of FROM that is written out.

    The stage then has that platform whatever `docker build --platform` asks for, so an image for another one
    holds files that do not run there. A stage whose name tells the platform is exempt.

    Bad, found on line 1:
        FROM --platform=linux/amd64 alpine:3.22

    Good:
        FROM --platform=$BUILDPLATFORM golang:1.25 AS build
        FROM alpine:3.22

    Good:
        FROM --platform=linux/arm64 alpine:3.22 AS tools-arm64

    Fix: leave the flag out, write $BUILDPLATFORM for a stage that compiles, or name the stage after it.
    """
    for stage, written, expansion in _platforms(build):
        if expansion.used or expansion.unset or expansion.defaulted or expansion.value is UNKNOWN:
            continue
        try:
            platform = parse_platform(expansion.value)
        except MultistageError:
            continue
        name = stage.name or ""
        if platform.system not in name and platform.architecture not in name:
            message = f"--platform={written} holds for every build: leave it out, or write $BUILDPLATFORM"
            yield Match(stage.head.span, message, _column(stage, "--platform"))


@rule("MS209", "redundant-target-platform", Severity.STYLE, aliases=("RedundantTargetPlatform", "DL3065"))
def redundant_target_platform(build: Build) -> Iterator[Match]:
    """Platform of FROM that is the default.

    Bad, found on line 1:
        FROM --platform=$TARGETPLATFORM alpine:3.22

    Good:
        FROM alpine:3.22

    Fix: leave the flag out.
    """
    target = build.graph.global_scope.scope.values.get("TARGETPLATFORM")
    for stage, written, expansion in _platforms(build):
        alone = expansion.used == {"TARGETPLATFORM"} and not expansion.unset and not expansion.defaulted
        if alone and expansion.value is not UNKNOWN and expansion.value == target:
            message = f"--platform={written} is the default: leave it out"
            first = stage.head.raw.split("\n", 1)[0].rstrip("\r")
            flag = next(flag.text for flag in stage.head.flags if flag.name == "platform")
            fix = None
            if f"{flag} " in first:
                line = stage.head.span.first
                fix = Fix(safe=True, edits=(Edit(line, line, first.replace(f"{flag} ", "", 1)),))
            yield Match(stage.head.span, message, _column(stage, "--platform"), fix=fix)


def _platforms(build: Build) -> Iterator[tuple[Stage, str, Expansion]]:
    for stage in build.graph.stages:
        written = read_from(stage.head).platform
        if written:
            scope = build.graph.global_scope.scope
            yield stage, written, expand(written, scope, escape=build.dockerfile.escape)


def _column(stage: Stage, text: str) -> int | None:
    return stage.head.raw.split("\n", 1)[0].find(text) + 1 or None


_ONE_PLATFORM = {
    "amd64": "amd64",
    "arm32v5": "arm",
    "arm32v6": "arm",
    "arm32v7": "arm",
    "arm64v8": "arm64",
    "i386": "386",
    "mips64le": "mips64le",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
"""Namespaces of Docker Hub whose images are for one architecture alone: docker-library/official-images,
README.md, "Architectures other than amd64?"."""


@rule("MS210", "base-for-another-platform", Severity.WARNING, aliases=("InvalidBaseImagePlatform",))
def base_for_another_platform(build: Build) -> Iterator[Match]:
    """Base image that is made for another platform than the build's.

    Docker takes it with a warning, and its programs end with "exec format error" unless the machine emulates
    that processor.

    Bad, found on line 1:
        FROM arm64v8/alpine:3.22
        RUN apk add --no-cache curl

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache curl

    Good:
        FROM --platform=linux/arm64 arm64v8/alpine:3.22 AS tools-arm64

    Fix: take the image without the platform in its name, or build with the --platform that it is for.
    """
    for entry in build.stages:
        stage = entry.stage
        reference = entry.lookup.reference if entry.lookup else None
        if stage.base.kind is not BaseKind.IMAGE or reference is None:
            continue
        namespace = reference.path.partition("/")[0]
        # On a mirror too, where the name cannot mean anything else.
        if reference.domain != "docker.io" and not namespace.startswith("arm"):
            continue
        architecture = _ONE_PLATFORM.get(namespace)
        wanted = build.platform if stage.platform is None else stage.platform
        if architecture is None or wanted is UNKNOWN:
            continue
        try:
            platform = parse_platform(wanted)
        except MultistageError:
            continue
        if platform.architecture != architecture or platform.system != "linux":
            message = (
                f"{stage.base.label} is for linux/{architecture} and the build for {platform}: take the image"
                f" without {namespace}/ in its name"
            )
            yield Match(stage.head.span, message)
