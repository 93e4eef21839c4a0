"""What the lock files of npm, yarn, pnpm and bun install, copy by copy.

Source: npm's documentation of package-lock.json, tried with npm 10 and 11; the files that yarn 1.22 and 4,
pnpm 8 to 10 and bun 1.2 write.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.sizes.node_outline import Table, outline, table, texts
from multistage_cli.sizes.node_tree import Asked, placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
_CONDITION = re.compile(r"(os|cpu|libc)=([a-z0-9_]+)")
_PNPM_KEY = re.compile(r"/?((?:@[^/@(]+/)?[^/@(]+)[/@]([^(]*)")
_LOCAL = ("link:", "workspace:", "file:", "portal:")
_MOST_PACKAGES = 30_000  # copies; the largest projects have a third of that
_MOST_ROOTS = 2_000


class Locked(Struct, frozen=True):
    """A package that a lock file names, once for every copy that is installed.

    Attributes:
        name: as the registry knows it.
        version: that is installed.
        optional: whether it is left out without a word where it does not fit the platform.
        os: operating systems that it is for; empty for any, as in the next two.
        cpu: processors, by Node's names.
        libc: C libraries, such as `glibc` and `musl`.
    """

    name: str
    version: str
    optional: bool = False
    os: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()


class Lock(Struct, frozen=True):
    """All that a lock file installs; `berry` where yarn 2 or a newer one wrote it."""

    packages: tuple[Locked, ...]
    berry: bool = False


def locked(manager: str, lock: str, manifest: str | None, *, development: bool) -> Lock | None:
    """All that a lock file installs; None for a text that is no such file.

    Args:
        manager: npm, yarn, pnpm or bun.
        lock: the text of the lock file.
        manifest: the text of package.json, None where that is not known; yarn's lock says what is needed for
            development only together with it.
        development: whether development dependencies come too.
    """
    match manager:
        case "npm":
            data = read_json(lock)
            if "packages" in data:
                return Lock(tuple(_npm(table(data, "packages"), development=development)))
            if "dependencies" in data:
                return Lock(tuple(_npm_1(data, development=development)))
            return Lock(()) if data.get("lockfileVersion") else None
        case "yarn":
            return _yarn(lock, read_json(manifest or ""), development=development)
        case "pnpm":
            return _pnpm(outline(lock), development=development)
        case "bun":
            return _bun(read_json(_TRAILING_COMMA.sub(r"\1", lock)), development=development)
        case _:
            return None


_TRAILING_COMMA = re.compile(r",(\s{0,200}[}\]])")


def read_json(text: str) -> Table:
    """An object; an empty one for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _npm(packages: Table, *, development: bool) -> Iterator[Locked]:
    """Versions 2 and 3: a path for each copy."""
    for path, entry in packages.items():
        _, inside, name = path.rpartition("node_modules/")
        if not inside or not isinstance(entry, dict) or entry.get("link") is True:
            continue  # the project itself, and its workspaces
        if entry.get("dev") is True and not development:
            continue
        own = entry.get("name")
        yield Locked(
            own if isinstance(own, str) else name,
            str(entry.get("version", "")),
            entry.get("optional") is True or entry.get("devOptional") is True,
            *(texts(entry.get(key)) for key in ("os", "cpu", "libc")),
        )


def _npm_1(lock: Table, *, development: bool) -> Iterator[Locked]:
    """Version 1: packages in packages."""
    waiting = [lock]
    while waiting:
        for name, entry in table(waiting.pop(), "dependencies").items():
            if not isinstance(entry, dict):
                continue
            waiting.append(entry)
            version = str(entry.get("version", ""))
            if (entry.get("dev") is True and not development) or version.startswith(_LOCAL):
                continue
            yield _aliased(name, version, optional=entry.get("optional") is True)


def _aliased(name: str, version: str, *, optional: bool = False) -> Locked:
    if version.startswith("npm:"):
        name, _, version = version.removeprefix("npm:").rpartition("@")
    return Locked(name, version, optional)


def _yarn(text: str, manifest: Table, *, development: bool) -> Lock | None:
    """Both forms: what is asked for -> a package, whose dependencies are asked for in the same words."""
    lock = outline(text)
    packages: dict[str, Table] = {}
    for header, entry in lock.items():
        if isinstance(entry, dict) and header != "__metadata":
            for asked in header.split(","):
                packages[asked.strip()] = entry
    berry = "__metadata" in lock
    if not packages and not berry and "# yarn lockfile" not in text[:500]:
        return None
    roots = list(_yarn_roots(lock, packages, manifest, berry=berry, development=development))

    def needs(key: str) -> Iterator[Asked]:
        entry = packages.get(key, {})
        meta = table(entry, "dependenciesMeta")
        for kind in ("dependencies", "optionalDependencies"):
            for name, wanted in table(entry, kind).items():
                optional = kind != "dependencies" or bool(table(meta, name).get("optional"))
                yield Asked(name, _yarn_key(name, str(wanted), packages), optional)

    def identity(key: str) -> str:
        entry = packages.get(key, {})
        return f"{entry.get('resolution', key.rpartition('@')[0])} {entry.get('version', '')}"

    found = placed(roots[:_MOST_ROOTS], needs, identity, _MOST_PACKAGES)
    return Lock(
        tuple(_yarn_package(asked, packages[asked.key]) for asked in found if asked.key in packages), berry
    )


def _yarn_roots(
    lock: Table, packages: Mapping[str, Table], manifest: Table, *, berry: bool, development: bool
) -> Iterator[Asked]:
    """What the project and its workspaces need; without package.json everything that the lock has."""
    for name, wanted, optional in _asked(manifest, development=development):
        yield Asked(name, _yarn_key(name, wanted, packages), optional)
    for header, entry in lock.items() if berry else ():
        if "@workspace:" not in header or (manifest and header.endswith("@workspace:.")):
            continue
        # A workspace's own development dependencies stand among the others here.
        for kind in ("dependencies", "optionalDependencies"):
            for name, wanted in table(entry, kind).items():
                yield Asked(name, _yarn_key(name, str(wanted), packages), kind != "dependencies")
    if not manifest and not berry:
        for key in packages:
            yield Asked(key.rpartition("@")[0], key, optional=False)


def _yarn_key(name: str, wanted: str, packages: Mapping[str, Table]) -> str:
    plain = f"{name}@{wanted}"
    return plain if plain in packages else f"{name}@npm:{wanted}"


def _yarn_package(asked: Asked, entry: Table) -> Locked:
    resolution = entry.get("resolution")
    name = asked.name
    if isinstance(resolution, str):
        name = resolution[: resolution.find("@", 1)]
    elif "@npm:" in asked.key:
        name = asked.key.partition("@npm:")[2].rpartition("@")[0] or name
    conditions = dict(_CONDITION.findall(str(entry.get("conditions", ""))))
    return Locked(
        name,
        str(entry.get("version", "")),
        asked.optional,
        *(((conditions[key],) if key in conditions else ()) for key in ("os", "cpu", "libc")),
    )


def _asked(manifest: Table, *, development: bool) -> Iterator[tuple[str, str, bool]]:
    kinds = ("dependencies", "optionalDependencies", *(("devDependencies",) if development else ()))
    for kind in kinds:
        for name, wanted in table(manifest, kind).items():
            if isinstance(wanted, str) and not wanted.startswith(_LOCAL):
                yield name, wanted, kind == "optionalDependencies"


def _pnpm(lock: Table, *, development: bool) -> Lock | None:
    """Each package once: pnpm links it wherever it is needed."""
    if "lockfileVersion" not in lock:
        return None
    packages = table(lock, "packages")
    snapshots = table(lock, "snapshots")
    importers = [entry for entry in table(lock, "importers").values() if isinstance(entry, dict)] or [lock]
    if not snapshots:
        snapshots = packages  # up to version 8
    kinds = ("dependencies", "optionalDependencies", *(("devDependencies",) if development else ()))
    waiting: list[tuple[str, bool]] = []
    for importer in importers:
        for kind in kinds:
            for name, found in table(importer, kind).items():
                version = found.get("version") if isinstance(found, dict) else found
                waiting.append((_pnpm_key(name, str(version), snapshots), kind == "optionalDependencies"))
    seen: dict[str, bool] = {}
    while waiting:
        key, optional = waiting.pop()
        entry = snapshots.get(key)
        if not isinstance(entry, dict) or (key in seen and (optional or not seen[key])):
            continue
        seen[key] = optional
        for kind in ("dependencies", "optionalDependencies"):
            for name, version in table(entry, kind).items():
                waiting.append((_pnpm_key(name, str(version), snapshots), optional or kind != "dependencies"))
    unique: dict[tuple[str, str], Locked] = {}
    for key, optional in seen.items():
        name, version = _pnpm_name(key)
        entry = packages.get(key.partition("(")[0]) or packages.get(key)
        platform = (texts(table({"": entry}, "").get(name_)) for name_ in ("os", "cpu", "libc"))
        unique.setdefault((name, version), Locked(name, version, optional, *platform))
    return Lock(tuple(unique.values()))


def _pnpm_key(name: str, version: str, snapshots: Mapping[str, object]) -> str:
    """`express@4.18.2`, `/express@4.18.2` and `/express/4.18.2` in the forms 9, 6 and 5; aliases name all."""
    for key in (f"{name}@{version}", f"/{name}@{version}", f"/{name}/{version}", version):
        if key in snapshots:
            return key
    return ""


def _pnpm_name(key: str) -> tuple[str, str]:
    found = _PNPM_KEY.match(key)
    return (found[1], found[2].partition("_")[0]) if found else (key, "")


def _bun(lock: Table, *, development: bool) -> Lock | None:
    """A path for each copy, like npm's; what is for development only is found by walking."""
    packages = {
        path: entry for path, entry in table(lock, "packages").items() if isinstance(entry, list) and entry
    }
    if "lockfileVersion" not in lock:
        return None
    waiting: list[tuple[str, bool]] = []
    for workspace in table(lock, "workspaces").values():
        waiting += [(name, optional) for name, _, optional in _asked(workspace, development=development)]
    seen: dict[str, Locked] = {}
    while waiting:
        path, optional = waiting.pop()
        if path in seen or path not in packages:
            continue
        entry = packages[path]
        name, _, version = str(entry[0]).rpartition("@")
        details = next((part for part in entry[1:] if isinstance(part, dict)), {})
        seen[path] = Locked(
            name, version, optional, *(texts(details.get(key)) for key in ("os", "cpu", "libc"))
        )
        if not version or not _VERSION.match(version):
            del seen[path]
        for kind in ("dependencies", "optionalDependencies", "peerDependencies"):
            for wanted in table(details, kind):
                waiting.append((_bun_path(path, wanted, packages), optional or kind[0] == "o"))
    return Lock(tuple(seen.values()))


def _bun_path(path: str, name: str, packages: Mapping[str, object]) -> str:
    """The copy that a package sees: its own, or that of what it lies in."""
    while path:
        if f"{path}/{name}" in packages:
            return f"{path}/{name}"
        path = path.rpartition("/")[0]
    return name
