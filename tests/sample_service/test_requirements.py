"""The pinned files against pyproject.toml: a changed extra without new pins fails here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import sample_service

FOLDER = Path(sample_service.__file__).resolve().parent
EXTRAS = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
TEST_PACKAGES = {"httpx2", "pytest"}


def pinned(name: str) -> dict[str, str]:
    """Package to version; every line that is no comment must pin and have a hash."""
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    entries = [
        line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    pins = {}
    for entry in entries:
        match = re.fullmatch(r"([a-z0-9-]+)==([\w.]+)(?:\s+--hash=sha256:[0-9a-f]{64})+", entry)
        assert match, entry
        pins[match[1]] = match[2]
    return pins


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("requirements.txt", EXTRAS["service"]),
        (
            "requirements-test.txt",
            [line for line in EXTRAS["dev"] if Requirement(line).name in TEST_PACKAGES],
        ),
    ],
)
def test_pins_satisfy_the_extra(name: str, requirements: list[str]) -> None:
    pins = pinned(name)
    assert requirements
    for requirement in map(Requirement, requirements):
        assert pins[requirement.name] in requirement.specifier


def test_both_files_agree_on_what_both_have() -> None:
    run, test = pinned("requirements.txt"), pinned("requirements-test.txt")
    assert {name: run[name] for name in run.keys() & test.keys()} == {
        name: test[name] for name in run.keys() & test.keys()
    }


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_file_names_its_command_and_no_registry(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert "python scripts/pin_sample_service.py" in text
    assert "://" not in text
    assert "--index-url" not in text


def test_image_gets_nothing_of_the_tool() -> None:
    assert (
        pinned("requirements.txt").keys().isdisjoint({"typer", "rich", "multistage-cli", "pytest", "httpx2"})
    )
