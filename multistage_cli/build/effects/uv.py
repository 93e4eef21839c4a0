"""uv: `uv pip install`, `uv sync`, `uv tool install` and the cache.

Source: uv's reference of commands and environment variables. Its installer links files out of the cache
where both lie on one file system, and copies them where the cache is a mount.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.actor import is_directory
from multistage_cli.build.changes import (
    Cache,
    CacheRemoval,
    Doubted,
    FileWritten,
    Installation,
    Untracked,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.python_places import (
    Place,
    anywhere,
    first_python,
    home_of,
    installed,
    kept_cache,
    place_of,
    place_of_prefix,
    place_of_target,
    python_named,
    uninstalled,
)
from multistage_cli.build.effects.python_project import Wanted, read_project, toml_of, wanted
from multistage_cli.build.pythons import base_interpreter, environment_files, interpreter_at
from multistage_cli.build.system_commands import SYSTEM_COMMANDS
from multistage_cli.facts.versions import admits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "-n --no-cache --no-cache-dir --system --frozen --locked --no-dev --no-install-project --no-editable"
    " --no-install-workspace --compile-bytecode --compile --no-progress -q --quiet -v --verbose --all-extras"
    " --no-deps -U --upgrade --break-system-packages --no-sources --require-hashes --dev --all-groups"
    " --no-default-groups --inexact --exact --pre --no-build --no-build-isolation --reinstall --native-tls"
    " --managed-python --no-managed-python --no-python-downloads --no-config --offline --all-packages --active"
    " --only-dev --strict --force --system-site-packages --seed --clear --relocatable --allow-existing"
)
_WITH_VALUE = (
    "-r --requirement --requirements -c --constraint -e --editable -p --python -t --target --prefix --extra"
    " --group --only-group --no-group --package --index-url -i --extra-index-url --index --find-links -f"
    " --cache-dir --link-mode --directory --project --no-install-package --resolution --prerelease --with"
    " --default-index --index-strategy --keyring-provider --exclude-newer --python-preference --color"
    " --config-file --no-binary --only-binary --torch-backend --override --build-constraint"
)


@effect("uv")
def uv(call: Call) -> Iterator[Change]:
    """What uv installs from names, requirement files or the project's own lock file."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    match arguments.operands:
        case ("pip", *rest):
            yield from _pip(call, arguments, rest)
        case ("sync", *_) | ("add", *_) | ("remove", *_):
            yield from _project(call, arguments)
        case ("venv", *names):
            yield from _venv(call, arguments, names[0] if names else ".venv")
        case ("tool", "install", *names):
            yield from _tool(call, arguments, names)
        case ("cache", "clean" | "prune", *_):
            yield CacheRemoval("uv", call.line, call.certain)
            folder = _cache_folder(call, arguments)
            yield Doubted("/root" if folder is UNKNOWN else folder, call.line, call.certain, adds=False)
        case ("run", *_) | ("tool", "run", *_) | ("python", *_) | ("build", *_) | ("init", *_):
            yield from _others(call, arguments)
        case _:
            return


def _pip(call: Call, arguments: Arguments, words: list[str]) -> Iterator[Change]:
    action, *names = words or [""]
    target = _target(call, arguments)
    if action == "uninstall":
        keeps = frozenset({"python", "python3", "activate", "uv", "uvx"})
        yield from uninstalled(call, target, keeps)
    if action not in {"install", "sync"}:
        return
    listed = arguments.values("-r", "--requirement", "--requirements")
    files = tuple(call.absolute(name) for name in (*listed, *(names if action == "sync" else ())))
    packages = (*(names if action == "install" else ()), *arguments.values("-e", "--editable"))
    asked = _bound(arguments, wanted(call, packages, files))
    cache = _cache(call, arguments)
    leaves = [
        *kept_cache(call, cache, _cache_folder(call, arguments)),
        *installed(call, target, asked, certain=_certain(call, arguments, target)),
    ]
    if action == "sync" and target is not None:
        leaves += uninstalled(call, target, frozenset({"python", "python3"}))  # what is not listed goes
    yield Installation(
        "uv",
        packages,
        files,
        call.line,
        call.certain,
        cache,
        complete=arguments.complete,
        prefix=_prefix(call, arguments),
        leaves=(*leaves, *_unreadable(call, arguments)),
    )


def _project(call: Call, arguments: Arguments) -> Iterator[Change]:
    """`uv sync`: the project's environment, made if it is not there, with what uv.lock says."""
    action, *names = arguments.operands
    folder = call.absolute(arguments.value("--project", "--directory") or ".")
    chosen = call.environment.get("UV_PROJECT_ENVIRONMENT")
    environment = _joined(folder, chosen or ".venv")
    active = call.environment.get("VIRTUAL_ENV")
    if arguments.has("--active") and active:
        environment = active
    cache = _cache(call, arguments)
    line, certain = call.line, call.certain
    project = read_project(call, folder)
    local = not arguments.has("--no-install-project", "--no-install-workspace", "--only-dev")
    asked = Wanted(
        (*project.packages, *names),
        commands=project.commands if local else (),
        folders=(folder,) if local else (),
        constrained=True,
    )
    leaves: list[Change] = [*kept_cache(call, cache, _cache_folder(call, arguments))]
    place: Place | None = None
    if environment.startswith("/"):
        found = interpreter_at(call.state, f"{environment}/bin/python3")
        place = place_of(found)
        if call.state.exists(f"{environment}/bin/python3") is not Claim.YES:
            made = _environment(call, arguments, environment, folder)
            leaves += environment_files(made, is_directory(call.state.files, environment))
            place = place_of(replace(found, version=made.version))
        if environment not in {"/usr", "/usr/local"}:
            place = replace(place, interpreter=f"{environment}/bin/python")
    leaves += installed(call, place, asked, certain=certain)
    if action != "sync":
        leaves += [
            FileWritten(f"{folder}/{name}", line, Claim.UNKNOWN) for name in ("pyproject.toml", "uv.lock")
        ]
    elif not arguments.has("--frozen", "--locked"):
        leaves.append(FileWritten(f"{folder}/uv.lock", line, Claim.UNKNOWN))
    yield Installation(
        "uv",
        tuple(names),
        () if action == "add" else (f"{folder}/pyproject.toml", f"{folder}/uv.lock"),
        line,
        certain,
        cache,
        complete=arguments.complete,
        development=not arguments.has("--no-dev", "--no-default-groups"),
        prefix=environment,
        leaves=(*leaves, *_unreadable(call, arguments)),
    )


def _venv(call: Call, arguments: Arguments, name: str) -> Iterator[Change]:
    yield _environment(call, arguments, call.absolute(name), call.absolute("."))
    home = home_of(call)
    if home is not UNKNOWN:
        yield Doubted(f"{home.rstrip('/')}/.cache", call.line, call.certain, removes=False, alters=False)
        python = f"{home.rstrip('/')}/.local/share/uv"
        yield Doubted(python, call.line, call.certain, removes=False, alters=False)


def _environment(call: Call, arguments: Arguments, path: str, folder: str) -> VirtualEnvironment:
    named = arguments.value("-p", "--python") or call.environment.get("UV_PYTHON")
    if named:
        found = python_named(call, named)
    elif _asks_for_another(call, folder):
        found = None
    else:
        found = first_python(call)
    version: Known[str] = UNKNOWN if found is None else found.version
    if version is UNKNOWN and named and re.fullmatch(r"(?:python)?3\.[0-9]+", named):
        version = named.removeprefix("python")
    base: Known[str] = UNKNOWN
    if found is not None:
        name = "python" if call.state.exists(f"{found.prefix}/bin/python") is Claim.YES else "python3"
        if named and version is not UNKNOWN and named.removeprefix("python") == version:
            name = f"python{version}"
        base = base_interpreter(call.state, replace(found, executable=f"{found.prefix}/bin/{name}"))
    seeded = arguments.has("--seed") or bool(call.environment.get("UV_VENV_SEED"))
    return VirtualEnvironment(
        path, seeded, call.line, call.certain, tool="uv", interpreter=base, version=version,
        complete=arguments.complete, system_packages=arguments.has("--system-site-packages"),
    )  # fmt: skip


def _asks_for_another(call: Call, folder: str) -> bool:
    """Whether the project names a Python, which need not be the first in PATH."""
    pinned = any(
        call.state.exists(f"{folder}/{name}") is not Claim.NO for name in (".python-version", "uv.toml")
    )
    project = toml_of(call, f"{folder}/pyproject.toml").get("project")
    needs = project.get("requires-python") if isinstance(project, dict) else None
    if needs is None:
        return pinned
    first = first_python(call)
    if pinned or first is None or first.version is UNKNOWN or not isinstance(needs, str):
        return True
    return admits(f"{first.version}.99", needs) is not True


def _tool(call: Call, arguments: Arguments, names: list[str]) -> Iterator[Change]:
    """`uv tool install`: an environment of its own, and links to its commands."""
    home = home_of(call)
    folder = call.environment.get("UV_TOOL_BIN_DIR") or call.environment.get("XDG_BIN_HOME")
    tools: Known[str] = call.environment.get("UV_TOOL_DIR") or UNKNOWN
    cache = _cache(call, arguments)
    leaves: list[Change] = [*kept_cache(call, cache, _cache_folder(call, arguments))]
    line, certain = call.line, call.certain
    if home is UNKNOWN and (folder is None or tools is UNKNOWN):
        leaves.append(anywhere(call))
    else:
        # The links are made for the named package alone, whatever the names of its commands.
        paths = (folder or f"{home}/.local/bin", f"{home}/.local/share/uv" if tools is UNKNOWN else tools)
        leaves += [
            Doubted(path, line, certain, removes=False, alters=False, spares=SYSTEM_COMMANDS)
            for path in paths
        ]
    yield Installation(
        "uv", tuple(names), (), line, certain, cache, complete=arguments.complete, leaves=tuple(leaves)
    )


def _others(call: Call, arguments: Arguments) -> Iterator[Change]:
    """`uv run` runs a program, `uv python install` unpacks one below the home folder."""
    if arguments.operands[0] == "python":
        folder = call.environment.get("UV_PYTHON_INSTALL_DIR")
        home = home_of(call)
        if folder is None and home is UNKNOWN:
            yield anywhere(call)
        for path in (folder, UNKNOWN if home is UNKNOWN else f"{home}/.local"):
            if path is not None and path is not UNKNOWN:
                yield Doubted(path, call.line, call.certain, removes=False, alters=False)
    elif arguments.operands[0] in {"build", "init"}:
        yield Doubted(call.absolute("."), call.line, call.certain, removes=False, alters=False)
    else:
        yield Untracked("uv run", call.line, call.certain)


def _target(call: Call, arguments: Arguments) -> Place | None:
    """Where `uv pip` installs: no `--user`, no falling back to the home folder."""
    python = arguments.value("-p", "--python") or call.environment.get("UV_PYTHON")
    active = call.environment.get("VIRTUAL_ENV")
    system = arguments.has("--system") or call.environment.get("UV_SYSTEM_PYTHON") in {"1", "true"}
    if python:
        found = python_named(call, python)
    elif system:
        found = first_python(call, system=True)
    else:
        path = active or call.absolute(".venv")
        # Without one here, uv looks in the folders above.
        sure = active or call.state.exists(path) is Claim.YES or path in call.virtual_environments
        found = interpreter_at(call.state, f"{path}/bin/python") if sure and path.startswith("/") else None
    if target := arguments.value("-t", "--target"):
        return place_of_target(found, call.absolute(target))
    if found is None:
        return None
    if prefix := arguments.value("--prefix"):
        return place_of_prefix(found, call.absolute(prefix))
    place = place_of(found)
    return replace(place, interpreter=f"{found.prefix}/bin/python") if found.isolated else place


def _certain(call: Call, arguments: Arguments, place: Place | None) -> Claim:
    """UNKNOWN where the distribution's own packages may be what is asked for."""
    own = place is not None and place.interpreter is not UNKNOWN and place.interpreter.startswith("/usr/bin/")
    return Claim.UNKNOWN if own and not arguments.has("--reinstall") else call.certain


def _bound(arguments: Arguments, asked: Wanted) -> Wanted:
    bound = arguments.has("--no-deps") or arguments.value(
        "-c", "--constraint", "--override", "--exclude-newer"
    )
    return replace(asked, constrained=True) if bound or arguments.value("--resolution") else asked


def _unreadable(call: Call, arguments: Arguments) -> Iterator[Change]:
    """An option that is not known may be about the place."""
    if not arguments.complete:
        yield anywhere(call)


def _joined(folder: str, path: str) -> str:
    return path if path.startswith("/") else f"{folder.rstrip('/')}/{path}"


def _cache(call: Call, arguments: Arguments) -> Cache:
    if arguments.has("-n", "--no-cache", "--no-cache-dir") or call.environment.get("UV_NO_CACHE"):
        return Cache.NEVER
    found = call.cache_at(_cache_folder(call, arguments))
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found


def _cache_folder(call: Call, arguments: Arguments) -> Known[str]:
    if chosen := arguments.value("--cache-dir") or call.environment.get("UV_CACHE_DIR"):
        return call.absolute(chosen)
    if base := call.environment.get("XDG_CACHE_HOME"):
        return f"{base}/uv"
    home = home_of(call)
    return UNKNOWN if home is UNKNOWN else f"{home.rstrip('/')}/.cache/uv"


def _prefix(call: Call, arguments: Arguments) -> Known[str] | None:
    if target := arguments.value("-t", "--target", "--prefix"):
        return call.absolute(target)
    if arguments.has("--system") or call.environment.get("UV_SYSTEM_PYTHON"):
        return None
    return call.environment.get("VIRTUAL_ENV") or call.absolute(".venv")
