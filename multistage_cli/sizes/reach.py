"""What of the stages that do not ship reaches the image all the same, by COPY --from and by mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.sizes.places import normal, overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.evaluate import Build

_ALL = frozenset({"/"})
_MOST_PATHS = 256  # that are kept apart for one stage


def taken_paths(build: Build) -> Mapping[int, frozenset[str]]:
    """For each stage, the paths of which something may come into the target's image; `/` for anything.

    Follows what is copied on from stage to stage, and is generous: a path that is copied to where only a part
    is taken on counts whole, and so does what a RUN has mounted.
    """
    taken: dict[int, frozenset[str]] = {entry.stage.index: _ALL for entry in build.shipped}
    crossings = {(found.edge.to, id(found.edge.instruction)): found for found in build.crossings}
    for entry in reversed(build.needed):
        index = entry.stage.index
        wanted = taken.get(index)
        if not wanted:
            continue
        if entry.stage.base.stage is not None:
            _add(taken, entry.stage.base.stage, wanted)
        for edge in build.graph.into(index):
            source = edge.source.stage
            if edge.source.kind is not SourceKind.STAGE or source is None or edge.kind is EdgeKind.BASE:
                continue
            paths, destination = edge.paths, None
            if edge.kind is EdgeKind.COPY:
                crossing = crossings[index, id(edge.instruction)]
                paths, destination = crossing.paths, crossing.destination
            if destination is None or not destination.startswith("/") or _touches(destination, wanted):
                # A mount without `source` holds all of its stage.
                _add(taken, source, frozenset(normal(path) for path in paths) or _ALL)
    return taken


def _add(taken: dict[int, frozenset[str]], index: int, paths: frozenset[str]) -> None:
    known = taken.get(index, frozenset())
    if known is _ALL or paths <= known:
        return
    together = known | paths
    taken[index] = _ALL if "/" in together or len(together) > _MOST_PATHS else together


def _touches(destination: str, wanted: frozenset[str]) -> bool:
    place = normal(destination)
    return wanted is _ALL or any(overlap(place, path) for path in wanted)
