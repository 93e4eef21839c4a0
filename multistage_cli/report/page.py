"""All that the rooms say of one build, on one page, and what to take away from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.analyze.engine import Severity, analyze_build
from multistage_cli.analyze.practices import Status
from multistage_cli.commands.recipes import collect_recipes
from multistage_cli.flow.graph import collect_flow
from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.ranges import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.build.evaluate import Build
    from multistage_cli.commands.recipes import Recipes
    from multistage_cli.flow.graph import Flow
    from multistage_cli.sizes.model import Sizes

_MOST_TAKEAWAYS = 5
_WORTH_SAYING_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report.

    Attributes:
        path: the Dockerfile, as the user named it.
        flow: how the stages feed each other.
        analysis: findings, practices and score.
        sizes: the estimate.
        recipes: what to type next.
        takeaways: what this Dockerfile teaches, the most useful first.
    """

    path: str
    flow: Flow
    analysis: FileAnalysis
    sizes: Sizes
    recipes: Recipes
    takeaways: tuple[str, ...]


def collect_page(build: Build) -> Page:
    """Ask every room about a build.

    Raises:
        MultistageError: the Dockerfile has no stage.
    """
    flow, analysis, sizes = collect_flow(build), analyze_build(build), estimate_sizes(build)
    takeaways = tuple(_takeaways(build, flow, analysis, sizes))[:_MOST_TAKEAWAYS]
    return Page(build.path, flow, analysis, sizes, collect_recipes(build), takeaways)


def _takeaways(build: Build, flow: Flow, analysis: FileAnalysis, sizes: Sizes) -> Iterator[str]:
    errors = [finding for finding in analysis.findings if finding.severity is Severity.ERROR]
    if errors:
        yield f"Mend line {errors[0].line} first: the build stops there"
    for practice in analysis.practices:
        if practice.status is Status.FAILED:
            where = f" (line {practice.line})" if practice.line else ""
            yield f"{practice.name}: {practice.message}{where}"
    if sizes.saving >= _WORTH_SAYING_BYTES:
        largest = max(sizes.comparison, key=lambda entry: entry.size.estimate)
        yield (
            f"About {megabytes(sizes.saving)} less than {largest.label}:"
            f" {sizes.saving_percent}% of it never ships"
        )
    yield from _heaviest(sizes)
    if sizes.excluded and sizes.excluded[0].size.estimate >= _WORTH_SAYING_BYTES:
        first = sizes.excluded[0]
        yield (
            f"{first.what} ({megabytes(first.size.estimate)}) stays in stage {first.stage}, where line"
            f" {first.line} brings it"
        )
    yield from _crossings(flow)
    unneeded = [stage.label for stage in flow.stages if not stage.needed]
    if unneeded:
        several = "stages are" if len(unneeded) > 1 else "stage is"
        shown = ", ".join(unneeded[:3]) + (", ..." if len(unneeded) > 3 else "")  # noqa: PLR2004
        yield f"{len(unneeded)} {several} not built for {flow.target}: {shown}; build with --target"
    for practice in analysis.practices:
        if practice.status is Status.PASSED and practice.name in {
            "Layer Caching",
            "Non-root User",
            "Health Check",
        }:
            yield f"{practice.name}: {practice.message}"


def _heaviest(sizes: Sizes) -> Iterator[str]:
    """What weighs most in the image besides its base."""
    layers = [layer for stage in sizes.stages if stage.shipped for layer in stage.layers]
    heaviest = max(layers, key=lambda layer: layer.size.estimate, default=None)
    if heaviest is not None and heaviest.size.estimate >= _WORTH_SAYING_BYTES:
        yield (
            f"The heaviest layer of the image is line {heaviest.line}, with about"
            f" {megabytes(heaviest.size.estimate)}: {heaviest.instruction}"
        )


def _crossings(flow: Flow) -> Iterator[str]:
    into = [edge for edge in flow.into(flow.target) if edge.kind.value == "copy"]
    if into:
        paths = [path for edge in into for path in edge.paths]
        sources = dict.fromkeys(edge.source for edge in into)
        shown = ", ".join(paths[:3]) + (" and more" if len(paths) > 3 else "")  # noqa: PLR2004
        yield f"Only {shown} crosses from {', '.join(sources)} into {flow.target}; all else stays behind"
