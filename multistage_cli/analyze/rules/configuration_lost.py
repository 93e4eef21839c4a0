"""Settings that no image keeps, and what a shell forgets at the end of its RUN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.scripts_of import scripts_named
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.parser import Span
from multistage_cli.shell import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.state import State

_OF_THE_IMAGE = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "EXPOSE", "STOPSIGNAL"})
_OF_WHAT_FOLLOWS = frozenset({"ENV", "USER", "WORKDIR"})


def _thrown_away(build: Build, asked: Asked) -> Iterator[EvaluatedStage]:
    """Stages that others copy from, and whose configuration is in no target's image."""
    copied = {
        edge.source.stage
        for edge in build.graph.edges
        if edge.source.kind is SourceKind.STAGE and edge.kind is not EdgeKind.BASE
    }
    bases = {stage.base.stage for stage in build.graph.stages}
    for entry in build.stages:
        index = entry.stage.index
        if index in copied and index not in bases and index not in asked.shipped:
            yield entry


def _users_of(build: Build, asked: Asked, index: int) -> list[EvaluatedStage]:
    """The targets that copy from a stage, themselves or through stages that they start from."""
    found = []
    for target in asked.targets:
        chain = build.graph.chain(target)
        if any(
            edge.source.stage == index and edge.kind is EdgeKind.COPY
            for number in chain
            for edge in build.graph.into(number)
        ):
            found.append(build.stages[target])
    return found


@rule("MS240", "configuration-lost", Severity.INFO)
def configuration_lost(build: Build, asked: Asked) -> Iterator[Match]:
    """CMD, ENTRYPOINT, HEALTHCHECK, EXPOSE or STOPSIGNAL of a stage that others only copy from.

    COPY --from takes files. The configuration of that stage is in no image, unless somebody builds it as a target
    of its own. It is a warning where the image that copies from it has no such setting.

    Bad, found on line 3:
        FROM debian:bookworm-slim AS build
        RUN mkdir /app && echo hello > /app/page
        HEALTHCHECK CMD test -e /app/page
        FROM debian:bookworm-slim
        COPY --from=build /app /app
        CMD ["cat", "/app/page"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN mkdir /app && echo hello > /app/page
        FROM debian:bookworm-slim
        COPY --from=build /app /app
        HEALTHCHECK CMD test -e /app/page
        CMD ["cat", "/app/page"]

    Good:
        FROM debian:bookworm-slim AS base
        CMD ["sleep", "60"]
        FROM base
        COPY --from=base /etc/issue /srv/issue

    Fix: move it to the stage that is shipped.
    """
    for entry in _thrown_away(build, asked):
        users = _users_of(build, asked, entry.stage.index)
        for step in entry.steps:
            name = step.instruction.name
            if name not in _OF_THE_IMAGE or step.fired:
                continue
            lacking = [user for user in users if _lacks(user.final, name)]
            message = f"{name} of {entry.stage.title} is in no image: others only copy files from it"
            if lacking:
                message += f", and {lacking[0].stage.title} has no {name}: move it there"
            yield Match.on(entry, step, message, severity=Severity.WARNING if lacking else None)


def _lacks(state: State, name: str) -> bool:
    """Whether an image surely has no such setting that matters: a port or a signal hardly does."""
    if name == "HEALTHCHECK":
        return state.healthcheck.value is None and state.healthcheck.line is None
    if name in {"CMD", "ENTRYPOINT"}:
        return state.command.value == () and state.entrypoint.value == ()
    return False


@rule("MS241", "setting-without-use", Severity.INFO)
def setting_without_use(build: Build, asked: Asked) -> Iterator[Match]:
    """ENV, USER or WORKDIR after the last RUN and COPY of a stage that others only copy from.

    Nothing runs with it: COPY --from takes files, not the configuration.

    Bad, found on line 3:
        FROM debian:bookworm-slim AS build
        RUN mkdir /app && echo hello > /app/page
        ENV APP_HOME=/app
        FROM debian:bookworm-slim
        COPY --from=build /app /app

    Good:
        FROM debian:bookworm-slim AS build
        ENV APP_HOME=/app
        RUN mkdir $APP_HOME && echo hello > $APP_HOME/page
        FROM debian:bookworm-slim
        COPY --from=build /app /app

    Fix: move it to the stage that is shipped, or delete it.
    """
    for entry in _thrown_away(build, asked):
        working = [
            position
            for position, step in enumerate(entry.steps)
            if step.instruction.name in {"RUN", "COPY", "ADD"}
        ]
        for step in entry.steps[working[-1] + 1 :] if working else ():
            # WORKDIR makes a folder, which may be what is wanted.
            made = step.instruction.name == "WORKDIR" and step.before.files is not step.after.files
            if step.instruction.name in _OF_WHAT_FOLLOWS and not step.fired and not made:
                message = (
                    f"{step.instruction.name} at the end of {entry.stage.title} is of no use: others copy"
                )
                yield Match.on(entry, step, f"{message} files from it, no settings")


@rule("MS242", "inherited-command-reset", Severity.WARNING, confidence=Confidence.LIKELY)
def inherited_command_reset(build: Build, asked: Asked) -> Iterator[Match]:
    """ENTRYPOINT that throws away the CMD of the stage that it starts from.

    BuildKit resets an inherited CMD where a stage sets ENTRYPOINT, so the program starts without these arguments.

    Bad, found on line 4:
        FROM debian:bookworm-slim AS base
        CMD ["60"]
        FROM base
        ENTRYPOINT ["sleep"]

    Good:
        FROM debian:bookworm-slim AS base
        CMD ["60"]
        FROM base
        ENTRYPOINT ["sleep"]
        CMD ["60"]

    Good:
        FROM debian:bookworm-slim
        ENTRYPOINT ["sleep", "60"]

    Fix: repeat CMD in this stage, or set both in one stage.
    """
    for index in asked.targets:
        for number in build.graph.chain(index):
            entry = build.stages[number]
            parent = entry.stage.base.stage
            if parent is None:
                continue
            lost = entry.start.command
            if lost.line is None or lost.value is UNKNOWN or not lost.value:
                continue
            own = [step for step in entry.steps if step.instruction.name in {"CMD", "ENTRYPOINT"}]
            if (
                any(step.instruction.name == "CMD" for step in own)
                or not own
                or not own[0].instruction.json_form
            ):
                continue
            related = (Related(lost.line, "this CMD is thrown away"),)
            message = f"ENTRYPOINT resets the CMD of line {lost.line}: repeat CMD in {entry.stage.title}"
            yield Match.on(entry, own[0], message, related=related)


_FORGOTTEN = {
    "cd": "the next instruction starts in WORKDIR again: write WORKDIR",
    "pushd": "the next instruction starts in WORKDIR again: write WORKDIR",
    "export": "the next instruction does not see it: write ENV",
    "source": "what it sets is gone after this RUN: do both in one RUN, or write ENV",
    ".": "what it sets is gone after this RUN: do both in one RUN, or write ENV",
    "alias": "it is gone after this RUN",
    "umask": "it holds for this RUN only",
}


@rule("MS243", "shell-state-lost", Severity.WARNING)
def shell_state_lost(build: Build) -> Iterator[Match]:
    """RUN that ends with `cd`, `export`, `source` or the like.

    Each RUN has a shell of its own. Its folder, its variables and what it has read end with it.

    Bad, found on lines 2, 3 and 4:
        FROM debian:bookworm-slim
        RUN mkdir /app && cd /app
        RUN export APP_HOME=/app
        RUN cd /app
        RUN touch here

    Good:
        FROM debian:bookworm-slim
        RUN mkdir /app && cd /app && touch here
        RUN export APP_HOME=/app && touch $APP_HOME/there
        WORKDIR /app
        ENV APP_HOME=/app
        RUN touch here

    Fix: write WORKDIR for cd and ENV for export, or do what needs them in the same RUN.
    """
    for entry in build.stages:
        for step in entry.steps:
            for text, script in scripts_named(step, "RUN"):
                last = script.commands[-1] if script.commands else None
                if (
                    last is None
                    or last.subshells
                    or last.name not in _FORGOTTEN
                    or last.runs is not Runs.ALWAYS
                ):
                    continue
                if script.broken or last.redirects or last.end < len(text.text.rstrip()):
                    continue
                line = text.position_at(last.offset)
                message = f"{last.name} is the last that this RUN does: {_FORGOTTEN[last.name]}"
                if step.fired or line.line == step.line:
                    yield Match.on(entry, step, message, word=f"{last.name} ")
                else:
                    yield Match(Span(line.line, line.line), message, column=line.column)


_TESTS = frozenset({
    ("pytest",), ("tox",), ("nox",), ("go", "test"), ("cargo", "test"), ("npm", "test"), ("yarn", "test"),
    ("pnpm", "test"), ("make", "test"), ("make", "check"), ("mvn", "test"), ("mvn", "verify"), ("gradle", "test"),
    ("npm", "run", "test"), ("ruff", "check"), ("mypy",), ("jest",), ("vitest",), ("dotnet", "test"),
    ("bundle", "exec", "rspec"), ("rspec",), ("phpunit",), ("ctest",), ("python", "-m", "pytest"),
    ("python3", "-m", "pytest"), ("python", "-m", "unittest"), ("python3", "-m", "unittest"), ("./gradlew", "test"),
    ("uv", "run", "pytest"), ("poetry", "run", "pytest"),
})  # fmt: skip


@rule("MS244", "tests-not-run", Severity.INFO, confidence=Confidence.LIKELY)
def tests_not_run(build: Build, asked: Asked) -> Iterator[Match]:
    """Stage with tests that a plain `docker build` skips.

    BuildKit builds what the target needs. Tests in a stage that nothing copies from run with
    `docker build --target NAME` only: a build that is green says nothing about them.

    Bad, found on line 3:
        FROM python:3.12-slim AS base
        FROM base AS test
        RUN pytest
        FROM base AS app
        CMD ["python"]

    Good:
        FROM python:3.12-slim AS base
        FROM base AS test
        RUN pytest && touch /passed
        FROM base AS app
        COPY --from=test /passed /passed
        CMD ["python"]

    Good:
        FROM python:3.12-slim AS base
        FROM base AS test
        RUN pytest
        FROM base AS app
        CMD ["python"]
        ==> multistage.toml <==
        targets = ["test", "app"]

    Fix: copy something from that stage into the target, or build it with --target and list it in `targets`.
    """
    if asked.settings.targets:
        return
    last = len(build.stages) - 1
    needed = {last}
    waiting = [last] if last >= 0 else []
    while waiting:
        for edge in build.graph.into(waiting.pop()):
            if edge.source.stage is not None and edge.source.stage not in needed:
                needed.add(edge.source.stage)
                waiting.append(edge.source.stage)
    for entry in build.stages:
        if entry.stage.index in needed:
            continue
        step = next((step for step in entry.steps if _runs_tests(step)), None)
        if step is not None:
            message = f"docker build skips {entry.stage.title} and these tests: build it with --target"
            yield Match.on(entry, step, f"{message} {entry.stage.key}, or copy something from it")


def _runs_tests(step: Step) -> bool:
    for _, script in scripts_named(step, "RUN"):
        for command in script.commands:
            words = tuple(word.literal or "" for word in command.words[:3])
            if any(words[:length] in _TESTS for length in range(1, 4)):
                return True
    return False
