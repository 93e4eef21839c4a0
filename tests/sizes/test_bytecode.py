"""Bytecode that Python writes beside its own library, once in a stage."""

from __future__ import annotations

import pytest

from tests.sizes.built import layers_of, sizes_of

LIBRARY, PIP = "bytecode of Python's library", "bytecode of pip"


def written(text: str) -> list[list[str]]:
    """What each layer of the target holds of it."""
    return [
        [part.what for part in layer.parts if part.kind == "bytecode"] for layer in layers_of(sizes_of(text))
    ]


BASE = "FROM python:3.12-slim\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install --no-cache-dir idna", [LIBRARY, PIP]),
        ("pip install --no-cache-dir --user idna", [LIBRARY, PIP]),
        ("python -m venv /venv", [LIBRARY]),
        ("python -m venv /venv && /venv/bin/pip install --no-cache-dir idna", [LIBRARY]),
        ("python manage.py migrate", [LIBRARY]),
        ("uv pip install --system idna", []),
        ("apt-get update", []),
        ("useradd app", []),
    ],
)
def test_who_writes_it(script: str, expected: list[str]) -> None:
    assert written(f"{BASE}RUN {script}\n") == [expected]


def test_once_in_a_stage_and_in_those_that_continue_it() -> None:
    install = "RUN pip install --no-cache-dir idna\n"
    assert written(f"{BASE}{install}{install}") == [[LIBRARY, PIP], []]
    assert written(f"FROM python:3.12-slim AS base\n{install}FROM base\n{install}") == [[]]
    assert written(f"FROM python:3.12-slim AS other\n{install}{BASE}{install}") == [[LIBRARY, PIP]]
    assert written(f"{BASE}RUN python -m venv /v\n{install}") == [[LIBRARY], [PIP]]


@pytest.mark.parametrize(
    "before",
    ["FROM python:3.12-slim\nENV PYTHONDONTWRITEBYTECODE=1\n", "FROM python:3.12-slim\nUSER 1000\n",
     "FROM debian:bookworm-slim\n", "FROM example.com/x\n"],
)  # fmt: skip
def test_where_nobody_writes_it(before: str) -> None:
    assert written(f"{before}RUN pip install --no-cache-dir idna\n") == [[]]


def test_it_may_be_there_already() -> None:
    layer = layers_of(sizes_of(f"{BASE}RUN python -m venv --without-pip /v\n"))[0]
    assert layer.size.low == 0 < layer.size.estimate


def test_it_is_neither_named_as_left_out_nor_counted_twice() -> None:
    text = (
        "FROM python:3.12-slim AS a\nRUN pip install --no-cache-dir --target /a idna\n"
        f"{BASE}RUN pip install --no-cache-dir --target /b tzdata\nCOPY --from=a /a /a\n"
    )
    sizes = sizes_of(text)
    assert not any("bytecode" in entry.what for entry in sizes.excluded)
    one = f"{BASE}RUN pip install --no-cache-dir --target /a idna tzdata\n"
    assert sizes.comparison[1].size == sizes_of(one).image
