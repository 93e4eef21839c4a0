"""The same build in one stage, and what this one leaves out of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.facts.images import Certainty, full_variant, slim_variant
from multistage_cli.sizes.bases import image_size
from multistage_cli.sizes.model import Comparison, Excluded, Part, StageSize
from multistage_cli.sizes.ranges import total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.facts.images import Image

_WORTH_NAMING_BYTES = 100_000
_AS_WRITTEN = "as written"


def compare(build: Build, stages: Mapping[int, StageSize]) -> tuple[Comparison, ...]:
    """One stage on the full base image, one on the slim one, and the build as it is written.

    One stage holds all that the stages of this build install and copy from outside; what they copy from
    each other it has already. It starts from the image that the building stage starts from, since that is
    where the tools are. A base image without a slim or full variant of known size gives one line less.
    """
    target = build.target
    if target is None:
        return ()
    written = Comparison(_AS_WRITTEN, stages[target.stage.index].size)
    builder = _builder(build, stages)
    lookup = builder.lookup
    image = lookup.image if lookup and lookup.certainty is not Certainty.UNKNOWN else None
    if image is None or image.size_bytes is None:
        return (written,)
    everything = total(
        part.size
        for entry in build.needed
        for layer in stages[entry.stage.index].layers
        for part in layer.parts
        if part.kind != "stage"
    )
    bases = _variants(image)
    several = len(build.needed) > 1
    return (
        *(
            Comparison(f"one stage, {base.reference}", image_size(base) + everything)
            for base in bases
            # With a single stage on this very base there is nothing to compare with.
            if several or base.reference != image.reference
        ),
        written,
    )


def _variants(image: Image) -> list[Image]:
    """The full and the slim image of the same version, as far as their sizes are known."""
    full = full_variant(image) or image
    slim = slim_variant(image) or (image if full is not image else None)
    return [full] if slim is None else [full, slim]


def _builder(build: Build, stages: Mapping[int, StageSize]) -> EvaluatedStage:
    """The stage that does the building: among those that feed the image by copy, the largest."""
    shipped = {entry.stage.index for entry in build.shipped}
    sources = {
        edge.source.stage
        for edge in build.graph.edges
        if edge.to in shipped
        and edge.kind is not EdgeKind.BASE
        and edge.source.kind is SourceKind.STAGE
        and edge.source.stage is not None
        and edge.source.stage not in shipped
    }
    first = max(
        sources,
        key=lambda index: (stages[index].size.estimate, -index),
        default=build.shipped[0].stage.index,
    )
    return build.stages[build.graph.chain(first)[-1]]


def left_out(build: Build, stages: Mapping[int, StageSize]) -> tuple[Excluded, ...]:
    """What stays behind in stages that do not ship, the heaviest first."""
    found: list[Excluded] = []
    shipped_bases = {entry.stage.base.label for entry in build.shipped}
    taken = [crossing.paths for crossing in build.crossings if crossing.edge.kind is EdgeKind.COPY]
    crossing_paths = [path for paths in taken for path in paths]
    seen_bases: set[str] = set()
    for entry in build.needed:
        stage = stages[entry.stage.index]
        if stage.shipped:
            continue
        base = entry.stage.base
        if base.stage is None and base.label not in shipped_bases | seen_bases and stage.base.unknown is None:
            seen_bases.add(base.label)
            found.append(
                Excluded(
                    f"{base.label} (base image)", stage.base.size, stage.stage, entry.stage.head.span.first
                )
            )
        for layer in stage.layers:
            for part in layer.parts:
                if part.kind == "stage" or _crosses(part, crossing_paths):
                    continue
                if part.size.estimate >= _WORTH_NAMING_BYTES:
                    found.append(Excluded(_named(part), part.size, stage.stage, layer.line))
    return tuple(sorted(found, key=lambda entry: (-entry.size.estimate, entry.line, entry.what)))


def _crosses(part: Part, paths: list[str]) -> bool:
    """Whether the part is copied into another stage: `/` takes all."""
    if part.path is None:
        return "/" in paths
    return any(part.path == path or part.path.startswith(f"{path.rstrip('/')}/") for path in paths)


def _named(part: Part) -> str:
    return f"source ({part.what})" if part.kind == "files" else part.what
