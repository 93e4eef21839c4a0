"""zypper: versions, questions to nobody, the cache that stays, and upgrades of the whole distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.installing import kept, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build


@rule("MS420", "unpinned-zypper-package", Severity.INFO, aliases=("DL3037",))
def unpinned_zypper_package(build: Build, asked: Asked) -> Iterator[Match]:
    """SUSE package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow.

    Bad, found on line 2:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive install tar && zypper clean --all

    Good:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive install tar=1.34 && zypper clean --all

    Fix: write NAME=VERSION, or ignore this rule.
    """
    yield from unpinned(
        build,
        asked,
        "zypper",
        lambda name: (
            bool(set(name) & set("=<>")) or name.endswith(".rpm") or name.startswith((".", "/", "http"))
        ),
        "NAME=VERSION",
    )


_ASKING = frozenset({
    "install", "in", "remove", "rm", "source-install", "si", "patch", "update", "up", "dist-upgrade", "dup",
})  # fmt: skip
_SWITCHES = frozenset({"-n", "--non-interactive", "-y", "--no-confirm", "--dry-run", "-D", "--download-only"})


@rule("MS421", "zypper-asks", Severity.WARNING, aliases=("DL3034",))
def zypper_asks(build: Build) -> Iterator[Match]:
    """Call of zypper without --non-interactive or -y.

    It asks whether to go on. Nobody answers during a build, so it aborts and the build fails.

    Bad, found on line 2:
        FROM opensuse/leap:15.6
        RUN zypper install tar=1.34 && zypper clean --all

    Good:
        FROM opensuse/leap:15.6
        RUN zypper install -y tar=1.34 && zypper clean --all

    Fix: write zypper --non-interactive.
    """
    for run in runs_of(build):
        for command in run.commands:
            if (
                command.name == "zypper"
                and command.is_plain
                and command.action in _ASKING
                and command.fed not in {"yes", "echo", "printf"}
                and not read_arguments(command.known).has(*_SWITCHES)
            ):
                message = f"zypper {command.action} asks whether to go on, and nobody answers: add -y"
                yield run.match(command, message)


@rule("MS422", "zypper-cache-kept", Severity.INFO, aliases=("DL3036",))
def zypper_cache_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """Metadata of repositories that zypper leaves in a layer that ships.

    Bad, found on line 2:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive install tar=1.34

    Good:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive install tar=1.34 && zypper clean --all

    Fix: end the same RUN with `zypper clean --all`, or mount a cache at /var/cache/zypp.
    """
    for run, change, command in kept(build, asked, "zypper", Installation, "/var/cache/"):
        message = "zypper's cache stays in this layer: end the RUN with zypper clean --all"
        yield run.match(command or change.line, message)


@rule("MS423", "zypper-dist-upgrade", Severity.WARNING, aliases=("DL3035",))
def zypper_dist_upgrade(build: Build) -> Iterator[Match]:
    """Upgrade of the whole distribution on top of its image.

    All that changes is there twice, and the image is no longer the release that FROM names. A newer tag of the
    base image has the same packages, tested together.

    Bad, found on line 2:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive dist-upgrade && zypper clean --all

    Good:
        FROM opensuse/leap:15.6
        RUN zypper --non-interactive patch && zypper clean --all

    Fix: take a newer base image.
    """
    for run in runs_of(build):
        for command in run.commands:
            if command.name == "zypper" and command.action in {"dist-upgrade", "dup"}:
                yield run.match(
                    command, f"zypper {command.action} makes another release of the base: take a newer image"
                )
