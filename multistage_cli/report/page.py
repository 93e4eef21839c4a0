"""All that the rooms say of one build, on one page, and what to take away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.analyze.chosen import analyze_configured
from multistage_cli.commands.recipes import collect_recipes
from multistage_cli.flow.graph import collect_flow
from multistage_cli.report.against import compare_pages
from multistage_cli.report.takeaways import takeaways
from multistage_cli.sizes.estimate import estimate_sizes

if TYPE_CHECKING:
    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.build.evaluate import Build
    from multistage_cli.commands.recipes import Recipes
    from multistage_cli.flow.graph import Flow
    from multistage_cli.report.against import PageDifference
    from multistage_cli.sizes.model import Sizes
    from multistage_cli.terminal.configured import Configured
    from multistage_cli.terminal.revisions import OtherBuild


class Page(Struct, frozen=True):
    """The whole report.

    Attributes:
        path: the Dockerfile, as the user named it.
        flow: how the stages feed each other.
        analysis: findings, practices and score.
        sizes: the estimate.
        recipes: what to type next.
        takeaways: what this Dockerfile teaches, the most useful first.
        build: what all of that is about, for views that ask further questions.
        difference: what differs from another build, where the user named one.
    """

    path: str
    flow: Flow
    analysis: FileAnalysis
    sizes: Sizes
    recipes: Recipes
    takeaways: tuple[str, ...]
    build: Build | None = None
    difference: PageDifference | None = None


def collect_page(build: Build, configured: Configured | None = None) -> Page:
    """Ask every room about a build.

    Args:
        build: the evaluated build.
        configured: which configuration counts, as for `analyze`; the defaults where None.

    Raises:
        MultistageError: the Dockerfile has no stage, or a rule in the configuration is none.
    """
    flow, analysis, sizes = collect_flow(build), analyze_configured(build, configured), estimate_sizes(build)
    told = takeaways(build, analysis, sizes)
    return Page(build.path, flow, analysis, sizes, collect_recipes(build), told, build)


def with_difference(page: Page, other: OtherBuild, configured: Configured | None = None) -> Page:
    """The page with what differs from another build.

    Args:
        page: of this build.
        other: the other build, as long as its files are there.
        configured: which configuration counts for both.
    """
    analysis, sizes = analyze_configured(other.build, configured), estimate_sizes(other.build)
    difference = compare_pages((analysis, sizes), (page.analysis, page.sizes), other.label, other.notes)
    return replace(page, difference=difference)
