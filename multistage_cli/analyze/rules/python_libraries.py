"""Python packages and the system's libraries that they are built with and load."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import copies_into
from multistage_cli.analyze.rules.libraries import has_library
from multistage_cli.build.changes import Installation
from multistage_cli.build.claims import UNKNOWN, Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.python import Distribution


_MANAGERS = frozenset({"pip", "uv", "pipx"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@rule("MS464", "python-library-missing", Severity.ERROR, confidence=Confidence.LIKELY)
def python_library_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Python package that loads a library which neither it nor the image has.

    The import ends with "cannot open shared object file". Most wheels bring their libraries along; these do not.

    Bad, found on line 6:
        FROM python:3.12-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Good:
        FROM python:3.12-slim AS build
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2-binary
        FROM python:3.12-slim
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Good:
        FROM python:3.12-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev
        RUN python -m venv /opt/venv
        RUN /opt/venv/bin/pip install --no-cache-dir psycopg2
        FROM python:3.12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
        COPY --from=build /opt/venv /opt/venv
        CMD ["/opt/venv/bin/python", "-c", "import psycopg2"]

    Fix: install the package with the library in the stage that runs it, or take a distribution that brings it
    (psycopg2-binary).
    """
    seen: set[tuple[int, str]] = set()
    for target, owner, step, found in (*_copied_packages(build, asked), *_own_packages(build, asked)):
        if (target.stage.index, found.name) in seen or has_library(build, target, found.package):
            continue
        seen.add((target.stage.index, found.name))
        message = (
            f"{found.name} needs {found.package}, which {target.stage.title} does not have: install it there"
        )
        related = () if found.step is step else (Related(found.step.line, f"{found.name} is installed here"),)
        yield Match.on(owner, step, message, word=found.name, related=related)


class _Needing(Struct, frozen=True):
    """A distribution that a RUN installs, and a Debian package that it needs to run."""

    step: Step
    change: Installation
    name: str
    package: str


_Place = tuple["EvaluatedStage", "EvaluatedStage", "Step", _Needing]


def _copied_packages(build: Build, asked: Asked) -> Iterator[_Place]:
    """The target, the stage and the COPY that brings a distribution which needs something."""
    known: dict[int, list[_Needing]] = {}
    for target, owner, step, source, path in copies_into(build, asked):
        for number in build.graph.chain(source.stage.index):
            if number not in known:
                known[number] = list(_needing(build.stages[number]))[:_MOST_NEEDING]
            for found in known[number]:
                if _brings(source, path, found.change):
                    yield target, owner, step, found


def _own_packages(build: Build, asked: Asked) -> Iterator[_Place]:
    """The same of what a target installs itself."""
    for index in asked.targets:
        for number in build.graph.chain(index):
            for found in _needing(build.stages[number]):
                yield build.stages[index], build.stages[number], found.step, found


def _needing(entry: EvaluatedStage) -> Iterator[_Needing]:
    for step, change in entry.changes():
        if _is_python(change) and isinstance(change, Installation):
            for name, package in _needs(change, step):
                yield _Needing(step, change, name, package)


_MOST_NEEDING = 20
"""Distributions of one stage that are asked about: there are six in the facts."""


def _is_python(change: object) -> bool:
    return isinstance(change, Installation) and change.manager in _MANAGERS and not change.stored


def _needs(change: Installation, made: Step) -> Iterator[tuple[str, str]]:
    """The distributions that are asked for and the Debian packages that they need to run."""
    for asked in change.packages:
        found = _distribution(asked)
        if found is None or _lacking(found, made):
            continue  # it is not even built: MS465 tells of that
        for need in found.run_needs:
            if need.startswith("apt:"):
                yield found.name, need.removeprefix("apt:")


def _distribution(asked: str) -> Distribution | None:
    from multistage_cli.facts import python

    named = _NAME.match(asked)
    return None if named is None or "/" in asked else python.distribution(named[0])


def _lacking(found: Distribution, step: Step) -> list[str]:
    """What a distribution needs to be built, and a RUN surely has not."""
    if any(_is_system(change) for change in step.changes) or step.before.has_command("gcc") is Claim.YES:
        return []
    needs = [need.removeprefix("apt:") for need in found.build_needs if need.startswith("apt:")]
    return [need for need in needs if step.before.has_package(need) is Claim.NO]


def _is_system(change: object) -> bool:
    return isinstance(change, Installation) and change.manager in {"apt", "apk", "dnf"}


def _brings(source: EvaluatedStage, path: str, change: Installation) -> bool:
    """Whether a copied path holds what was installed."""
    places = list(source.final.virtual_environments)
    if change.prefix is not None and change.prefix is not UNKNOWN:
        places = [change.prefix]
    elif not places:
        places = ["/usr/local/lib"]
    base = path.rstrip("/")
    return any(
        place == path or place.startswith(f"{base}/") or path.startswith(f"{place}/lib") for place in places
    )


@rule("MS465", "build-library-missing", Severity.ERROR, confidence=Confidence.LIKELY)
def build_library_missing(build: Build) -> Iterator[Match]:
    """`pip install` of a distribution that is compiled here, without its compiler or headers.

    It has no wheel for Linux. pip ends with "pg_config executable not found", "gcc failed: No such file or directory"
    or the like, and with it the build.

    Bad, found on line 2:
        FROM python:3.12-slim
        RUN pip install --no-cache-dir psycopg2

    Good:
        FROM python:3.12-slim
        RUN pip install --no-cache-dir psycopg2-binary

    Good:
        FROM python:3.12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev \
            && pip install --no-cache-dir psycopg2 && apt-get purge -y gcc && rm -rf /var/lib/apt/lists/*

    Fix: install what the message names before, or take a distribution with wheels (psycopg2-binary).
    """
    for entry in build.stages:
        for step, change in entry.changes():
            if (
                not isinstance(change, Installation)
                or change.manager not in _MANAGERS
                or change.certain is not Claim.YES
            ):
                continue
            for asked in change.packages:
                found = _distribution(asked)
                missing = [] if found is None else _lacking(found, step)
                if found is not None and missing:
                    message = (
                        f"{found.name} is compiled here and needs {', '.join(missing)}: install them before"
                    )
                    yield Match.on(entry, step, message, word=found.name)
