"""npm, yarn, pnpm and bun: packages, their manifests and caches.

Source: the documentation of each. pnpm and bun link the files of their store into `node_modules`, so that
a layer holds them once and the store costs next to nothing; npm and yarn keep archives beside them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.build.changes import (
    Cache,
    CacheRemoval,
    Compilation,
    Doubted,
    FileWritten,
    Installation,
    LinkMade,
    Untracked,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.effects import Arguments, Call, effect, read_arguments
from multistage_cli.build.effects.leftovers import added, caches, project, scripts
from multistage_cli.build.effects.node_leaves import (
    global_packages,
    global_removal,
    project_packages,
    stores,
)
from multistage_cli.build.effects.node_project import node_project
from multistage_cli.build.effects.python_places import anywhere, home_of
from multistage_cli.build.files import Content, Nature
from multistage_cli.build.programs import located

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
    " --jobs --maxsockets --fetch-retries --userconfig --install-links --location --cache-dir --node-linker --install"
)
_LOCKS = {
    "npm": ("package.json", "package-lock.json"),
    "yarn": ("package.json", "yarn.lock"),
    "pnpm": ("package.json", "pnpm-lock.yaml"),
    "bun": ("package.json", "bun.lock"),
}
_INSTALLS = frozenset({"install", "i", "ci", "clean-install", "add", "in", "install-clean", "fetch"})
_CLEAN = frozenset({"ci", "clean-install", "install-clean"})
_BUILDS = frozenset({
    "run", "run-script", "build", "exec", "compile", "generate", "test", "t", "start", "rebuild", "dlx", "x",
})  # fmt: skip
_REMOVES = frozenset(
    {"uninstall", "remove", "rm", "un", "r", "prune", "dedupe", "update", "up", "upgrade", "link"}
)


@effect("npm", "yarn", "yarnpkg", "pnpm", "bun")
def npm(call: Call) -> Iterator[Change]:
    """What an installation brings, and that `run build` makes something."""
    manager = "yarn" if call.name == "yarnpkg" else call.name
    arguments = read_arguments(call.words, switches=_SWITCHES, with_value=_WITH_VALUE)
    action, *rest = arguments.operands or ("install" if manager == "yarn" else "",)
    where = arguments.has("-g", "--global") or arguments.value("--location") == "global"
    if manager == "yarn" and action == "global":
        action, *rest = rest or [""]
        where = True
    if action in {"workspaces", "workspace"} and rest[:1] == ["focus"]:
        action, rest = "install", []
    line, certain = call.line, call.certain
    folder = call.absolute(arguments.value("--prefix", "--cwd", "--dir", "-C") or ".")
    if (action == "cache" and rest[:1] in (["clean"], ["clear"], ["purge"], ["rm"])) or (
        action == "store" and rest[:1] == ["prune"]
    ):
        yield CacheRemoval(manager, line, certain)
        home = home_of(call)
        if home is not UNKNOWN:
            names = {"npm": (".npm",), "yarn": (".cache", ".yarn"), "pnpm": (".local/share/pnpm",)}
            for name in names.get(manager, (".bun",)):
                yield Doubted(f"{home}/{name}", line, certain, adds=False, inside=True)
    elif action in _INSTALLS:
        yield _installation(call, arguments, manager, rest, folder=folder, everywhere=where)
    elif action in _REMOVES:
        yield from global_removal(call) if where else project(call, folder)
        yield from stores(call, manager)
    elif action in {"config", "set", "version", "pack", "init", "create", "login", "pkg"}:
        # `pkg set` and `version` edit package.json, `pack` and `init` write beside it, `config` at home.
        yield from project(call, folder) if action not in {"config", "set"} else ()
        yield from caches(call, ".npmrc", ".yarnrc", ".yarnrc.yml", ".config", ".npm")
    elif action in _BUILDS or (manager in {"yarn", "pnpm", "bun"} and action not in _SHOWING):
        leaves = (*_ran(call, folder, action, rest), *stores(call, manager))
        yield Compilation(manager, (), line, certain, leaves)


def _ran(call: Call, folder: str, action: str, rest: list[str]) -> Iterator[Change]:
    """A script of package.json runs: one that only builds keeps the packages and the project's manifest."""
    name = rest[0] if action in {"run", "run-script"} and rest else action
    found = node_project(call, folder)
    texts = [] if found is None else [found.scripts.get(f"{when}{name}", "") for when in ("pre", "", "post")]
    deletes = re.search(r"\b(?:rm|rimraf|clean|prune|install|ci|git|sh|bash|make|node)\b", " ".join(texts))
    if found is None or name not in found.scripts or deletes or not folder.startswith("/") or folder == "/":
        yield from scripts(call, folder)
        return
    spares = frozenset(
        {"node_modules", "package.json", *_LOCKS[call.name if call.name in _LOCKS else "yarn"]}
    )
    yield Doubted(folder, call.line, call.certain, spares=spares, inside=True)
    yield from added(call, f"{folder}/node_modules")
    yield anywhere(call)


_SHOWING = frozenset({
    "", "audit", "bin", "cache", "doctor", "help", "info", "licenses", "list", "ls", "outdated", "ping", "prefix",
    "root", "search", "store", "versions", "view", "whoami", "why",
})  # fmt: skip


def _installation(
    call: Call, arguments: Arguments, manager: str, names: list[str], *, folder: str, everywhere: bool
) -> Installation:
    action = arguments.operands[0] if arguments.operands else "install"
    from_manifest = not everywhere and (not names or action in _CLEAN or action == "fetch")
    development = from_manifest and _with_development(call, arguments)
    cache = _cache(call, arguments, manager)
    leaves = list(stores(call, manager))
    if chosen := arguments.value(
        "--cache", "--cache-folder", "--store-dir", "--modules-folder", "--cache-dir"
    ):
        leaves += added(call, chosen)
    if everywhere and manager == "npm":
        leaves += global_packages(call, tuple(names))
    elif everywhere:
        leaves += caches(call, ".local", ".yarn", ".config", ".bun")
        leaves += added(
            call, "/usr/local", *([call.environment["PNPM_HOME"]] if "PNPM_HOME" in call.environment else [])
        )
    elif action != "fetch":
        leaves += project_packages(
            call,
            folder,
            manager,
            () if from_manifest else tuple(names),
            fresh=action in _CLEAN,
            development=development,
            quiet=arguments.has("--ignore-scripts"),
        )
    if not arguments.complete:
        leaves.append(anywhere(call))
    return Installation(
        manager,
        tuple(names),
        tuple(f"{folder.rstrip('/')}/{name}" for name in _LOCKS[manager]) if from_manifest else (),
        call.line,
        call.certain,
        cache,
        complete=arguments.complete,
        development=development,
        prefix=None if everywhere else f"{folder.rstrip('/')}/node_modules",
        leaves=tuple(leaves),
    )


@effect("npx", "pnpx", "bunx")
def npx(call: Call) -> Iterator[Change]:
    """A package's command runs, fetched into the cache if it is not installed."""
    yield Compilation(call.name, (), call.line, call.certain, (*scripts(call), *stores(call, "npm")))


@effect("corepack")
def corepack(call: Call) -> Iterator[Change]:
    """`corepack enable` puts links to itself beside itself."""
    arguments = read_arguments(call.words, with_value="--install-directory")
    action, *names = arguments.operands or ("",)
    yield from caches(call, ".cache/node")
    if home := call.environment.get("COREPACK_HOME"):
        yield from added(call, home)
    if action not in {"enable", "disable"}:
        if action in {"use", "up", "install", "pack"}:
            yield from added(call, ".")
        return
    path = located(call, "corepack")
    if path is UNKNOWN:
        # What its link points to is not known of every image; where the link lies is.
        usual = "/usr/local/bin/corepack"
        path = usual if call.state.files.entry(usual, follow=False).exists is Claim.YES else UNKNOWN
    folder = arguments.value("--install-directory")
    if folder is None:
        folder = None if path is None or path is UNKNOWN else path.rpartition("/")[0]
    else:
        folder = call.absolute(folder)
    shims = {"yarn": ("yarn", "yarnpkg"), "pnpm": ("pnpm", "pnpx"), "npm": ("npm", "npx")}
    line, certain = call.line, call.certain
    wanted = [name for manager in names or ("yarn", "pnpm") for name in shims.get(manager, ())]
    if folder is None:
        yield from added(call, "/usr/local/bin", "/usr/bin")
        return
    modules = f"{folder.rpartition('/')[0]}/lib/node_modules/corepack"
    for name in wanted:
        if action == "disable":
            yield Doubted(f"{folder}/{name}", line, certain, adds=False)
        elif call.state.exists(f"{modules}/dist") is Claim.NO or arguments.has("--install-directory"):
            yield from added(call, f"{folder}/{name}")
        else:
            content = Content(Nature.SCRIPT, interpreter="/usr/bin/env node")
            yield FileWritten(f"{modules}/dist/{name}.js", line, certain, content, mode=0o755, fresh=True)
            target = f"../lib/node_modules/corepack/dist/{name}.js"
            yield LinkMade(f"{folder}/{name}", target, line, certain, into=Claim.NO)


@effect("node", "nodejs", "tsx", "ts-node")
def node(call: Call) -> Iterator[Change]:
    """A program in JavaScript: nothing is known of it but that `-v` only shows."""
    words = call.words
    plain = words[:1] and words[0] in {"-v", "--version", "-h", "--help"}
    short = words[:1] and words[0] in {"-e", "-p", "--eval", "--print"} and len(words) > 1
    script = words[1] if short else UNKNOWN
    quiet = script is not UNKNOWN and not any(
        word in script for word in ("fs", "child_process", "exec", "import(")
    )
    if words and not plain and not quiet:
        yield Untracked(call.name, call.line, call.certain)


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
