"""bundle and gem: gems and the archives that stay beside them.

Source: bundle-install(1), bundle-config(1); the official images set GEM_HOME to /usr/local/bundle, where
`cache` holds the downloaded archives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Installation, Untracked
from multistage_cli.build.effects import Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, project, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change


@effect("bundle", "bundler")
def bundle(call: Call) -> Iterator[Change]:
    """What `bundle install` brings from Gemfile.lock."""
    arguments = read_arguments(
        call.words,
        switches="--deployment --frozen --local --quiet --no-cache --clean --retry -q --prefer-local",
        with_value="--jobs -j --path --without --with --gemfile --binstubs --retry",
    )
    if arguments.operands not in {("install",), ()}:
        action = arguments.operands[0]
        if action in {"exec", "clean", "update", "binstubs", "pristine"}:
            yield from (*scripts(call), *_gems(call))
        elif action in {"config", "lock", "cache", "add", "init"}:
            yield from (*project(call), *_gems(call))
        return
    path = arguments.value("--path") or call.environment.get("BUNDLE_PATH")
    home = path or call.environment.get("GEM_HOME", "/usr/local/bundle")
    without = arguments.value("--without") or call.environment.get("BUNDLE_WITHOUT", "")
    yield Installation(
        "bundler",
        (),
        tuple(call.absolute(name) for name in ("Gemfile", "Gemfile.lock")),
        call.line,
        call.certain,
        call.cache_at(f"{home}/cache"),
        complete=arguments.complete,
        development="development" not in without,
        prefix=path,
        leaves=(*_gems(call), *added(call, ".", *([] if path is None else [path]))),
    )


def _gems(call: Call) -> Iterator[Change]:
    """Gems and their commands, wherever the Ruby of the image has them."""
    for name in ("GEM_HOME", "BUNDLE_PATH", "BUNDLE_APP_CONFIG", "BUNDLE_USER_HOME"):
        if folder := call.environment.get(name):
            yield from added(call, folder)
    yield from added(call, "/usr/local", "/usr/lib/ruby", "/var/lib/gems", "/usr/share/rubygems-integration")
    yield from caches(call, ".bundle", ".gem", ".local", ".cache")


@effect("gem")
def gem(call: Call) -> Iterator[Change]:
    """What `gem install` brings by name."""
    arguments = read_arguments(
        call.words,
        switches="--no-document -N --no-ri --no-rdoc --conservative -f --force -q --silent --pre --minimal-deps",
        with_value="-v --version -i --install-dir -s --source -n --bindir",
    )
    action, *names = arguments.operands or ("",)
    if action == "install":
        home = arguments.value("-i", "--install-dir") or call.environment.get("GEM_HOME", "/usr/local/bundle")
        kept = call.cache_at(f"{home}/cache")
        yield Installation(
            "gem",
            tuple(names),
            (),
            call.line,
            call.certain,
            kept,
            complete=arguments.complete,
            leaves=(
                *_gems(call),
                *(added(call, folder) if (folder := arguments.value("-i", "--install-dir")) else ()),
                *(
                    added(call, folder)
                    if (folder := arguments.value("-n", "--bindir"))
                    else added(call, "/usr/bin")
                ),
            ),
        )
    elif action in {"build", "update", "cleanup", "uninstall", "pristine"}:
        yield Untracked(call.name, call.line, call.certain)
