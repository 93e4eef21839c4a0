"""One Dockerfile from its path to what is to be said about it, and many of them in several processes."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.engine import analyze_build, unreadable
from multistage_cli.analyze.rule import named_stages
from multistage_cli.analyze.selection import Selection
from multistage_cli.errors import MultistageError
from multistage_cli.terminal.commands import BuildOptions, evaluate_source
from multistage_cli.terminal.nearby import nearest, text_of
from multistage_cli.terminal.reading import parsed_dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.analyze.findings import Severity
    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Dockerfile
    from multistage_cli.terminal.reading import Source

OWN_NAMES = ("multistage.toml", "pyproject.toml")
HADOLINT_NAMES = (".hadolint.yaml", ".hadolint.yml")
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
BAKE_NAMES = ("docker-bake.hcl", "docker-bake.json")
_ENOUGH_FOR_PROCESSES = 24
"""Fewer files are done before other processes have started."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of each file; travels to other processes.

    Attributes:
        build: the options of the build.
        selection: of the command line.
        config: the configuration file that the user named, or None.
        find_config: whether one is looked for where none is named.
        fail_on: of the command line; None where nothing is said.
        never_fails: whether the command line says that no finding fails.
    """

    build: BuildOptions = BuildOptions()  # noqa: RUF009  (frozen)
    selection: Selection = Selection()  # noqa: RUF009  (frozen)
    config: Path | None = None
    find_config: bool = True
    fail_on: Severity | None = None
    never_fails: bool = False


def analyze_path(path: Path | None, request: Request) -> FileAnalysis:
    """Read, evaluate and judge one Dockerfile.

    Args:
        path: of the file, `-` for standard input, None for the Dockerfile here.
        request: what is asked.

    Raises:
        MultistageError: the file or its configuration cannot be read, or an option does not fit.
    """
    return _Analyzer(request).analyze(path)


def analyze_paths(paths: tuple[Path, ...], request: Request, jobs: int) -> Iterator[FileAnalysis]:
    """Judge many Dockerfiles, in their order; one that cannot be read is there with its error.

    Args:
        paths: of the files.
        request: what is asked of each.
        jobs: processes; 0 for one for each core, if there are enough files.
    """
    processes = jobs or (_cores() if len(paths) >= _ENOUGH_FOR_PROCESSES else 1)
    processes = min(processes, len(paths))
    if processes <= 1:
        yield from map(_Analyzer(request).attempt, paths)
        return
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(processes, initializer=_start, initargs=(request,))
    # A few files at a time are under way for each process: results are kept no longer than they wait.
    waiting = iter(paths)
    try:
        running = [pool.submit(_attempt_in_pool, path) for path in islice(waiting, processes * 8)]
        while running:
            yield running.pop(0).result()
            running.extend(pool.submit(_attempt_in_pool, path) for path in islice(waiting, 1))
    finally:
        pool.shutdown(cancel_futures=True)


_here: list[_Analyzer] = []  # of this process, where it is one of a pool


def _start(request: Request) -> None:
    _here[:] = [_Analyzer(request)]


def _attempt_in_pool(path: Path) -> FileAnalysis:
    return _here[0].attempt(path)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Analyzer:
    """Judges files one by one, and remembers where it found which configuration."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._nearest: dict[Path, Path | None] = {}
        self._read: dict[Path, Configuration] = {}

    def analyze(self, path: Path | None) -> FileAnalysis:
        """See `analyze_path`."""
        request = self.request
        source, parsed = parsed_dockerfile(path)
        configuration = self._configuration(source).with_options(request.selection)
        build, targets, configuration = _evaluated(source, parsed, request, configuration)
        analysis = analyze_build(build, configuration=configuration, targets=targets)
        if request.fail_on is None and not request.never_fails:
            return replace(analysis, fail_on=configuration.fail_on, never_fails=configuration.never_fails)
        return replace(analysis, fail_on=request.fail_on, never_fails=request.never_fails)

    def attempt(self, path: Path) -> FileAnalysis:
        """The same; a file that cannot be read is there with its error."""
        try:
            return self.analyze(path)
        except MultistageError as error:
            return unreadable(str(path), str(error))

    def _configuration(self, source: Source) -> Configuration:
        file = source.path.absolute() if source.path else None
        found = self.request.config
        if found is None and self.request.find_config:
            found = self._nearest_configuration(file.parent if file else Path.cwd())
        if found is None:
            return Configuration()
        if found not in self._read:
            self._read[found] = _read_configuration(found)
        if file is None:
            return replace(self._read[found], per_path=())
        folder = found.absolute().parent.resolve()
        resolved = file.parent.resolve() / file.name
        inside = resolved.relative_to(folder) if resolved.is_relative_to(folder) else file
        return self._read[found].for_path(inside.as_posix())

    def _nearest_configuration(self, folder: Path) -> Path | None:
        if folder not in self._nearest:
            own = nearest(folder, OWN_NAMES, _is_ours)
            self._nearest[folder] = own or nearest(folder, HADOLINT_NAMES, lambda _: True)
        return self._nearest[folder]


def _is_ours(path: Path) -> bool:
    return path.name != "pyproject.toml" or "tool.multistage" in text_of(path)


def _read_configuration(path: Path) -> Configuration:
    text = text_of(path)
    label = _shown(path)
    if path.suffix in {".yaml", ".yml"}:
        from multistage_cli.analyze.config.hadolint import hadolint_configuration

        return hadolint_configuration(text, label)
    from multistage_cli.analyze.config.toml import configuration_of

    return configuration_of(text, label, pyproject=path.name == "pyproject.toml")


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


# The targets.


def _evaluated(
    source: Source, parsed: Dockerfile, request: Request, configuration: Configuration
) -> tuple[Build, tuple[int, ...] | None, Configuration]:
    """The build of the target that counts, the stages that are targets, and the settings with those."""
    if request.build.target is not None:
        build = evaluate_source(source, parsed, request.build)
        return build, () if build.graph.target is None else (build.graph.target,), configuration
    build = evaluate_source(source, parsed, request.build)
    names = configuration.settings.targets or _targets_beside(source)
    indexes = named_stages(build, names)
    last = len(build.graph.stages) - 1
    if _LAST_STAGE in names and last >= 0:
        indexes = tuple(sorted({*indexes, last}))
    if not indexes:
        return build, None, configuration
    if last not in indexes:
        # The scorecard is about what is built, which the last stage is not here.
        build = evaluate_source(source, parsed, replace(request.build, target=str(indexes[-1])))
    known = tuple(build.graph.stages[index].key for index in indexes)
    settings = replace(configuration.settings, targets=known)
    return build, indexes, replace(configuration, settings=settings)


_LAST_STAGE = ""  # a build that names no target; see analyze/config/targets.py


def _targets_beside(source: Source) -> frozenset[str]:
    """The targets that Bake and Compose files in the Dockerfile's folder build; empty where nothing is plain."""
    if source.path is None:
        return frozenset()
    found: set[str] = set()
    for name in (*BAKE_NAMES, *COMPOSE_NAMES):
        place = source.path.parent / name
        if not place.is_file():
            continue
        from multistage_cli.analyze.config.targets import bake_targets, compose_targets

        try:
            text = text_of(place)
        except MultistageError:
            return frozenset()
        bake = name in BAKE_NAMES
        own = source.path.name
        targets = bake_targets(text, name, own) if bake else compose_targets(text, own)
        if targets is None:
            # Whatever it builds may be any stage.
            return frozenset()
        found |= targets
    return frozenset(found)
