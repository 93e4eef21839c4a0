"""What npm, yarn, pnpm and bun leave among the files.

Source: npm's `folders` and `config` pages, tried with npm 10 on the engine: what the project names lies
directly in node_modules; a project without dependencies gets no such folder; commands of global packages
are links into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import (
    Deletion,
    DirectoryMade,
    Doubted,
    FileWritten,
    LinkMade,
    ScriptsInstalled,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects.leftovers import added, caches, project
from multistage_cli.build.effects.node_project import INSTALL_SCRIPTS, node_project, package_name
from multistage_cli.build.files import Content, Nature
from multistage_cli.build.programs import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects import Call

_COMMANDS: Final = {
    "@nestjs/cli": {"nest": "bin/nest.js"},
    "eslint": {"eslint": "bin/eslint.js"},
    "http-server": {"http-server": "bin/http-server"},
    "nodemon": {"nodemon": "bin/nodemon.js"},
    "npm": {"npm": "bin/npm-cli.js", "npx": "bin/npx-cli.js"},
    "pm2": {"pm2": "bin/pm2", "pm2-docker": "bin/pm2-docker", "pm2-runtime": "bin/pm2-runtime"},
    "typescript": {"tsc": "bin/tsc"},
    "vite": {"vite": "bin/vite.js"},
    "yarn": {"yarn": "bin/yarn.js", "yarnpkg": "bin/yarn.js"},
}
"""Packages that have had these commands in these files for years (seen with npm 10 on 2026-11-24)."""

_SCRIPT: Final = Content(Nature.SCRIPT, interpreter="/usr/bin/env node")


def global_prefix(call: Call) -> str | None:
    """The folder that global packages go below; None where that does not follow."""
    environment = call.environment
    for name in ("npm_config_prefix", "NPM_CONFIG_PREFIX"):
        if environment.get(name):
            return call.absolute(environment[name])
    node = located(call, "node")
    if node is None or node is UNKNOWN:
        return None
    if node == "/usr/bin/node" and call.state.has_package("npm") is Claim.YES:
        return "/usr/local"  # Debian's own npm says so in /usr/share/nodejs/npm/npmrc
    return node.rsplit("/", 2)[0] or "/"


def global_packages(call: Call, names: tuple[str, ...]) -> Iterator[Change]:
    """`npm install -g`: packages below lib/node_modules, and links to their commands."""
    prefix = global_prefix(call)
    if prefix is None:
        yield from added(call, "/usr/local", "/usr/bin", "/usr/lib", "/opt")
        return
    base, line, certain = prefix.rstrip("/"), call.line, call.certain
    modules = f"{base}/lib/node_modules"
    yield ScriptsInstalled("npm", f"{base}/bin", (), (), (), line, certain)
    for text in names:
        name = package_name(text)
        if name is None:
            continue
        if "/" in name:
            yield DirectoryMade(f"{modules}/{name.partition('/')[0]}", line, certain)
        yield DirectoryMade(f"{modules}/{name}", line, certain)
        for command, file in _COMMANDS.get(name, {}).items():
            path = f"{modules}/{name}/{file}"
            yield DirectoryMade(path.rpartition("/")[0], line, certain)
            yield FileWritten(path, line, certain, _SCRIPT, mode=0o755, fresh=True)
            target = f"../lib/node_modules/{name}/{file}"
            yield LinkMade(f"{base}/bin/{command}", target, line, certain, into=Claim.NO)
    yield from added(call, modules)


def global_removal(call: Call) -> Iterator[Change]:
    """`npm uninstall -g`."""
    prefix = global_prefix(call)
    base = "/usr/local" if prefix is None else prefix.rstrip("/")
    yield Doubted(f"{base}/lib/node_modules", call.line, call.certain, adds=False, alters=False, inside=True)
    kept = frozenset({"node", "nodejs", "npm", "npx", "docker-entrypoint.sh"})
    yield Doubted(f"{base}/bin", call.line, call.certain, adds=False, alters=False, spares=kept, inside=True)


def project_packages(
    call: Call,
    folder: str,
    manager: str,
    names: tuple[str, ...],
    *,
    fresh: bool,
    development: bool,
    quiet: bool,
) -> Iterator[Change]:
    """What an installation puts into a project.

    Args:
        call: the command.
        folder: of the project, absolute.
        manager: npm, yarn, pnpm or bun.
        names: packages that are added to it.
        fresh: whether node_modules is deleted first (`npm ci`).
        development: whether what is needed to develop comes, too.
        quiet: whether the scripts of packages and of the project do not run.
    """
    if not folder.startswith("/"):
        yield from project(call)
        return
    base, line, certain = folder.rstrip("/"), call.line, call.certain
    modules = f"{base}/node_modules"
    found = node_project(call, folder)
    if not quiet and (found is None or not INSTALL_SCRIPTS.isdisjoint(found.scripts)):
        yield from project(call, folder)
    if fresh:
        yield Deletion((modules,), line, certain)
    known = found is not None and not found.workspaces and manager in {"npm", "yarn"}
    listed: tuple[str | None, ...] = tuple(package_name(text) for text in names)
    if known and found is not None:
        listed += found.dependencies + (found.development if development else ())
    wanted = sorted({name for name in listed if name is not None})
    # An old npm gives what it writes to whoever owns the folder.
    entry = call.state.files.entry(folder)
    own = entry.uid == 0 and call.user in {"", "root", "0"}
    if wanted and own:
        yield DirectoryMade(modules, line, certain, content=Content(Nature.NODE_PACKAGES))
    for name in wanted if own and manager in {"npm", "yarn"} else ():
        if "/" in name:
            yield DirectoryMade(f"{modules}/{name.partition('/')[0]}", line, certain)
        yield DirectoryMade(f"{modules}/{name}", line, certain)
    for name in () if fresh else (_LOCKS[manager], *(("package.json",) if names else ())):
        # Written in the place of the old one, which keeps owner and mode.
        yield FileWritten(f"{base}/{name}", line, Claim.UNKNOWN)
    # Scripts of packages may leave something in the project.
    yield from added(call, folder)


_LOCKS: Final = {"npm": "package-lock.json", "yarn": "yarn.lock", "pnpm": "pnpm-lock.yaml", "bun": "bun.lock"}


def stores(call: Call, manager: str) -> Iterator[Change]:
    """Where the managers keep downloads and notes of their own."""
    names = {
        "npm": (".npm", ".cache"),
        "yarn": (".cache", ".yarn", ".yarnrc", ".config"),
        "pnpm": (".local/share/pnpm", ".cache", ".local/state", ".config"),
        "bun": (".bun",),
    }
    yield from caches(call, *names[manager])
    if manager == "yarn":
        yield from added(call, "/usr/local/share/.cache", "/usr/local/share/.config")
    for variable in ("npm_config_cache", "NPM_CONFIG_CACHE", "YARN_CACHE_FOLDER", "PNPM_HOME"):
        if path := call.environment.get(variable):
            yield from added(call, path)
