"""What package managers add to a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.origins import text_in_context
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.python import Distribution
    from multistage_cli.facts.requirements import Requirement

_ANY_DISTRIBUTION = Range(50_000, 1_000_000, 30_000_000)
"""A Python distribution of which nothing is known: about the 5th, 50th and 95th percentile of the known
ones (tests/sizes/test_packages.py works them out again)."""
_MINOR_VERSION = re.compile(r"3\.\d+")
_MOST_INCLUDES = 20  # requirement files that include each other


def seed_size() -> Range:
    """The pip that `python -m venv` puts into a virtual environment; up to Python 3.11 setuptools too."""
    from multistage_cli.facts.python import distribution

    pip = distribution("pip")
    size = pip.source_bytes + pip.bytecode_bytes if pip else 11_000_000
    return Range.about(size, 0.15, 0.8)


class PipInstallation:
    """The parts that one pip, uv, pipenv or poetry command adds, and what is not known of them.

    `present` names the distributions that earlier commands installed, each with its place.
    """

    def __init__(
        self,
        build: Build,
        entry: EvaluatedStage,
        step: Step,
        change: Installation,
        present: frozenset[tuple[str, str | None]],
    ) -> None:
        self.build = build
        self.entry = entry
        self.step = step
        self.change = change
        self.present = present
        self.unknown: list[str] = []

    def parts(self) -> Iterator[Part]:
        """One part for each distribution, then the cache where it stays."""
        from multistage_cli.facts.python import closure
        from multistage_cli.facts.requirements import parse_requirements

        change = self.change
        found = parse_requirements("\n".join(_as_lines(change.packages)))
        requirements = list(found.requirements)
        for manifest in change.manifests:
            requirements.extend(self._requirements_of(manifest, 0))
        if not change.complete:
            self.unknown.append(f"what else {change.manager} on line {change.line} installs")
        resolution = closure(requirements)
        path = self._landing()
        for distribution in resolution.distributions:
            if (distribution.name, path) in self.present:
                continue  # pip leaves alone what is there already
            approximate = distribution.name in resolution.approximate
            yield Part(distribution.name, "pip", self._size(distribution, approximate=approximate), path)
        for name in resolution.unknown:
            self.unknown.append(f"what {name} weighs: the facts do not have it")
            yield Part(name, "pip", _ANY_DISTRIBUTION, path)
        if change.cache is Cache.KEPT:
            wheels = sum(distribution.wheel_bytes for distribution in resolution.distributions)
            # The cache keeps what was downloaded, and wheels that were built.
            yield Part(f"{change.manager} cache", "cache", Range.about(wheels, 0.1, 0.2))

    def _landing(self) -> str | None:
        """Where packages land: as the command says, else in the official images' site-packages."""
        prefix = self.change.prefix
        if prefix is UNKNOWN:
            return None
        if prefix is not None:
            return prefix
        lookup = self.build.stages[self.build.graph.chain(self.entry.stage.index)[-1]].lookup
        image = lookup.image if lookup else None
        version = _MINOR_VERSION.match(image.canonical_tag or image.tag or "") if image else None
        if image is None or image.repository != "python" or version is None:
            return None
        return f"/usr/local/lib/python{version.group()}/site-packages"

    def _size(self, distribution: Distribution, *, approximate: bool) -> Range:
        if self.change.stored:
            return Range.about(distribution.wheel_bytes, 0.0, 0.3 if approximate else 0.0)
        compiled = self.change.manager != "uv"  # uv compiles on request only
        size = distribution.source_bytes + (distribution.bytecode_bytes if compiled else 0)
        # Another release or another Python's wheel weighs something else.
        return Range.about(size, 0.3, 0.4) if approximate else Range.about(size, 0.1, 0.1)

    def _requirements_of(self, manifest: str, depth: int) -> Iterator[Requirement]:
        from multistage_cli.facts.requirements import parse_requirements

        text = text_in_context(self.build, self.entry, self.step, manifest)
        if text is None:
            self.unknown.append(f"what {manifest} asks for: it is not in the build context")
            return
        if not manifest.endswith((".txt", ".in")):
            self.unknown.append(f"what {manifest} asks for")
            return
        parsed = parse_requirements(text)
        yield from parsed.requirements
        for include in parsed.includes:
            if not include.constraint and depth < _MOST_INCLUDES:
                yield from self._requirements_of(f"{manifest.rpartition('/')[0]}/{include.path}", depth + 1)


def _as_lines(packages: tuple[str, ...]) -> Iterator[str]:
    """Names from a command line, as lines of a requirements file; the project itself is not one of them."""
    return (name for name in packages if "\n" not in name)
