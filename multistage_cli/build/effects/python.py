"""python, venv and virtualenv.

Source: CPython's `venv` and its command line, virtualenv's documentation; both tried on the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.changes import Doubted, Untracked, VirtualEnvironment
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.pip import pip_with
from multistage_cli.build.effects.python_places import (
    first_python,
    home_of,
    place_of,
    python_named,
    python_of_script,
)
from multistage_cli.build.programs import located
from multistage_cli.build.pythons import base_interpreter, interpreter_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.pythons import Interpreter

_PYTHONS = ("python", "python3", *(f"python3.{minor}" for minor in range(6, 16)))
_INTERPRETER_SWITCHES = "-b -B -d -E -i -I -O -OO -P -q -s -S -u -v -V -x -R"
_SHOWING = frozenset({"--version", "-V", "-VV", "--help", "-h", "-?"})


@effect(*_PYTHONS, "pypy3")
def python(call: Call) -> Iterator[Change]:
    """`python -m pip` is pip, `-m venv` makes an environment; of other programs nothing is known."""
    words = call.words
    while words and (words[0] in _INTERPRETER_SWITCHES.split() or words[0] in {"-X", "-W"}):
        words = words[2:] if words[0] in {"-X", "-W"} else words[1:]
    found = _called(call)
    match words[:2]:
        case ("-m", "pip" | "pip3"):
            # The Python that runs pip is the one that gets the packages, and pip lies beside it.
            folder = call.path.rpartition("/")[0]
            path = f"{folder}/pip" if folder else "pip"
            yield from pip_with(replace(call, name="pip", path=path, words=words[2:]), found)
        case ("-m", "venv"):
            yield from _venv(replace(call, words=words[2:]), found)
        case ("-m", "virtualenv"):
            yield from _virtualenv(replace(call, words=words[2:]), found)
        case ("-m", "compileall" | "py_compile"):
            folders = [call.absolute(word) for word in words[2:] if word is not UNKNOWN and word[:1] != "-"]
            for path in folders or ["/"]:
                yield Doubted(path, call.line, call.certain, removes=False, alters=False)
        case ("-m", "ensurepip") if found is not None:
            for path in (place_of(found).commands, f"{place_of(found).base}/lib"):
                yield Doubted(path, call.line, call.certain, removes=False, alters=False)
        case _:
            if not _only_looks(words):
                yield Untracked(call.name, call.line, call.certain)


def _called(call: Call) -> Interpreter | None:
    path = located(call, call.path)
    return None if path is None or path is UNKNOWN else interpreter_at(call.state, path)


_LOOKS = ("import ", "print(", "from ", "assert ", "pass")


def _only_looks(words: tuple[Known[str], ...]) -> bool:
    """Whether a program only imports and prints: `python -c "import app; print(app.version)"`."""
    if words[:1] and words[0] in _SHOWING:
        return True
    if len(words) != 2 or words[0] != "-c" or words[1] is UNKNOWN:  # noqa: PLR2004
        return False
    script = words[1]
    statements = [statement.strip() for line in script.splitlines() for statement in line.split(";")]
    plain = all(statement.startswith(_LOOKS) for statement in statements if statement)
    return plain and not any(
        word in script for word in ("open(", "exec(", "eval(", "system(", "write", "run(")
    )


def _venv(call: Call, found: Interpreter | None) -> Iterator[Change]:
    arguments = read_arguments(
        call.words,
        switches="--system-site-packages --copies --symlinks --clear --upgrade --without-pip --upgrade-deps"
        " --without-scm-ignore-files",
        with_value="--prompt",
    )
    seeded = not arguments.has("--without-pip")
    yield from _environments(call, arguments, found, seeded=seeded, tool="venv")


@effect("virtualenv")
def virtualenv(call: Call) -> Iterator[Change]:
    """The virtual environment that the last operand names."""
    yield from _virtualenv(call, None)


def _virtualenv(call: Call, found: Interpreter | None) -> Iterator[Change]:
    arguments = read_arguments(
        call.words,
        switches="--system-site-packages --copies --symlinks --clear --always-copy --no-pip --no-seed"
        " --no-download --download --no-setuptools --no-wheel --without-pip -q --quiet -v --verbose"
        " --no-periodic-update --no-vcs-ignore --reset-app-data --symlink-app-data",
        with_value="--prompt -p --python --pip --setuptools --wheel --app-data --creator --activators",
    )
    if named := arguments.value("-p", "--python"):
        found = python_named(call, named)
    elif found is None:
        found = python_of_script(call) or first_python(call)
    if found is not None and found.executable is UNKNOWN:
        # Whichever of its names stands in the script, it is the same program.
        named = f"{found.prefix}/bin/python3"
        found = replace(found, executable=named) if call.state.exists(named) is Claim.YES else found
    seeded = not arguments.has("--without-pip", "--no-pip", "--no-seed")
    yield from _environments(call, arguments, found, seeded=seeded, tool="virtualenv")
    home = home_of(call)
    if home is not UNKNOWN:
        cache = call.environment.get("VIRTUALENV_OVERRIDE_APP_DATA") or f"{home.rstrip('/')}/.cache"
        for path in (cache, f"{home.rstrip('/')}/.local/share/virtualenv"):
            yield Doubted(path, call.line, call.certain, removes=False, alters=False)


def _environments(
    call: Call, arguments: Arguments, found: Interpreter | None, *, seeded: bool, tool: str
) -> Iterator[Change]:
    paths = arguments.operands[-1:] if tool == "virtualenv" else arguments.operands
    for path in paths:
        base = UNKNOWN if found is None else base_interpreter(call.state, found)
        yield VirtualEnvironment(
            call.absolute(path),
            seeded,
            call.line,
            call.certain,
            tool=tool,
            interpreter=base,
            version=UNKNOWN if found is None else found.version,
            copies=arguments.has("--copies", "--always-copy"),
            system_packages=arguments.has("--system-site-packages"),
            complete=arguments.complete
            and call.certain is Claim.YES
            and not arguments.has("--upgrade-deps", "--without-scm-ignore-files"),
        )
