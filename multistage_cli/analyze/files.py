"""One Dockerfile from its path to what is to be said about it, and many of them in several processes."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.analyze.chosen import choose_targets, configuration_for, configuration_in
from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.engine import analyze_build, unreadable
from multistage_cli.analyze.selection import Selection
from multistage_cli.errors import MultistageError
from multistage_cli.terminal.commands import BuildOptions, evaluate_source
from multistage_cli.terminal.configured import ConfigOptions, configured_targets, find_config, read_config
from multistage_cli.terminal.reading import parsed_dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.engine import FileAnalysis
    from multistage_cli.analyze.findings import Severity

_ENOUGH_FOR_PROCESSES = 24
"""Fewer files are done before other processes have started."""


class Request(Struct, frozen=True):
    """What is asked of each file; travels to other processes.

    Attributes:
        build: the options of the build.
        selection: of the command line.
        config: which configuration counts.
        fail_on: of the command line; None where nothing is said.
        never_fails: whether the command line says that no finding fails.
    """

    build: BuildOptions = BuildOptions()
    selection: Selection = Selection()
    config: ConfigOptions = ConfigOptions()
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
        self._found: dict[Path, Path | None] = {}
        self._read: dict[Path, Configuration] = {}

    def analyze(self, path: Path | None) -> FileAnalysis:
        """See `analyze_path`."""
        request = self.request
        source, parsed = parsed_dockerfile(path)
        configuration = self._configuration(source.path).with_options(request.selection)
        wanted = request.build
        if wanted.target is None and (names := configuration.settings.targets):
            wanted = replace(wanted, target=configured_targets(parsed, names, configuration.source).main)
        build = evaluate_source(source, parsed, wanted)
        chosen = choose_targets(build, configuration, named=request.build.target is not None)
        if chosen.main is not None:
            # The scorecard is about what is built, which the last stage is not here.
            build = evaluate_source(source, parsed, replace(wanted, target=chosen.main))
        analysis = analyze_build(build, configuration=chosen.configuration, targets=chosen.indexes)
        if request.fail_on is None and not request.never_fails:
            return replace(analysis, fail_on=configuration.fail_on, never_fails=configuration.never_fails)
        return replace(analysis, fail_on=request.fail_on, never_fails=request.never_fails)

    def attempt(self, path: Path) -> FileAnalysis:
        """The same; a file that cannot be read is there with its error."""
        try:
            return self.analyze(path)
        except MultistageError as error:
            return unreadable(str(path), str(error))

    def _configuration(self, file: Path | None) -> Configuration:
        folder = file.absolute().parent if file else Path.cwd()
        if folder not in self._found:
            self._found[folder] = find_config(folder, self.request.config)
        found = self._found[folder]
        if found is None:
            return Configuration()
        if found not in self._read:
            self._read[found] = configuration_in(read_config(found))
        return configuration_for(self._read[found], found, file)
