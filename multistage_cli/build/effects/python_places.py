"""Where pip and its like put packages and commands, and what else that leaves among the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.changes import Cache, Change, DirectoryMade, Doubted, ScriptsInstalled
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Content, Nature
from multistage_cli.build.programs import located
from multistage_cli.build.pythons import ACTIVATE, Interpreter, interpreter_at, interpreter_of_script
from multistage_cli.build.system_commands import SYSTEM_COMMANDS, SYSTEM_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.effects import Call
    from multistage_cli.build.effects.python_project import Wanted

_NO_COMMANDS = frozenset({"bin", "games", "sbin", "src"})


class Place(Struct, frozen=True):
    """Where packages land.

    Attributes:
        base: the folder that all lies below.
        packages: the folder of packages; UNKNOWN somewhere below `base`.
        commands: the folder of commands.
        interpreter: what stands behind `#!` in the commands.
        version: of the interpreter.
        made: whether `packages` is made where it is not there.
    """

    base: str
    packages: Known[str]
    commands: str
    interpreter: Known[str]
    version: Known[str]
    made: bool = True


def place_of(found: Interpreter) -> Place:
    """The interpreter's own place: the system's, or that of its virtual environment."""
    return Place(found.base, found.packages, found.commands, found.executable, found.version)


def place_of_user(found: Interpreter, home: Known[str], base: str | None = None) -> Place | None:
    """The place of `pip install --user`: below the home folder, whatever the distribution."""
    if base is None:
        if home is UNKNOWN:
            return None
        base = f"{home.rstrip('/')}/.local"
    packages: Known[str] = UNKNOWN
    if found.version is not UNKNOWN:
        packages = f"{base}/lib/python{found.version}/site-packages"
    return Place(base, packages, f"{base}/bin", found.executable, found.version)


def place_of_target(found: Interpreter | None, folder: str) -> Place:
    """The place of `--target`: packages lie in the folder itself."""
    executable, version = (UNKNOWN, UNKNOWN) if found is None else (found.executable, found.version)
    return Place(folder, folder, f"{folder.rstrip('/')}/bin", executable, version)


def place_of_prefix(found: Interpreter, prefix: str) -> Place:
    """The place of `--prefix`; Debian's Python has a `local` below it, or not, by its release."""
    prefix = prefix.rstrip("/")
    if found.debian:
        return Place(prefix or "/", UNKNOWN, f"{prefix}/bin", found.executable, found.version)
    packages: Known[str] = UNKNOWN
    if found.version is not UNKNOWN:
        packages = f"{prefix}/lib/python{found.version}/site-packages"
    return Place(prefix or "/", packages, f"{prefix}/bin", found.executable, found.version)


def python_named(call: Call, name: str) -> Interpreter | None:
    """The interpreter that `--python` names: a path, a virtual environment or a name in PATH."""
    if "/" in name:
        path = call.absolute(name)
        if not path.startswith("/"):
            return None
        if path in call.virtual_environments or call.state.exists(f"{path}/pyvenv.cfg") is Claim.YES:
            return interpreter_at(call.state, f"{path}/bin/python")
        return interpreter_at(call.state, path)
    found = located(call, name if name.startswith("python") else f"python{name}")
    return None if found is None or found is UNKNOWN else interpreter_at(call.state, found)


def python_of_script(call: Call) -> Interpreter | None:
    """The interpreter that the called script runs on."""
    path = located(call, call.path)
    return None if path is None or path is UNKNOWN else interpreter_of_script(call.state, path)


def first_python(call: Call, *, system: bool = False) -> Interpreter | None:
    """The first interpreter in PATH, by the names that uv, Poetry and virtualenv look for.

    Args:
        call: the command.
        system: whether those of virtual environments are passed over.
    """
    path = call.environment.get("PATH")
    while True:
        found = _first_python(call if path is None else replace(call, environment={"PATH": path}))
        if found is None or not system or not found.isolated or path is None:
            return found
        folders = [folder for folder in path.split(":") if folder.rstrip("/") != f"{found.prefix}/bin"]
        if len(folders) == len(path.split(":")):
            return None
        path = ":".join(folders)


def _first_python(call: Call) -> Interpreter | None:
    for name in ("python3", "python"):
        path = located(call, name)
        if path is not None and path is not UNKNOWN:
            return interpreter_at(call.state, path)
    return None


def home_of(call: Call) -> Known[str]:
    """The home folder of whoever runs the command."""
    home = call.home()
    return call.state.accounts.home(call.user) if home is UNKNOWN else home


def installed(call: Call, place: Place | None, wanted: Wanted, *, certain: Claim) -> Iterator[Change]:
    """What an installation leaves in a place; anywhere, if that is not known."""
    line = call.line
    if place is None:
        yield anywhere(call)
        return
    if place.packages is not UNKNOWN and (wanted.packages or wanted.folders):
        packages = Content(Nature.PYTHON_PACKAGES)
        yield DirectoryMade(place.packages, line, certain, content=packages)
    # Wheels may bring data, headers and manual pages: below the base, and nowhere else.
    yield Doubted(place.base, line, certain, removes=False, alters=False, spares=_NO_COMMANDS)
    yield ScriptsInstalled(
        "pip", place.commands, wanted.packages, wanted.manifests, wanted.commands, line, certain,
        interpreter=place.interpreter, version=place.version, constrained=wanted.constrained,
    )  # fmt: skip
    for folder in wanted.folders:
        # setuptools builds in place.
        yield Doubted(folder, line, certain, removes=False, alters=False)


def anywhere(call: Call) -> Doubted:
    """Something new may lie anywhere but where the system's own is."""
    return Doubted("/", call.line, call.certain, removes=False, alters=False, spares=SYSTEM_PLACES)


def uninstalled(call: Call, place: Place | None, keeps: frozenset[str]) -> Iterator[Change]:
    """What `uninstall` takes away: packages and their commands, but not the commands in `keeps`."""
    line, certain = call.line, call.certain
    if place is None:
        yield Doubted("/", line, certain, adds=False, alters=False, spares=SYSTEM_PLACES)
        return
    packages = f"{place.base}/lib" if place.packages is UNKNOWN else place.packages
    folders = (f"{place.base}/{name}" for name in ("share", "include", "man", "etc"))
    for path in (packages, *(path for path in folders if call.state.exists(path) is Claim.YES)):
        yield Doubted(path, line, certain, adds=False, alters=False, inside=True)
    spares = keeps | SYSTEM_COMMANDS | ACTIVATE
    yield Doubted(place.commands, line, certain, adds=False, alters=False, spares=spares, inside=True)


def kept_cache(call: Call, cache: Cache, folder: Known[str]) -> Iterator[Change]:
    """A cache of downloads that stays."""
    if cache is Cache.KEPT or cache is Cache.UNKNOWN:
        home = home_of(call)
        above = "/" if home is UNKNOWN else f"{home.rstrip('/')}/.cache"
        path = above if folder is UNKNOWN else folder
        spares = SYSTEM_PLACES if path == "/" else frozenset[str]()
        yield Doubted(path, call.line, call.certain, removes=False, alters=False, spares=spares)
