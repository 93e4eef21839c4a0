"""What the image starts, as far as the Dockerfile and the build context say so: who may need a compiler then."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.started import BUILT_IN, started
from multistage_cli.build.wrappers import interpreter, is_shell, nested_script, unwrap
from multistage_cli.shell import commands
from multistage_cli.sizes.origins import text_in_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage

_MOST_NESTING: Final = 6
_INITS: Final = frozenset({"catatonit", "docker-init", "dumb-init", "tini"})
_WORKBENCHES: Final = frozenset({
    "ash", "bash", "bb", "busybox", "code-server", "dash", "fish", "gitlab-runner", "jenkins-agent", "jupyter",
    "jupyter-lab", "jupyter-notebook", "jupyterhub", "ksh", "login", "screen", "sh", "sleep", "sshd", "su", "tail",
    "tmux", "zsh",
})  # fmt: skip
"""What people start to work in the container themselves, with whatever tools it has."""
_SUPERVISORS: Final = frozenset({
    "circusd", "cron", "crond", "foreman", "honcho", "init", "overmind", "pm2", "runsvdir", "s6-svscan", "service",
    "supercronic", "supervisord", "systemd",
})  # fmt: skip
"""What starts whatever its own configuration says."""
_REPLS: Final = frozenset({"erl", "ghci", "iex", "irb", "jshell", "julia", "lua", "node", "perl", "php", "python",
                           "python2", "python3", "ipython", "R", "ruby", "scala"})  # fmt: skip
_COMPILING: Final = frozenset({
    "R", "Rscript", "air", "ant", "bazel", "bundle", "c++", "cargo", "cargo-watch", "cc", "clang", "clang++", "cmake",
    "composer", "conda", "cython", "dotnet-watch", "g++", "gcc", "gem", "gfortran", "ghc", "go", "gradle", "gradlew",
    "javac", "make", "meson", "mix", "mvn", "mvnw", "ninja", "node-gyp", "pip", "pip3", "poetry", "rustc", "sbt",
    "stack", "tox", "nox", "pytest", "uv", "uvx", "npx", "pipx",
})  # fmt: skip
_RUNTIME_COMPILERS: Final = frozenset({
    "aesara", "brian2", "cmdstanpy", "cffi-buildtool", "cppyy", "cupy", "cython", "deepspeed", "flash-attn", "jupyter",
    "jupyterlab", "numba", "prophet", "pyopencl", "pycuda", "pystan", "pytensor", "pythran", "tensorflow",
    "theano", "torch", "triton", "tvm", "vllm", "weave", "xformers",
})  # fmt: skip
"""Python distributions that may call a compiler while they run."""


class Start(Struct, frozen=True):
    """What ENTRYPOINT, CMD and HEALTHCHECK run.

    Attributes:
        main: the program that stays, for sentences.
        programs: names without their folders.
        paths: those that were named by a path, absolute.
        words: all words of these commands and of the scripts that they run.
        by_shell: whether a shell runs some of it.
    """

    main: str
    programs: frozenset[str]
    paths: frozenset[str]
    words: frozenset[str]
    by_shell: bool

    def names(self, word: str) -> bool:
        """Whether a program or file of that name may be meant in one of its words."""
        return any(word in text for text in self.words)


def start_of(build: Build) -> Start | None:
    """What the target's image starts; None where that is not known, or where it is for working in it.

    None as well where it compiles: the tools in the image are what it is for.
    """
    entry = build.target
    if entry is None or entry.final.windows:
        return None
    entrypoint, command = entry.final.entrypoint.value, entry.final.command.value
    if entrypoint is UNKNOWN or command is UNKNOWN:
        return None
    reader = _Reader(build, entry)
    if entrypoint and entry.final.entrypoint.line is None:
        # The base image's own script, such as docker-entrypoint.sh: it runs its words in the end.
        reader.words.update(entrypoint)
        reader.by_shell = True
        reader.run(command, 0)
    else:
        reader.run((*entrypoint, *command), 0)
    own, main = frozenset(reader.programs), next(reversed(reader.programs), "")
    if (
        reader.lost
        or not own
        or own <= _WORKBENCHES
        or own & (_COMPILING | _SUPERVISORS)
        or _compiles_itself(build)
    ):
        return None
    for found in started(build, entry):
        if found.kind == "HEALTHCHECK":
            reader.words.update(str(word) for word in found.words if word is not UNKNOWN)
            reader.programs[found.name] = None
            reader.by_shell = reader.by_shell or is_shell(found.program)
    check = entry.final.healthcheck.value
    if check is UNKNOWN:
        return None
    reader.words.update(check.words if check else ())
    return Start(
        main,
        frozenset(reader.programs) - {""},
        frozenset(reader.paths),
        frozenset(reader.words),
        reader.by_shell,
    )


def _compiles_itself(build: Build) -> bool:
    """Whether a library is installed that calls a compiler as it runs."""
    from multistage_cli.build.changes import Installation

    return any(
        _bare(package) in _RUNTIME_COMPILERS
        for entry in build.needed
        for _, change in entry.changes()
        if isinstance(change, Installation)
        for package in change.packages
    )


def _bare(requirement: str) -> str:
    for sign in "[=<>!~; ":
        requirement = requirement.partition(sign)[0]
    return requirement.lower().replace("_", "-")


class _Reader(Struct):
    """Follows words into scripts."""

    build: Build
    entry: EvaluatedStage
    programs: dict[str, None] = field(default_factory=dict)  # in the order of their start
    paths: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    lost: bool = False
    by_shell: bool = False

    def run(self, written: tuple[Known[str], ...], depth: int) -> None:
        """Take in one command."""
        words, _, _ = unwrap(written, {}, "")
        self.words.update(word for word in words if word is not UNKNOWN)
        while words and words[0] is not UNKNOWN and posixpath.basename(words[0]) in _INITS:
            at = next((index for index, word in enumerate(words[1:], 1) if not str(word).startswith("-")), 0)
            words, _, _ = unwrap(words[at:] if at else (), {}, "")
        if not words:
            return
        program = words[0]
        if program is UNKNOWN or depth > _MOST_NESTING:
            self.lost = True
            return
        name = posixpath.basename(program)
        nested = nested_script(name, words)
        if nested is not None:
            self.by_shell = True
            self._script(nested[1], depth)
        elif is_shell(name) and len(words) > 1 and words[1] is not UNKNOWN:
            self.by_shell = True
            self._file(str(words[1]), words[2:], depth)
        elif name in {"npm", "yarn", "pnpm", "bun"}:
            self._script_of_package(words, depth)
        elif name in _REPLS and len(words) == 1 and depth == 0:
            self.lost = True  # somebody types into it
        else:
            place = self._place(program)
            self.programs[name] = None
            if place is not None:
                self.paths.add(place)
            self._file(place or program, words[1:], depth, only_scripts=True)

    def _place(self, program: str) -> str | None:
        """Where a program lies, as far as the stage's own instructions say so."""
        if "/" in program:
            folder = self.entry.final.working_directory.value
            if program.startswith("/"):
                return posixpath.normpath(program)
            return None if folder is UNKNOWN else posixpath.normpath(posixpath.join(folder, program))
        folders = self.entry.final.path
        for folder in () if folders is UNKNOWN else folders:
            entry = self.entry.final.files.entry(f"{folder}/{program}")
            if entry.exists is Claim.YES and entry.writer is not None:
                return f"{folder}/{program}"
        return None

    def _file(
        self, program: str, rest: tuple[Known[str], ...], depth: int, *, only_scripts: bool = False
    ) -> None:
        """Read a script, and what it is handed to run: `exec "$@"`."""
        place = self._place(program) if "/" in program or not only_scripts else None
        if place is None and not only_scripts:
            folder = self.entry.final.working_directory.value
            place = None if folder is UNKNOWN else posixpath.join(folder, program)
        text = None if place is None else self._text(place)
        if text is None:
            entry = None if place is None else self.entry.final.files.entry(place)
            ours = entry is not None and entry.writer is not None
            if not only_scripts or (ours and program.endswith(".sh")):
                self.lost = True  # a script that we cannot read
            return
        shell = interpreter(text)
        if only_scripts and not (shell and is_shell(shell[0])):
            return
        self.by_shell = True
        self._script(text, depth)
        if rest and "$@" in text:
            self.run(rest, depth + 1)

    def _text(self, path: str) -> str | None:
        content = self.entry.final.files.entry(path).content
        if content is not None and content.text is not UNKNOWN:
            return content.text
        if not self.entry.steps:
            return None
        return text_in_context(self.build, self.entry, self.entry.steps[-1], path)

    def _script(self, text: str, depth: int) -> None:
        script = commands(text)
        if script.broken:
            self.lost = True
            return
        for command in script.commands:
            words: tuple[Known[str], ...] = tuple(
                UNKNOWN if (value := word.literal) is None else value for word in command.words
            )
            if not words or words[0] in script.functions:
                continue
            if words[0] is UNKNOWN:
                self.lost = self.lost or '"$@"' not in text
            elif words[0] in BUILT_IN - {"command", "exec"}:
                self.words.update(word for word in words if word is not UNKNOWN)
            elif words[0] == "exec" and words[1:2] in {(UNKNOWN,), ()}:
                self.lost = self.lost or (len(words) > 1 and '"$@"' not in text)
            else:
                self.run(words, depth + 1)

    def _script_of_package(self, words: tuple[Known[str], ...], depth: int) -> None:
        """Follow `npm start` and `npm run NAME` into package.json."""
        plain = [str(word) for word in words[1:] if word is not UNKNOWN and not str(word).startswith("-")]
        if plain[:1] in (["run"], ["run-script"]):
            plain = plain[1:]
        folder = self.entry.final.working_directory.value
        text = None if folder is UNKNOWN else self._text(posixpath.join(folder, "package.json"))
        script = next(iter(_scripts(text or "", plain[:1])), None)
        if script is None or depth > _MOST_NESTING:
            self.lost = True
            return
        self.programs[posixpath.basename(str(words[0]))] = None
        self._script(script, depth + 1)


def _scripts(text: str, names: list[str]) -> Iterator[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    scripts = data.get("scripts") if isinstance(data, dict) else None
    for name in names:
        found = scripts.get(name) if isinstance(scripts, dict) else None
        if isinstance(found, str):
            yield found
