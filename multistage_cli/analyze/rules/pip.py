"""pip: versions, and the cache that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import with_word
from multistage_cli.analyze.findings import Fix, Severity
from multistage_cli.analyze.installing import kept, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation
    from multistage_cli.build.evaluate import Build


@rule("MS425", "unpinned-python-package", Severity.INFO, aliases=("DL3013",))
def unpinned_python_package(build: Build, asked: Asked) -> Iterator[Match]:
    """Python package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow, and perhaps one that does not start. A requirements
    file, a constraints file or a lock file is the better place for versions.

    Bad, found on line 2:
        FROM python:3.13-slim
        RUN pip install --no-cache-dir flask

    Good:
        FROM python:3.13-slim
        RUN pip install --no-cache-dir flask==3.1.0

    Good:
        FROM python:3.13-slim
        COPY requirements.txt .
        RUN pip install --no-cache-dir -r requirements.txt

    Good:
        FROM python:3.13 AS build
        RUN pip install --prefix=/install flask
        FROM python:3.13-slim
        COPY --from=build /install /usr/local

    Fix: write NAME==VERSION, or name a requirements file with versions.
    """
    yield from unpinned(build, asked, "pip uv", _is_pinned, "NAME==VERSION", is_exempt=_is_constrained)


def _is_pinned(name: str) -> bool:
    """A version, a file, a folder or an address; pip itself is a tool whose newest release is wanted."""
    return (
        bool(set(name) & set("=<>~@!/"))
        or name.endswith((".whl", ".zip", ".gz"))
        or name.startswith(".")
        or name in {"pip", "setuptools", "wheel"}
    )


def _is_constrained(command: Invocation) -> bool:
    return any(
        word in {"-c", "--constraint", "--require-hashes"} or word.startswith("--constraint=")
        for word in command.known
    )


@rule("MS426", "pip-cache-kept", Severity.WARNING, aliases=("DL3042",))
def pip_cache_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """Cache of pip's downloads in a layer that ships.

    Nothing in the image ever reads it again, and it is about as large as the packages themselves.

    Bad, found on line 2:
        FROM python:3.13-slim
        RUN pip install flask==3.1.0

    Good:
        FROM python:3.13-slim
        RUN pip install --no-cache-dir flask==3.1.0

    Good:
        FROM python:3.13-slim
        ENV PIP_NO_CACHE_DIR=1
        RUN pip install flask==3.1.0

    Good:
        FROM python:3.13-slim
        RUN --mount=type=cache,target=/root/.cache/pip pip install flask==3.1.0

    Fix: add --no-cache-dir, or mount a cache at /root/.cache/pip.
    """
    for run, change, command in kept(build, asked, "pip", Installation, "/root/.cache"):
        edits = with_word(build, command, command.action, added="--no-cache-dir") if command else ()
        message = "pip's cache stays in this layer: add --no-cache-dir, or mount a cache at /root/.cache/pip"
        yield run.match(command or change.line, message, fix=Fix(safe=True, edits=edits) if edits else None)
