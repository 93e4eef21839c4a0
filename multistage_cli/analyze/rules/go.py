"""go install: versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of, ships
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    for run in runs_of(build):
        if not ships(asked, build, run):
            continue
        for command in run.commands:
            if command.name != "go" or command.action != "install":
                continue
            # In a module, its go.mod has the version.
            folder = run.step.before.working_directory.value
            has_no_module = folder is not UNKNOWN and run.step.before.exists(f"{folder}/go.mod") is Claim.NO
            arguments = read_arguments(command.known, with_value=_WITH_VALUE, bundled=False)
            for name in arguments.operands[1:]:
                path, _, version = name.partition("@")
                if not version and (path.startswith((".", "/")) or "." not in path.split("/")[0]):
                    continue  # of the module at hand, or of the standard library
                if version in _MOVING or (not version and has_no_module):
                    yield run.match(
                        command,
                        f"no version for {path}, so each build may bring another: write {path}@VERSION",
                    )
                    break
