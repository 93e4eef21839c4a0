"""uv: `uv pip install`, `uv sync`, `uv tool install` and the cache.

Source: uv's reference of commands and environment variables. Its installer links files out of the cache
where both lie on one file system, and copies them where the cache is a mount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, Installation, VirtualEnvironment
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "-n --no-cache --no-cache-dir --system --frozen --locked --no-dev --no-install-project --no-editable"
    " --no-install-workspace --compile-bytecode --compile --no-progress -q --quiet -v --verbose --all-extras"
    " --no-deps -U --upgrade --break-system-packages --no-sources --require-hashes --dev --all-groups"
    " --no-default-groups --inexact --exact --pre --no-build --no-build-isolation --reinstall --native-tls"
    " --managed-python --no-managed-python --no-python-downloads --no-config --offline --all-packages --active"
    " --only-dev --strict --force --seed --clear --relocatable --allow-existing"
)
_WITH_VALUE = (
    "-r --requirement --requirements -c --constraint -e --editable -p --python --target --prefix --extra"
    " --group --only-group --no-group --package --index-url -i --extra-index-url --index --find-links -f"
    " --cache-dir --link-mode --directory --project --no-install-package --resolution --prerelease --with"
    " --default-index --index-strategy --keyring-provider --exclude-newer --python-preference --color"
    " --config-file --no-binary --only-binary --torch-backend --override --build-constraint"
)


@effect("uv")
def uv(call: Call) -> Iterator[Change]:
    """What uv installs from names, requirement files or the project's own lock file."""
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    line, certain = call.line, call.certain
    match arguments.operands:
        case ("pip", "install" | "sync" as action, *names):
            files = [*arguments.values("-r", "--requirement", "--requirements")]
            yield Installation(
                "uv",
                (*(names if action == "install" else ()), *arguments.values("-e", "--editable")),
                tuple(call.absolute(name) for name in (*files, *(names if action == "sync" else ()))),
                line,
                certain,
                _cache(call, arguments),
                complete=arguments.complete,
                prefix=_prefix(call, arguments),
            )
        case ("sync", *_):
            folder = arguments.value("--project", "--directory") or "."
            yield Installation(
                "uv",
                (),
                tuple(call.absolute(f"{folder}/{name}") for name in ("pyproject.toml", "uv.lock")),
                line,
                certain,
                _cache(call, arguments),
                complete=arguments.complete,
                development=not arguments.has("--no-dev", "--no-default-groups"),
                prefix=call.absolute(call.environment.get("UV_PROJECT_ENVIRONMENT") or f"{folder}/.venv"),
            )
        case ("venv", *names):
            path = call.absolute(names[0] if names else ".venv")
            yield VirtualEnvironment(path, arguments.has("--seed"), line, certain)
        case ("tool", "install", *names) | ("add", *names):
            yield Installation(
                "uv", tuple(names), (), line, certain, _cache(call, arguments), complete=arguments.complete
            )
        case ("cache", "clean" | "prune", *_):
            yield CacheRemoval("uv", line, certain)
        case _:
            return


def _cache(call: Call, arguments: Arguments) -> Cache:
    if arguments.has("-n", "--no-cache", "--no-cache-dir") or call.environment.get("UV_NO_CACHE"):
        return Cache.NEVER
    home = call.home()
    default: Known[str] = UNKNOWN if home is UNKNOWN else f"{home}/.cache/uv"
    if base := call.environment.get("XDG_CACHE_HOME"):
        default = f"{base}/uv"
    found = call.cache_at(arguments.value("--cache-dir") or call.environment.get("UV_CACHE_DIR") or default)
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found


def _prefix(call: Call, arguments: Arguments) -> Known[str] | None:
    if target := arguments.value("--target", "--prefix"):
        return call.absolute(target)
    if arguments.has("--system") or call.environment.get("UV_SYSTEM_PYTHON"):
        return None
    return call.environment.get("VIRTUAL_ENV") or call.absolute(".venv")
