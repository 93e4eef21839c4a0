"""Arguments and variables that do not reach where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.scripts_of import scripts_named
from multistage_cli.build.variables import PLATFORM_ARGUMENTS
from multistage_cli.shell import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.state import State
    from multistage_cli.shell import Command, Script, Word


@rule("MS245", "argument-of-another-stage", Severity.WARNING)
def argument_of_another_stage(build: Build) -> Iterator[Match]:
    """RUN that uses an ARG which is declared elsewhere, but not in its stage.

    ARGs end with their stage, and those before the first FROM are for FROM lines alone. The shell finds nothing
    and goes on with an empty word.

    Bad, found on line 3:
        ARG VERSION=1.4
        FROM debian:bookworm-slim
        RUN echo "$VERSION" > /version

    Bad, found on line 5:
        FROM debian:bookworm-slim AS build
        ARG FLAVOUR=full
        RUN echo "$FLAVOUR" > /flavour
        FROM debian:bookworm-slim
        RUN echo "$FLAVOUR" > /flavour

    Good:
        ARG VERSION=1.4
        FROM debian:bookworm-slim
        ARG VERSION
        RUN echo "$VERSION" > /version

    Good:
        ARG VERSION=1.4
        FROM debian:bookworm-slim
        RUN VERSION=$(cat /etc/debian_version) && echo "$VERSION"

    Good:
        ARG VERSION=1.4
        FROM registry.example.com/team/base:1
        RUN echo "$VERSION"

    Fix: write ARG NAME in the stage, before the RUN; the default of an ARG before the first FROM comes along.
    """
    declared: dict[str, int] = {}
    for argument in build.graph.global_scope.arguments:
        declared.setdefault(argument.declaration.name, argument.instruction.span.first)
    for entry in build.stages:
        for step in entry.steps:
            if step.instruction.name == "ARG":
                for pair in step.instruction.pairs:
                    declared.setdefault(pair.name, step.line)
    names = declared.keys() | set(PLATFORM_ARGUMENTS)
    for entry in build.stages:
        for step in entry.steps:
            for name in _used(step, names):
                state = step.before.variables
                if state.get(name) is not None or state.is_declared(name):
                    continue
                line = declared.get(name)
                if line is None:
                    message = f"${name} is empty in {entry.stage.title}: write ARG {name} before this RUN"
                    yield Match.on(entry, step, message, word=f"${name}")
                    continue
                message = (
                    f"${name} is empty in {entry.stage.title}: ARG on line {line} does not reach it, so write"
                )
                related = (Related(line, f"ARG {name} is declared here"),)
                yield Match.on(
                    entry, step, f"{message} ARG {name} before this RUN", word=f"${name}", related=related
                )


def _used(step: Step, names: set[str]) -> list[str]:
    """The names that a RUN's script reads and nothing in it sets."""
    if "$" not in step.instruction.raw or step.fired:
        return []
    found: dict[str, None] = {}
    for _, script in scripts_named(step, "RUN"):
        if any(command.name in {".", "source", "eval", "read"} for command in script.commands):
            return []
        for command in script.commands:
            for word in _words(command):
                for part in word.parts:
                    if isinstance(part, Variable) and part.name in names and part.name not in script.assigned:
                        found[part.name] = None
    return list(found)


def _words(command: Command) -> Iterator[Word]:
    yield from command.words
    for _, value in command.assignments:
        if value is not None:
            yield value


@rule("MS246", "argument-at-run-time", Severity.WARNING)
def argument_at_run_time(build: Build, asked: Asked) -> Iterator[Match]:
    """CMD, ENTRYPOINT or HEALTHCHECK that uses an ARG.

    ARGs are there while the image is built, and gone when a container runs. The shell finds nothing.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        ARG SECONDS_TO_SLEEP=60
        CMD exec sleep $SECONDS_TO_SLEEP

    Good:
        FROM debian:bookworm-slim
        ARG SECONDS_TO_SLEEP=60
        ENV SECONDS_TO_SLEEP=$SECONDS_TO_SLEEP
        CMD exec sleep $SECONDS_TO_SLEEP

    Good:
        FROM debian:bookworm-slim
        CMD exec sleep ${SECONDS_TO_SLEEP:-60}

    Fix: write ENV NAME=$NAME after the ARG.
    """
    for index in asked.targets:
        for number in build.graph.chain(index):
            entry = build.stages[number]
            for step in entry.steps:
                for _, script in scripts_named(step, "CMD", "ENTRYPOINT", "HEALTHCHECK"):
                    for name in _arguments_read(script, build.stages[index].final, step):
                        message = f"${name} is an ARG, which is gone when the container runs: write ENV {name}=${name}"
                        yield Match.on(entry, step, message, word=f"${name}")


def _arguments_read(script: Script, final: State, step: Step) -> list[str]:
    found: dict[str, None] = {}
    for command in script.commands:
        for word in _words(command):
            for part in word.parts:
                if not isinstance(part, Variable) or part.name in script.assigned:
                    continue
                if step.before.variables.is_declared(part.name) and final.variables.kept(part.name) is None:
                    found[part.name] = None
    return list(found)


@rule("MS247", "variable-not-expanded", Severity.WARNING)
def variable_not_expanded(build: Build, asked: Asked) -> Iterator[Match]:
    """Variable in the JSON form of CMD, ENTRYPOINT or HEALTHCHECK.

    Docker starts the words as they are: without a shell nobody puts a value in the place of `$NAME`.

    Bad, found on line 3:
        FROM python:3.12-slim
        ENV PORT=8000
        CMD ["python", "-m", "http.server", "$PORT"]

    Good:
        FROM python:3.12-slim
        ENV PORT=8000
        CMD ["sh", "-c", "exec python -m http.server $PORT"]

    Fix: write the value, or start a shell: ["sh", "-c", "exec app $NAME"].
    """
    for index in asked.targets:
        for number in build.graph.chain(index):
            entry = build.stages[number]
            for step in entry.steps:
                if (
                    step.instruction.name not in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}
                    or not step.instruction.json_form
                ):
                    continue
                words = step.instruction.words
                if any(
                    word.rsplit("/", 1)[-1] in {"sh", "bash", "ash", "dash", "zsh", "-c"} for word in words
                ):
                    continue
                if step.instruction.name == "CMD" and build.stages[index].final.entrypoint.value != ():
                    continue  # a script in front may expand them
                for word in words:
                    name = word.strip("${}")
                    if word not in {f"${name}", f"${{{name}}}"} or not name.isidentifier():
                        continue
                    variables = step.before.variables
                    if variables.is_declared(name) or variables.known(name) is not None:
                        message = f"nothing expands {word} here: write the value, or start a shell with sh -c"
                        yield Match.on(entry, step, message, word=word)


@rule("MS248", "build-platform-shipped", Severity.WARNING, confidence=Confidence.LIKELY)
def build_platform_shipped(build: Build, asked: Asked) -> Iterator[Match]:
    """Stage that ships and is FROM --platform=$BUILDPLATFORM.

    Built for another platform, the image has the programs of the machine that built it: "exec format error".

    Bad, found on line 1:
        FROM --platform=$BUILDPLATFORM debian:bookworm-slim
        CMD ["sleep", "60"]

    Good:
        FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS build
        RUN mkdir /site && echo hello > /site/index.html
        FROM debian:bookworm-slim
        COPY --from=build /site /site
        CMD ["sleep", "60"]

    Fix: take --platform away here, and keep it on the stages that only build.
    """
    for index in asked.targets:
        if index != len(build.stages) - 1 and not asked.settings.targets:
            continue  # a stage for tests or artefacts may well run where it is built
        first = build.stages[build.graph.chain(index)[-1]].stage
        platform = first.head.flag("platform") or ""
        written = first.base.written.lower()
        if platform in {"$BUILDPLATFORM", "${BUILDPLATFORM}"} and written != "scratch":
            final = build.stages[index].final
            if final.command.value == () and final.entrypoint.value == () and final.command.line is None:
                continue
            message = "this image keeps the builder's platform: take --platform=$BUILDPLATFORM away here"
            yield Match(first.head.span, message)


@rule("MS249", "fixed-architecture", Severity.INFO, confidence=Confidence.LIKELY)
def fixed_architecture(build: Build) -> Iterator[Match]:
    """GOARCH with a fixed value in a stage that builds for other platforms.

    The stage is FROM --platform=$BUILDPLATFORM to cross-compile, and then compiles for one architecture whatever
    --platform says.

    Bad, found on line 2:
        FROM --platform=$BUILDPLATFORM golang:1.25 AS build
        RUN CGO_ENABLED=0 GOARCH=amd64 go build -o /app .
        FROM scratch
        COPY --from=build /app /app
        ENTRYPOINT ["/app"]

    Good:
        FROM --platform=$BUILDPLATFORM golang:1.25 AS build
        ARG TARGETARCH
        RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app .
        FROM scratch
        COPY --from=build /app /app
        ENTRYPOINT ["/app"]

    Fix: write ARG TARGETARCH and GOARCH=$TARGETARCH.
    """
    for entry in build.stages:
        if (entry.stage.head.flag("platform") or "") not in {"$BUILDPLATFORM", "${BUILDPLATFORM}"}:
            continue
        for step in entry.steps:
            if step.instruction.name == "ENV":
                fixed = any(
                    pair.name == "GOARCH" and "$" not in (pair.value or "") for pair in step.instruction.pairs
                )
            else:
                fixed = any(
                    _is_fixed(command)
                    for _, script in scripts_named(step, "RUN")
                    for command in script.commands
                )
            if fixed:
                message = "GOARCH is fixed, so --platform changes nothing: write ARG TARGETARCH and GOARCH=$TARGETARCH"
                yield Match.on(entry, step, message, word="GOARCH")


def _is_fixed(command: Command) -> bool:
    return any(
        name == "GOARCH" and value is not None and value.literal for name, value in command.assignments
    )
