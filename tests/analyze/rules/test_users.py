"""Rules about users: who the container runs as in the end."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.rule import Rule
from multistage_cli.analyze.rules.users import last_user_root, sparse_login_logs, user_by_name
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


def lines(rule: Rule, text: str) -> list[int]:
    return [match.span.first for match in rule.check(evaluate(parse(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM debian:12\nUSER root\n", [2]),
        ("FROM debian:12\nUSER 0:1000\n", [2]),
        ("FROM debian:12\nUSER 00\n", [2]),
        ("FROM debian:12\nUSER $WHO\n", [2]),  # nothing, which is root
        ("FROM example.com/a:1\nUSER $WHO\n", []),
        ("FROM debian:12\nRUN true\n", []),
        ("FROM debian:12 AS a\nUSER root\nFROM a\nRUN true\n", [2]),
        ("FROM debian:12 AS a\nUSER root\nFROM a\nUSER 1\n", []),
        ("FROM debian:12 AS a\nUSER root\nFROM a AS b\nFROM a AS c\n", [2]),
        ("FROM debian:12 AS a\nUSER root\nFROM a AS b\nUSER root\n", [4]),
        ("FROM debian:12 AS a\nONBUILD USER root\nFROM a AS b\n", [3]),
    ],
)
def test_root(text: str, expected: list[int]) -> None:
    assert lines(last_user_root, text) == expected


def test_an_entry_point_may_give_root_up() -> None:
    text = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y gosu\nUSER root\n"
    [match] = last_user_root.check(evaluate(parse(text)))
    assert match.severity is Severity.INFO


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("RUN useradd -u 10001 app\nUSER app", "USER 10001"),
        ("RUN make-users\nUSER app:app", "its number"),
        ("USER www-data", "USER 33"),
        ("USER 33", None),
        ("USER 33:www-data", None),
        ("USER root", None),
        ("ARG WHO\nUSER ${WHO:-www-data}", "USER 33"),
    ],
)
def test_names(user: str, message: str | None) -> None:
    found = [match.message for match in user_by_name.check(evaluate(parse(f"FROM debian:12-slim\n{user}\n")))]
    assert len(found) == (message is not None)
    assert all(str(message) in entry for entry in found)


@pytest.mark.parametrize(
    ("command", "sparse"),
    [
        ("useradd -u 100000 a", True),
        ("useradd --uid=1000620000 a", True),
        ("useradd -mu 1000620000 a", True),
        ("useradd -rlu 1000620000 a", False),
        ("useradd -u 99999 a", False),
        ("useradd -u $NUMBER a", False),
        ("useradd -u 00000000001 a", False),
        ("adduser -u 1000620000 a", False),
    ],
)
def test_logs(command: str, *, sparse: bool) -> None:
    assert bool(lines(sparse_login_logs, f"FROM debian:11-slim\nRUN {command}\n")) is sparse
