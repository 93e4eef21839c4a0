"""Rules about the names of images: tags, stages, contexts, registries."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.engine import Severity, analyze_build
from multistage_cli.analyze.rule import Match, Rule, asked_of
from multistage_cli.analyze.rules.registries import (
    latest_tag,
    unknown_copy_source,
    untagged_image,
    untrusted_registry,
)
from multistage_cli.analyze.settings import Settings
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

DIGEST = f"sha256:{'0' * 64}"


def found(rule: Rule, text: str, **options: object) -> list[Match]:
    return list(rule.check(evaluate(parse(text), **options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "severity"),
    [
        ("FROM debian", Severity.WARNING),
        ("FROM registry.example.com:5000/team/app", Severity.WARNING),
        ("FROM debian:12", None),
        (f"FROM debian@{DIGEST}", None),
        ("FROM scratch", None),
        ("ARG BASE\nFROM ${BASE:-debian:12}", None),
        ("ARG BASE=debian:12\nFROM $BASE", None),
        ("ARG BASE=debian\nFROM $BASE", Severity.INFO),
        ("ARG TAG\nFROM debian:${TAG:-12}", None),
        ("FROM debian:12 AS base\nFROM base", None),
        ("FROM debian:12 AS base\nFROM BASE", None),
    ],
)
def test_untagged(base: str, severity: Severity | None) -> None:
    matches = found(untagged_image, f"{base}\nRUN true\n")
    assert [match.severity or untagged_image.severity for match in matches] == (
        [severity] if severity else []
    )


def test_a_named_context_in_the_place_of_an_image_is_neither_untagged_nor_unknown() -> None:
    text = "FROM base\nCOPY --from=assets /a /a\nRUN --mount=type=bind,from=tools,target=/t true\n"
    contexts = {"base": "docker-image://debian:12", "assets": "../assets", "tools": "../tools"}
    for rule in (untagged_image, unknown_copy_source, latest_tag):
        assert found(rule, text, build_contexts=contexts) == []


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        ("builder", None),
        ("BUILDER", None),
        ("nginx", None),  # an image that is known
        ("team/app", None),
        ("app:1", None),
        (f"app@{DIGEST}", None),
        ("buidler", Severity.ERROR),
        ("elsewhere", Severity.WARNING),
    ],
)
def test_sources(source: str, severity: Severity | None) -> None:
    for instruction in (f"COPY --from={source} /a /a", f"RUN --mount=type=bind,from={source},target=/t true"):
        matches = found(unknown_copy_source, f"FROM golang:1.25 AS builder\nFROM debian:12\n{instruction}\n")
        severities = [match.severity or unknown_copy_source.severity for match in matches]
        assert severities == ([severity] if severity else [])
        assert all(match.span.first == 3 for match in matches)


def test_a_number_is_a_stage() -> None:
    assert found(unknown_copy_source, "FROM debian:12\nFROM debian:12\nCOPY --from=0 /a /a\n") == []


def test_a_name_that_is_near_is_suggested() -> None:
    [match] = found(
        unknown_copy_source, "FROM debian:12 AS builder\nFROM debian:12\nCOPY --from=buidler /a /a\n"
    )
    assert match.message == 'no stage is called "buidler"; did you mean "builder"?'
    assert match.column == 13


def test_one_image_is_found_once_in_a_trigger_that_fires_twice() -> None:
    text = "FROM debian:12 AS a\nONBUILD COPY --from=nowhere /a /a\nFROM a AS b\nFROM a AS c\n"
    assert [match.span.first for match in found(unknown_copy_source, text)] == [2]


def test_latest_by_name_and_by_default() -> None:
    text = "ARG TAG=latest\nFROM debian:$TAG\nCOPY --from=nginx:latest /a /a\n"
    assert [(match.span.first, match.severity) for match in found(latest_tag, text)] == [
        (2, Severity.INFO),
        (3, None),
    ]


@pytest.mark.parametrize(
    ("trusted", "image", "is_found"),
    [
        ("docker.io", "debian:12", False),
        ("docker.io", "team/app:1", False),
        ("hub.docker.com", "debian:12", False),
        ("docker.io", "quay.io/app:1", True),
        ("*.example.com", "registry.example.com/app:1", False),
        ("*.example.com", "registry.example.com.evil.example/app:1", True),
        ("ghcr.io/team", "ghcr.io/team/app:1", False),
        ("ghcr.io/team", "ghcr.io/teamwork/app:1", True),
        ("localhost:5000", "localhost:5000/app:1", False),
    ],
)
def test_trusted(trusted: str, image: str, *, is_found: bool) -> None:
    mounted = f"RUN --mount=type=bind,from={image},target=/t true\n"
    text = f"FROM {image} AS a\nFROM scratch\nCOPY --from={image} /a /a\n{mounted}"
    build = evaluate(parse(text))
    matches = untrusted_registry.check(build, asked_of(build, Settings(trusted_registries=(trusted,))))
    assert [match.span.first for match in matches] == ([1, 3, 4] if is_found else [])


def test_an_unknown_source_is_one_finding() -> None:
    build = evaluate(parse("FROM debian:12 AS builder\nFROM debian:12\nCOPY --from=buidler /a /a\n"))
    codes = [finding.code for finding in analyze_build(build).findings if finding.line == 3]
    assert codes == ["MS220"]
