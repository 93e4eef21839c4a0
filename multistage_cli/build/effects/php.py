"""composer, and the helpers of the official PHP images.

Source: Composer's command reference; docker-library/php's docker-php-ext-install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import CacheRemoval, Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.effects import Call, effect, read_arguments

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
    )


@effect(
    "docker-php-ext-install",
    "docker-php-ext-configure",
    "docker-php-ext-enable",
    "pecl",
    "install-php-extensions",
)
def extensions(call: Call) -> Iterator[Change]:
    """Extensions that are compiled into the image's PHP."""
    if call.name not in {"docker-php-ext-configure", "docker-php-ext-enable"}:
        yield Compilation(call.name, (), call.line, call.certain)
