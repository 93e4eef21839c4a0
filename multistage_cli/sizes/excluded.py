"""What the build needs and the image does not hold."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.changes import Unmeasured, Untracked
from multistage_cli.sizes.layers import CHANGING_COMMANDS, QUIET_COMMANDS
from multistage_cli.sizes.model import Excluded, Part, StageSize
from multistage_cli.sizes.places import below, normal, overlap, package_of
from multistage_cli.sizes.ranges import Range
from multistage_cli.sizes.reach import taken_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.facts.images import Image

_WORTH_NAMING_BYTES = 100_000
_NAMED_KINDS = frozenset({"apk", "apt", "cache", "files", "go", "image", "lists", "npm", "pip", "program"})
_MOVABLE_KINDS = frozenset({"files", "go", "image", "npm", "pip", "program"})
_CACHES = ("/root", "/home", "/usr/local/share", "/var/cache")


def left_out(build: Build, stages: Mapping[int, StageSize]) -> tuple[Excluded, ...]:
    """What stays behind in stages that do not ship, the heaviest first.

    Only what cannot reach the image by any COPY --from or mount, and only what has a size that is known.
    """
    taken = taken_paths(build)
    moving = _moving(build)
    found: list[Excluded] = []
    bases: set[str] = {entry.stage.base.label for entry in build.shipped}
    named: set[tuple[str, str]] = set()
    for entry in build.needed:
        stage = stages[entry.stage.index]
        if stage.shipped:
            continue
        paths = taken.get(entry.stage.index, frozenset())
        moved = bool(paths) and entry.stage.index in moving
        if entry.stage.base.stage is None and entry.stage.base.label not in bases:
            bases.add(entry.stage.base.label)
            found += _base(build, entry, stage, paths)
        for layer in stage.layers:
            for part in layer.parts:
                if part.guessed or part.kind not in _NAMED_KINDS or (moved and part.kind in _MOVABLE_KINDS):
                    continue
                if not _crosses(build, part, paths):
                    name = _name(part)
                    if (name, stage.stage) not in named:
                        named.add((name, stage.stage))
                        found.append(Excluded(name, part.size, stage.stage, layer.line))
    worth = (entry for entry in found if entry.size.estimate >= _WORTH_NAMING_BYTES)
    return tuple(sorted(worth, key=lambda entry: (-entry.size.estimate, entry.line, entry.what)))


def _moving(build: Build) -> frozenset[int]:
    """Stages whose files a command of theirs, or of a stage that continues them, may put somewhere else."""
    still = QUIET_COMMANDS | CHANGING_COMMANDS
    found: set[int] = set()
    for entry in reversed(build.needed):
        if entry.stage.index in found or any(
            isinstance(change, Untracked | Unmeasured) and change.name not in still
            for _, change in entry.changes()
        ):
            found.add(entry.stage.index)
            if entry.stage.base.stage is not None:
                found.add(entry.stage.base.stage)
    return frozenset(found)


def _base(build: Build, entry: EvaluatedStage, stage: StageSize, paths: frozenset[str]) -> Iterator[Excluded]:
    """The base image, less what the target's own base image has of it too."""
    image = entry.lookup.image if entry.lookup else None
    last = build.shipped[-1]
    own = last.lookup.image if last.lookup else None
    if image is None or not stage.base.known or any(package_of(path) is None for path in paths):
        return
    label, size, line = entry.stage.base.label, stage.base.size, entry.stage.head.span.first
    if own is not None and _runtime(own) & _runtime(image):
        # Both hold the same Python, Java or Node: only the difference stays behind.
        size = _difference(size, build, stage)
        yield Excluded(f"{label} beyond {last.stage.base.label}", size, stage.stage, line)
    elif own is None or own.os_family != image.repository:
        yield Excluded(f"{label} (base image)", size, stage.stage, line)


def _difference(size: Range, build: Build, stage: StageSize) -> Range:
    from multistage_cli.sizes.bases import base_size

    own = base_size(build.shipped[-1]).size
    estimate = max(0, size.estimate - own.estimate)
    return Range(max(0, min(estimate, size.low - own.high)), estimate, max(estimate, size.high - own.low))


def _runtime(image: Image) -> frozenset[str]:
    """What an image is for: variables such as PYTHON_VERSION that the official images set, or its repository."""
    names = (name for name, _ in image.environment if name.endswith("_VERSION"))
    return frozenset({image.repository, *names})


def _crosses(build: Build, part: Part, paths: frozenset[str]) -> bool:
    """Whether something of the part may be among the paths that are taken."""
    if not paths:
        return False
    if part.kind == "apt":
        return any(package_of(path) in {None, part.what.partition("=")[0]} for path in paths)
    if part.kind == "cache":
        return any(overlap(path, place) for path in paths for place in _CACHES)
    if part.path is None or not part.path.startswith("/"):
        return True
    place = normal(part.path)
    for path in paths:
        if below(place, path):
            return True
        if below(path, place) and (part.kind != "files" or _has_piece(build, part.what, path, place)):
            return True
    return False


def _has_piece(build: Build, source: str, path: str, place: str) -> bool:
    """Whether the build context has something at the taken path of a copied folder."""
    context = build.context
    if context is None:
        return True
    rest = posixpath.relpath(path, place)
    for entry in context.select(source):
        if entry.kind != "directory":
            if posixpath.basename(entry.path) == rest.split("/")[0]:
                return True
        elif context.exists(posixpath.join(entry.path, rest)):
            return True
    return False


def _name(part: Part) -> str:
    return f"source ({part.what})" if part.kind == "files" else part.what
