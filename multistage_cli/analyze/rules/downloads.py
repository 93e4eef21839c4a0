"""curl and wget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of, ships
from multistage_cli.analyze.findings import Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import Claim
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation, Run
    from multistage_cli.build.evaluate import Build

_WGET_VALUES = (
    "-O -P -o -a -i -e -t -T -w -Q -U -B -D -A -R -I -X -l --header --output-document --tries --timeout"
)


@rule("MS621", "wget-progress-bar", Severity.STYLE, aliases=("DL3047",))
def wget_progress_bar(build: Build) -> Iterator[Match]:
    """Progress bar of wget in the build's log.

    It draws a line for every 50 kB, among which an error is hard to find.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN wget https://example.com/app.tar.gz

    Good:
        FROM debian:12-slim
        RUN wget -nv https://example.com/app.tar.gz

    Good:
        FROM alpine:3.22
        RUN wget -qO app.tar.gz https://example.com/app.tar.gz

    Fix: add -nv (or -q where wget is BusyBox's), or --progress=dot:giga.
    """
    for run in runs_of(build):
        for command in run.commands:
            if command.name == "wget" and command.known and command.is_plain and not _is_calm(command):
                quiet = "-q" if run.step.before.libc == "musl" else "-nv"
                yield run.match(command, f"wget draws its progress into the build's log: add {quiet}")


def _is_calm(command: Invocation) -> bool:
    arguments = read_arguments(command.known, with_value=_WGET_VALUES)
    return (
        arguments.has(
            "-q", "--quiet", "--no-verbose", "-o", "--output-file", "-a", "--append-output", "--progress"
        )
        or arguments.has("--version", "--help", "-V", "-h", "-b", "--spider")
        or any(word.startswith("-nv") for word in command.known)
    )


@rule("MS622", "wget-and-curl", Severity.STYLE, aliases=("DL4001",))
def wget_and_curl(build: Build, asked: Asked) -> Iterator[Match]:
    """Both wget and curl in one stage that ships.

    One of them is enough, and each brings libraries of its own. Where the base image has both, neither costs
    anything.

    Bad, found on line 3:
        FROM debian:12-slim
        RUN wget -nv https://example.com/first.tar.gz
        RUN curl -fsSLO https://example.com/second.tar.gz

    Good:
        FROM debian:12-slim
        RUN curl -fsSLO https://example.com/first.tar.gz
        RUN curl -fsSLO https://example.com/second.tar.gz

    Fix: use one of them for all downloads.
    """
    first: dict[int, dict[str, tuple[Run, Invocation]]] = {}
    for run in runs_of(build):
        index = run.entry.stage.index
        found = first.setdefault(index, {})
        for command in run.commands:
            if command.name not in {"wget", "curl"} or command.name in found:
                continue
            found[command.name] = (run, command)
            start = run.entry.start
            both = all(start.has_command(name) is Claim.YES for name in ("wget", "curl"))
            if len(found) > 1 and not both and ships(asked, build, run):
                (_, other), _ = found.values()
                message = f"{run.entry.stage.title} uses {other.name} as well: one of the two is enough"
                related = (Related(other.position.line, f"{other.name} is used here"),)
                yield run.match(command, message, related=related)
