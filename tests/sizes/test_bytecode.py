"""Bytecode that Python writes beside its own library, once in a stage."""

from __future__ import annotations

import pytest

from tests.sizes.built import layers_of, sizes_of

LIBRARY, PIP = "bytecode of Python's library", "bytecode of pip"
BOTH = "bytecode of Python's library and pip"


def written(text: str) -> list[list[str]]:
    """What each layer of the target holds of it."""
    return [
        [part.what for part in layer.parts if part.kind == "bytecode"] for layer in layers_of(sizes_of(text))
    ]


BASE = "FROM python:3.12-slim\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pip install --no-cache-dir idna", [BOTH]),
        ("pip install --no-cache-dir --user idna", [BOTH]),
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
    assert written(f"{BASE}{install}{install}") == [[BOTH], []]
    assert written(f"FROM python:3.12-slim AS base\n{install}FROM base\n{install}") == [[]]
    assert written(f"FROM python:3.12-slim AS other\n{install}{BASE}{install}") == [[BOTH]]
    assert written(f"{BASE}RUN python -m venv /v\n{install}") == [[LIBRARY], [PIP]]


@pytest.mark.parametrize(
    "before",
    ["FROM python:3.12-slim\nENV PYTHONDONTWRITEBYTECODE=1\n", "FROM python:3.12-slim\nUSER 1000\n",
     "FROM debian:bookworm-slim\n", "FROM example.com/x\n"],
)  # fmt: skip
def test_where_nobody_writes_it(before: str) -> None:
    assert written(f"{before}RUN pip install --no-cache-dir idna\n") == [[]]


def test_pip_of_an_environment_from_another_stage_is_not_the_image_s() -> None:
    text = (
        "FROM python:3.12-slim AS build\nRUN python -m venv /opt/venv\n"
        f"{BASE}COPY --from=build /opt/venv /opt/venv\nRUN /opt/venv/bin/pip install --no-cache-dir idna\n"
    )
    assert BOTH not in written(text)[-1]


@pytest.mark.parametrize("measured", [4_646_582 + 5_032_621, 4_273_718 + 3_921_476])
def test_what_real_layers_held(measured: int) -> None:
    parts = layers_of(sizes_of(f"{BASE}RUN pip install --no-cache-dir idna\n"))[0].parts
    sizes = [part.size for part in parts if part.kind == "bytecode"]
    assert sum(size.low for size in sizes) <= measured <= sum(size.high for size in sizes)


def test_it_is_neither_named_as_left_out_nor_counted_twice() -> None:
    text = (
        "FROM python:3.12-slim AS a\nRUN pip install --no-cache-dir --target /a idna\n"
        f"{BASE}RUN pip install --no-cache-dir --target /b tzdata\nCOPY --from=a /a /a\n"
    )
    sizes = sizes_of(text)
    assert not any("bytecode" in entry.what for entry in sizes.excluded)
    one = f"{BASE}RUN pip install --no-cache-dir --target /a idna tzdata\n"
    assert sizes.comparison[1].size.estimate == sizes_of(one).image.estimate
