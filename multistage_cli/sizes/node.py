"""What npm, yarn, pnpm and bun add to a layer: the packages of a lock file, or of names and package.json.

Source: the documentation of each; caches measured with npm 11, yarn 1.22 and 4, and pnpm 9 (November 2026).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.changes import Cache, Installation, ScriptsInstalled
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.node_locks import Lock, Locked, locked, read_json
from multistage_cli.sizes.node_outline import table
from multistage_cli.sizes.node_platform import Platform, fits, platform_of
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.node_sums import Measured
    from multistage_cli.sizes.node_wanted import Wanted
    from multistage_cli.sizes.scene import Scene

NODE_MANAGERS: Final = frozenset({"bun", "npm", "pnpm", "yarn"})

_LOCKS: Final = {
    "npm": ("npm-shrinkwrap.json", "package-lock.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock",),
}
_PRUNES: Final = re.compile(
    r"\b(?:npm|yarn|pnpm)\s+prune\b[^&|;\n]{0,200}--(?:omit[= ]dev|prod(?:uction)?)\b"
)
_DOWNLOADERS: Final = frozenset({
    "@prisma/engines", "@tensorflow/tfjs-node", "canvas", "chromedriver", "cypress", "electron", "ffmpeg-static",
    "geckodriver", "mongodb-memory-server", "ngrok", "node-sass", "nodegit", "onnxruntime-node",
    "phantomjs-prebuilt", "playwright-chromium", "puppeteer", "sqlite3",
})  # fmt: skip
"""Packages whose install script fetches a program or a library from elsewhere, which npm's registry knows
nothing of."""
_NOTE_BYTES: Final = 390
"""What package-lock.json and npm's own copy of it take for each package, where no lock was there before:
64.6 and 46.9 kB for 168 and 120 packages."""
_INDEX_BYTES: Final = 1_300  # in npm's cache, for each archive: 161 kB for 120
_METADATA_BYTES: Final = (15_000, 70_000, 300_000)
"""In npm's cache, for each package whose releases it had to look up, for want of a lock: 13 MB for 184 and 35 MB
for 120 were measured."""
_LOG_BYTES: Final = 530  # in ~/.npm/_logs for each package: 232 kB for 441
_YARN_CODE: Final = Range(0, 2_200_000, 3_000_000)
"""Compiled code of its own that yarn 1 keeps in /tmp."""


class _Found(Struct, frozen=True):
    """What is installed, and how that is known."""

    packages: tuple[Locked, ...]
    unknown: tuple[str, ...] = ()
    lock_bytes: int | None = None
    moving: bool = False
    berry: bool = False
    plug_and_play: bool = False


def node(scene: Scene, change: Installation) -> Outcome:
    """The packages of one command by their weight, the manager's notes, and its cache where that stays."""
    if _superseded(scene, change):
        return Outcome()
    return _Run(scene, change).outcome()


class _Run:
    def __init__(self, scene: Scene, change: Installation) -> None:
        self.scene = scene
        self.change = change
        self.platform: Platform = platform_of(scene)
        prefix = change.prefix
        self.folder = (
            posixpath.dirname(prefix) if isinstance(prefix, str) and prefix.startswith("/") else None
        )
        self.path: str | None = None
        if prefix is None:
            self.path = _global_modules(change)
        elif isinstance(prefix, str) and self.folder is not None:
            self.path = prefix

    def outcome(self) -> Outcome:
        from multistage_cli.sizes.node_sums import measured, not_measured

        change = self.change
        found = self._found()
        if found is None:
            names = tuple(change.packages) or tuple(posixpath.basename(path) for path in change.manifests)
            return Outcome(
                unknown=(f"what {change.manager} installs on line {change.line} ({_some(names)})",),
                places=() if self.path is None else (self.path,),
            )
        certain = change.certain is Claim.YES
        here = [package for package in found.packages if fits(package, self.platform, change.manager)]
        online = self.scene.build.online
        sums = measured(
            here,
            path=self.path,
            processor=self.platform.processor,
            moving=found.moving,
            certain=certain,
            told={} if online is None else online.npm_sizes(not_measured(here)),
        )
        parts = [*sums.parts, *self._notes(found, len(here))]
        if found.plug_and_play:
            parts = [replace(part, path=None) for part in parts]
        cache = self._cache(found, sums, len(here))
        if cache is not None:
            parts.append(cache if certain else replace(cache, size=cache.size.from_nothing()))
        unknown = [*found.unknown, *self._downloads(here)]
        if not change.complete:
            unknown.append(f"what else {change.manager} installs on line {change.line}")
        return Outcome(tuple(parts), tuple(unknown), () if self.path is None else (self.path,))

    # What is installed.

    def _found(self) -> _Found | None:
        change = self.change
        if change.prefix is None:
            return self._by_name({}) if change.packages else None
        if self.folder is None:
            return None
        manifest = self.scene.read(posixpath.join(self.folder, "package.json"))
        named = change.packages if not change.manifests else ()
        development = (change.development or bool(named)) and not self._pruned()
        if named and self.scene.step.before.variables.known("NODE_ENV") == "production":
            development = False
        for name in _LOCKS[change.manager]:
            text = self.scene.read(posixpath.join(self.folder, name))
            if text is None:
                continue
            lock: Lock | None = locked(change.manager, text, manifest, development=development)
            if lock is None:
                return None
            base = _Found(
                lock.packages,
                lock_bytes=len(text),
                berry=lock.berry,
                plug_and_play=self._plug_and_play(lock),
            )
            return self._with_names(base, named)
        if manifest is None:
            return self._by_name({}) if named else None
        data = read_json(manifest)
        asked = table(data, "dependencies") | table(data, "optionalDependencies")
        if development:
            asked = table(data, "devDependencies") | asked
        found = self._by_name({name: str(wanted) for name, wanted in asked.items()})
        if data.get("workspaces"):
            text = f"what the workspaces ask for, which {change.manager} installs on line {change.line}"
            return replace(found, unknown=(*found.unknown, text))
        return found

    def _with_names(self, base: _Found, names: tuple[str, ...]) -> _Found:
        if not names:
            return base
        added = self._by_name({})
        there = {package.name for package in base.packages}
        new = tuple(package for package in added.packages if package.name not in there)
        return replace(base, packages=(*base.packages, *new), unknown=(*base.unknown, *added.unknown))

    def _by_name(self, asked: dict[str, str]) -> _Found:
        """Names and ranges with what they depend on, as far as the facts know that."""
        from multistage_cli.sizes.node_wanted import wanted_packages

        change = self.change
        wanted: Wanted = wanted_packages(
            change.packages if not change.manifests else (), asked, peers=change.manager != "yarn"
        )
        unknown = [
            f"what {name} is, which {change.manager} installs on line {change.line}" for name in wanted.unread
        ]
        if wanted.unknown:
            names = _some(wanted.unknown)
            text = f"what {names} depends on, which {change.manager} installs on line {change.line}"
            unknown.append(text)
        return _Found(wanted.packages, tuple(unknown), moving=True)

    def _pruned(self) -> bool:
        """Whether the same RUN removes again what is for development only."""
        return _PRUNES.search(self.scene.step.instruction.text) is not None

    def _plug_and_play(self, lock: Lock) -> bool:
        """Whether yarn leaves archives where they are and makes no node_modules, as newer ones do unless told."""
        if not lock.berry or self.folder is None:
            return False
        settings = self.scene.read(posixpath.join(self.folder, ".yarnrc.yml")) or ""
        linker = self.scene.step.before.variables.known("YARN_NODE_LINKER")
        return "nodeLinker: node-modules" not in settings and linker not in {"node-modules", "pnpm"}

    # What comes with it.

    def _notes(self, found: _Found, count: int) -> Iterator[Part]:
        """The list of packages that every manager keeps, about as long as the lock file, and npm's log."""
        manager = self.change.manager
        if found.lock_bytes is None:
            copies = 1 if self.change.prefix is None else 2
            size = Range.about(count * _NOTE_BYTES * copies, 0.6, 0.6)
        else:
            size = Range.about(found.lock_bytes * 7 // 10, 0.9, 0.5)
            if self._pruned():
                size += Range(0, found.lock_bytes, found.lock_bytes * 2)  # the lock is written anew
        if manager == "npm" and self.change.cache is not Cache.MOUNTED:
            size += Range(0, count * _LOG_BYTES, count * _LOG_BYTES * 3)
        if size.high:
            yield Part(f"{manager}'s notes", "records", size, self.path)
        if manager == "yarn" and not found.berry:
            yield Part("yarn's compiled code", "cache", _YARN_CODE, "/tmp")  # noqa: S108

    def _cache(self, found: _Found, sums: Measured, count: int) -> Part | None:
        kept = self.change.cache
        if kept not in {Cache.KEPT, Cache.UNKNOWN} or self.change.manager in {"bun", "pnpm"}:
            return None
        archives = sums.archives
        match self.change.manager:
            case "yarn" if found.plug_and_play:
                return None  # the packages lie there and nowhere else
            case "yarn" if found.berry:
                # Archives are not compressed: 1.04 of what is installed.
                once = sums.once
                size = Range(once.low, round(once.estimate * 1.04), round(once.high * 1.15))
            case "yarn":
                # Unpacked packages beside their archives, those for other platforms too.
                others = _others(found.packages, self.platform, self.change.manager)
                both = sums.once + archives
                size = Range(
                    both.low, round(both.estimate * (1 + others)), round(both.high * (1.1 + 2 * others))
                )
            case _:
                size = Range(
                    round(archives.low * 0.85),
                    archives.estimate + count * _INDEX_BYTES,
                    round(archives.high * 1.05) + count * 10 * _INDEX_BYTES,
                )
                if found.lock_bytes is None:
                    size += Range(*(count * each for each in _METADATA_BYTES))
        if kept is Cache.UNKNOWN:
            size = size.from_nothing()
        home = "/root" if self.scene.step.before.runs_as_root is Claim.YES else None
        moved = self.scene.step.before.variables.known("npm_config_cache") is not None
        path = f"{home}/.npm" if home and self.change.manager == "npm" and not moved else None
        return Part(f"{self.change.manager} cache", "cache", size, path)

    def _downloads(self, packages: list[Locked]) -> Iterator[str]:
        names = sorted({package.name for package in packages} & _DOWNLOADERS)
        if names and "--ignore-scripts" not in self.scene.step.instruction.text:
            verb = "downloads" if len(names) == 1 else "download"
            yield f"what {_some(tuple(names))} {verb} by itself, installed on line {self.change.line}"


def _others(packages: tuple[Locked, ...], platform: Platform, manager: str) -> float:
    """How many packages for other platforms there are, as a share of what fits; each about as large."""
    if not packages:
        return 0.0
    foreign = sum(1 for package in packages if not fits(package, platform, manager))
    return min(4.0, 12 * foreign / len(packages))


def _superseded(scene: Scene, change: Installation) -> bool:
    """Whether a later command of the same RUN installs the same project anew, which takes away the rest."""
    changes = scene.step.changes
    later = changes[changes.index(change) + 1 :] if change in changes else ()
    return change.prefix is not None and any(
        isinstance(found, Installation)
        and found.manager == change.manager
        and found.prefix == change.prefix
        and found.manifests
        and found.certain is Claim.YES
        for found in later
    )


def _global_modules(change: Installation) -> str | None:
    """Where `npm install -g` puts packages: beside the folder of its commands."""
    for leaf in change.leaves:
        if isinstance(leaf, ScriptsInstalled) and leaf.folder.endswith("/bin"):
            return f"{leaf.folder.removesuffix('/bin')}/lib/node_modules"
    return None


def _some(names: tuple[str, ...], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
