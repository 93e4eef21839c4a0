"""Commands that come with distributions, whatever release is taken."""

from __future__ import annotations

import pytest

from multistage_cli.facts import python_commands
from multistage_cli.facts.requirements import Requirement, parse_requirement


def certain(*texts: str, constrained: bool = False, python: str = "3.12") -> frozenset[str]:
    wanted: list[Requirement] = []
    for text in texts:
        found = parse_requirement(text)
        assert found is not None
        wanted.append(found)
    return python_commands.certain(wanted, constrained=constrained, python=python)


@pytest.mark.parametrize(
    ("text", "command", "expected"),
    [
        ("flask", "flask", True),
        ("Flask==2.0.1", "flask", True),
        ("flask<2", "flask", True),
        ("flask>=2,<4", "flask", True),
        ("flask~=3.0", "flask", True),
        ("flask==0.9", "flask", False),
        ("flask<=0.9", "flask", False),
        ("fastapi==0.100.0", "fastapi", False),
        ("django==4.2.1", "django-admin", True),
        ("celery[redis]", "celery", True),
        ("./flask", "flask", False),
        ("https://example.org/flask.tar.gz", "flask", False),
        ("unheard-of-name", "unheard-of-name", False),
    ],
)
def test_command_is_certain(text: str, command: str, *, expected: bool) -> None:
    assert (command in certain(text)) is expected


def test_dependencies_bring_theirs() -> None:
    assert "uvicorn" in certain("fastapi[standard]")
    assert "uvicorn" not in certain("fastapi")


def test_constraints_may_choose_an_older_release() -> None:
    assert certain("gunicorn", constrained=True) == frozenset()
    assert "gunicorn" in certain("gunicorn==21.2.0", constrained=True)


def test_old_interpreters_take_older_releases() -> None:
    assert "flask" in certain("flask", python="3.8")
    assert "gunicornc" not in certain("gunicorn", python="3.8")


def test_commands_of_others_stay() -> None:
    others = python_commands.of_others(["Gunicorn"])
    assert "flask" in others
    assert "gunicorn" not in others


def test_source_has_a_date() -> None:
    assert python_commands.source().startswith("PyPI, 20")
