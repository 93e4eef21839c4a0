"""What is known after an instruction, as data."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.errors import MultistageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Installation
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.files import Entry, Writer
    from multistage_cli.build.state import Setting, State

MOST_PATHS: Final = 500
"""How many paths are told; a file may name any number of them."""


class Questions(Struct, frozen=True):
    """What the user asks about, by kind."""

    paths: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class Origin(Struct, frozen=True):
    """Where a thing comes from: a line of a stage; the base image where `line` is None."""

    stage: str | None
    line: int | None


class Fact(Struct, frozen=True):
    """Something of the image's configuration; `value` is None where there is none."""

    name: str
    value: Known[str | None]
    origin: Origin


class Answer(Struct, frozen=True):
    """An answer to a question: of `kind` path, command, user or package."""

    kind: str
    name: str
    claim: Claim
    detail: str
    origin: Origin


class PathFact(Struct, frozen=True):
    """A path that the build touched.

    Attributes:
        path: absolute.
        claim: whether it is there.
        kind: `file`, `directory` or `link`.
        mode: permission bits.
        uid: of the owner.
        gid: of the group.
        target: of a link, else None.
        content: what it is, in words; None where that does not follow.
        origin: what it follows from.
    """

    path: str
    claim: Claim
    kind: Known[str]
    mode: Known[int]
    uid: Known[int]
    gid: Known[int]
    target: Known[str] | None
    content: str | None
    origin: Origin


class AccountFact(Struct, frozen=True):
    """A user that a command made, or may have made."""

    name: str
    claim: Claim
    uid: Known[int]
    gid: Known[int]
    home: Known[str]
    origin: Origin


class InstallationFact(Struct, frozen=True):
    """What one command installed."""

    manager: str
    packages: tuple[str, ...]
    manifests: tuple[str, ...]
    complete: bool
    claim: Claim
    origin: Origin


class Knowledge(Struct, frozen=True):
    """What is known after an instruction.

    Attributes:
        path: of the Dockerfile.
        line: of the instruction.
        stage: its name or number.
        label: of the stage, for people.
        instruction: as it is written, on one line.
        configuration: what the image's configuration holds.
        environment: ENV.
        environment_complete: whether no other variable is set.
        libc: `glibc`, `musl` or None.
        libc_version: such as `2.36`.
        users: that commands made.
        base_users: how many the base image has.
        users_complete: whether there are no others.
        packages: how many of the distribution's are surely there.
        packages_complete: whether there are no others.
        installations: in order.
        paths: that the build touched; at most MOST_PATHS of them.
        more_paths: whether there are more.
        answers: to the questions.
    """

    path: str
    line: int
    stage: str
    label: str
    instruction: str
    configuration: tuple[Fact, ...]
    environment: tuple[tuple[str, Known[str]], ...]
    environment_complete: bool
    libc: Known[str | None]
    libc_version: Known[str | None]
    users: tuple[AccountFact, ...]
    base_users: int
    users_complete: bool
    packages: int
    packages_complete: bool
    installations: tuple[InstallationFact, ...]
    paths: tuple[PathFact, ...]
    more_paths: bool
    answers: tuple[Answer, ...]


def look(build: Build, line: int | None, asked: Questions) -> Knowledge:
    """What is known after the last instruction that starts on a line or before it.

    Args:
        build: the evaluated build.
        line: 1-based; None for the target's last instruction.
        asked: what to answer besides.

    Raises:
        MultistageError: no stage has begun on that line, or the file is shorter.
    """
    entry, step = _find(build, line)
    state = entry.start if step is None else step.after
    instruction = entry.stage.head if step is None else step.instruction
    names = _Names(build)
    known = state.packages.known
    touched = list(islice(state.files.touched(), MOST_PATHS + 1))
    made = [account for account in state.accounts.users.values() if account.line is not None]
    return Knowledge(
        path=build.path,
        line=instruction.span.first,
        stage=entry.stage.key,
        label=entry.stage.label,
        instruction=" ".join(f"{instruction.name} {instruction.text}".split()),
        configuration=tuple(_configuration(state, names, entry)),
        environment=tuple(state.environment.items()),
        environment_complete=not state.variables.open,
        libc=state.libc,
        libc_version=state.libc_version,
        users=tuple(
            AccountFact(
                account.name,
                account.exists,
                account.uid,
                account.gid,
                account.home,
                names.at_line(account.line, entry),
            )
            for account in made
        ),
        base_users=len(state.accounts.users) - len(made),
        users_complete=state.accounts.users_complete and not known.users,
        packages=len(known.present),
        packages_complete=known.complete and not known.maybe,
        installations=tuple(_installations(state, names, entry)),
        paths=tuple(names.path(path, state.files.entry(path, follow=False)) for path in touched[:MOST_PATHS]),
        more_paths=len(touched) > MOST_PATHS,
        answers=tuple(_answers(state, asked, names, entry)),
    )


def _find(build: Build, line: int | None) -> tuple[EvaluatedStage, Step | None]:
    """The stage and its last step that starts on the line or before; None for the FROM line itself."""
    target = build.target
    if target is None:
        raise MultistageError(f"{build.path} has no stage; start with a FROM line")
    if line is None:
        return target, target.steps[-1] if target.steps else None
    lines = build.dockerfile.lines
    last = len(lines) - (lines[-1:] == [""])
    if line > last:
        raise MultistageError(f"{build.path} has {last} lines; --line {line} is behind its end")
    begun = [entry for entry in build.stages if entry.stage.head.span.first <= line]
    if not begun:
        first = build.stages[0].stage.head.span.first
        raise MultistageError(f"no stage has begun on line {line}; the first FROM is on line {first}")
    entry = begun[-1]
    steps = [step for step in entry.steps if not step.fired and step.instruction.span.first <= line]
    if not steps:
        steps = [step for step in entry.steps if step.fired]
    return entry, steps[-1] if steps else None


class _Names:
    """Tells stages by their names."""

    def __init__(self, build: Build) -> None:
        self._build = build

    def origin(self, writer: Writer | None) -> Origin:
        """Where something written comes from."""
        if writer is None:
            return Origin(None, None)
        return Origin(self._build.stages[writer.stage].stage.key, writer.line)

    def at_line(self, line: int | None, entry: EvaluatedStage) -> Origin:
        """Where a setting comes from: the stage itself or one that it stands on."""
        if line is None:
            return Origin(None, None)
        for index in self._build.graph.chain(entry.stage.index):
            span = self._build.stages[index].stage.span
            if span.first <= line <= span.last:
                return Origin(self._build.stages[index].stage.key, line)
        return Origin(entry.stage.key, line)

    def path(self, path: str, entry: Entry) -> PathFact:
        """What is known of a path, as data."""
        content = entry.content
        return PathFact(
            path,
            entry.exists,
            UNKNOWN if entry.kind is UNKNOWN else entry.kind.value,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.target if entry.kind == "link" else None,
            None if content is None else content.nature.value,
            self.origin(entry.writer or entry.because),
        )


def _configuration(state: State, names: _Names, entry: EvaluatedStage) -> Iterator[Fact]:
    def fact(name: str, setting: Setting[str], *, empty: str | None = None) -> Fact:
        value: Known[str | None] = setting.value
        return Fact(name, empty if value == "" else value, names.at_line(setting.line, entry))

    def words(name: str, setting: Setting[tuple[str, ...]]) -> Fact:
        value: Known[str | None] = UNKNOWN
        if setting.value is not UNKNOWN:
            value = " ".join(setting.value) or None
        return Fact(name, value, names.at_line(setting.line, entry))

    yield fact("user", state.user, empty="root")
    yield fact("working directory", state.working_directory)
    yield words("shell", state.shell)
    yield words("entry point", state.entrypoint)
    yield words("command", state.command)
    check = state.healthcheck
    if check.value is UNKNOWN or check.value is None:
        yield Fact("health check", check.value, names.at_line(check.line, entry))
    else:
        yield Fact("health check", " ".join(check.value.words), names.at_line(check.line, entry))
    yield fact("stop signal", state.stop_signal)
    for port in state.ports:
        yield Fact("port", port.text, names.at_line(port.line, entry))
    for path, line in state.volumes.items():
        yield Fact("volume", path, names.at_line(line, entry))
    for name, setting in state.labels.items():
        yield Fact(f"label {name}", setting.value, names.at_line(setting.line, entry))


def _installations(state: State, names: _Names, entry: EvaluatedStage) -> Iterator[InstallationFact]:
    found: list[Installation] = []
    rest = state.installations
    while rest is not None:
        found.append(rest[0])
        rest = rest[1]
    for change in reversed(found):
        origin = names.at_line(change.line, entry)
        yield InstallationFact(
            change.manager, change.packages, change.manifests, change.complete, change.certain, origin
        )


def _answers(state: State, asked: Questions, names: _Names, stage: EvaluatedStage) -> Iterator[Answer]:
    for path in asked.paths:
        entry = state.files.entry(path) if path.startswith("/") else None
        if entry is None:
            raise MultistageError(f"--exists {path} is not absolute; write it from / on")
        yield Answer("path", path, entry.exists, _detail(entry), names.origin(entry.because))
    for name in asked.commands:
        entry = state.program(name)
        yield Answer("command", name, entry.exists, "", names.origin(entry.because))
    for name in asked.users:
        account = state.accounts.user(name)
        line = None if account is None else account.line
        numbers = "" if account is None else f"{_number(account.uid)}:{_number(account.gid)}"
        yield Answer("user", name, state.has_user(name), numbers, names.at_line(line, stage))
    for name in asked.packages:
        yield Answer("package", name, state.has_package(name), "", names.origin(_package_origin(state, name)))


def _package_origin(state: State, name: str) -> Writer | None:
    """The command that brought a package; None for the base image."""
    packages = state.packages
    while packages.before is not None:
        if name in packages.added:
            return packages.by
        packages = packages.before
    return None


def _detail(entry: Entry) -> str:
    if entry.exists is Claim.NO:
        return ""
    mode = "?" if entry.mode is UNKNOWN else f"{entry.mode:04o}"
    kind = "?" if entry.kind is UNKNOWN else entry.kind.value
    return f"{kind} {mode} {_number(entry.uid)}:{_number(entry.gid)}"


def _number(value: Known[int]) -> str:
    return "?" if value is UNKNOWN else str(value)
