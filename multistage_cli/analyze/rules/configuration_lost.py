"""Settings that no image keeps, and what a shell forgets at the end of its RUN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.scripts_of import scripts_of
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import EdgeKind, SourceKind
from multistage_cli.build.variables import PLATFORM_ARGUMENTS
from multistage_cli.parser import Span
from multistage_cli.shell import Runs, Variable, commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.analyze.scripts_of import ShellScript
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.state import State
    from multistage_cli.shell import Command, Script, Word

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
            for text, script in _scripts(step, "RUN"):
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


def _scripts(step: Step, *names: str) -> Iterator[tuple[ShellScript, Script]]:
    if step.instruction.name not in names:
        return
    for text in scripts_of(step):
        errexit, pipefail = shell_options(text.shell[1:])
        yield text, commands(text.text, pipefail=pipefail, errexit=errexit)


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
    for _, script in _scripts(step, "RUN"):
        for command in script.commands:
            words = tuple(word.literal or "" for word in command.words[:3])
            if any(words[:length] in _TESTS for length in range(1, 4)):
                return True
    return False


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
    for _, script in _scripts(step, "RUN"):
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
                for _, script in _scripts(step, "CMD", "ENTRYPOINT", "HEALTHCHECK"):
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
                    _is_fixed(command) for _, script in _scripts(step, "RUN") for command in script.commands
                )
            if fixed:
                message = "GOARCH is fixed, so --platform changes nothing: write ARG TARGETARCH and GOARCH=$TARGETARCH"
                yield Match.on(entry, step, message, word="GOARCH")


def _is_fixed(command: Command) -> bool:
    return any(
        name == "GOARCH" and value is not None and value.literal for name, value in command.assignments
    )
