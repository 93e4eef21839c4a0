"""apt: versions, questions to nobody, package lists and recommended packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of, with_word
from multistage_cli.analyze.findings import Fix, Severity
from multistage_cli.analyze.installing import kept, listed, shipped_runs, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import IndexRefresh, Installation
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation
    from multistage_cli.build.evaluate import Build

_APT = frozenset({"apt-get", "apt", "aptitude"})
_WITH_VALUE = "-o --option -c --config-file -t --target-release --default-release -a --host-architecture"


@rule("MS401", "unpinned-apt-package", Severity.INFO, aliases=("DL3008",))
def unpinned_apt_package(build: Build, asked: Asked) -> Iterator[Match]:
    r"""Debian package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow. Debian keeps only the newest version of a release in
    its archive, so a pinned one has to be raised by hand (or by a bot) when a security fix comes: whether that
    is worth it, the owner of the image knows. Stages that only build are left alone.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*

    Good:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.* \
            && rm -rf /var/lib/apt/lists/*

    Good:
        FROM debian:12-slim AS build
        RUN apt-get update && apt-get install -y gcc
        FROM scratch
        COPY --from=build /usr/bin/gcc /

    Fix: write NAME=VERSION, with a wildcard at the end for security fixes, or ignore this rule.
    """
    yield from unpinned(
        build, asked, "apt", lambda name: "=" in name or "/" in name or name.endswith(".deb"), "NAME=VERSION"
    )


@rule("MS402", "apt-asks", Severity.WARNING, aliases=("DL3014",))
def apt_asks(build: Build) -> Iterator[Match]:
    """`apt-get install` without -y.

    Where it needs more packages than those that are named, it asks whether to go on. Nobody answers during a
    build, so it aborts and the build fails.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt-get update && apt-get install --no-install-recommends curl=7.88.1-10

    Good:
        FROM debian:12-slim
        RUN apt-get update && apt-get -y install --no-install-recommends curl=7.88.1-10

    Good:
        FROM debian:12-slim
        RUN apt-get update && yes | apt-get install curl=7.88.1-10

    Fix: write apt-get install -y.
    """
    for run in runs_of(build):
        if run.step.before.apt_configured:
            continue  # perhaps with APT::Get::Assume-Yes
        for command in run.commands:
            if command.name not in _APT or not command.is_plain or command.fed in {"yes", "echo", "printf"}:
                continue
            arguments = read_arguments(command.known, with_value=_WITH_VALUE)
            if arguments.operands[:1] != ("install",) or _never_asks(command):
                continue
            certain = _needs_more(run.step.after.packages.added, command)
            asks = "needs more packages, so it asks" if certain else "asks where it needs more packages"
            message = f"{command.name} install {asks}, and nobody answers: add -y"
            edits = with_word(build, command, "install", added="-y")
            fix = Fix(safe=True, edits=edits) if edits else None
            yield run.match(command, message, severity=Severity.ERROR if certain else None, fix=fix)


def _never_asks(command: Invocation) -> bool:
    arguments = read_arguments(command.known, with_value=_WITH_VALUE)
    quiet = command.known.count("-q") > 1 or arguments.has("-qq") or _is_very_quiet(command)
    assumed = any("assume-yes" in setting.casefold() for setting in arguments.values("-o", "--option"))
    return (
        quiet
        or assumed
        or arguments.has("-y", "--yes", "--assume-yes", "--force-yes", "--trivial-only")
        or arguments.has(
            "-s", "--simulate", "--dry-run", "--just-print", "--print-uris", "-d", "--download-only"
        )
    )


def _is_very_quiet(command: Invocation) -> bool:
    """apt-get(8): `-qq` implies -y, as `-q=2` and `-qqy` do."""
    return any(
        word.startswith("-q=2")
        or (word.startswith("-") and not word.startswith("--") and word.count("q") > 1)
        for word in command.known
    )


def _needs_more(added: frozenset[str], command: Invocation) -> bool:
    """Whether the last installation of the RUN, which is this one, surely brought more than it names."""
    named = {name.partition("=")[0].partition("/")[0].partition(":")[0] for name in command.known}
    return bool(added & named) and bool(added - named)


@rule("MS403", "recommended-packages", Severity.INFO, aliases=("DL3015",))
def recommended_packages(build: Build, asked: Asked) -> Iterator[Match]:
    r"""`apt-get install` with all that the packages recommend, in a layer that ships.

    Recommended packages are for a desktop's comfort: they often weigh more than what was asked for.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y git=1:2.39.* && rm -rf /var/lib/apt/lists/*

    Good:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends git=1:2.39.* \
            && rm -rf /var/lib/apt/lists/*

    Fix: add --no-install-recommends, then name what is missed.
    """
    for run in shipped_runs(build, asked):
        for change, command in run.installed:
            if (
                isinstance(change, Installation)
                and change.manager == "apt"
                and change.packages
                and change.recommends
                and change.recommends_known
                and (command is None or command.is_plain)
            ):
                names = listed(list(change.packages))
                message = f"{names}: all that is recommended comes, too: add --no-install-recommends"
                edits = (
                    with_word(build, command, "install", added="--no-install-recommends") if command else ()
                )
                fix = Fix(safe=False, edits=edits) if edits else None
                yield run.match(command or change.line, message, fix=fix)


@rule("MS404", "apt-lists-kept", Severity.INFO, aliases=("DL3009",))
def apt_lists_kept(build: Build, asked: Asked) -> Iterator[Match]:
    r"""Package lists that `apt-get update` leaves in a layer that ships.

    They take some 20 MB and are out of date by tomorrow. Deleting them in a later RUN does not take them out
    of this one's layer.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.*

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt-get update
        RUN apt-get install -y --no-install-recommends curl=7.88.* && rm -rf /var/lib/apt/lists/*

    Good:
        FROM debian:12-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.* \
            && rm -rf /var/lib/apt/lists/*

    Good:
        FROM debian:12-slim
        RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
            apt-get update && apt-get install -y --no-install-recommends curl=7.88.*

    Fix: add `&& rm -rf /var/lib/apt/lists/*` to the same RUN, or mount a cache there.
    """
    for run, change, command in kept(build, asked, "apt", IndexRefresh, "/var/lib/apt"):
        message = "apt's package lists stay in this layer: end the RUN with rm -rf /var/lib/apt/lists/*"
        yield run.match(command or change.line, message)


@rule("MS405", "apt-in-script", Severity.STYLE, aliases=("DL3027",))
def apt_in_script(build: Build) -> Iterator[Match]:
    """`apt` instead of `apt-get` or `apt-cache`.

    `apt` is for people at a terminal: it says itself that its command line is not stable, and draws progress
    bars into the build's log.

    Bad, found on line 2:
        FROM debian:12-slim
        RUN apt update

    Good:
        FROM debian:12-slim
        RUN apt-get update && rm -rf /var/lib/apt/lists/*

    Fix: write apt-get, or apt-cache for search, show and policy.
    """
    for run in runs_of(build):
        for command in run.commands:
            if command.name == "apt":
                instead = "apt-cache" if command.action in _ASKING else "apt-get"
                same = command.action in {*_ASKING, *_DOING} and command.is_plain
                edits = with_word(build, command, "apt", replaced=instead) if same else ()
                message = f"apt is made for a terminal and may change: write {instead}"
                yield run.match(command, message, fix=Fix(safe=True, edits=edits) if edits else None)


_ASKING = frozenset({"search", "show", "policy", "depends", "rdepends", "showsrc"})
_DOING = frozenset(
    {"update", "install", "upgrade", "remove", "purge", "autoremove", "clean", "build-dep", "download"}
)
