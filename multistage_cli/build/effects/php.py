"""composer, and the helpers of the official PHP images.

Source: Composer's command reference; docker-library/php's docker-php-ext-install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import (
    CacheRemoval,
    Compilation,
    DirectoryMade,
    Doubted,
    FileWritten,
    Installation,
    Untracked,
)
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, project, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "--no-dev --no-scripts --no-autoloader --prefer-dist --prefer-source --no-interaction -n --no-progress -q"
    " --optimize-autoloader -o --classmap-authoritative -a --apcu-autoloader --no-plugins --ignore-platform-reqs"
    " --no-suggest --no-cache --ansi --no-ansi -v -vv -vvv --download-only --no-security-blocking"
)


@effect("composer", "composer.phar")
def composer(call: Call) -> Iterator[Change]:
    """What `install` brings from composer.lock."""
    arguments = read_arguments(
        call.words, switches=_SWITCHES, with_value="-d --working-dir --ignore-platform-req"
    )
    action, *rest = arguments.operands or ("",)
    if action in {"clear-cache", "clearcache", "cc"}:
        yield CacheRemoval("composer", call.line, call.certain)
    if action not in {"install", "i", "update", "require"}:
        if action in {
            "dump-autoload",
            "dumpautoload",
            "run-script",
            "run",
            "exec",
            "create-project",
            "remove",
        }:
            yield from (*scripts(call), *caches(call, ".composer", ".cache"))
        else:
            yield from (*added(call, "."), *caches(call, ".composer", ".cache", ".config"))
        return
    folder = arguments.value("-d", "--working-dir") or "."
    home = call.home()
    chosen = call.environment.get("COMPOSER_CACHE_DIR") or call.environment.get("COMPOSER_HOME")
    kept = call.cache_at(
        *([chosen] if chosen else []),
        *([f"{home}/.composer/cache", f"{home}/.cache/composer"] if home is not UNKNOWN else [UNKNOWN]),
        "/tmp/cache",  # noqa: S108  (the composer image's own cache folder)
    )
    yield Installation(
        "composer",
        tuple(rest),
        tuple(call.absolute(f"{folder}/{name}") for name in ("composer.json", "composer.lock")),
        call.line,
        call.certain,
        kept,
        complete=arguments.complete,
        development=not arguments.has("--no-dev"),
        prefix=call.absolute(f"{folder}/vendor"),
        leaves=tuple(_vendor(call, folder, arguments)),
    )


def _vendor(call: Call, folder: str, arguments: Arguments) -> Iterator[Change]:
    """`vendor` and its autoloader; the project's own scripts and plug-ins run unless they are told not to."""
    yield from caches(call, ".composer", ".cache", ".config", ".local")
    yield from added(call, "/tmp/cache")  # noqa: S108 - the composer image's own
    if not arguments.has("--no-scripts"):
        yield from project(call, folder)
    yield from added(call, folder)
    path = call.absolute(f"{folder}/vendor")
    if "global" in arguments.operands or not path.startswith("/"):
        return
    line, certain = call.line, call.certain
    yield DirectoryMade(path, line, certain)
    yield from added(call, path)
    yield Doubted(f"{path}/composer", line, certain)
    if not arguments.has("--no-autoloader", "--download-only"):
        yield FileWritten(f"{path}/autoload.php", line, certain)


@effect(
    "docker-php-ext-install",
    "docker-php-ext-configure",
    "docker-php-ext-enable",
    "pecl",
    "install-php-extensions",
)
def extensions(call: Call) -> Iterator[Change]:
    """Extensions that are compiled into the image's PHP."""
    if call.name == "install-php-extensions":
        yield Untracked(call.name, call.line, call.certain)  # it installs the distribution's packages
        return
    leaves = tuple(added(call, "/usr/local", "/usr/src", "/usr/lib/php", "/usr/share/php", "/tmp"))  # noqa: S108
    if call.name not in {"docker-php-ext-configure", "docker-php-ext-enable"}:
        yield Compilation(call.name, (), call.line, call.certain, leaves)
    else:
        yield from leaves
