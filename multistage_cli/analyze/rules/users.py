"""Users: who the container runs as, and how users are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import runs_of
from multistage_cli.analyze.findings import Confidence, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.state import State


def _last_users(build: Build, asked: Asked) -> Iterator[tuple[EvaluatedStage, EvaluatedStage, Step]]:
    """Each target with the USER that holds in it, and the stage where that stands; each USER once."""
    seen: set[int] = set()
    for index in asked.targets:
        target = build.stages[index]
        line = target.final.user.line
        if line is None or line in seen:
            continue
        seen.add(line)
        for number in build.graph.chain(index):
            entry = build.stages[number]
            step = next((step for step in reversed(entry.steps) if step.instruction.name == "USER"), None)
            if step is not None:
                yield target, entry, step
                break


_DROPPING = ("gosu", "su-exec", "setpriv", "runuser")


@rule("MS520", "last-user-root", Severity.WARNING, aliases=("DL3002",))
def last_user_root(build: Build, asked: Asked) -> Iterator[Match]:
    """USER root at the end.

    The service runs as root: whoever breaks into it may change every file of the container, and is one mistake
    of the kernel or of a mount away from the machine.

    Bad, found on line 4:
        FROM debian:12-slim
        USER nobody
        RUN id
        USER root

    Good:
        FROM debian:12-slim
        USER root
        RUN id
        USER nobody

    Good:
        FROM debian:12-slim AS build
        USER root
        FROM debian:12-slim
        COPY --from=build /etc/passwd /srv/
        USER nobody

    Fix: end with another USER.
    """
    for target, entry, step in _last_users(build, asked):
        if target.final.runs_as_root is Claim.YES:
            name = target.final.user.value
            drops = next(
                (tool for tool in _DROPPING[:2] if target.final.has_command(tool) is Claim.YES), None
            )
            message = (
                f"{target.stage.title} runs as {name or 'root'}: end with the USER that the service needs"
            )
            if drops:  # its entry point is likely to change the user
                message += f", unless {drops} changes it at the start"
            yield Match.on(
                entry,
                step,
                message,
                severity=Severity.INFO if drops else None,
                confidence=Confidence.LIKELY if drops else None,
            )


@rule("MS523", "user-by-name", Severity.INFO, aliases=("DL3066",))
def user_by_name(build: Build, asked: Asked) -> Iterator[Match]:
    """USER by name at the end.

    Kubernetes cannot tell that a name is not root: with `runAsNonRoot: true` and no `runAsUser` it refuses to
    start the container. A number works everywhere. An image with a HEALTHCHECK is left alone: Kubernetes takes
    no notice of that, so the image is for Docker. So is a further target that says nothing of how to start it, such
    as one for tests.

    Bad, found on line 3:
        FROM debian:12-slim
        RUN useradd --uid 10001 app
        USER app

    Good:
        FROM debian:12-slim
        RUN useradd --uid 10001 app
        USER 10001

    Good:
        FROM debian:12-slim
        USER nobody
        HEALTHCHECK CMD ["test", "-e", "/run/ready"]

    Good:
        FROM debian:12-slim AS base
        FROM base AS test
        USER nobody
        RUN id
        FROM base
        USER 10001

    Fix: write the number of the user.
    """
    for target, entry, step in _last_users(build, asked):
        final = target.final
        user = final.ordinary_user
        if user is None or final.windows:
            continue
        if final.healthcheck.line is not None or _is_for_building_only(build, target):
            continue
        name = user.split(":", 1)[0]
        if not name.isdecimal():
            uid, _ = final.accounts.ids(name)
            number = "its number" if uid is UNKNOWN else f"USER {uid}"
            message = f"Kubernetes cannot see that {name} is not root (runAsNonRoot): write {number}"
            yield Match.on(entry, step, message, word=name)


def _is_for_building_only(build: Build, target: EvaluatedStage) -> bool:
    final, span = target.final, target.stage.span
    lines = (final.command.line, final.entrypoint.line)
    return target is not build.stages[-1] and not any(
        line is not None and span.first <= line <= span.last for line in lines
    )


_HIGH_UID = 100_000
_USERADD_VALUES = (
    "-b --base-dir -c --comment -d --home-dir -e --expiredate -f --inactive -g --gid -G --groups -k --skel -K --key"
    " -p --password -R --root -P --prefix -s --shell -u --uid -Z --selinux-user"
)


@rule("MS521", "sparse-login-logs", Severity.WARNING, aliases=("DL3046",))
def sparse_login_logs(build: Build) -> Iterator[Match]:
    """`useradd` with a high number and no -l.

    It writes to a place in /var/log/lastlog and faillog that grows with the number. The files are sparse on
    disk, but not in a layer: a number of ten digits makes gigabytes of zeros. The useradd of shadow 4.13, and so of
    Debian 12 and Ubuntu 24.04, does so no longer.

    Bad, found on line 2:
        FROM debian:11-slim
        RUN useradd --uid 1000620000 app

    Good:
        FROM debian:11-slim
        RUN useradd --no-log-init --uid 1000620000 app

    Good:
        FROM debian:12-slim
        RUN useradd --uid 1000620000 app

    Good:
        FROM debian:12-slim
        RUN useradd --uid 10001 app

    Fix: add --no-log-init (-l).
    """
    for run in runs_of(build):
        for command in run.commands:
            if command.name != "useradd" or not command.is_plain or _leaves_logs_alone(run.step.before):
                continue
            arguments = read_arguments(command.known, with_value=_USERADD_VALUES)
            number = arguments.value("-u", "--uid") or ""
            high = number.isdecimal() and len(number) <= _MOST_DIGITS and int(number) >= _HIGH_UID
            if high and not arguments.has("-l", "--no-log-init"):
                message = (
                    f"useradd with number {number} makes huge log files in this layer: add --no-log-init"
                )
                yield run.match(command, message)


_MOST_DIGITS = 10


def _leaves_logs_alone(state: State) -> bool:
    """Whether useradd resets only what the log files hold: shadow-maint/shadow#558, in 4.13.

    Debian 12 is the first with that one, and with glibc 2.36; other families have the two in other pairs.
    """
    version = state.libc_version
    if state.packages.manager != "apt" or state.libc != "glibc" or version is UNKNOWN or version is None:
        return False
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) >= _GLIBC_OF_DEBIAN_12


_GLIBC_OF_DEBIAN_12 = (2, 36)
