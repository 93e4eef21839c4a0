"""Rules about scripts: what the shell hears, and what makes sense."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.rules.shell import (
    cd_instead_of_workdir,
    pipe_without_pipefail,
    pointless_command,
    relinked_shell,
)
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


@pytest.mark.parametrize(
    ("run", "severity"),
    [
        ("RUN curl a | tar -x", Severity.WARNING),
        ("RUN cat a | sort | curl -T - b", None),
        ("RUN sort a | curl b | tee c", Severity.WARNING),
        ("RUN <<EOF\ncurl a | sh\nEOF", Severity.WARNING),
        ("RUN <<EOF bash -o pipefail\ncurl a | sh\nEOF", "silent"),
        ("RUN <<EOF\n#!/bin/bash -o pipefail\ncurl a | sh\nEOF", "silent"),
        ("RUN bash -o pipefail -c 'curl a | sh'", "silent"),
        ("RUN bash -c 'curl a | sh'", Severity.WARNING),
        ('RUN ["bash", "-c", "curl a | sh"]', Severity.WARNING),
        ("RUN printf a | sh", "silent"),
        ("RUN curl a | sh; true", "silent"),
        ("RUN set -e; curl a | sh; true", Severity.WARNING),
        ("RUN ! curl a | grep b", "silent"),
        ("RUN while curl a | grep b; do sleep 1; done", "silent"),
        ("RUN curl a || wget b | sh", "silent"),
    ],
)
def test_pipes(run: str, severity: Severity | str | None) -> None:
    found = [
        match.severity
        for match in pipe_without_pipefail.check(evaluate(parse(f"FROM debian:12-slim\n{run}\n")))
    ]
    assert found == ([] if severity == "silent" else [severity])


def test_the_shell_named_is_one_that_the_image_has() -> None:
    [match] = pipe_without_pipefail.check(evaluate(parse("FROM alpine:3.22\nRUN wget -qO- a | sh\n")))
    assert "/bin/ash" in match.message


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        ("RUN cd /srv && make && cd - && make", []),
        ("RUN cd /srv && make && cd /opt && make", []),
        ("RUN make -C /srv; cd /srv", []),
        ("RUN cd .. && make", []),
        ("RUN cd ~ && make", []),
        ("RUN cd && make", []),
        ('RUN cd "$(mktemp -d)" && make', []),
        ("RUN cd $FOLDER && make", []),
        ("RUN bash -c 'cd /srv && make'", []),
        ('RUN ["cd", "/srv"]', []),
        ("RUN cd srv && make", [2]),
        ("RUN <<EOF\ncd /srv\nmake\nEOF", [3]),
    ],
)
def test_cd(run: str, lines: list[int]) -> None:
    found = cd_instead_of_workdir.check(evaluate(parse(f"FROM debian:12-slim\n{run}\n")))
    assert [match.span.first for match in found] == lines


@pytest.mark.parametrize(
    ("run", "pointless"),
    [
        ("service a start && service b start", True),
        ("service a start && sleep 5", True),
        ("service a start && b", False),
        ("kill 1", True),
        ("a & kill $!", False),
        ("--security=insecure mount a /b", False),
        ("mount a /b", True),
        ("ssh -V", False),
        ("apt-get install -y vim", False),
        ("command -v ps", False),
    ],
)
def test_pointless(run: str, *, pointless: bool) -> None:
    assert (
        bool(list(pointless_command.check(evaluate(parse(f"FROM debian:12-slim\nRUN {run}\n"))))) is pointless
    )


@pytest.mark.parametrize(
    ("run", "relinked"),
    [
        ("ln -sf bash /bin/sh", True),
        ("rm /bin/sh && ln -s /bin/bash /bin/sh", True),
        ("cd /bin && ln -sf bash sh", True),
        ("ln -s /bin/sh /usr/local/bin/app-shell", False),
    ],
)
def test_relinked(run: str, *, relinked: bool) -> None:
    assert bool(list(relinked_shell.check(evaluate(parse(f"FROM debian:12-slim\nRUN {run}\n"))))) is relinked
