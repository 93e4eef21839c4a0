"""What Python's package managers add to a layer."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.changes import Cache, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.sizes.manifests import asked_by
from multistage_cli.sizes.model import Part
from multistage_cli.sizes.origins import text_in_context
from multistage_cli.sizes.ranges import Range
from multistage_cli.sizes.resolving import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.images import Image
    from multistage_cli.facts.python import Distribution, Resolution
    from multistage_cli.facts.requirements import Requirement

PYTHON_MANAGERS = frozenset({"pip", "pipenv", "poetry", "uv"})

ANY_DISTRIBUTION = Range(39_000, 830_000, 82_000_000)
"""A Python distribution of which nothing is known: about the 5th, 50th and 95th percentile of the known
ones (tests/sizes/test_packages.py works them out again)."""
_MINOR_VERSION = re.compile(r"3\.\d+")
_FACTS_PYTHON = "3.12"  # the one that the facts were measured with
_WITH_SETUPTOOLS = frozenset({"3.7", "3.8", "3.9", "3.10", "3.11"})
_SEED = "pip of the virtual environment"
_TRUE = frozenset({"1", "true", "yes", "on"})
_PINNED = re.compile(r"===?\s*(\d+(?:\.\d+)*)\s*$")
_PROJECT = re.compile(r"\.(?:/.*)?(?:\[.*\])?|/.*(?:\[.*\])?")


def seed_size(python: str | None = None) -> Range:
    """The pip that `python -m venv` puts into a virtual environment; up to Python 3.11 setuptools too.

    With pip's bytecode. The release is the one that comes with Python: 13,746,031 bytes with Python 3.12.1 and pip
    23.2, 10,937,342 with 3.13 and pip 24.2 (built in November 2026).

    Args:
        python: the minor version, such as `3.12`; None where it is not known.
    """
    from multistage_cli.facts.python import distribution

    pip, tools = distribution("pip"), distribution("setuptools")
    size = pip.source_bytes + pip.bytecode_bytes if pip else 11_000_000
    old = tools.source_bytes + tools.bytecode_bytes if tools else 6_000_000
    if python is None:
        return Range(round(size * 0.9), size, round(size * 1.35) + old)
    if python in _WITH_SETUPTOOLS:
        return Range(round(size * 0.9), size + old, round((size + old) * 1.35))
    return Range.about(size, 0.1, 0.35)


def site_packages(image: Image | None) -> str | None:
    """Where the Python of an official image keeps its packages; None for another base image."""
    if image is None or image.repository != "python":
        return None
    version = _MINOR_VERSION.match(image.canonical_tag or "") or _MINOR_VERSION.match(image.tag or "")
    return f"/usr/local/lib/python{version.group()}/site-packages" if version else None


class PipInstallation:
    """The parts that one pip, uv, pipenv or poetry command adds, and what is not known of them.

    Args:
        build: the evaluated build.
        entry: the stage.
        step: the RUN.
        change: what the command installs.
        image: that the stage starts from at last, as far as the facts know it.
        present: the distributions that earlier commands installed, each with its place.
    """

    def __init__(
        self,
        build: Build,
        entry: EvaluatedStage,
        step: Step,
        change: Installation,
        *,
        image: Image | None,
        present: frozenset[tuple[str, str | None]],
    ) -> None:
        self.build = build
        self.entry = entry
        self.step = step
        self.change = change
        self.image = image
        self.present = present
        self.unknown: list[str] = []

    def parts(self) -> Iterator[Part]:
        """One part for each distribution, then the cache where it stays."""
        change = self.change
        if not change.complete:
            self.unknown.append(f"what else {change.manager} installs on line {change.line}")
        path = self.landing()
        asked = asked_by(
            change.manifests, self._read, python=self._python(path), development=change.development
        )
        self.unknown += [
            f"{text}, which {change.manager} installs on line {change.line}" for text in asked.unknown
        ]
        named = list(self._named())
        requirements = (*named, *asked.requirements)
        resolution = resolved(
            self.build,
            self.entry,
            self.step,
            requirements,
            python=self._python(path),
            whole=asked.only is not None and not named,
            own_index=asked.own_index,
        )
        sizes = _Sizes(change, self.step, requirements, resolution)
        wanted = asked.only and (asked.only | {entry.name for entry in named})
        downloaded = [
            found
            for found in resolution.distributions
            if (found.name, path) not in self.present  # pip leaves alone what is there already
            and (not wanted or found.name in wanted or named)
        ]
        if path is not None and path == self._project_environment() and (_SEED, path) not in self.present:
            # virtualenv, which both use, puts pip into what it makes.
            yield self._part(_SEED, seed_size(self._python(path)), path)
        for found in downloaded:
            yield self._part(found.name, sizes.of(found), path)
        for name in resolution.unknown:
            if (name, path) not in self.present:
                self.unknown.append(
                    f"what {name} weighs, which {change.manager} installs on line {change.line}"
                )
                yield replace(self._part(name, ANY_DISTRIBUTION, path), guessed=True)
        if change.cache is Cache.KEPT and downloaded:
            wheels = sum(found.wheel_bytes for found in downloaded)
            # The cache keeps what was downloaded, and wheels that were built.
            size = Range.about(wheels, 0.1, 0.2)
            yield Part(
                f"{change.manager} cache",
                "cache",
                size if change.certain is Claim.YES else size.from_nothing(),
            )

    def landing(self) -> str | None:
        """Where packages land: as the command says, else in the official images' site-packages."""
        prefix = self.change.prefix
        if prefix is UNKNOWN:
            return None
        if prefix is not None:
            return prefix
        if self.change.manager in {"poetry", "pipenv"} and not self._in_system_python():
            return self._project_environment()
        return site_packages(self.image)

    def _project_environment(self) -> str | None:
        """The environment that Poetry or Pipenv makes beside the project, where they are told to."""
        if self.change.manager not in {"poetry", "pipenv"} or self.change.prefix is not None:
            return None
        known = self.step.before.variables.known
        folder = self.step.before.working_directory.value
        if self._in_system_python() or folder is UNKNOWN:
            return None
        inside = (known("POETRY_VIRTUALENVS_IN_PROJECT"), known("PIPENV_VENV_IN_PROJECT"))
        asked = {"1", "true"}.intersection(str(value).lower() for value in inside)
        return posixpath.join(folder, ".venv") if asked else None

    def _in_system_python(self) -> bool:
        return self.step.before.variables.known("POETRY_VIRTUALENVS_CREATE") in {"0", "false"}

    def _part(self, name: str, size: Range, path: str | None) -> Part:
        return Part(name, "pip", size if self.change.certain is Claim.YES else size.from_nothing(), path)

    def _python(self, path: str | None) -> str:
        found = site_packages(self.image) or path or ""
        version = _MINOR_VERSION.search(found)
        return version.group() if version else _FACTS_PYTHON

    def _read(self, path: str) -> str | None:
        return text_in_context(self.build, self.entry, self.step, path)

    def _named(self) -> Iterator[Requirement]:
        """What the command line asks for by name; of the project itself, what it depends on."""
        from multistage_cli.facts.requirements import parse_requirement

        change = self.change
        for text in change.packages:
            if any(sign in text for sign in "*?"):
                self.unknown.append(f"what {text} is, which {change.manager} installs on line {change.line}")
            elif _PROJECT.fullmatch(text) and not text.endswith((".whl", ".gz", ".zip")):
                folder = posixpath.join(str(self.step.before.working_directory.value), text.partition("[")[0])
                file = posixpath.normpath(posixpath.join(folder, "pyproject.toml"))
                asked = asked_by([file], self._read, python=_FACTS_PYTHON, development=False)
                yield from asked.requirements
                self.unknown.append(
                    f"the project itself, which {change.manager} installs on line {change.line}"
                )
                self.unknown += [f"{found}, which {change.manager} installs" for found in asked.unknown]
            else:
                try:
                    wanted = parse_requirement(text)
                except ValueError:
                    self.unknown.append(
                        f"what {text} is, which {change.manager} installs on line {change.line}"
                    )
                    continue
                if wanted is not None:
                    yield wanted


class _Sizes:
    """What the distributions of one command weigh, as far as the one release that is known of each tells.

    The widths are what sixteen real layers of pinned, older releases were off by (python:3.11-slim, November 2026,
    without Python's own bytecode): up to 36 percent with only the patch number another (psycopg2-binary 2.9.9),
    40 with another minor one, 60 with another major one, which may also have other dependencies. The very release
    that was measured is off by what another Python's bytecode makes: 0.1 percent in two layers of pure ones.
    """

    def __init__(
        self, change: Installation, step: Step, requirements: tuple[Requirement, ...], resolution: Resolution
    ) -> None:
        self._change = change
        self._step = step
        self._wanted = {entry.name: entry.specifier for entry in requirements}
        self._approximate = frozenset(resolution.approximate)
        # What only another release than the known one brings may be another release as well, or nothing at all.
        self._near = self._reached(requirements, self._approximate)
        self._far = self._reached(
            requirements, frozenset(entry.name for entry in resolution.distributions if self._is_far(entry))
        )

    def of(self, distribution: Distribution) -> Range:
        """What one of them adds."""
        if self._far is not None and distribution.name not in self._far:
            return self._size(distribution).from_nothing()
        return self._size(distribution)

    def _reached(
        self, requirements: tuple[Requirement, ...], without: frozenset[str]
    ) -> frozenset[str] | None:
        """The names that the requirements bring but for some of those; None for all."""
        from multistage_cli.facts.python import closure

        if not without:
            return None
        known = closure(entry for entry in requirements if entry.name not in without)
        return frozenset(self._wanted) | {entry.name for entry in known.distributions}

    def _is_far(self, distribution: Distribution) -> bool:
        """Whether another major release is asked for."""
        pinned = _PINNED.match(self._wanted.get(distribution.name, ""))
        if distribution.name not in self._approximate:
            return False
        return pinned is None or pinned.group(1).split(".")[0] != distribution.version.split(".")[0]

    def _size(self, distribution: Distribution) -> Range:
        approximate = distribution.name in self._approximate
        if self._change.stored:
            return Range.about(distribution.wheel_bytes, 0.0, 0.3 if approximate else 0.0)
        bytecode = distribution.bytecode_bytes
        compiles = self._compiles()
        if compiles is Claim.YES:
            return self._off_by(distribution, distribution.source_bytes + bytecode)
        found = self._off_by(distribution, distribution.source_bytes)
        return found if compiles is Claim.NO else Range(found.low, found.estimate, found.high + bytecode)

    def _compiles(self) -> Claim:
        """Whether bytecode is written; uv does when it is told to, by an option or a variable."""
        known = self._step.before.variables.known
        if self._change.manager == "uv":
            return Claim.YES if known("UV_COMPILE_BYTECODE") in _TRUE else Claim.UNKNOWN
        if known("PIP_NO_COMPILE") in _TRUE or "--no-compile" in self._step.instruction.text:
            return Claim.NO
        return Claim.YES

    def _off_by(self, distribution: Distribution, size: int) -> Range:
        pinned = _PINNED.match(self._wanted.get(distribution.name, ""))
        if distribution.name not in self._approximate:
            brought = self._near is not None and distribution.name not in self._near
            width = 0.25 if brought else 0.03 if pinned else 0.1
            return Range.about(size, width, width)
        if pinned is None or self._is_far(distribution):
            return Range.about(size, 0.6, 0.6)
        same = pinned.group(1).split(".")[:2] == distribution.version.split(".")[:2]
        return Range.about(size, 0.36, 0.1) if same else Range.about(size, 0.4, 0.35)
