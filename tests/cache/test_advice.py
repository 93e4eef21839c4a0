"""What is advised: each advice, followed, has to hold what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cache.contexts import ask, project, results

SOURCE = "FROM python:3.12-slim\nWORKDIR /app\n"
INSTALL = "RUN pip install -r requirements.txt\n"


def broken(root: Path, *question: str) -> int:
    return sum(result.startswith("re-run") for result in results(ask(root, *question)).values())


FOLLOWED = {
    "split": (
        SOURCE + "COPY . .\n" + INSTALL + "RUN python -m compileall src\n",
        SOURCE + "COPY requirements.txt ./\n" + INSTALL + "COPY . .\nRUN python -m compileall src\n",
        ("--changed", "src/app.py"),
        "put COPY requirements.txt ./ in the place of line 3, and move COPY . . below line 4",
    ),
    "split-with-owner": (
        SOURCE + "COPY --chown=1000 . .\n" + INSTALL,
        SOURCE + "COPY --chown=1000 requirements.txt ./\n" + INSTALL + "COPY --chown=1000 . .\n",
        ("--changed", "src/app.py"),
        (
            "put COPY --chown=1000 requirements.txt ./ in the place of line 3,"
            " and move COPY --chown=1000 . . below line 4"
        ),
    ),
    "move": (
        "FROM debian:bookworm-slim\nCOPY src /src\nRUN apt-get update && apt-get install -y curl\nRUN ls /src\n",
        "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl\nCOPY src /src\nRUN ls /src\n",
        ("--changed", "src"),
        "move line 2, COPY src /src, below line 3, which needs none of it",
    ),
    "argument": (
        SOURCE + "ARG REVISION\n" + "RUN pip install flask\nRUN true\nLABEL revision=$REVISION\n",
        SOURCE + "RUN pip install flask\nRUN true\nARG REVISION\nLABEL revision=$REVISION\n",
        ("--changed-arg", "REVISION"),
        "move line 3, ARG REVISION, down to line 6, which uses it first",
    ),
    "argument-that-nobody-uses": (
        SOURCE + "ARG REVISION\nRUN pip install flask\n",
        SOURCE + "RUN pip install flask\n",
        ("--changed-arg", "REVISION"),
        "delete line 3, ARG REVISION: no line of stage 0 uses it",
    ),
    "mount": (
        SOURCE + "COPY requirements.txt ./\n" + INSTALL + "COPY . .\n",
        SOURCE + INSTALL.replace(
            "RUN", "RUN --mount=type=bind,source=requirements.txt,target=/app/requirements.txt"
        ) + "COPY . .\n",
        ("--changed", "requirements.txt"),
        (
            "leave out line 3, COPY requirements.txt ./, and give the RUN in line 4"
            " --mount=type=bind,source=requirements.txt,target=/app/requirements.txt"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_advice_holds_what_it_promises(tmp_path: Path, name: str) -> None:
    text, followed, question, sentence = FOLLOWED[name]
    [advice] = ask(project(tmp_path / "as-it-is", text), *question)["advice"]
    assert advice["text"] == sentence
    saved = broken(tmp_path / "as-it-is", *question)
    if "argument-that" not in name:
        saved -= broken(project(tmp_path / "followed", followed), *question)
    assert advice["steps_saved"] == saved > 0


SILENT = {
    "a command that nobody knows may need anything": SOURCE + "COPY . .\nRUN ./configure\n" + INSTALL,
    "the project itself is installed": SOURCE + "COPY . .\nRUN pip install .\n",
    "the manifests come first already": SOURCE + "COPY requirements.txt .\n" + INSTALL + "COPY . .\n",
    "the folder is another one": "FROM python:3.12-slim\nCOPY . .\nWORKDIR /app\n" + INSTALL,
    "a manifest that is not there": SOURCE + "COPY . .\nRUN pip install -r missing.txt\n",
    "what is compiled needs the source": SOURCE + "COPY . .\nRUN python -m compileall src\n",
}


@pytest.mark.parametrize("name", SILENT)
def test_no_advice_where_it_might_break_the_build(tmp_path: Path, name: str) -> None:
    assert ask(project(tmp_path, SILENT[name]), "--changed", "src/app.py")["advice"] == []


@pytest.mark.parametrize("name", ["DEBIAN_FRONTEND", "PIP_INDEX_URL", "http_proxy"])
def test_argument_that_programs_read_unasked_stays(tmp_path: Path, name: str) -> None:
    text = SOURCE + f"ARG {name}\nRUN pip install flask\nRUN echo ${name}\n"
    assert ask(project(tmp_path, text), "--changed-arg", name)["advice"] == []


def test_argument_of_a_base_stage_is_not_deleted(tmp_path: Path) -> None:
    text = "FROM python:3.12-slim AS base\nARG A\nRUN true\nFROM base\nRUN echo $A\n"
    assert ask(project(tmp_path, text), "--changed-arg", "A")["advice"] == []
