"""apt's rules: where the package set, the layer or the answer is not what the words alone say."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.engine import Severity, analyze_build
from multistage_cli.analyze.rule import Rule
from multistage_cli.analyze.rules.apt import (
    apt_asks,
    apt_in_script,
    apt_lists_kept,
    recommended_packages,
    unpinned_apt_package,
)
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

INSTALL = "apt-get update && apt-get install -y --no-install-recommends"


def lines(rule: Rule, text: str) -> list[int]:
    return [match.span.first for match in rule.check(evaluate(parse(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM debian:12-slim\nRUN <<EOF\napt-get update\napt-get install -y curl\nEOF\n", [4]),
        ("FROM debian:12-slim\nRUN apt-get update \\\n  && apt-get install -y \\\n     curl\n", [3]),
        ('FROM debian:12-slim\nRUN ["apt-get", "install", "-y", "curl"]\n', [2]),
        ("FROM debian:12-slim\nRUN sh -c 'apt-get install -y curl'\n", [2]),
        ("FROM debian:12-slim\nRUN sudo -E env A=1 apt-get install -y curl\n", [2]),
        ("FROM debian:12-slim\nONBUILD RUN apt-get install -y curl\n", [2]),
        ("FROM debian:12-slim\nRUN apt-get install -y $PACKAGES\n", []),
        ("FROM debian:12-slim AS a\nRUN apt-get install -y curl\nFROM a\n", [2]),
        ("FROM debian:12-slim AS a\nONBUILD RUN apt-get install -y curl\nFROM a\n", [2]),
        ("FROM debian:12-slim AS a\nRUN apt-get install -y curl\nFROM scratch\nCOPY --from=a /x /\n", []),
    ],
)
def test_unpinned(text: str, expected: list[int]) -> None:
    assert lines(unpinned_apt_package, text) == expected


def test_column_is_that_of_the_command() -> None:
    build = evaluate(parse("FROM debian:12-slim\nRUN true && apt-get install -y curl\n"))
    [match] = unpinned_apt_package.check(build)
    assert (match.span.first, match.column) == (2, 13)


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        ("apt-get install curl", True),
        ("apt-get install -V curl", True),
        ("apt-get -qq install curl", False),
        ("apt-get -q -q install curl", False),
        ("apt-get -q=2 install curl", False),
        ("apt-get install -qy curl", False),
        ("apt-get install curl $OPTIONS", False),
        ("apt-get -o APT::Get::Assume-Yes=true install curl", False),
        ("apt-get install --download-only curl", False),
        ("apt-get install -s curl", False),
        ("echo y | apt-get install curl", False),
        ("apt-get update", False),
        ("apt-get remove curl", False),
    ],
)
def test_asks(command: str, *, asks: bool) -> None:
    assert bool(lines(apt_asks, f"FROM debian:12-slim\nRUN {command}\n")) is asks


def test_a_file_that_configures_apt_may_answer() -> None:
    text = "FROM debian:12-slim\nCOPY answers /etc/apt/apt.conf.d/\nRUN apt-get install curl\n"
    assert lines(apt_asks, text) == []


def test_a_build_that_surely_fails_is_an_error() -> None:
    build = evaluate(parse("FROM debian:bookworm-slim\nRUN apt-get update && apt-get install curl\n"))
    [match] = apt_asks.check(build)
    assert match.severity is Severity.ERROR
    assert match.fix is not None
    assert [edit.text for edit in match.fix.edits] == ["RUN apt-get update && apt-get install -y curl"]


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        (f"{INSTALL} a=1", True),
        (f"{INSTALL} a=1 && rm -rf /var/lib/apt/lists", False),
        (f"{INSTALL} a=1; rm -rf /var/lib/apt/lists/* || true", False),
        (f"{INSTALL} a=1 && apt-get distclean", False),
        (f"{INSTALL} a=1 && cleanup", False),
        (f"--mount=type=tmpfs,target=/var/lib/apt/lists {INSTALL} a=1", False),
        (f"--mount=type=cache,target=/var/lib/apt {INSTALL} a=1", False),
        (f"--mount=type=cache,target=/var/cache/apt {INSTALL} a=1", True),
    ],
)
def test_lists(run: str, *, kept: bool) -> None:
    assert bool(lines(apt_lists_kept, f"FROM debian:12-slim\nRUN {run}\n")) is kept


def test_recommended_packages_are_known_where_apt_is_not_configured() -> None:
    text = "FROM debian:12-slim\nRUN {}apt-get install -y git=1\n"
    assert lines(recommended_packages, text.format("")) == [2]
    configured = "echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/01 && "
    assert lines(recommended_packages, text.format(configured)) == []


def test_apt_is_only_renamed_where_the_other_has_the_command() -> None:
    build = evaluate(parse("FROM debian:12-slim\nRUN apt show curl && apt list && sudo apt update\n"))
    texts = [match.fix.edits[0].text if match.fix else None for match in apt_in_script.check(build)]
    assert texts == [
        "RUN apt-cache show curl && apt list && sudo apt update",
        None,
        "RUN apt show curl && apt list && sudo apt-get update",
    ]


def test_ignores_of_hadolint_are_heard() -> None:
    text = "FROM debian:12-slim\n# hadolint ignore=DL3008\nRUN true \\\n  && apt-get install -y curl\n"
    assert "MS401" not in {finding.code for finding in analyze_build(evaluate(parse(text))).findings}
