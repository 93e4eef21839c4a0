"""What lets others run multistage: the pre-commit hook and the GitHub action."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from multistage_cli.terminal.searching import is_dockerfile_name

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return dict(found)


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile", "dockerfile", "Dockerfile.dev", "api.Dockerfile", "api.dockerfile", "Containerfile",
        "MyDockerfile",
        "Dockerfile.dockerignore", "Dockerfile-old", "Containerfile.x", "Dockerfile.d.e", "readme.md",
    ],
)  # fmt: skip
def test_the_hook_takes_what_a_search_finds(hook: dict[str, Any], name: str) -> None:
    for path in (name, f"some/folder/{name}"):
        taken = re.search(hook["files"], path) and not re.search(hook["exclude"], path)
        assert bool(taken) is is_dockerfile_name(name)


def test_the_hook_runs_the_command(hook: dict[str, Any]) -> None:
    assert (hook["id"], hook["entry"], hook["language"]) == ("multistage", "multistage analyze", "python")


def test_the_actions_inputs_reach_its_scripts_as_variables_only(action: dict[str, Any]) -> None:
    steps = action["runs"]["steps"]
    given = {value for step in steps for value in step["env"].values()}
    assert given == {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    assert not any("${{" in step["run"] for step in steps)
