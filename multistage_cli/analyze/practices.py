"""The scorecard: seven practices of a multi-stage build, each judged on what the target ships.

A practice that the file gives no reason to judge is not applicable, and is left out of the score: an
unknown base image is nobody's fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from multistage_cli.analyze.layer_caching import judge_layer_caching
from multistage_cli.build.changes import Cache, Compilation, Download, IndexRefresh, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.stages import BaseKind, EdgeKind, SourceKind
from multistage_cli.facts.images import is_slim, slim_variant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.evaluate import Build, Crossing, EvaluatedStage


class Status(StrEnum):
    """How a practice stands."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Practice:
    """One line of the scorecard: where it holds or fails, and why."""

    name: str
    status: Status
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How many of the applicable practices hold."""

    passed: int
    total: int


def score_of(practices: tuple[Practice, ...]) -> Score:
    """The score of a scorecard."""
    statuses = [practice.status for practice in practices]
    passed = statuses.count(Status.PASSED)
    return Score(passed, passed + statuses.count(Status.FAILED))


def judge(build: Build) -> tuple[Practice, ...]:
    """The scorecard of a build, in a fixed order; empty for a file without stages."""
    target = build.target
    if target is None:
        return ()
    return tuple(Practice(name, *judgement(build, target)) for name, judgement in _PRACTICES.items())


def _passed(message: str, line: int | None = None) -> tuple[Status, str, int | None]:
    return (Status.PASSED, message, line)


def _failed(message: str, line: int | None = None) -> tuple[Status, str, int | None]:
    return (Status.FAILED, message, line)


def _not_applicable(message: str, line: int | None = None) -> tuple[Status, str, int | None]:
    return (Status.NOT_APPLICABLE, message, line)


def _feeding(build: Build) -> Iterator[Crossing]:
    """What crosses by copy or mount between two stages that the target needs."""
    for crossing in build.crossings:
        edge = crossing.edge
        if (
            edge.source.kind is SourceKind.STAGE
            and edge.kind in {EdgeKind.COPY, EdgeKind.MOUNT}
            and edge.to in build.graph.needed
        ):
            yield crossing


def _multistage_build(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    feeding = list(_feeding(build))
    if feeding:
        left = [entry.stage.label for entry in build.needed if entry not in build.shipped]
        verb = "stays" if len(left) == 1 else "stay"
        count = f"{len(build.needed)} stages"
        return _passed(f"{count}; {_list(left)} {verb} out of the image" if left else f"{count} feed each other")
    line = target.stage.head.span.first
    works = any(
        isinstance(change, Installation | Compilation | Download)
        for entry in build.shipped
        for _, change in entry.changes()
    )
    if not works:
        return _not_applicable("nothing is built here that another stage could keep out")
    if len(build.needed) > 1:
        return _failed(
            f"{target.stage.title} only continues its base stages, so nothing is left behind", line
        )
    return _failed("one stage holds all that the build needs: build in a stage of its own and copy", line)


_DEVELOPMENT = frozenset({"devel", "jdk", "sdk"})
_SMALL_BYTES = 100_000_000  # of a base image that has no slim variant, such as ubuntu


def _slim_base_image(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    first = build.shipped[-1]
    base, line = first.stage.base, first.stage.head.span.first
    if base.kind is BaseKind.SCRATCH:
        return _passed("scratch: nothing but what is copied", line)
    lookup = first.lookup
    if lookup is None or lookup.reference is None:
        return _not_applicable(f"what {base.label} holds is not known", line)
    image = lookup.image
    tools = _DEVELOPMENT.intersection(re.split(r"[/:._-]", base.label))
    if tools:
        return _failed(
            f"{base.label} is for building ({', '.join(sorted(tools))}): ship its runtime variant", line
        )
    if is_slim(image or lookup.reference):
        return _passed(f"{base.label} is a slim base image", line)
    if image is None:
        return _not_applicable(f"the facts do not know {base.label}", line)
    slim = slim_variant(image)
    if slim is not None and slim.size_bytes is not None and image.size_bytes is not None:
        saved = (image.size_bytes - slim.size_bytes) / 1_000_000
        return _failed(f"{base.label}: {slim.reference} is {saved:,.0f} MB smaller", line)
    if image.size_bytes is not None and image.size_bytes < _SMALL_BYTES:
        return _passed(f"{base.label} is small: {image.size_bytes / 1_000_000:,.0f} MB", line)
    return _failed(f"{base.label} is a full image: look for its slim, Alpine or distroless variant", line)


def _non_root_user(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    final = target.final
    user, line = final.user.value, final.user.line
    root = final.runs_as_root
    if root is Claim.UNKNOWN or user is UNKNOWN:
        base = build.shipped[-1].stage.base.label
        return _not_applicable(f"which user {base} runs as is not known: set USER to be sure")
    if root is Claim.NO:
        where = "" if line else ", as the base image says"
        return _passed(f"runs as {user}{where}", line)
    if line is None:
        return _failed("runs as root: add USER", target.stage.head.span.first)
    return _failed(f"USER {user or 'root'} is root: name another user", line)


def _layer_caching(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    verdict = judge_layer_caching(build)
    if verdict is None:
        return _not_applicable("no dependencies are installed from a manifest")
    if verdict.source is None:
        return _passed(f"{verdict.what} before the rest of the source", verdict.line)
    return _failed(
        f"{verdict.what} runs again after each change: {verdict.source} comes before it", verdict.line
    )


def _health_check(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    final = target.final
    check = final.healthcheck
    if check.value is UNKNOWN:
        base = build.shipped[-1].stage.base.label
        return _not_applicable(f"whether {base} has a HEALTHCHECK is not known")
    if check.value is not None:
        return _passed("a HEALTHCHECK tells whether the service answers", check.line)
    if check.line is not None:
        return _failed("HEALTHCHECK NONE turns it off", check.line)
    if not final.ports:
        return _not_applicable("nothing is exposed, so nothing could answer")
    port = final.ports[0]
    return _failed(f"port {port.text} is exposed and no HEALTHCHECK asks it", port.line)


_CACHING_MANAGERS = frozenset({"apk", "bun", "npm", "pip", "pipenv", "pnpm", "poetry", "uv", "yarn"})
_INSTEAD = {
    "apk": "apk add --no-cache",
    "npm": "npm cache clean --force in the same RUN, or a cache mount",
    "pip": "pip --no-cache-dir",
    "pipenv": "PIP_NO_CACHE_DIR=1 or a cache mount",
    "poetry": "poetry install --no-cache or a cache mount",
    "uv": "uv --no-cache or a cache mount",
    "yarn": "yarn cache clean in the same RUN, or a cache mount",
}


def _pip_cache(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    shipped = list(_caching(build.shipped))
    for change in shipped:
        if change.cache is Cache.KEPT:
            instead = _INSTEAD.get(change.manager, "a cache mount")
            return _failed(f"{change.manager} leaves its cache in the image: use {instead}", change.line)
    if any(change.cache is Cache.UNKNOWN for change in shipped):
        return _not_applicable("where the package manager keeps its cache is not known")
    if shipped:
        first = shipped[0]
        return _passed(f"{first.manager} leaves no cache in the image", first.line)
    elsewhere = list(_caching(build.needed))
    if elsewhere:
        first = elsewhere[0]
        if first.cache is Cache.KEPT:
            return _passed(f"{first.manager}'s cache stays behind in its stage", first.line)
        return _passed(f"{first.manager} keeps no cache", first.line)
    return _not_applicable("no package manager with a cache of its own is used")


def _caching(stages: tuple[EvaluatedStage, ...]) -> Iterator[Installation | IndexRefresh]:
    for entry in stages:
        for _, change in entry.changes():
            if isinstance(change, Installation | IndexRefresh) and change.manager in _CACHING_MANAGERS:
                yield change


def _stage_copying(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    feeding = list(_feeding(build))
    if feeding:
        into_image = {entry.stage.index for entry in build.shipped}
        crossing = next((found for found in feeding if found.edge.to in into_image), feeding[0])
        how = "COPY --from" if crossing.edge.kind is EdgeKind.COPY else "a mount from"
        joint = "=" if crossing.edge.kind is EdgeKind.COPY else " "
        source = build.graph.stages[crossing.edge.source.stage or 0].label
        return _passed(f"{how}{joint}{source} brings {_list(crossing.paths)}", crossing.edge.line)
    if len(build.stages) == 1:
        return _not_applicable("there is one stage only")
    return _failed("no stage takes anything from another one", target.stage.head.span.first)


def _list(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


_PRACTICES: dict[str, Callable[[Build, EvaluatedStage], tuple[Status, str, int | None]]] = {
    "Multistage Build": _multistage_build,
    "Slim Base Image": _slim_base_image,
    "Non-root User": _non_root_user,
    "Layer Caching": _layer_caching,
    "Health Check": _health_check,
    "Pip Cache": _pip_cache,
    "Stage Copying": _stage_copying,
}
