"""The scorecard: seven practices of a multi-stage build, each judged on what the target ships.

A practice that the file gives no reason to judge is not applicable, and is left out of the score: an
unknown base image is nobody's fault.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

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


class Practice(Struct, frozen=True):
    """One line of the scorecard: where it holds or fails, and why."""

    name: str
    status: Status
    message: str
    line: int | None = None


class Score(Struct, frozen=True):
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
    line = target.stage.head.span.first
    if next(_feeding(build), None) is not None:
        shipped = {entry.stage.index for entry in build.shipped}
        left = [_key(entry) for entry in build.needed if entry.stage.index not in shipped]
        if not left:
            return _passed(f"{len(build.needed)} stages feed each other", line)
        noun, verb = ("stage", "stays") if len(left) == 1 else ("stages", "stay")
        return _passed(f"{noun} {_list(left)} {verb} out of the image", line)
    works = any(
        isinstance(change, Installation | Compilation | Download)
        for entry in build.shipped
        for _, change in entry.changes()
    )
    if not works:
        return _not_applicable("nothing is built here that another stage could keep out")
    if len(build.needed) > 1:
        text = "only continues its base stages, so all they install ships: COPY --from a stage that builds"
        return _failed(f"{_name(target)} {text}", line)
    return _failed(
        f"{_name(target)} both builds and runs: build in a stage of its own, then COPY --from it", line
    )


_FOR_BUILDING = {"devel": "runtime", "jdk": "jre", "sdk": "runtime"}
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
    tools = [word for word in re.split(r"[/:._-]", base.label) if word in _FOR_BUILDING]
    if tools:
        return _failed(
            f"{base.label} is for building ({tools[0]}): ship a {_FOR_BUILDING[tools[0]]} image instead", line
        )
    if is_slim(image or lookup.reference):
        return _passed(f"{base.label} is a slim base image", line)
    if image is None:
        return _not_applicable(f"{base.label} is not in the catalogue of images", line)
    slim = slim_variant(image)
    if slim is not None and slim.size_bytes is not None and image.size_bytes is not None:
        saved = (image.size_bytes - slim.size_bytes) / 1_000_000
        return _failed(f"{base.label} is a full image: {slim.reference} is {saved:,.0f} MB smaller", line)
    if image.size_bytes is not None and image.size_bytes < _SMALL_BYTES:
        return _passed(f"{base.label} is small: {image.size_bytes / 1_000_000:,.0f} MB", line)
    return _failed(f"{base.label} is a full image: look for a slim, Alpine or distroless one", line)


def _non_root_user(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    final = target.final
    user, line = final.user.value, final.user.line
    root = final.runs_as_root
    first = build.shipped[-1].stage
    if root is Claim.UNKNOWN or user is UNKNOWN:
        text = f"which user {first.base.label} runs as is not known: set USER to be sure"
        return _not_applicable(text, line or first.head.span.first)
    if root is Claim.NO:
        where = "" if line else f", as {first.base.label} says"
        return _passed(f"runs as {user}{where}", line or first.head.span.first)
    if line is not None:
        text = f"USER {user} is root" if user else "USER is empty here, which is root"
        return _failed(f"{text}: name another user", line)
    how = "by number, such as USER 65532" if first.base.kind is BaseKind.SCRATCH else "before CMD"
    return _failed(f"{_name(target)} runs as root: set USER {how}", target.stage.head.span.first)


def _layer_caching(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    verdict = judge_layer_caching(build)
    if verdict is None:
        return _not_applicable("no dependencies are installed from a manifest")
    status = Status.PASSED if verdict.source_line is None else Status.FAILED
    return (status, verdict.message, verdict.line)


def _health_check(build: Build, target: EvaluatedStage) -> tuple[Status, str, int | None]:
    final = target.final
    check = final.healthcheck
    first = build.shipped[-1].stage
    if check.value is UNKNOWN:
        return _not_applicable(
            f"whether {first.base.label} has a HEALTHCHECK is not known", first.head.span.first
        )
    if check.value is not None:
        return _passed("HEALTHCHECK tells whether the service answers", check.line)
    if check.line is not None:
        return _failed("HEALTHCHECK NONE turns it off: write one that asks the service", check.line)
    if not final.ports:
        return _not_applicable("no port is exposed, so there is nothing to ask")
    port = final.ports[0]
    if port.line is None:
        text = f"{first.base.label} exposes port {port.text} and no HEALTHCHECK asks it: add one"
        return _failed(text, first.head.span.first)
    return _failed(f"port {port.text} is exposed and no HEALTHCHECK asks it: add one", port.line)


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
    unsure = next((change for change in shipped if change.cache is Cache.UNKNOWN), None)
    if unsure is not None:
        return _not_applicable(f"where {unsure.manager} keeps its cache is not known", unsure.line)
    if shipped:
        return _passed(f"{shipped[0].manager} leaves no cache in the image", shipped[0].line)
    elsewhere = [(entry, change) for entry in build.needed for change in _caching((entry,))]
    if not elsewhere:
        return _not_applicable("pip, npm, apk and their kin are not used")
    kept = ((entry, change) for entry, change in elsewhere if change.cache is Cache.KEPT)
    holder, first = next(kept, elsewhere[0])
    if first.cache is Cache.KEPT and (taken := _takes_home(build, holder)) is not None:
        text = (
            f"whether COPY --from={taken.edge.source.reference} brings {first.manager}'s cache is not known"
        )
        return _not_applicable(text, taken.edge.line)
    if first.cache is Cache.KEPT:
        return _passed(f"{first.manager}'s cache stays behind in its stage", first.line)
    return _passed(f"{first.manager} keeps no cache", first.line)


def _takes_home(build: Build, holder: EvaluatedStage) -> Crossing | None:
    """A COPY --from of so much of a stage that a cache, which lies in a home or under /var, may come along."""
    wide = {"/", "/home", "/root", "/root/.cache", "/root/.npm", "/var", "/var/cache"}
    taken = (found for found in _feeding(build) if found.edge.kind is EdgeKind.COPY)
    return next(
        (
            found
            for found in taken
            if wide.intersection(found.paths)
            and holder.stage.index in build.graph.chain(found.edge.source.stage or 0)
        ),
        None,
    )


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
        source = build.stages[crossing.edge.source.stage or 0]
        if crossing.edge.kind is EdgeKind.COPY:
            return _passed(f"COPY --from={_key(source)} brings {_list(crossing.paths)}", crossing.edge.line)
        brings = "all of it" if crossing.paths in {(), ("/",)} else _list(crossing.paths)
        return _passed(f"a mount from {_name(source)} brings {brings}", crossing.edge.line)
    if len(build.stages) == 1:
        return _not_applicable("there is no other stage to copy from")
    return _failed(
        "no stage takes anything from another one: COPY --from the one that builds",
        target.stage.head.span.first,
    )


def _key(entry: EvaluatedStage) -> str:
    """A stage's name as it was written, unless another one of that name is meant by it; else its index."""
    stage = entry.stage
    return stage.label if stage.name and stage.key == stage.name else str(stage.index)


def _name(entry: EvaluatedStage) -> str:
    """A stage in a sentence."""
    return f"stage {_key(entry)}"


def _list(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


_PRACTICES: dict[str, Callable[[Build, EvaluatedStage], tuple[Status, str, int | None]]] = {
    "Multistage Build": _multistage_build,
    "Slim Base Image": _slim_base_image,
    "Non-root User": _non_root_user,
    "Layer Caching": _layer_caching,
    "Health Check": _health_check,
    "Pip Cache": _pip_cache,
    "Stage Copying": _stage_copying,
}
