"""What a command does not need it does not import: starting is most of its time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.corpus import DATA

INDEX = {"sqlite3", "multistage_cli.facts.debian"}
DISTRIBUTIONS = {"multistage_cli.facts.python", "multistage_cli.facts.requirements"}
ALWAYS_TOO_MUCH = {
    "asyncio",
    "http.client",
    "urllib.request",
    "fastapi",
    "pydantic",
    "packaging",
    "dockerfile",
}

PROGRAM = """\
import io, json, sys
from contextlib import redirect_stdout
from multistage_cli.cli import main
with redirect_stdout(io.StringIO()):
    code = main(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]))
"""


def imported(*arguments: str) -> set[str]:
    """The modules that one command leaves imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], check=True, capture_output=True, text=True, timeout=60
    )
    code, modules = json.loads(done.stdout)
    assert code in {0, 1}
    return set(modules)


def dockerfile(name: str) -> str:
    return str(DATA / "dockerfiles" / name / "Dockerfile")


@pytest.mark.parametrize("command", ["flow", "commands", "cache"])
def test_commands_without_sizes_read_no_package_facts(command: str) -> None:
    found = imported(command, dockerfile("go-distroless"))
    assert not found & (INDEX | DISTRIBUTIONS | ALWAYS_TOO_MUCH)
    assert not any(module.startswith("multistage_cli.sizes.") for module in found)


@pytest.mark.parametrize("command", ["analyze", "flow", "cache", "commands", "inspect", "sizes"])
def test_a_command_imports_no_other_room(command: str) -> None:
    rooms = {"analyze", "flow", "cache", "commands", "sizes", "inspect", "report"} - {command}
    found = imported(command, dockerfile("brief"))
    assert not {f"multistage_cli.{room}" for room in rooms} & found


@pytest.mark.parametrize("command", ["sizes", "report"])
def test_facts_of_a_tool_are_read_where_it_is_used(command: str) -> None:
    with_both = imported(command, dockerfile("brief"))
    assert with_both >= INDEX | DISTRIBUTIONS
    if command == "report":
        return  # its checks ask what the base image holds
    neither = imported(command, dockerfile("go-distroless"))
    assert not neither & (INDEX | DISTRIBUTIONS | {"packaging"})


def test_another_view_imports_no_rich() -> None:
    assert "rich.console" not in imported("sizes", dockerfile("go-distroless"), "--format", "json")
