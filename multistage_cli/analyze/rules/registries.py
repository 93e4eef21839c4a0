"""Images by name: tags, registries, and names that lead nowhere."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import BaseKind, EdgeKind, SourceKind
from multistage_cli.errors import did_you_mean
from multistage_cli.facts.images import resolve
from multistage_cli.facts.references import InvalidReference, Reference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Instruction


class _Named(Struct, frozen=True):
    """An image that the file names: where, and whether a build argument may name another."""

    reference: Reference
    written: str
    instruction: Instruction
    base: bool
    chosen: bool

    def match(self, message: str, **others: Any) -> Match:
        first = self.instruction.raw.split("\n", 1)[0]
        column = first.find(self.written) + 1
        return Match(self.instruction.span, message, column or None, **others)


def _images(build: Build) -> Iterator[_Named]:
    """Every image of FROM, COPY --from and mounts, each place once."""
    for stage in build.graph.stages:
        base = stage.base
        if base.kind is BaseKind.IMAGE and base.reference is not UNKNOWN and not stage.replaced:
            found = _read(base.reference)
            if found is not None:
                yield _Named(found, base.written, stage.head, base=True, chosen="$" in base.written)
    seen: set[tuple[int, str]] = set()
    for edge in build.graph.edges:
        place = (edge.line, edge.source.reference)
        if edge.kind is EdgeKind.BASE or edge.source.kind is not SourceKind.IMAGE or place in seen:
            continue
        seen.add(place)
        found = _read(edge.source.reference)
        if found is not None:
            yield _Named(found, edge.source.reference, edge.instruction, base=False, chosen=False)


def _read(text: str) -> Reference | None:
    try:
        return parse_reference(text)
    except InvalidReference:
        return None


def _is_bare(named: _Named) -> bool:
    return not named.base and not set(named.written) & set(":@/.")


def _is_known(named: _Named) -> bool:
    return resolve(named.written).image is not None


@rule("MS220", "unknown-copy-source", Severity.WARNING, aliases=("DL3022",), confidence=Confidence.LIKELY)
def unknown_copy_source(build: Build) -> Iterator[Match]:
    """COPY --from or a mount from a name that is neither a stage nor a known image.

    Docker then takes it for an image of Docker Hub, and the build ends with "pull access denied". A named
    context of that name (`--build-context`) is fine, and so is an image with a tag, a digest or a registry.

    Bad, found on line 3:
        FROM golang:1.25 AS builder
        FROM alpine:3.22
        COPY --from=bulider /go/bin/app /usr/local/bin/

    Good:
        FROM golang:1.25 AS builder
        FROM alpine:3.22
        COPY --from=Builder /go/bin/app /usr/local/bin/

    Good:
        FROM alpine:3.22
        COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /bin/

    Fix: mend the name, or write the image with its tag.
    """
    names = [stage.name for stage in build.graph.stages if stage.name]
    for named in _images(build):
        if _is_bare(named) and not _is_known(named):
            near = did_you_mean(named.written.lower(), names)
            otherwise = "; write an image with its tag, or give a context of that name with --build-context"
            message = f'no stage is called "{named.written}"{near or otherwise}'
            yield named.match(message, severity=Severity.ERROR if near else None)


@rule("MS221", "untagged-image", Severity.WARNING, aliases=("DL3006", "DL3022"))
def untagged_image(build: Build) -> Iterator[Match]:
    """Image without a tag or a digest.

    Docker takes `latest`, which is another image tomorrow: a new major version breaks the build on a day when
    nobody has changed anything.

    Bad, found on line 1:
        FROM debian

    Bad, found on line 2:
        FROM alpine:3.22
        COPY --from=nginx /etc/nginx/nginx.conf /etc/nginx/

    Good:
        FROM debian:12-slim

    Good:
        ARG BASE=debian:12-slim
        FROM $BASE

    Good:
        FROM debian:12-slim AS base
        FROM base

    Fix: write the tag, with a version in it.
    """
    for named in _images(build):
        if named.reference.tag is None and named.reference.digest is None:
            if _is_bare(named) and not _is_known(named):
                continue  # see MS220
            aliases = ("DL3006",) if named.base else ("DL3022",) if "/" not in named.written else ()
            name = named.reference.repository
            message = f"{name} without a tag is another image tomorrow: write {name}:VERSION"
            yield named.match(message, aliases=aliases, severity=Severity.INFO if named.chosen else None)


@rule("MS222", "latest-tag", Severity.WARNING, aliases=("DL3007",))
def latest_tag(build: Build) -> Iterator[Match]:
    """Image with the tag `latest`.

    It is another image tomorrow: a new major version breaks the build on a day when nobody has changed anything.

    Bad, found on line 1:
        FROM debian:latest

    Good:
        FROM debian:12-slim

    Fix: write a tag with a version in it.
    """
    for named in _images(build):
        if named.reference.tag == "latest" and named.reference.digest is None:
            name = named.reference.repository
            message = f"{name}:latest is another image tomorrow: write {name}:VERSION"
            aliases = None if named.base else ()
            yield named.match(message, aliases=aliases, severity=Severity.INFO if named.chosen else None)


@rule("MS630", "untrusted-registry", Severity.ERROR, aliases=("DL3026",))
def untrusted_registry(build: Build, asked: Asked) -> Iterator[Match]:
    """Image from a registry that the configuration does not trust.

    Silent unless `trusted-registries` is set. `*` stands for any text; a path may follow the host.

    Bad, found on lines 1 and 2:
        FROM quay.io/example/app:1
        COPY --from=registry.example.org/tools:1 /tool /bin/
        ==> multistage.toml <==
        trusted-registries = ["docker.io", "*.example.com"]

    Good:
        FROM debian:12-slim
        COPY --from=registry.example.com/tools:1 /tool /bin/
        ==> multistage.toml <==
        trusted-registries = ["docker.io", "*.example.com"]

    Fix: take the image from a registry that is trusted, or add the registry to the configuration.
    """
    trusted = asked.settings.trusted_registries
    if not trusted:
        return
    for named in _images(build):
        if not any(_is_from(named.reference, pattern) for pattern in trusted):
            message = (
                f"{named.reference.domain} is not among the trusted registries: take a mirror, or trust it"
            )
            yield named.match(message)


_HUB = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})


def _is_from(reference: Reference, pattern: str) -> bool:
    if pattern in _HUB and reference.domain in _HUB:
        return True
    if "/" in pattern:
        whole = f"{reference.domain}/{reference.path}"
        return fnmatchcase(whole, pattern) or fnmatchcase(whole, f"{pattern.rstrip('/')}/*")
    return fnmatchcase(reference.domain, pattern)
