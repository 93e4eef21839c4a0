"""BuildKit's build checks: what a real engine says of each file in tests/checks.py today.

The stored answers, which tests/analyze/test_buildkit_checks.py compares with ours, must be the engine's own.
`UPDATE_CHECKS=1 pytest tests/engine/test_checks.py` writes them anew.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.checks import ANSWERS, Check, answers, checks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import Docker

pytestmark = pytest.mark.engine

BASES = ("busybox:musl", "python:3.12-slim")
ALL_CHECKS = "BUILDKIT_DOCKERFILE_CHECK=experimental=all"


@pytest.fixture(scope="module")
def images(docker: Docker) -> None:
    """The base images of the files."""
    for base in BASES:
        if docker.attempt("image", "inspect", base).returncode != 0:
            pytest.skip(f"the engine has no image {base}")


def asked(docker: Docker, check: Check, folder: Path) -> dict[str, Any]:
    """What the engine says of one file, in the form of the stored answers."""
    check.write(folder)
    arguments = [f"--build-arg={name}={value}" for name, value in check.build_args]
    if not check.directed:
        arguments.append(f"--build-arg={ALL_CHECKS}")
    warnings: set[tuple[str, int, str]] = set()
    error = None
    for target in ([], *([f"--target={name}"] for name in check.targets)):
        result = docker.attempt("build", "--call=check,format=json", *arguments, *target, str(folder))
        assert result.stdout.startswith("{"), f"{check.name}: {result.stdout}{result.stderr}"
        document = json.loads(result.stdout)
        warnings |= {
            (
                found["ruleName"],
                found["location"]["ranges"][0]["start"]["line"],
                _without_guess(found["detail"]),
            )
            for found in document.get("warnings") or []
        }
        error = error or (document.get("buildError") or {}).get("message")
    return {"warnings": sorted(map(list, warnings)), "error": error}


def _without_guess(detail: str) -> str:
    """Which of several names is the nearest BuildKit answers differently from time to time."""
    return detail.split(" (did you mean", 1)[0]


def test_stored_answers_are_the_engines(docker: Docker, images: None, tmp_path: Path) -> None:
    asking = [check for check in checks() if not check.unasked]
    folders = [tmp_path / str(number) for number, _ in enumerate(asking)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda pair: asked(docker, *pair), zip(asking, folders, strict=True)))
    fresh = {check.name: answer for check, answer in zip(asking, found, strict=True)}
    if os.environ.get("UPDATE_CHECKS"):
        text = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in fresh.items())
        ANSWERS.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        answers.cache_clear()
    stored = {
        name: {"warnings": [[e.rule, e.line, e.detail] for e in answer.warnings], "error": answer.error}
        for name, answer in answers().items()
    }
    assert fresh.keys() == stored.keys()
    assert {name: answer for name, answer in fresh.items() if answer != stored[name]} == {}
