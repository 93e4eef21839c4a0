"""dnf, yum and microdnf: versions, questions to nobody, and the metadata that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of, with_word
from multistage_cli.analyze.findings import Fix, Severity
from multistage_cli.analyze.installing import kept, unpinned
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.commands_of import Invocation
    from multistage_cli.build.evaluate import Build

_DNF = frozenset({"dnf", "dnf5", "yum", "microdnf", "tdnf"})
_ASKING = frozenset({"install", "localinstall", "groupinstall", "reinstall", "update", "upgrade", "remove"})
_WITH_VALUE = (
    "--setopt --enablerepo --disablerepo --repo --repoid --installroot --releasever -x --exclude -c --config"
    " --forcearch --disableplugin --enableplugin"
)


def _alias(yum: str, dnf: str, command: Invocation | None) -> tuple[str, ...]:
    return (yum,) if command is not None and command.name == "yum" else (dnf,)


@rule("MS415", "unpinned-dnf-package", Severity.INFO, aliases=("DL3033", "DL3041"))
def unpinned_dnf_package(build: Build, asked: Asked) -> Iterator[Match]:
    """RPM package without a version, in a layer that ships.

    The same Dockerfile then gives another image tomorrow.

    Bad, found on line 2:
        FROM registry.access.redhat.com/ubi9/ubi-minimal:9.6
        RUN microdnf install -y tar && microdnf clean all

    Good:
        FROM registry.access.redhat.com/ubi9/ubi-minimal:9.6
        RUN microdnf install -y tar-1.34 && microdnf clean all

    Fix: write NAME-VERSION, or ignore this rule.
    """
    yield from unpinned(
        build,
        asked,
        "dnf",
        _is_pinned,
        "NAME-VERSION",
        alias=lambda command: _alias("DL3033", "DL3041", command),
    )


def _is_pinned(name: str) -> bool:
    """A version starts with a digit behind a hyphen; groups and files have none."""
    version = any(part[:1].isdigit() for part in name.split("-")[1:])
    return version or name.startswith(("@", "/", ".", "http")) or name.endswith(".rpm") or ":" in name


@rule("MS416", "dnf-asks", Severity.WARNING, aliases=("DL3030", "DL3038"))
def dnf_asks(build: Build) -> Iterator[Match]:
    """`dnf install` or `yum install` without -y.

    It asks whether to go on. Nobody answers during a build, so it aborts and the build fails.

    Bad, found on line 2:
        FROM rockylinux:9
        RUN dnf install tar-1.34 && dnf clean all

    Good:
        FROM rockylinux:9
        RUN dnf install -y tar-1.34 && dnf clean all

    Fix: write dnf install -y.
    """
    for run in runs_of(build):
        for command in run.commands:
            if command.name not in _DNF or not command.is_plain or command.fed in {"yes", "echo", "printf"}:
                continue
            arguments = read_arguments(command.known, with_value=_WITH_VALUE)
            action = "".join(arguments.operands[:1])
            assumed = any(
                setting.replace(" ", "").casefold() in {"assumeyes=1", "assumeyes=true"}
                for setting in arguments.values("--setopt")
            )
            if action in _ASKING and not assumed and not arguments.has("-y", "--assumeyes", "--downloadonly"):
                edits = with_word(build, command, action, added="-y")
                message = f"{command.name} {action} asks whether to go on, and nobody answers: add -y"
                fix = Fix(safe=True, edits=edits) if edits else None
                yield run.match(command, message, aliases=_alias("DL3030", "DL3038", command), fix=fix)


@rule("MS417", "dnf-cache-kept", Severity.INFO, aliases=("DL3032", "DL3040"))
def dnf_cache_kept(build: Build, asked: Asked) -> Iterator[Match]:
    """Metadata of repositories that dnf or yum leaves in a layer that ships.

    It is often larger than what was installed.

    Bad, found on line 2:
        FROM rockylinux:9
        RUN dnf install -y tar-1.34

    Good:
        FROM rockylinux:9
        RUN dnf install -y tar-1.34 && dnf clean all

    Good:
        FROM rockylinux:9
        RUN --mount=type=cache,target=/var/cache/dnf dnf install -y tar-1.34

    Fix: end the same RUN with `dnf clean all`, or mount a cache there.
    """
    for run, change, command in kept(build, asked, "dnf", Installation, "/var/cache/"):
        name = command.name if command else "dnf"
        message = f"{name}'s metadata stays in this layer: end the RUN with {name} clean all"
        yield run.match(command or change.line, message, aliases=_alias("DL3032", "DL3040", command))
