"""sudo: where it is not there, does nothing, or does harm."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.rules.privileges import sudo_in_run
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        ("FROM debian:bookworm-slim\nRUN sudo ls\n", Severity.ERROR, "not in this image"),
        ("FROM debian:bookworm-slim\nRUN apt-get install -y sudo && sudo ls\n", None, "does nothing"),
        ("FROM example.com/a:1\nUSER app\nRUN sudo ls\n", None, "become root"),
        ("FROM example.com/a:1\nUSER root\nRUN true; sudo -u app ls; sudo ls\n", None, "does nothing"),
        ("FROM example.com/a:1\nUSER root\nRUN sh -c 'sudo ls'\n", None, "does nothing"),
        ("FROM example.com/a:1\nUSER root\nONBUILD RUN sudo ls\n", None, "does nothing"),
    ],
)
def test_sudo(text: str, severity: Severity | None, words: str) -> None:
    [match] = sudo_in_run.check(evaluate(parse(text)))
    assert match.severity is severity
    assert words in match.message


@pytest.mark.parametrize(
    "run", ["apt-get install -y sudo", "command -v sudo", "echo sudo", "rm /etc/sudoers"]
)
def test_words_that_are_no_call(run: str) -> None:
    assert list(sudo_in_run.check(evaluate(parse(f"FROM debian:bookworm-slim\nRUN {run}\n")))) == []
