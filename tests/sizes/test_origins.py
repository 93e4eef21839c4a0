"""Where a file that a command reads comes from in the build context."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sizes.built import parts_of, sizes_of

PIP = "RUN pip install --no-cache-dir"
FROM = "FROM python:3.12-slim"

FOUND = {
    "copy to a folder": f"{FROM}\nWORKDIR /app\nCOPY requirements.txt ./\n{PIP} -r requirements.txt\n",
    "copy to a name": f"{FROM}\nCOPY requirements.txt /tmp/r.txt\n{PIP} -r /tmp/r.txt\n",
    "copy the context": f"{FROM}\nWORKDIR /app\nCOPY . .\n{PIP} -r requirements.txt\n",
    "copy a folder": f"{FROM}\nWORKDIR /app\nCOPY deps deps/\n{PIP} -r deps/requirements.txt\n",
    "wildcard": f"{FROM}\nWORKDIR /app\nCOPY require*.txt ./\n{PIP} -r requirements.txt\n",
    "add": f"{FROM}\nADD requirements.txt /r.txt\n{PIP} -r /r.txt\n",
    "cd": f"{FROM}\nCOPY . /app\nRUN cd /app && pip install --no-cache-dir -r requirements.txt\n",
    "bind mount of a file": (
        f"{FROM}\nWORKDIR /app\nRUN --mount=type=bind,source=requirements.txt,target=requirements.txt"
        " pip install --no-cache-dir -r requirements.txt\n"
    ),
    "bind mount of the context": (
        f"{FROM}\nRUN --mount=type=bind,target=/src pip install --no-cache-dir -r /src/deps/requirements.txt\n"
    ),
    "base stage": f"{FROM} AS base\nCOPY requirements.txt /r.txt\nFROM base\n{PIP} -r /r.txt\n",
    "copy from a stage": (
        f"FROM scratch AS files\nCOPY deps /deps\n{FROM}\nCOPY --from=files /deps /in\n{PIP} -r /in/requirements.txt\n"
    ),
    "copy from a stage of a stage": (
        "FROM scratch AS one\nCOPY requirements.txt /a.txt\nFROM scratch AS two\nCOPY --from=one /a.txt /b/\n"
        f"{FROM}\nCOPY --from=two /b/a.txt /c.txt\n{PIP} -r /c.txt\n"
    ),
}
NOT_FOUND = {
    "never copied": f"{FROM}\n{PIP} -r /requirements.txt\n",
    "copied later": f"{FROM}\n{PIP} -r /requirements.txt\nCOPY requirements.txt /\n",
    "another folder": f"{FROM}\nCOPY requirements.txt /app/\n{PIP} -r /srv/requirements.txt\n",
    "another stage": (
        f"{FROM} AS other\nCOPY requirements.txt /r.txt\n"
        f"{FROM}\n{PIP} -r /r.txt\nCOPY --from=other /r.txt /\n"
    ),
    "unknown working directory": "FROM example.com/x\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
}
FILES = {"requirements.txt": "idna\n", "deps/requirements.txt": "idna\n"}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_found(text: str, tmp_path: Path) -> None:
    sizes = sizes_of(text, tmp_path, FILES)
    assert "idna" in parts_of(sizes)
    assert sizes.unknown == ()


@pytest.mark.parametrize("text", NOT_FOUND.values(), ids=NOT_FOUND)
def test_not_found_is_unknown_and_no_guess(text: str, tmp_path: Path) -> None:
    sizes = sizes_of(text, tmp_path, FILES)
    assert "idna" not in parts_of(sizes)
    assert any("asks for: it is not in the build context" in found for found in sizes.unknown)


def test_the_last_one_to_write_the_file_counts(tmp_path: Path) -> None:
    text = f"{FROM}\nCOPY old.txt /r.txt\nCOPY new.txt /r.txt\n{PIP} -r /r.txt\n"
    parts = parts_of(sizes_of(text, tmp_path, {"old.txt": "flask\n", "new.txt": "idna\n"}))
    assert "idna" in parts
    assert "flask" not in parts


def test_ignored_file_is_not_there(tmp_path: Path) -> None:
    text = FOUND["copy the context"]
    sizes = sizes_of(text, tmp_path, {**FILES, ".dockerignore": "requirements.txt\n"})
    assert "idna" not in parts_of(sizes)


def test_no_build_context() -> None:
    assert "idna" not in parts_of(sizes_of(FOUND["copy the context"]))
