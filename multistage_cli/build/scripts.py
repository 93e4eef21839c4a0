"""A RUN instruction -> the changes that its commands leave behind."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.actor import Actor
from multistage_cli.build.changes import (
    Cache,
    CacheRemoval,
    Change,
    Doubted,
    FileWritten,
    IndexRefresh,
    Installation,
    Untracked,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_text
from multistage_cli.build.effects import Call, absolute, effect_of
from multistage_cli.build.files import UMASK, Nature
from multistage_cli.build.instructions import read_mounts
from multistage_cli.build.run_environment import RunEnvironment
from multistage_cli.build.take import parts_of, take
from multistage_cli.build.wrappers import interpreter, is_posix, is_shell, nested_script, unwrap
from multistage_cli.shell import Command, Runs, commands, shell_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from multistage_cli.build.accounts import Accounts
    from multistage_cli.build.files import Writer
    from multistage_cli.build.state import State
    from multistage_cli.parser import Instruction
    from multistage_cli.shell import Script, Word

_MAX_NESTING = 8  # of `sh -c '...'`; deeper ones are not looked into


def run_changes(
    instruction: Instruction, state: State, *, line: int | None, writer: Callable[[int], Writer]
) -> tuple[tuple[Change, ...], State]:
    """What the commands of a RUN leave behind, in order, and the state after it.

    Args:
        instruction: the RUN.
        state: what it sees; the content of its mounts is among the files.
        line: the line to blame for all of it, or None for each command's own line.
        writer: makes the writer of a command on a line.

    Returns:
        The changes, and the state after them.
    """
    reader = _RunReader(instruction, state, line, writer)
    changes = _settle_caches(tuple(reader.read()))
    return changes, reader.state


class _Text(Struct, frozen=True):
    """A script and how to find its lines on disk; `options` are those of its own `#!` line."""

    script: str
    line_at: Callable[[int], int]
    options: tuple[str, ...] | None = None
    named: tuple[str, ...] | None = None


class _Surroundings(Struct, frozen=True):
    """What a command finds when it runs."""

    environment: Mapping[str, str]
    folder: Known[str]
    line: int
    certain: Claim
    user: Known[str]


class _RunReader:
    def __init__(
        self, instruction: Instruction, state: State, line: int | None, writer: Callable[[int], Writer]
    ) -> None:
        self.instruction = instruction
        self.state = state
        self.line = line
        self.writer = writer
        self.umask: Known[int] = UMASK
        self._last_ids: tuple[Known[str], Accounts, tuple[Known[int], Known[int]]] | None = None
        self.user = state.user.value
        self.shell = ""
        self.environment: Mapping[str, str] = RunEnvironment(state.variables)
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
        if shell is UNKNOWN or not is_posix(shell):
            yield self._taken(
                Untracked("a script of another shell", self._first_line(), Claim.YES), self.user
            )
            return
        text = self._text()
        if text is None:
            yield self._taken(
                Untracked("a script of another interpreter", self._first_line(), Claim.YES), self.user
            )
            return
        errexit, pipefail = shell_options(text.options if text.options is not None else shell[1:])
        script = commands(text.script, pipefail=pipefail, errexit=errexit)
        self.shell = (text.named or shell)[0].rsplit("/", 1)[-1]
        yield from self._script(script, text.line_at, 0, self.user, Claim.YES)

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
            named = interpreter(body) if body.startswith("#!") else None
            if named is not None and not is_posix(named):
                return None
            options = None if named is None else named[1:]
            blame = self._blame(lambda offset: first + body.count("\n", 0, offset))
            return _Text(body, blame, options, named)
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

    def _script(
        self, script: Script, line_at: Callable[[int], int], depth: int, user: Known[str], outer: Claim
    ) -> Iterator[Change]:
        # What the script assigns itself is not what the environment says.
        environment = RunEnvironment(self.state.variables, script.assigned)
        if "HOME" not in environment and "HOME" not in script.assigned:
            # The container runtime's doing, by /etc/passwd.
            home = "/root" if user in {"", "root", "0"} else self.state.accounts.home(user)
            if home is not UNKNOWN:
                environment["HOME"] = home
        folders: dict[tuple[int, ...], Known[str]] = {(): self.state.working_directory.value}
        for command in script.commands:
            folder = next(
                folders[command.subshells[:length]]
                for length in range(len(command.subshells), -1, -1)
                if command.subshells[:length] in folders
            )
            words = tuple(_value(word, environment) for word in command.words)
            sure = command.runs is Runs.ALWAYS and command.checked and outer is Claim.YES
            certain = Claim.YES if sure else Claim.UNKNOWN
            around = _Surroundings(environment, folder, line_at(command.offset), certain, user)
            for change in _redirected(command, words, around):
                yield self._taken(change, user)
            if not self.state.apt_configured and _configures_apt(command):
                self.state = replace(self.state, apt_configured=True)
            if (activated := _activated(words, folder)) is not None:
                path = environment.get("PATH")
                environment["VIRTUAL_ENV"] = activated
                if path is not None:
                    environment["PATH"] = f"{activated}/bin:{path}"
            if words and words[0] in {"cd", "pushd", "popd"}:
                folders[command.subshells] = _changed_folder(command, words, folder)
                continue
            if words[:1] == ("umask",):
                self.umask = _changed_umask(command, words, self.umask)
            assigned = _assigned(command, environment)
            seen = ChainMap(assigned, environment) if assigned else environment
            if words and words[0] not in script.functions:  # what a function runs is read where it stands
                yield from self._words(words, replace(around, environment=seen), depth)
        if script.broken:
            yield self._taken(Untracked("a script that cannot be read", line_at(0), Claim.UNKNOWN), user)

    def _words(self, words: tuple[Known[str], ...], around: _Surroundings, depth: int) -> Iterator[Change]:
        words, environment, user = unwrap(words, around.environment, around.user)
        if not words:
            return
        path = words[0]
        if path is UNKNOWN:
            yield self._taken(
                Untracked("a command that the file does not name", around.line, around.certain), user
            )
            return
        name = path.rsplit("/", 1)[-1]
        nested = nested_script(name, words) or self._written_script(words, around)
        if nested is not None and depth < _MAX_NESTING:
            flags, text = nested
            errexit, pipefail = shell_options(flags)
            script = commands(text, pipefail=pipefail, errexit=errexit)
            outer, self.shell = self.shell, name if is_shell(name) else ""
            yield from self._script(script, lambda _: around.line, depth + 1, user, around.certain)
            self.shell = outer
            return
        effect = effect_of(name)
        if effect is None:
            yield self._taken(Untracked(name, around.line, around.certain), user)
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
                state=self.state,
                virtual_environments=self.state.virtual_environments,
                apt_configured=self.state.apt_configured,
                shell=self.shell,
            )
        ):
            yield self._taken(change, user)

    def _written_script(
        self, words: tuple[Known[str], ...], around: _Surroundings
    ) -> tuple[list[str], str] | None:
        """The flags and the text of a shell script that the build itself brought, else None."""
        path = words[0]
        if is_shell(path) and len(words) > 1 and words[1] is not UNKNOWN and not words[1].startswith("-"):
            path = words[1]
        elif path is UNKNOWN or "/" not in path:
            return None
        entry = self.state.files.entry(absolute(path, around.folder))
        content = entry.content
        if entry.exists is not Claim.YES or content is None or content.text is UNKNOWN:
            return None
        if content.nature is not Nature.SCRIPT or content.interpreter is UNKNOWN:
            return ([], content.text) if path is not words[0] else None
        named = interpreter(f"#!{content.interpreter}")
        return (list(named[1:]), content.text) if is_posix(named) or path is not words[0] else None

    def _taken(self, change: Change, user: Known[str]) -> Change:
        """The change, after the state has taken it in."""
        uid, gid = self._ids(user)
        for part in (change, *parts_of(self.state, change)):
            self.state = take(self.state, part, Actor(self.writer(part.line), uid, gid, self.umask))
        return change

    def _ids(self, user: Known[str]) -> tuple[Known[int], Known[int]]:
        accounts, last = self.state.accounts, self._last_ids
        if last is None or last[0] != user or last[1] is not accounts:
            last = self._last_ids = (user, accounts, accounts.ids(user))
        return last[2]


def _redirected(
    command: Command,
    words: tuple[Known[str], ...],
    around: _Surroundings,
) -> Iterator[Change]:
    """The files that the shell itself opens for writing."""
    for redirect in command.redirects:
        if redirect.operator not in _WRITING or redirect.target is None:
            continue
        path = _value(redirect.target, around.environment)
        if path is UNKNOWN or redirect.target.pattern:
            yield Doubted("/", around.line, around.certain, removes=False)
            continue
        if path == "~" or path.startswith("~/"):
            path = around.environment.get("HOME", "~") + path[1:]
        place = path if path.startswith("~") else absolute(path, around.folder)
        if place.startswith(("/dev/", "/proc/")):
            continue
        text = _printed(command, words, around.environment)
        appended = text if redirect.operator.endswith(">>") else None
        content = None if text is UNKNOWN else content_of_text(text)
        yield FileWritten(place, around.line, around.certain, content, appended=appended)


_WRITING = frozenset({">", ">>", ">|", "&>", "&>>", "<>"})


def _printed(command: Command, words: tuple[Known[str], ...], environment: Mapping[str, str]) -> Known[str]:
    """What the command prints, where it is plain to see."""
    if not words:
        return ""
    name, arguments = words[0], words[1:]
    if name == "cat" and not arguments:
        bodies = [redirect.body for redirect in command.redirects if redirect.operator.startswith("<<")]
        literal = bodies and "$" not in bodies[-1] and "`" not in bodies[-1] and "\\" not in bodies[-1]
        return bodies[-1] if literal else UNKNOWN
    known = [word for word in arguments if word is not UNKNOWN]
    if len(known) < len(arguments) or any(word.pattern for word in command.words):
        return UNKNOWN
    if name == "echo" and not any(word.startswith("-") or "\\" in word for word in known):
        return " ".join(known) + "\n"
    if name == "printf" and len(known) == 1 and "%" not in known[0] and "\\" not in known[0]:
        return known[0]
    return UNKNOWN


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


def _changed_umask(command: Command, words: tuple[Known[str], ...], umask: Known[int]) -> Known[int]:
    """The umask that the commands after this one have."""
    text = words[-1]
    if len(words) == 1 or text == "-S":
        return umask  # it is only shown
    surely = command.runs is Runs.ALWAYS and not command.subshells
    plain = text is not UNKNOWN and 0 < len(text) <= _LONGEST_UMASK and set(text) <= set("01234567")
    return int(text, 8) & 0o777 if surely and plain and text is not UNKNOWN else UNKNOWN


_LONGEST_UMASK = 4


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
