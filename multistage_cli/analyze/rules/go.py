"""go install: versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.installing import shipped_runs
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.effects import read_arguments
from multistage_cli.build.stages import BaseKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Run
    from multistage_cli.build.evaluate import Build

_WITH_VALUE = (
    "-o -ldflags -tags -gcflags -asmflags -buildmode -mod -modfile -p -installsuffix -pkgdir -compiler"
    " -buildvcs -overlay -pgo -exec -C"
)
_MOVING = frozenset({"latest", "upgrade", "patch", "main", "master", "head", "HEAD"})


@rule("MS440", "unpinned-go-program", Severity.INFO, aliases=("DL3062",))
def unpinned_go_program(build: Build, asked: Asked) -> Iterator[Match]:
    """`go install` of a program without a version, in a layer that ships.

    The same Dockerfile then gives another program tomorrow. Packages of the module at hand have their versions
    in go.mod.

    Bad, found on line 2:
        FROM golang:1.25
        RUN go install golang.org/x/tools/cmd/stringer@latest

    Good:
        FROM golang:1.25
        RUN go install golang.org/x/tools/cmd/stringer@v0.30.0

    Good:
        FROM golang:1.25
        COPY . .
        RUN go install ./cmd/...

    Fix: write PATH@VERSION.
    """
    brought = {
        entry.stage.index: min(
            (step.instruction.span.first for step in entry.steps if step.instruction.name in {"ADD", "COPY"}),
            default=None,
        )
        for entry in build.stages
    }
    for run in shipped_runs(build, asked):
        for command in run.commands:
            if command.name != "go" or command.action != "install":
                continue
            arguments = read_arguments(command.known, with_value=_WITH_VALUE, bundled=False)
            for name in arguments.operands[1:]:
                path, _, version = name.partition("@")
                if not version and (path.startswith((".", "/")) or "." not in path.split("/")[0]):
                    continue  # of the module at hand, or of the standard library
                if version in _MOVING or (not version and not _may_be_in_module(run, brought)):
                    yield run.match(
                        command,
                        f"no version for {path}, so each build may bring another: write {path}@VERSION",
                    )
                    break


def _may_be_in_module(run: Run, brought: dict[int, int | None]) -> bool:
    """Whether a go.mod may be there, which then has the version; `brought`: line of each stage's first COPY."""
    first = brought[run.entry.stage.index]
    copied = first is not None and first < run.line
    return copied or run.mounts("bind") or run.entry.stage.base.kind is not BaseKind.IMAGE
