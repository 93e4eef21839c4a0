"""What BuildKit refuses while it expands, with its line: only in stages that are built."""

from __future__ import annotations

import pytest

from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


def refused(text: str, **options: str) -> list[tuple[int, str]]:
    build = evaluate(parse(text), **options)  # type: ignore[arg-type]
    return [(problem.span.first, problem.message) for problem in build.problems]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ARG A=${NAME:?missing}", "ARG: NAME: missing"),
        ('ENV A="${NAME:?missing}"', "ENV: NAME: missing"),
        ("LABEL a=${NAME?}", "LABEL: NAME: must not be unset"),
        ("COPY ${NAME:?missing} /a/", "COPY: NAME: missing"),
        ("COPY a ${NAME:?missing}", "COPY: NAME: missing"),
        ("COPY --chown=${NAME:?missing} a b", "COPY: NAME: missing"),
        ("ADD ${NAME:?missing} /a/", "ADD: NAME: missing"),
        ("EXPOSE ${NAME:?missing}", "EXPOSE: NAME: missing"),
        ("WORKDIR ${NAME:?missing}", "WORKDIR: NAME: missing"),
        ("USER ${NAME:?missing}", "USER: NAME: missing"),
        ("VOLUME ${NAME:?missing}", "VOLUME: NAME: missing"),
        ("STOPSIGNAL ${NAME:?missing}", "STOPSIGNAL: NAME: missing"),
        ("RUN --mount=type=cache,target=${NAME:?missing} true", "RUN: NAME: missing"),
        ("COPY <<EOF /a\n${NAME:?missing}\nEOF", "COPY: NAME: missing"),
    ],
)
def test_each_instruction_that_expands(line: str, message: str) -> None:
    assert refused(f"FROM scratch\n{line}\n") == [(2, message)]


@pytest.mark.parametrize(
    "line", ["RUN echo ${NAME:?missing}", 'CMD ["${NAME:?missing}"]', "ENTRYPOINT ${NAME:?x}"]
)
def test_instructions_that_leave_expansion_to_the_shell(line: str) -> None:
    assert refused(f"FROM alpine:3.22\n{line}\n") == []


def test_global_arguments_and_bases() -> None:
    assert refused("ARG A=${B:?none}\nFROM scratch\n") == [(1, "ARG: B: none")]
    assert [line for line, _ in refused("FROM ${BASE:?missing}\n")] == [1]


def test_a_stage_that_is_not_built_refuses_nothing() -> None:
    text = "FROM scratch AS spare\nENV A=${B?}\nFROM scratch\n"
    assert refused(text) == []
    assert refused(text, target="spare") == [(2, "ENV: B: must not be unset")]


def test_a_value_that_nobody_knows_is_not_refused() -> None:
    assert refused("FROM example.com/unknown\nENV A=${B:?none}\n".replace("?none", "?x")) == []


@pytest.mark.parametrize("platform", ["nonsense/", "linux/amd64/v1/x/y", "li nux", "$WHAT"])
def test_platforms_that_are_none(platform: str) -> None:
    text = f"ARG WHAT=no/such/thing/at/all\nFROM --platform={platform.replace(' ', '_')} scratch\n"
    assert [line for line, _ in refused(text)] == [2]
    assert refused(text)[0][1].startswith("--platform: ")


@pytest.mark.parametrize("platform", ["linux/amd64", "$BUILDPLATFORM", "linux/arm/v7", "arm64", "linux"])
def test_platforms_that_docker_takes(platform: str) -> None:
    assert refused(f"FROM --platform={platform} scratch\n") == []
