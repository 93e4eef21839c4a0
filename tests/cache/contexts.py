"""Questions about small build contexts, asked as a person would."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

from multistage_cli.cli import main

BUILDER = """\
FROM python:3.12-slim AS builder
ARG VERSION=1
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN python -m compileall src > /dev/null && echo $VERSION > version.txt
FROM python:3.12-slim AS test
COPY --from=builder /app /app
RUN python -m unittest
FROM python:3.12-slim
WORKDIR /app
COPY --from=builder /app /app
CMD ["python", "-m", "app"]
"""
FILES = {"requirements.txt": "flask\n", "src/app.py": "app\n", "src/lib/x.py": "x\n", "README.md": "readme\n"}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def project(root: Path, dockerfile: str = BUILDER, files: dict[str, str] | None = None) -> Path:
    return write(root, {"Dockerfile": dockerfile, **(FILES if files is None else files)})


def run(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `multistage cache`, run in a folder."""
    here = Path.cwd()
    output, errors = io.StringIO(), io.StringIO()
    os.chdir(root)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main(["cache", *arguments])
    finally:
        os.chdir(here)
    return code, output.getvalue(), errors.getvalue()


def ask(root: Path, *arguments: str) -> dict[str, Any]:
    code, output, errors = run(root, "--format", "json", *arguments)
    assert (code, errors) == (0, "")
    return dict(json.loads(output))


def results(answer: dict[str, Any]) -> dict[int, str]:
    """Line to result of the steps: a question mark behind one that is not certain."""
    return {
        entry["line"]: entry["result"] + ("" if entry["certain"] else "?")
        for entry in answer["instructions"]
        if entry["result"] in {"re-run", "cached"}
    }


def because(answer: dict[str, Any], line: int) -> str:
    return str(next(entry["because"] for entry in answer["instructions"] if entry["line"] == line))


def refused(root: Path, *arguments: str) -> str:
    """The message of a question that the user has to mend."""
    code, output, errors = run(root, *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("multistage: ")
    assert errors.count("\n") == 1
    return errors.removeprefix("multistage: ").rstrip("\n")
