"""Dependencies that are installed after the sources: only where the manifests alone would surely do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multistage_cli.analyze.rules.layers import installed_after_sources
from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

NODE = "FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n"
PACKAGE = '{"name": "a", "dependencies": {"b": "1.0.0"}}'


def found(text: str, folder: Path, **files: str) -> list[int]:
    """Lines; a file's name has `_` for `.` and `__` for `-`."""
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    (folder / "main.txt").write_text("source", encoding="utf-8")
    for name, content in files.items():
        place = folder / name.replace("__", "-").replace("_", ".")
        place.write_text(content, encoding="utf-8")
    build = evaluate(parse(text), context=open_context(folder, folder / "Dockerfile"))
    return [match.span.first for match in installed_after_sources.check(build)]


@pytest.mark.parametrize(
    ("package", "late"),
    [
        (PACKAGE, True),
        ('{"scripts": {"build": "tsc"}, "dependencies": {"b": "^1"}}', True),
        ('{"scripts": {"postinstall": "node make.js"}}', False),
        ('{"workspaces": ["packages/*"]}', False),
        ('{"dependencies": {"b": "file:../b"}}', False),
        ("{", False),
        ("[]", False),
    ],
)
def test_node(package: str, late: bool, tmp_path: Path) -> None:
    files = {"package_json": package, "package__lock_json": "{}"}
    assert bool(found(NODE, tmp_path, **files)) is late


@pytest.mark.parametrize(
    ("requirements", "late"),
    [
        ("flask==3.1.0\ngunicorn[gevent]>=23 ; python_version > '3.8'\n", True),
        ("# all\n--index-url https://example.com/simple\nflask\n", True),
        ("flask==3.1.0 \\\n    --hash=sha256:abc\n", True),
        ("-r more.txt\n", False),
        ("-e .\n", False),
        ("./vendor/a.whl\n", False),
        ("a @ file:///app/a\n", False),
        ("", False),
    ],
)
def test_pip(requirements: str, late: bool, tmp_path: Path) -> None:
    text = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
    assert bool(found(text, tmp_path, requirements_txt=requirements)) is late


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (NODE, [4]),
        (NODE.replace("COPY . .", "COPY package.json ./"), []),
        (NODE.replace("RUN npm", "RUN --mount=type=cache,target=/root/.npm npm"), []),
        (NODE.replace("RUN npm", "RUN ./generate-package\nRUN npm"), []),
        (NODE.replace("COPY . .", "COPY package*.json ./\nRUN npm ci\nCOPY . ."), []),
        (NODE.replace("FROM node:22-slim", "FROM node:22-slim AS base\nRUN npm ci\nFROM base"), []),
        (f"FROM node:22-slim AS old\n{NODE.split(chr(10), 1)[1]}FROM scratch\nCOPY main.txt /\n", [4]),
        (f"{NODE}FROM scratch\nCOPY main.txt /\n", []),  # nobody builds that stage
        (NODE.replace("npm ci", "npm ci leftpad"), []),
    ],
)
def test_stages_and_steps(text: str, lines: list[int], tmp_path: Path) -> None:
    assert found(text, tmp_path, package_json=PACKAGE, package__lock_json="{}") == lines


def test_nothing_but_the_manifests(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!package.json\n", encoding="utf-8")
    assert found(NODE, tmp_path, package_json=PACKAGE) == []


def test_a_module_of_go_that_stands_beside(tmp_path: Path) -> None:
    text = "FROM golang:1.25\nWORKDIR /src\nCOPY . .\nRUN go mod download\n"
    assert found(text, tmp_path, go_mod="module a\n", go_sum="") == [4]
    assert found(text, tmp_path, go_mod="module a\nreplace b => ../b\n") == []
