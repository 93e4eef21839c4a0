"""What one Dockerfile teaches: a few sentences, each about its own stages, lines and megabytes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity
from multistage_cli.analyze.practices import Status
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.facts.images import full_variant
from multistage_cli.sizes.ranges import about, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.analyze.practices import Practice
    from multistage_cli.build.evaluate import Build, Crossing
    from multistage_cli.sizes.model import Comparison, Layer, Sizes

_MOST = 6
_MOST_NAMES = 3
_WORTH_SAYING_BYTES = 5_000_000
_WORTH_KEEPING_BYTES = 10_000_000  # of what a stage keeps out; alpine itself is no news
_ONE_STAGE = "one stage, "
_LEFT_BEHIND = {
    "cache": "use a cache mount, or delete it in the same RUN",
    "lists": "delete /var/lib/apt/lists/* in the same RUN",
}


def takeaways(build: Build, analysis: FileAnalysis, sizes: Sizes) -> tuple[str, ...]:
    """The most useful first; nothing that this Dockerfile does not show."""
    return tuple(islice(_all(build, analysis, sizes), _MOST))


def _all(build: Build, analysis: FileAnalysis, sizes: Sizes) -> Iterator[str]:
    errors = [finding for finding in analysis.findings if finding.severity is Severity.ERROR]
    if errors:
        does = "stops the build" if errors[0].code == "MS001" else "has an error"
        yield f"Line {errors[0].line} {does}: mend it before anything else"
    yield from _to_mend(analysis.practices)
    yield from _kept_out(build, sizes)
    told = [*_leftovers(sizes), *_only_part(build, sizes)]
    yield from _base_image(build, sizes)
    yield from (text for text, _ in told)
    yield from _heaviest(sizes, {line for _, line in told})
    yield from _held(build, analysis.practices)
    yield from _spare_stages(build)


def _to_mend(practices: Sequence[Practice]) -> Iterator[str]:
    failed = [practice for practice in practices if practice.status is Status.FAILED]
    if failed:
        names = [f"{practice.name} (line {practice.line})" for practice in failed]
        yield f"To mend first: {_list(names)}; the checks above say how"


def _kept_out(build: Build, sizes: Sizes) -> Iterator[str]:
    """What the stages are good for here."""
    one_stage = _as_one_stage(build, sizes)
    less = ""
    if one_stage is not None and sizes.base.known:
        saved = one_stage.size.estimate - sizes.image.estimate
        if saved >= _WORTH_SAYING_BYTES:
            more = "or more " if sizes.unknown or one_stage.more else ""
            less = f"about {megabytes(saved)} {more}less than one stage on {_base_of(one_stage)}"
    heavy = [entry for entry in sizes.excluded if entry.size.estimate >= _WORTH_KEEPING_BYTES]
    if heavy:
        stage = heavy[0].stage
        names = [f"{entry.what} ({about(entry.size.estimate)})" for entry in heavy if entry.stage == stage]
        yield f"Stage {stage} keeps {_list(names)} out of the image" + (f": {less}" if less else "")
    elif less:
        yield f"{len(build.needed)} stages: {less}"


def _as_one_stage(build: Build, sizes: Sizes) -> Comparison | None:
    """The build in one stage, on the heaviest base image that it names itself; None for a single stage."""
    if len(build.needed) == 1:
        return None
    others = [entry for entry in sizes.comparison if entry.label.startswith(_ONE_STAGE)]
    named = {_familiar(entry.stage.base.label) for entry in build.needed}
    own = [entry for entry in others if _base_of(entry) in named]
    return max(own or others[-1:], key=lambda entry: entry.size.estimate, default=None)


def _leftovers(sizes: Sizes) -> Iterator[tuple[str, int]]:
    """Caches and package lists that ship, with their lines."""
    for layer in _shipped(sizes):
        for part in layer.parts:
            if part.kind in _LEFT_BEHIND and part.size.estimate >= _WORTH_SAYING_BYTES:
                what = f"Line {layer.line} leaves the {part.what} in the image ({about(part.size.estimate)})"
                yield f"{what}: {_LEFT_BEHIND[part.kind]}", layer.line


def _base_image(build: Build, sizes: Sizes) -> Iterator[str]:
    """What the image's own base saves against the full one of its kind, unless a stage keeps that one out."""
    lookup = build.shipped[-1].lookup
    image = lookup.image if lookup else None
    full = full_variant(image) if image else None
    if image is None or full is None or image.size_bytes is None or full.size_bytes is None:
        return
    if any(entry.what.startswith(f"{full.reference} ") for entry in sizes.excluded):
        return
    if (saved := full.size_bytes - image.size_bytes) >= _WORTH_SAYING_BYTES:
        own = build.shipped[-1].stage.base.label
        yield f"{own} as base image instead of {full.reference} saves about {megabytes(saved)}"


def _only_part(build: Build, sizes: Sizes) -> Iterator[tuple[str, int]]:
    """What ships of a stage that does not, where that is said by COPY --from alone; with its line."""
    shipped = {entry.stage.index for entry in build.shipped}
    into: dict[int, list[Crossing]] = {}
    for crossing in build.crossings:
        edge = crossing.edge
        if edge.to in shipped and edge.source.kind is SourceKind.STAGE and edge.source.stage not in shipped:
            into.setdefault(edge.source.stage or 0, []).append(crossing)
    for index, crossings in islice(into.items(), 2):
        if any(found.edge.kind is not EdgeKind.COPY or "/" in found.paths for found in crossings):
            continue
        paths = list(dict.fromkeys(path for found in crossings for path in found.paths))
        line = crossings[0].edge.line
        known = [layer.size.estimate for layer in _shipped(sizes) if layer.line == line and not layer.unknown]
        size = f", {about(known[0])}" if known and len(crossings) == 1 and known[0] else ""
        verb = "ships" if len(paths) == 1 else "ship"
        yield (
            f"Of stage {build.graph.stages[index].label} only {_list(paths)} {verb} (line {line}{size})",
            line,
        )


def _heaviest(sizes: Sizes, said: set[int]) -> Iterator[str]:
    """What weighs most in the image besides its base."""
    heaviest = max(_shipped(sizes), key=lambda layer: layer.size.estimate, default=None)
    if heaviest is None or heaviest.line in said or heaviest.size.estimate < _WORTH_SAYING_BYTES:
        return
    yield (
        f"Line {heaviest.line} is the heaviest on top of the base image, with"
        f" {about(heaviest.size.estimate)}: {heaviest.instruction}"
    )


def _held(build: Build, practices: Sequence[Practice]) -> Iterator[str]:
    """Practices that hold, by what they are good for."""
    held = {practice.name: practice for practice in practices if practice.status is Status.PASSED}
    user = build.target.final.user.value if build.target else UNKNOWN
    if caching := held.get("Layer Caching"):
        who = caching.message.split()[0]
        yield f"Dependencies stay cached when the source changes: {who} has them from line {caching.line}"
    if (practice := held.get("Non-root User")) and user is not UNKNOWN:
        yield f"The container runs as {user} (line {practice.line}), not as root"
    if practice := held.get("Health Check"):
        yield f"HEALTHCHECK (line {practice.line}) tells an orchestrator when the container no longer answers"


def _spare_stages(build: Build) -> Iterator[str]:
    spare = [stage.label for stage in build.graph.stages if stage.index not in build.graph.needed]
    if len(spare) == 1:
        yield f"Stage {spare[0]} is not built for this target"
    elif spare:
        yield f"Stages {_list(spare)} are not built for this target"


def _shipped(sizes: Sizes) -> list[Layer]:
    return [layer for stage in sizes.stages if stage.shipped for layer in stage.layers]


def _base_of(entry: Comparison) -> str:
    return entry.label.removeprefix(_ONE_STAGE)


def _familiar(reference: str) -> str:
    return reference.removeprefix("docker.io/library/")


def _list(names: list[str]) -> str:
    shown = names[:_MOST_NAMES]
    if len(names) > _MOST_NAMES:
        return f"{', '.join(shown)} and {len(names) - _MOST_NAMES} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)
