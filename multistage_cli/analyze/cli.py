"""`multistage analyze`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable
from multistage_cli.terminal import Given, files_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from multistage_cli.analyze.engine import FileAnalysis, Tally
    from multistage_cli.analyze.files import Request

FailOn = Literal["error", "warning", "info", "style", "never"]

RULES = "The rules"
_MANY_FILES = 100
"""From so many files on it is worth telling how far it is."""


@files_command("text")
def analyze(
    given: Given,
    *,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            help="Run these rules only: codes, prefixes such as MS2, names, DL3008 and the like, or all.",
            metavar="RULES",
            rich_help_panel=RULES,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="Leave these rules out.", metavar="RULES", rich_help_panel=RULES),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            help="Exit with 1 for findings of this severity or a graver one.",
            show_default="warning",
            rich_help_panel=RULES,
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            help="Processes for many files; 0 takes one for each core.",
            metavar="N",
            min=0,
            max=256,
        ),
    ] = 0,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count findings by rule instead of showing them.")
    ] = False,
) -> Answer:
    """Say what is wrong and why, and how the practices stand.

    Example: multistage analyze --format sarif --output findings.sarif services/
    """
    from multistage_cli.analyze.engine import Severity, Tally
    from multistage_cli.analyze.files import Request
    from multistage_cli.analyze.selection import Selection, check_words, split_words

    selected = None if select is None else split_words(select)
    ignored = split_words(ignore or ())
    check_words(selected or (), "--select")
    check_words(ignored, "--ignore")
    request = Request(
        build=given.build,
        selection=Selection(select=selected, ignore=ignored),
        config=given.config,
        fail_on=None if fail_on in {None, "never"} else Severity(str(fail_on)),
        never_fails=fail_on == "never",
    )
    files = _files(given, request, jobs)
    tally = Tally(Severity.WARNING)
    counted = (tally.count(file) for file in files)
    if statistics:
        if not hasattr(given.view, "statistics"):
            raise MultistageError(f"--statistics has no format {given.output.format}; use text or json")
        return Answer(_statistics(given, counted, tally), tally)
    return Answer(_shown(given, counted, tally), tally)


class Answer(Struct, frozen=True):
    """What is put out, part by part, and the counts, which are complete with the last part."""

    parts: Iterator[RenderableType]
    tally: Tally

    @property
    def exit_code(self) -> int:
        """See `Tally.exit_code`."""
        return self.tally.exit_code


def _shown(given: Given, files: Iterator[FileAnalysis], tally: Tally) -> Iterator[RenderableType]:
    if hasattr(given.view, "stream"):
        yield from given.view.stream(files, tally)
        return
    from multistage_cli.analyze.engine import Analysis

    yield given.view.render(Analysis(tuple(files), None))


def _statistics(given: Given, files: Iterator[FileAnalysis], tally: Tally) -> Iterator[RenderableType]:
    for _ in files:
        pass
    yield given.view.statistics(tally)


def _files(given: Given, request: Request, jobs: int) -> Iterator[FileAnalysis]:
    """The files in their order. Of several, one that cannot be read is told on standard error and goes along."""
    from multistage_cli.analyze.engine import unreadable
    from multistage_cli.analyze.files import analyze_path, analyze_paths
    from multistage_cli.terminal.searching import dockerfiles

    complaints: list[str] = []
    paths = dockerfiles(given.paths, complaints.append)
    for complaint in complaints:
        _tell(complaint)
    if len(paths) <= 1 and not complaints:
        yield analyze_path(paths[0] if paths else None, request)
        return
    told: set[str] = set()
    for file in _with_progress(analyze_paths(paths, request, jobs), len(paths), given):
        if file.error is not None and file.error not in told:
            told.add(file.error)  # a configuration that many files share is told once
            _tell(file.error)
        yield file
    yield from (unreadable(complaint, complaint) for complaint in complaints)


def _tell(message: str) -> None:
    typer.echo(f"multistage: {printable(message)}", err=True)


def _with_progress(files: Iterable[FileAnalysis], total: int, given: Given) -> Iterator[FileAnalysis]:
    """The files, with a bar on standard error where that is a terminal and the results go elsewhere."""
    elsewhere = given.output.path is not None or not sys.stdout.isatty()
    if total < _MANY_FILES or not (sys.stderr.isatty() and elsewhere):
        yield from files
        return
    from rich.progress import Progress

    from multistage_cli.terminal import console

    with Progress(console=console(sys.stderr, color=given.output.color), transient=True) as progress:
        task = progress.add_task("analyzing", total=total)
        for file in files:
            yield file
            progress.advance(task)
