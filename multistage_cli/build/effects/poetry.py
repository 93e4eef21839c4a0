"""Poetry and Pipenv: what they install from their lock files.

Source: the documentation of both. Poetry keeps its downloads under POETRY_CACHE_DIR, Pipenv in pip's
cache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, Installation
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.effects import Call, effect, read_arguments

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
        with_value="--only --without --with -E --extras -C --directory -P --project",
    )
    action, *rest = arguments.operands or ("",)
    if action == "cache" and rest[:1] == ["clear"]:
        yield CacheRemoval("poetry", call.line, call.certain)
    if action not in {"install", "sync"}:
        return
    only = arguments.value("--only")
    without = ",".join(arguments.values("--without")).split(",")
    yield Installation(
        "poetry",
        (),
        tuple(call.absolute(name) for name in ("pyproject.toml", "poetry.lock")),
        call.line,
        call.certain,
        Cache.NEVER
        if arguments.has("--no-cache")
        else _cache(call, call.environment.get("POETRY_CACHE_DIR"), "pypoetry"),
        complete=arguments.complete,
        development=only is None and "dev" not in without and not arguments.has("--no-dev"),
        prefix=call.environment.get("VIRTUAL_ENV") or call.active_environment(),
    )


@effect("pipenv")
def pipenv(call: Call) -> Iterator[Change]:
    """What `pipenv install` and `pipenv sync` bring from Pipfile.lock."""
    arguments = read_arguments(
        call.words,
        switches=_PIPENV_SWITCHES,
        with_value="--python -r --requirements --categories --extra-pip-args -i --index --pypi-mirror",
    )
    action, *names = arguments.operands or ("",)
    if action not in {"install", "sync"}:
        return
    off = call.environment.get("PIP_NO_CACHE_DIR")
    files = ("Pipfile", "Pipfile.lock", *arguments.values("-r", "--requirements"))
    yield Installation(
        "pipenv",
        tuple(names),
        tuple(call.absolute(name) for name in files),
        call.line,
        call.certain,
        Cache.NEVER if off else _cache(call, call.environment.get("PIPENV_CACHE_DIR"), "pipenv"),
        complete=arguments.complete,
        development=arguments.has("--dev", "-d"),
    )


def _cache(call: Call, chosen: str | None, name: str) -> Cache:
    home = call.home()
    default: Known[str] = UNKNOWN if home is UNKNOWN else f"{home}/.cache/{name}"
    if base := call.environment.get("XDG_CACHE_HOME"):
        default = f"{base}/{name}"
    found = call.cache_at(chosen or default)
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found
