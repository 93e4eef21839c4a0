"""Interpreters of Python: which one a command runs, where its packages and commands lie, what a venv holds.

Source: CPython's `venv`, `site` and `sysconfig`; Debian's python3.11 and newer, whose pip puts what root
installs below /usr/local (`posix_local` in sysconfig, deb_system elsewhere); all of it tried on the engine.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.changes import Change, DirectoryMade, Doubted, FileWritten, LinkMade
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Content, Nature
from multistage_cli.build.system_commands import SYSTEM_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import VirtualEnvironment
    from multistage_cli.build.state import State

_MINOR: Final = re.compile(r"(?:python|pip)(3\.[0-9]{1,2})")
_DEBIAN: Final = {"buster": "3.7", "bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}
"""The Python of Debian's releases: the version of their package python3."""


class Interpreter(Struct, frozen=True):
    """A Python.

    Attributes:
        executable: as it calls itself (`sys.executable`), absolute.
        prefix: `sys.prefix`: the folder above the executable's.
        version: such as `3.12`.
        isolated: whether it is that of a virtual environment.
        debian: whether it is the distribution's, which has rules of its own.
    """

    executable: Known[str]
    prefix: str
    version: Known[str]
    isolated: bool = False
    debian: bool = False

    @property
    def commands(self) -> str:
        """The folder that pip puts commands into."""
        return "/usr/local/bin" if self.debian else f"{self.prefix}/bin"

    @property
    def base(self) -> str:
        """The folder that all lies below that pip installs."""
        return "/usr/local" if self.debian else self.prefix

    @property
    def packages(self) -> Known[str]:
        """The folder that pip puts packages into."""
        if self.version is UNKNOWN:
            return UNKNOWN
        name = "dist-packages" if self.debian else "site-packages"
        return f"{self.base}/lib/python{self.version}/{name}"


def interpreter_at(state: State, executable: str) -> Interpreter:
    """The interpreter at an absolute path."""
    prefix = posixpath.dirname(posixpath.dirname(executable)) or "/"
    content = state.files.entry(prefix).content
    if content is not None and content.nature is Nature.VIRTUAL_ENVIRONMENT:
        version = content.version
        if version is UNKNOWN:
            version = _version(state, executable, prefix)
        return Interpreter(executable, prefix, version, isolated=True)
    isolated = prefix in state.virtual_environments or state.files.exists(f"{prefix}/pyvenv.cfg") is Claim.YES
    version = _version(state, executable, prefix)
    debian = prefix in {"/usr", "/"} and state.packages.manager == "apt" and not isolated
    return Interpreter(executable, prefix, version, isolated, debian)


def interpreter_of_script(state: State, script: str) -> Interpreter:
    """The interpreter that runs a script such as `/opt/venv/bin/pip`."""
    content = state.files.entry(script).content
    if content is not None and content.nature is Nature.SCRIPT and content.interpreter is not UNKNOWN:
        words = content.interpreter.split()
        if words and posixpath.basename(words[0]).startswith("python"):
            return interpreter_at(state, words[0])
    folder, _, name = script.rpartition("/")
    found = interpreter_at(state, f"{folder}/python3")
    version = found.version
    if version is UNKNOWN and (named := _MINOR.fullmatch(name)):
        version = named[1]
    if found.debian:
        return Interpreter("/usr/bin/python3", "/usr", version, debian=True)
    # Which of its names stands in the script is the image's choice.
    return Interpreter(UNKNOWN, found.prefix, version, found.isolated)


_SYSTEM_PACKAGES: Final = "include-system-site-packages = true\n"


def sees_system_packages(state: State, found: Interpreter) -> bool:
    """Whether an environment was made to see the packages of its base interpreter, too."""
    content = state.files.entry(f"{found.prefix}/pyvenv.cfg").content
    return content is not None and content.text == _SYSTEM_PACKAGES


def base_interpreter(state: State, found: Interpreter) -> Known[str]:
    """The Python that a virtual environment made by this one stands on."""
    if not found.isolated or found.executable is UNKNOWN:
        return found.executable
    content = state.files.entry(found.prefix).content
    if content is None or content.interpreter is UNKNOWN:
        return UNKNOWN
    # `sys._base_executable`: the name it was called by, in the folder of `home` in pyvenv.cfg.
    home = posixpath.dirname(content.interpreter)
    called = f"{home}/{posixpath.basename(found.executable)}"
    return called if state.exists(called) is Claim.YES else UNKNOWN


def _version(state: State, executable: str, prefix: str) -> Known[str]:
    if named := _MINOR.fullmatch(posixpath.basename(executable)):
        return named[1]
    end = state.files.resolve(executable)
    if end is not UNKNOWN and (named := _MINOR.fullmatch(posixpath.basename(end))):
        return named[1]
    if prefix == "/usr/local":
        full = state.variables.known("PYTHON_VERSION")  # of the official images
        if full is not None and full is not UNKNOWN and re.match(r"3\.[0-9]+\.", full):
            return ".".join(full.split(".")[:2])
    if prefix in {"/usr", "/"}:
        return _DEBIAN.get(state.packages.suite or "", UNKNOWN)
    return UNKNOWN


def script_for(interpreter: Known[str]) -> Content:
    """A script that pip or uv writes for an interpreter.

    Where its path is too long for `#!`, or has a space in it, `/bin/sh` stands there.
    """
    plain = interpreter is not UNKNOWN and len(interpreter) <= _LONGEST_PLAIN and " " not in interpreter
    return Content(Nature.SCRIPT, interpreter=interpreter if plain else UNKNOWN, carriage_returns=Claim.NO)


_LONGEST_PLAIN: Final = 120  # distlib's limit is 127 with `#!` and the end of the line

_IGNORED_BY_GIT: Final = 13
"""The minor version of Python whose `venv` writes a file for Git ("What's New In Python 3.13")."""

_ACTIVATE: Final = {
    "venv": ("activate", "activate.csh", "activate.fish", "Activate.ps1"),
    "virtualenv": ("activate", "activate.csh", "activate.fish", "activate_this.py"),
    "uv": ("activate", "activate.csh", "activate.fish", "activate_this.py"),
}

_NOT_MADE: Final = frozenset(f"bin/{name}" for name in SYSTEM_COMMANDS)

ACTIVATE: Final = frozenset(name for names in _ACTIVATE.values() for name in names)
"""Files in an environment's folder of commands that no package owns."""


def environment_files(change: VirtualEnvironment, existed: Claim) -> tuple[Change, ...]:
    """What making a virtual environment puts where; `existed` says whether its folder was there before."""
    return tuple(_environment_files(change, existed))


def _environment_files(change: VirtualEnvironment, existed: Claim) -> Iterator[Change]:
    path, line, certain, version = change.path, change.line, change.certain, change.version
    content = Content(Nature.VIRTUAL_ENVIRONMENT, interpreter=change.interpreter, version=version)
    yield DirectoryMade(path, line, certain, content=content)
    for name in ("bin", "lib"):
        yield DirectoryMade(f"{path}/{name}", line, certain)
    settings = Content(Nature.TEXT, text=_SYSTEM_PACKAGES) if change.system_packages else Content(Nature.TEXT)
    yield FileWritten(f"{path}/pyvenv.cfg", line, certain, settings)
    for name in _ACTIVATE[change.tool]:
        yield FileWritten(f"{path}/bin/{name}", line, certain, Content(Nature.TEXT))
    if change.tool == "venv":
        yield DirectoryMade(f"{path}/include", line, certain)
        yield Doubted(f"{path}/include", line, certain, removes=False, alters=False)
    yield from _interpreters(change)
    if version is not UNKNOWN:
        yield from _packages(change, version)
    if change.tool != "venv" or version is UNKNOWN or not change.complete or existed is not Claim.NO:
        yield Doubted(path, line, certain, removes=False, alters=False, spares=_NOT_MADE)
        return
    # A link to `lib`, made on systems of 64 bits alone.
    yield Doubted(f"{path}/lib64", line, certain, removes=False, alters=False)
    if int(version.partition(".")[2]) >= _IGNORED_BY_GIT:
        yield FileWritten(f"{path}/.gitignore", line, certain, Content(Nature.TEXT))


def _interpreters(change: VirtualEnvironment) -> Iterator[Change]:
    """`bin/python` and its other names: links to the one that the interpreter was called by."""
    path, line, certain, base = f"{change.path}/bin", change.line, change.certain, change.interpreter
    names = ["python", "python3"]
    if change.version is not UNKNOWN:
        names.append(f"python{change.version}")
    if change.copies:
        for name in names:
            yield FileWritten(f"{path}/{name}", line, certain, Content(Nature.BINARY), mode=0o755)
        return
    if base is UNKNOWN:
        yield Doubted(path, line, certain, removes=False, alters=False)
        return
    first = posixpath.basename(base) if change.tool == "venv" else "python"
    if first not in names:
        names.append(first)
    yield LinkMade(f"{path}/{first}", base, line, certain, into=Claim.NO)
    for name in names:
        if name != first:
            yield LinkMade(f"{path}/{name}", first, line, certain, into=Claim.NO)


def _packages(change: VirtualEnvironment, version: str) -> Iterator[Change]:
    path, line, certain = change.path, change.line, change.certain
    packages = f"{path}/lib/python{version}/site-packages"
    yield DirectoryMade(packages, line, certain, content=Content(Nature.PYTHON_PACKAGES))
    if change.seeded:
        yield DirectoryMade(f"{packages}/pip", line, certain)
    yield Doubted(packages, line, certain, removes=False, alters=False)
    if not change.seeded:
        return
    base = change.interpreter
    first = "python" if change.tool != "venv" or base is UNKNOWN else posixpath.basename(base)
    script = script_for(f"{path}/bin/{first}")
    for name in ("pip", "pip3", f"pip{version}"):
        yield FileWritten(f"{path}/bin/{name}", line, certain, script, mode=0o755)
