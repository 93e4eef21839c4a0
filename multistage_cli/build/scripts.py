"""A RUN instruction -> the changes that its commands leave behind."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from multistage_cli.build.changes import (
    Cache,
    CacheRemoval,
    Change,
    IndexRefresh,
    Installation,
    Untracked,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Call, absolute, effect_of
from multistage_cli.build.instructions import read_mounts
from multistage_cli.shell import Command, Runs, commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.state import State
    from multistage_cli.build.variables import Variables
    from multistage_cli.parser import Instruction
    from multistage_cli.shell import Script, Word

_POSIX_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"})
_MAX_NESTING = 8  # of `sh -c '...'`; deeper ones are not looked into
_WRAPPERS = {
    # Commands that run the rest of their words: the options of theirs that take a value.
    "command": "", "eatmydata": "", "env": "-u --unset -C --chdir -S --split-string", "exec": "-a", "gosu": "",
    "ionice": "-c -n", "nice": "-n", "nohup": "", "setarch": "", "su-exec": "",
    "sudo": "-u --user -g --group -h --host -p --prompt -C -D --chdir -T", "time": "-f -o", "timeout": "-k -s",
    "xargs": "-n -P -I -L -d -a -E -s --max-args --max-procs --delimiter --arg-file",
}  # fmt: skip


def run_changes(
    instruction: Instruction, state: State, *, line: int | None
) -> tuple[tuple[Change, ...], State]:
    """What the commands of a RUN leave behind, in order, and the state after it.

    Args:
        instruction: the RUN.
        state: what it sees.
        line: the line to blame for all of it, or None for each command's own line.

    Returns:
        The changes, and the state after them.
    """
    reader = _RunReader(instruction, state, line)
    changes = _settle_caches(tuple(reader.read()))
    same = (
        reader.virtual_environments is state.virtual_environments
        and reader.apt_configured == state.apt_configured
    )
    if same:
        return changes, state
    return changes, replace(
        state,
        virtual_environments=reader.virtual_environments,
        apt_configured=reader.apt_configured,
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """A script and how to find its lines on disk; `options` are those of its own `#!` line."""

    script: str
    line_at: Callable[[int], int]
    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What a command finds when it runs."""

    environment: Mapping[str, str]
    folder: Known[str]
    line: int
    certain: Claim
    user: Known[str]


class _Environment(Mapping[str, str]):
    """The variables of a state whose value is known, without a copy of them."""

    def __init__(self, variables: Variables, hidden: frozenset[str] = frozenset()) -> None:
        self.variables = variables
        self.hidden = hidden

    def __getitem__(self, name: str) -> str:
        value = None if name in self.hidden else self.variables.known(name)
        if value is None or value is UNKNOWN:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.variables.names() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _RunReader:
    def __init__(self, instruction: Instruction, state: State, line: int | None) -> None:
        self.instruction = instruction
        self.state = state
        self.line = line
        self.user = state.user.value
        self.virtual_environments = state.virtual_environments
        self.apt_configured = state.apt_configured
        self.environment: Mapping[str, str] = _Environment(state.variables)
        self.mounts = tuple(
            absolute(mount.target, state.working_directory.value).rstrip("/")
            for mount in read_mounts(instruction)
            if mount.target
        )

    def read(self) -> Iterator[Change]:
        if self.instruction.json_form:
            folder = self.state.working_directory.value
            surroundings = _Surroundings(self.environment, folder, self._first_line(), Claim.YES, self.user)
            yield from self._words(self.instruction.words, surroundings, 0)
            return
        shell = self.state.shell.value
        if shell is UNKNOWN or not _is_posix(shell):
            yield Untracked("a script of another shell", self._first_line(), Claim.YES)
            return
        text = self._text()
        if text is None:
            yield Untracked("a script of another interpreter", self._first_line(), Claim.YES)
            return
        errexit, pipefail = shell_options(text.options if text.options is not None else shell[1:])
        script = commands(text.script, pipefail=pipefail, errexit=errexit)
        yield from self._script(script, text.line_at, 0)

    def _first_line(self) -> int:
        return self.line or self.instruction.span.first

    def _text(self) -> _Text | None:
        """The script, or None where it is a program of another interpreter."""
        instruction = self.instruction
        heredocs = instruction.heredocs
        if len(heredocs) == 1 and _is_lone_heredoc(instruction.text, heredocs[0].name):
            # BuildKit runs the body of a lone here-document as the script, or as a program where it
            # starts with `#!` (dispatchRun in dockerfile2llb/convert.go).
            body, first = heredocs[0].body, heredocs[0].span.first
            interpreter = _interpreter(body) if body.startswith("#!") else None
            if interpreter is not None and not _is_posix(interpreter):
                return None
            options = None if interpreter is None else interpreter[1:]
            return _Text(body, self._blame(lambda offset: first + body.count("\n", 0, offset)), options)
        script = instruction.text + "".join(f"\n{heredoc.body}{heredoc.name}" for heredoc in heredocs)
        length = len(instruction.text)

        def line_at(offset: int) -> int:
            if offset < length or not heredocs:  # an empty command may stand behind the last character
                return instruction.position(offset).line
            return heredocs[0].span.first + script.count("\n", length + 1, offset)

        return _Text(script, self._blame(line_at))

    def _blame(self, line_at: Callable[[int], int]) -> Callable[[int], int]:
        line = self.line
        return line_at if line is None else lambda _: line

    def _script(self, script: Script, line_at: Callable[[int], int], depth: int) -> Iterator[Change]:
        # What the script assigns itself is not what the environment says.
        environment = {name: value for name, value in self.environment.items() if name not in script.assigned}
        if self.user in {"", "root", "0"} and "HOME" not in script.assigned:
            environment.setdefault("HOME", "/root")  # the container runtime's doing
        folders: dict[tuple[int, ...], Known[str]] = {(): self.state.working_directory.value}
        for command in script.commands:
            folder = next(
                folders[command.subshells[:length]]
                for length in range(len(command.subshells), -1, -1)
                if command.subshells[:length] in folders
            )
            words = tuple(_value(word, environment) for word in command.words)
            self.apt_configured = self.apt_configured or _configures_apt(command)
            if (activated := _activated(words, folder)) is not None:
                path = environment.get("PATH")
                environment["VIRTUAL_ENV"] = activated
                environment |= {} if path is None else {"PATH": f"{activated}/bin:{path}"}
            if words and words[0] in {"cd", "pushd", "popd"}:
                folders[command.subshells] = _changed_folder(command, words, folder)
                continue
            assigned = _assigned(command, environment)
            seen = ChainMap(assigned, environment) if assigned else environment
            certain = Claim.YES if command.runs is Runs.ALWAYS and command.checked else Claim.UNKNOWN
            if words and words[0] not in script.functions:  # what a function runs is read where it stands
                surroundings = _Surroundings(seen, folder, line_at(command.offset), certain, self.user)
                yield from self._words(words, surroundings, depth)
        if script.broken:
            yield Untracked("a script that cannot be read", line_at(0), Claim.UNKNOWN)

    def _words(self, words: tuple[Known[str], ...], around: _Surroundings, depth: int) -> Iterator[Change]:
        words, environment, user = _unwrap(words, around.environment, around.user)
        if not words:
            return
        path = words[0]
        if path is UNKNOWN:
            yield Untracked("a command that the file does not name", around.line, around.certain)
            return
        name = path.rsplit("/", 1)[-1]
        nested = _nested_script(name, words)
        if nested is not None and depth < _MAX_NESTING:
            flags, text = nested
            errexit, pipefail = shell_options(flags)
            script = commands(text, pipefail=pipefail, errexit=errexit)
            for change in self._script(script, lambda _: around.line, depth + 1):
                yield change if around.certain is Claim.YES else replace(change, certain=around.certain)
            return
        effect = effect_of(name)
        if effect is None:
            yield Untracked(name, around.line, around.certain)
            return
        for change in effect(
            Call(
                name=name,
                words=words[1:],
                environment=environment,
                mounts=self.mounts,
                working_directory=around.folder,
                user=user,
                line=around.line,
                certain=around.certain,
                path=path,
                virtual_environments=self.virtual_environments,
                apt_configured=self.apt_configured,
            )
        ):
            if isinstance(change, VirtualEnvironment):
                self.virtual_environments = (change.path, *self.virtual_environments)
            yield change


def _is_posix(shell: tuple[str, ...]) -> bool:
    return bool(shell) and shell[0].rsplit("/", 1)[-1] in _POSIX_SHELLS


def _interpreter(body: str) -> tuple[str, ...]:
    words = body[2:].split("\n", 1)[0].split()
    return tuple(words[1:] if words[:1] and words[0].endswith("/env") else words)


def _is_lone_heredoc(text: str, name: str) -> bool:
    word = text.strip().removeprefix("<<").removeprefix("-").strip()
    return text.strip().startswith("<<") and word in {name, f'"{name}"', f"'{name}'"}


def _value(word: Word, environment: Mapping[str, str]) -> Known[str]:
    value = word.resolve(environment)
    return UNKNOWN if value is None else value


def _assigned(command: Command, environment: Mapping[str, str]) -> dict[str, str]:
    values = ((name, word.resolve(environment) if word else "") for name, word in command.assignments)
    return {name: value for name, value in values if value is not None}


def _configures_apt(command: Command) -> bool:
    """Whether the command may write a file that configures apt: nothing tells what it says."""
    targets = (entry.target.text for entry in command.redirects if entry.target is not None)
    return any("/etc/apt/apt.conf" in text for text in (*targets, *(word.text for word in command.words)))


def _activated(words: tuple[Known[str], ...], folder: Known[str]) -> str | None:
    """The virtual environment that `. PATH/bin/activate` puts in front, or None."""
    if len(words) != 2 or words[0] not in {".", "source"} or words[1] is UNKNOWN:  # noqa: PLR2004
        return None
    path = absolute(words[1], folder)
    return path.removesuffix("/bin/activate") if path.endswith("/bin/activate") else None


def _changed_folder(command: Command, words: tuple[Known[str], ...], folder: Known[str]) -> Known[str]:
    plain = words[0] == "cd" and len(words) == 2 and command.runs is Runs.ALWAYS  # noqa: PLR2004
    path = words[-1]
    if not plain or path is UNKNOWN or path.startswith(("-", "~")):
        return UNKNOWN
    return absolute(path, folder) if path.startswith("/") or folder is not UNKNOWN else UNKNOWN


def _unwrap(
    words: tuple[Known[str], ...], environment: Mapping[str, str], user: Known[str]
) -> tuple[tuple[Known[str], ...], Mapping[str, str], Known[str]]:
    """Take `sudo`, `env NAME=value`, `time` and the like off the front.

    Returns:
        The command's own words, and the environment and the user that it gets.
    """
    while words and words[0] is not UNKNOWN:
        wrapper = words[0].rsplit("/", 1)[-1]
        if wrapper not in _WRAPPERS:
            break
        with_value = _WRAPPERS[wrapper].split()
        rest = list(words[1:])
        user = "root" if wrapper == "sudo" else user
        while rest and rest[0] is not UNKNOWN and (rest[0].startswith("-") or "=" in rest[0]):
            option = str(rest.pop(0))
            value = rest.pop(0) if option in with_value and rest else None
            if option in {"-S", "--split-string"} and wrapper == "env":
                return (UNKNOWN,), environment, user
            if option in {"-u", "--user"} and wrapper == "sudo":
                user = UNKNOWN if value is None else value
            elif option in {"-u", "--unset"} and wrapper == "env":
                environment = {name: text for name, text in environment.items() if name != value}
            elif not option.startswith("-"):
                name, _, text = option.partition("=")
                environment = {**environment, name: text}
        if wrapper == "timeout" and rest:
            rest.pop(0)
        elif wrapper in {"gosu", "su-exec"} and rest:
            user = rest.pop(0)
        elif wrapper == "xargs":
            rest.append(UNKNOWN)  # what it reads from its standard input
        words = tuple(rest)
    return words, environment, user


def _nested_script(name: str, words: tuple[Known[str], ...]) -> tuple[list[str], str] | None:
    """The flags and the script of `sh -c 'script'`, else None."""
    if name not in _POSIX_SHELLS:
        return None
    flags: list[str] = []
    for index, word in enumerate(words[1:], start=1):
        if word is UNKNOWN or not (word.startswith(("-", "+")) or word == "pipefail"):
            return None
        flags.append(word)
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            text = words[index + 1] if index + 1 < len(words) else UNKNOWN
            return None if text is UNKNOWN else (flags, text)
    return None


def _settle_caches(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """What is fetched and deleted again in the same RUN is in no layer."""
    settled: list[Change] = []
    removed: set[str] = set()
    for change in reversed(changes):
        if isinstance(change, CacheRemoval) and change.certain is Claim.YES:
            removed.add(change.manager)
        if (
            isinstance(change, Installation | IndexRefresh)
            and change.cache is Cache.KEPT
            and change.manager in removed
        ):
            settled.append(replace(change, cache=Cache.REMOVED))
        else:
            settled.append(change)
    return tuple(reversed(settled))
