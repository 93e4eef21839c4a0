"""Pin what the service's image installs, with hashes, from the extras in pyproject.toml.

    pip install uv
    python scripts/pin_sample_service.py [--upgrade]

Writes `sample_service/requirements.txt` from the `service` extra alone (what `multistage` itself needs
has no place in the image) and `sample_service/requirements-test.txt` from the two packages of the `dev`
extra that the service's tests need, at versions that fit the first file.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python scripts/pin_sample_service.py"
TEST_PACKAGES = ("httpx2", "pytest")
# The Dockerfile's default base image.
PYTHON_VERSION = "3.12"
PLATFORM = "linux"


def service_requirements() -> list[str]:
    """What the service needs to run, as pyproject.toml states it."""
    return _extra("service")


def test_requirements() -> list[str]:
    """What the service's tests need on top, as the `dev` extra states it."""
    return [line for line in _extra("dev") if re.split(r"[^\w.-]", line)[0] in TEST_PACKAGES]


def _extra(name: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements: list[str] = project["optional-dependencies"][name]
    return requirements


def pin(requirements: list[str], output: str, *options: str) -> None:
    subprocess.run(
        [
            *("uv", "pip", "compile", "-", "--quiet", "--generate-hashes"),
            *("--python-version", PYTHON_VERSION, "--python-platform", PLATFORM),
            *("--custom-compile-command", COMMAND, "--output-file", output),
            *options,
        ],
        input="\n".join(requirements),
        cwd=ROOT,
        text=True,
        check=True,
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--upgrade", action="store_true", help="take newer versions than those pinned")
    upgrade = ["--upgrade"] if arguments.parse_args().upgrade else []
    pin(service_requirements(), "sample_service/requirements.txt", *upgrade)
    pin(
        test_requirements(),
        "sample_service/requirements-test.txt",
        *("--constraint", "sample_service/requirements.txt", *upgrade),
    )


if __name__ == "__main__":
    main()
