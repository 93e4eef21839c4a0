"""Poetry and Pipenv: what they install from their lock files.

Source: the documentation of both. Poetry keeps its downloads under POETRY_CACHE_DIR, Pipenv in pip's
cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from multistage_cli.build.changes import Cache, CacheRemoval, Installation, Untracked
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, project
from multistage_cli.build.effects.python_places import anywhere, first_python, installed, place_of
from multistage_cli.build.effects.python_project import Wanted, read_project
from multistage_cli.build.pythons import interpreter_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_POETRY_SWITCHES = (
    "-n --no-interaction --no-ansi --ansi --no-root --no-dev --sync --no-cache --all-extras --compile"
    " --no-directory -q --quiet -v -vv -vvv --verbose --only-root --all-groups --no-plugins --remove-untracked"
)
_PIPENV_SWITCHES = (
    "--system --deploy --ignore-pipfile --dev -d --clear --skip-lock --pre --verbose -v --quiet -q --three"
    " --site-packages --keep-outdated --sequential"
)


@effect("poetry")
def poetry(call: Call) -> Iterator[Change]:
    """What `poetry install` and `poetry sync` bring from poetry.lock."""
    arguments = read_arguments(
        call.words,
        switches=_POETRY_SWITCHES,
        with_value="--only --without --with -E --extras -C --directory -P --project -f --format -o --output",
    )
    action, *rest = arguments.operands or ("",)
    line, certain = call.line, call.certain
    if action == "cache" and rest[:1] == ["clear"]:
        yield CacheRemoval("poetry", line, certain)
    if action in {"cache", "config", "self", "env"}:
        yield from _own_folders(call)
    elif action in {"build", "export", "lock", "add", "remove", "update", "new", "init", "version"}:
        yield from (*project(call), *_own_folders(call))
        if action in {"add", "update", "remove"}:
            yield from _environments(call, arguments, Wanted(tuple(rest), constrained=True))
    elif action in {"run", "shell", "publish"}:
        yield Untracked(f"poetry {action}", line, certain)
    if action not in {"install", "sync"}:
        return
    only = arguments.value("--only")
    without = ",".join(arguments.values("--without")).split(",")
    folder = call.absolute(arguments.value("-C", "--directory", "-P", "--project") or ".")
    found = read_project(call, folder)
    own = () if arguments.has("--no-root") or only is not None else found.commands
    main = only is None or "main" in only.split(",")
    asked = Wanted(found.packages if main else (), commands=own, constrained=True)
    yield Installation(
        "poetry",
        (),
        tuple(call.absolute(name) for name in ("pyproject.toml", "poetry.lock")),
        line,
        certain,
        Cache.NEVER
        if arguments.has("--no-cache")
        else _cache(call, call.environment.get("POETRY_CACHE_DIR"), "pypoetry"),
        complete=arguments.complete,
        development=only is None and "dev" not in without and not arguments.has("--no-dev"),
        prefix=call.environment.get("VIRTUAL_ENV") or call.active_environment(),
        leaves=(*_own_folders(call), *added(call, folder), *_environments(call, arguments, asked)),
    )


def _own_folders(call: Call) -> Iterator[Change]:
    """Poetry's settings and caches, environments among them."""
    yield from caches(call, ".cache", ".config", ".local")
    for name in ("POETRY_CACHE_DIR", "POETRY_CONFIG_DIR", "POETRY_VIRTUALENVS_PATH", "POETRY_HOME"):
        if folder := call.environment.get(name):
            yield from added(call, folder)


def _environments(call: Call, arguments: Arguments, asked: Wanted) -> Iterator[Change]:
    """Where Poetry and Pipenv may install: an active environment, the project's, the system's, one of their own."""
    if not arguments.complete:
        yield anywhere(call)
    environment = call.environment
    active = environment.get("VIRTUAL_ENV") or call.active_environment()
    if active and active.startswith("/") and not arguments.has("--system"):
        yield from installed(
            call, place_of(interpreter_at(call.state, f"{active}/bin/python")), asked, certain=call.certain
        )
        return
    system = first_python(call)
    turned_off = environment.get("POETRY_VIRTUALENVS_CREATE", "").lower() in {"false", "0"}
    if (turned_off or arguments.has("--system")) and system is not None:
        sure = call.certain if call.user in {"", "root", "0"} or system.isolated else Claim.UNKNOWN
        yield from installed(call, place_of(system), asked, certain=sure)
        return
    # `poetry config virtualenvs.create false` may stand in a file.
    yield from installed(call, None if system is None else place_of(system), Wanted(), certain=Claim.UNKNOWN)
    folder = call.absolute(".venv")
    yield from added(call, folder)
    if environment.get("POETRY_VIRTUALENVS_IN_PROJECT", "").lower() in {"true", "1"} and not turned_off:
        made = f"{folder}/bin/python"
        found = replace(
            interpreter_at(call.state, made), version=UNKNOWN if system is None else system.version
        )
        if folder.startswith("/"):
            yield from installed(call, place_of(found), asked, certain=call.certain)


@effect("pipenv")
def pipenv(call: Call) -> Iterator[Change]:
    """What `pipenv install` and `pipenv sync` bring from Pipfile.lock."""
    arguments = read_arguments(
        call.words,
        switches=_PIPENV_SWITCHES,
        with_value="--python -r --requirements --categories --extra-pip-args -i --index --pypi-mirror",
    )
    action, *names = arguments.operands or ("",)
    kept = tuple(caches(call, ".cache", ".local", ".config"))
    if action not in {"install", "sync"}:
        if action in {"run", "shell", "scripts"}:
            yield Untracked(f"pipenv {action}", call.line, call.certain)
        else:
            yield from (*kept, *project(call))
        return
    off = call.environment.get("PIP_NO_CACHE_DIR")
    files = ("Pipfile", "Pipfile.lock", *arguments.values("-r", "--requirements"))
    asked = Wanted(tuple(names), constrained=True)
    yield Installation(
        "pipenv",
        tuple(names),
        tuple(call.absolute(name) for name in files),
        call.line,
        call.certain,
        Cache.NEVER if off else _cache(call, call.environment.get("PIPENV_CACHE_DIR"), "pipenv"),
        complete=arguments.complete,
        development=arguments.has("--dev", "-d"),
        leaves=(*kept, *project(call), *_environments(call, arguments, asked)),
    )


def _cache(call: Call, chosen: str | None, name: str) -> Cache:
    home = call.home()
    default: Known[str] = UNKNOWN if home is UNKNOWN else f"{home}/.cache/{name}"
    if base := call.environment.get("XDG_CACHE_HOME"):
        default = f"{base}/{name}"
    found = call.cache_at(chosen or default)
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found
