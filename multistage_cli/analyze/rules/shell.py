"""What scripts of RUN do in vain, or do not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of
from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.changes import LinkMade
from multistage_cli.shell import Piped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation, Run
    from multistage_cli.build.evaluate import Build


@rule("MS801", "relinked-shell", Severity.WARNING, aliases=("DL4005",))
def relinked_shell(build: Build) -> Iterator[Match]:
    """Link in the place of /bin/sh.

    Scripts of the distribution's packages are written for the shell that was there. SHELL changes what RUN,
    CMD and ENTRYPOINT use, and nothing else.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN ln -sf /bin/bash /bin/sh

    Good:
        FROM debian:12-slim
        SHELL ["/bin/bash", "-c"]
        RUN echo "${BASH_VERSION}"

    Fix: write SHELL ["/bin/bash", "-c"].
    """
    for run in runs_of(build):
        for change in run.step.changes:
            if isinstance(change, LinkMade) and change.path in {"/bin/sh", "/usr/bin/sh"}:
                message = (
                    'scripts of the distribution rely on /bin/sh as it was: write SHELL ["/bin/bash", "-c"]'
                )
                yield run.match(change.line, message)


_NEVER_FAIL = frozenset({"echo", "printf", "yes", "true", ":", "seq", ""})
_FETCHING = frozenset({"curl", "wget", "git", "aria2c", "gpg", "openssl", "sha256sum"})


@rule("MS802", "pipe-without-pipefail", Severity.INFO, aliases=("DL4006",))
def pipe_without_pipefail(build: Build) -> Iterator[Match]:
    """Pipe whose first command may fail unnoticed.

    A shell looks at the last command of a pipe only. If the download in `curl ... | sh` breaks off, the build
    goes on with whatever came. A download is a warning, another command worth knowing; `echo`, `printf` and
    `yes` do not fail. With `set -e` or `|| true` around it, what the shell really looks at counts.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN curl -fsSL https://example.com/install.sh | sh

    Good:
        FROM debian:12-slim
        SHELL ["/bin/bash", "-o", "pipefail", "-c"]
        RUN curl -fsSL https://example.com/install.sh | sh

    Good:
        FROM debian:12-slim
        RUN echo "deb [trusted=yes] https://example.com/ ./" | tee /etc/apt/sources.list.d/example.list

    Good:
        FROM debian:12-slim
        RUN if ls /srv | grep -q config; then echo yes; fi

    Fix: write SHELL ["/bin/bash", "-o", "pipefail", "-c"] above (on Alpine: "/bin/ash", "-eo").
    """
    for run in runs_of(build):
        found = [
            command
            for command in run.commands
            if command.command is not None
            and command.command.piped is Piped.UNHEARD
            and command.name not in _NEVER_FAIL
        ]
        if not found:
            continue
        grave = next((command for command in found if command.name in _FETCHING), None)
        shell = '["/bin/bash", "-o", "pipefail", "-c"]'
        if run.step.before.libc == "musl":
            shell = '["/bin/ash", "-eo", "pipefail", "-c"]'
        first = grave or found[0]
        message = f"if {first.name} fails, this RUN goes on and succeeds: write SHELL {shell} above"
        yield run.match(first, message, severity=Severity.WARNING if grave else None)


_POINTLESS = {
    "free": "tells of the machine that builds",
    "ifconfig": "tells of the network of the build",
    "kill": "has nothing to end, as no process outlives its RUN",
    "mount": "is not allowed in a build",
    "ps": "shows this RUN alone",
    "service": "starts something that ends with this RUN",
    "shutdown": "has nothing to shut down",
    "ssh": "needs keys that do not belong into a build",
    "top": "shows this RUN alone",
    "vim": "needs somebody at a terminal",
}


@rule("MS803", "pointless-command", Severity.INFO, aliases=("DL3001",), confidence=Confidence.LIKELY)
def pointless_command(build: Build) -> Iterator[Match]:
    """Command that makes no sense in a build.

    No process outlives its RUN, nobody sits at a terminal, and the machine is another one when the container
    runs. A service that is started for commands behind it in the same RUN is fine, and so is `kill` behind
    something that was started; `ssh` is with `--mount=type=ssh`, `mount` with `--security=insecure`.

    Bad, found on lines 2 and 3:
        FROM debian:12-slim
        RUN service postgresql start
        RUN ps aux

    Good:
        FROM debian:12-slim
        RUN service postgresql start && psql --command "CREATE DATABASE app"

    Good:
        FROM debian:12-slim
        RUN --mount=type=ssh ssh git@example.com info

    Fix: leave it out, or move it to the container's entry point.
    """
    for run in runs_of(build):
        for index, command in enumerate(run.commands):
            if command.name in _POINTLESS and not _has_point(run, index, command):
                message = f"{command.name} {_POINTLESS[command.name]}: leave it out"
                yield run.match(command, message)


def _has_point(run: Run, index: int, command: Invocation) -> bool:
    match command.name:
        case "ssh":
            return run.mounts("ssh") or command.known[:1] == ("-V",)
        case "mount":
            return run.step.instruction.flag("security") == "insecure"
        case "kill":
            return index > 0
        case "service":
            last = index == len(run.commands) - 1
            return not last and run.commands[index + 1].name not in {"service", "sleep"}
        case _:
            return False


_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - names, where nothing is written


@rule("MS804", "cd-instead-of-workdir", Severity.STYLE, aliases=("DL3003",))
def cd_instead_of_workdir(build: Build) -> Iterator[Match]:
    """`cd` at the start of a RUN instead of WORKDIR above it.

    WORKDIR holds for what follows, too, and makes the folder. A `cd` in the middle of a script, in a subshell,
    back and forth, or to a temporary folder is left alone. A RUN of `cd` alone does nothing at all.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN cd /srv/app && make

    Bad, found on line 2:
        FROM debian:12-slim
        RUN cd /srv/app

    Good:
        FROM debian:12-slim
        WORKDIR /srv/app
        RUN make

    Good:
        FROM debian:12-slim
        RUN (cd /srv/first && make) && (cd /srv/second && make)

    Good:
        FROM debian:12-slim
        RUN cd /tmp && make

    Fix: write WORKDIR above the RUN.
    """
    for run in runs_of(build):
        changing = [command for command in run.commands if command.name in {"cd", "pushd", "popd"}]
        if len(changing) != 1 or changing[0] is not run.commands[0]:
            continue
        command = changing[0]
        plain = command.name == "cd" and len(command.words) == 1 and command.is_plain and not command.nested
        if not plain or command.command is None or command.command.subshells:
            continue
        folder = command.known[0]
        if folder.startswith((*_TEMPORARY, "-", "~", "..")):
            continue
        if len(run.commands) == 1:
            yield run.match(
                command, f"cd ends with its RUN: write WORKDIR {folder} instead", severity=Severity.WARNING
            )
        else:
            yield run.match(command, f"cd holds for this RUN alone: write WORKDIR {folder} above it")
