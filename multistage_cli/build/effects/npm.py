"""npm, yarn, pnpm and bun: packages, their manifests and caches.

Source: the documentation of each. pnpm and bun link the files of their store into `node_modules`, so that
a layer holds them once and the store costs next to nothing; npm and yarn keep archives beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Cache, CacheRemoval, Compilation, Installation
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_SWITCHES = (
    "-g --global --production --no-audit --no-fund --ignore-scripts --silent -s --no-save --save --save-dev -D"
    " --save-exact -E -f --force --legacy-peer-deps --no-optional --no-package-lock --prefer-offline --offline"
    " --unsafe-perm --frozen-lockfile --immutable --no-progress --non-interactive --pure-lockfile --verbose"
    " --network-concurrency --ignore-engines --ignore-optional --prod -P --dev -d --no-frozen-lockfile"
    " --shamefully-hoist -q --quiet --no-bin-links --inline-builds --check-cache --no-lockfile --dangerously"
    " --strict-peer-dependencies --lockfile-only -w -r --recursive --no-cache --include-workspace-root"
    " --no-update-notifier --check-files --link-duplicates --flat --immutable-cache --all --foreground-scripts"
)
_WITH_VALUE = (
    "--omit --include --only --registry --prefix --loglevel --cache --cache-folder --network-timeout --mutex"
    " --modules-folder --cwd --filter -F --dir -C --store-dir --workspace --reporter --fetch-timeout --mode"
    " --jobs --maxsockets --fetch-retries --userconfig --install-links --cache-dir --node-linker --install"
)
_LOCKS = {
    "npm": ("package.json", "package-lock.json"),
    "yarn": ("package.json", "yarn.lock"),
    "pnpm": ("package.json", "pnpm-lock.yaml"),
    "bun": ("package.json", "bun.lock"),
}
_INSTALLS = frozenset({"install", "i", "ci", "clean-install", "add", "in", "install-clean", "fetch"})
_BUILDS = frozenset({"run", "run-script", "build", "exec", "compile", "generate"})


@effect("npm", "yarn", "yarnpkg", "pnpm", "bun")
def npm(call: Call) -> Iterator[Change]:
    """What an installation brings, and that `run build` makes something."""
    manager = "yarn" if call.name == "yarnpkg" else call.name
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *rest = arguments.operands or ("install" if manager == "yarn" else "",)
    where = arguments.has("-g", "--global")
    if manager == "yarn" and action == "global":
        action, *rest = rest or [""]
        where = True
    if action == "workspaces" and rest[:1] == ["focus"]:
        action, rest = "install", []
    line, certain = call.line, call.certain
    if (action == "cache" and rest[:1] in (["clean"], ["clear"], ["purge"], ["rm"])) or (
        action == "store" and rest[:1] == ["prune"]
    ):
        yield CacheRemoval(manager, line, certain)
    elif action in _INSTALLS:
        from_manifest = not where and (
            not rest or action in {"ci", "clean-install", "install-clean", "fetch"}
        )
        folder = arguments.value("--prefix", "--cwd", "--dir", "-C") or "."
        yield Installation(
            manager,
            tuple(rest),
            tuple(call.absolute(f"{folder}/{name}") for name in _LOCKS[manager]) if from_manifest else (),
            line,
            certain,
            _cache(call, arguments, manager),
            complete=arguments.complete,
            development=from_manifest and _with_development(call, arguments),
            prefix=None if where else call.absolute(f"{folder}/node_modules"),
        )
    elif action in _BUILDS:
        yield Compilation(manager, (), line, certain)


def _with_development(call: Call, arguments: Arguments) -> bool:
    left_out = "dev" in arguments.values("--omit") or arguments.value("--only") in {"prod", "production"}
    if left_out or arguments.has("--production", "--prod", "-P"):
        return arguments.value("--production") == "false"
    included = "dev" in arguments.values("--include")
    return included or call.environment.get("NODE_ENV") != "production"


def _cache(call: Call, arguments: Arguments, manager: str) -> Cache:
    home = call.home()

    def at_home(path: str) -> Known[str]:
        return UNKNOWN if home is UNKNOWN else f"{home}/{path}"

    environment = call.environment
    match manager:
        case "npm":
            chosen = arguments.value("--cache") or environment.get("npm_config_cache")
            folders = [chosen or environment.get("NPM_CONFIG_CACHE") or at_home(".npm")]
        case "yarn":
            chosen = arguments.value("--cache-folder") or environment.get("YARN_CACHE_FOLDER")
            # As root, yarn 1 keeps its cache under /usr/local/share; yarn 2 and newer have their own place.
            defaults = ["/usr/local/share/.cache/yarn", at_home(".cache/yarn"), at_home(".yarn/berry/cache")]
            folders = [chosen] if chosen else defaults
        case "pnpm":
            store = arguments.value("--store-dir") or environment.get("npm_config_store_dir")
            base = environment.get("PNPM_HOME")
            folders = [store or (f"{base}/store" if base else at_home(".local/share/pnpm/store"))]
        case _:
            folders = [at_home(".bun/install/cache")]
    found = call.cache_at(*folders)
    if found is Cache.MOUNTED:
        return found
    if manager in {"pnpm", "bun"}:
        return Cache.NEVER  # linked, not doubled
    return Cache.KEPT if found is Cache.UNKNOWN and not call.mounts else found
