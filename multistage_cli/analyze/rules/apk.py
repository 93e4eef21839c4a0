"""apk: versions, and the package index that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import with_word
from multistage_cli.analyze.findings import Fix, Severity
from multistage_cli.analyze.installing import kept, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS410", "unpinned-apk-package", Severity.INFO, aliases=("DL3018",))
def unpinned_apk_package(build: Build, asked: Asked) -> Iterator[Match]:
    """Alpine package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow. Alpine deletes old versions from its branches, so an
    exact version breaks the build when a fix comes: `NAME~VERSION` takes any release of that version.

    Bad, found on line 2:
        FROM alpine:3.22
        RUN apk add --no-cache curl

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache curl~8.14

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache --virtual .build gcc musl-dev && gcc --version && apk del .build

    Good:
        FROM alpine:3.22 AS build
        RUN apk add --no-cache gcc
        FROM scratch
        COPY --from=build /usr/bin/gcc /

    Fix: write NAME~VERSION, or ignore this rule.
    """
    yield from unpinned(
        build,
        asked,
        "apk",
        lambda name: bool(set(name) & set("=~<>@")) or name.endswith(".apk") or name.startswith("."),
        "NAME~VERSION",
    )


@rule("MS411", "apk-index-kept", Severity.INFO, aliases=("DL3019",))
def apk_index_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """`apk add` that leaves the package index in a layer that ships.

    Bad, found on line 2:
        FROM alpine:3.22
        RUN apk add curl~8.14

    Good:
        FROM alpine:3.22
        RUN apk add --no-cache curl~8.14

    Good:
        FROM alpine:3.22
        RUN --mount=type=cache,target=/var/cache/apk apk add curl~8.14

    Good:
        FROM alpine:3.22
        RUN apk add --update curl~8.14 && rm -rf /var/cache/apk/*

    Fix: write apk add --no-cache.
    """
    for run, change, command in kept(build, asked, "apk", Installation, "/var/cache/apk", "/etc/apk/cache"):
        edits = with_word(build, command, command.action, added="--no-cache") if command else ()
        message = "apk's package index stays in this layer: write apk add --no-cache"
        yield run.match(command or change.line, message, fix=Fix(safe=True, edits=edits) if edits else None)
