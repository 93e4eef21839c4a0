"""What npm, yarn, pnpm and bun add to a layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multistage_cli.facts import npm
from multistage_cli.sizes.model import Layer, Part
from multistage_cli.sizes.ranges import total
from tests.sizes.built import layers_of, sizes_of

EXPRESS = npm.releases("express")[0]
TYPESCRIPT = npm.releases("typescript")[0]
MANIFEST = json.dumps({
    "dependencies": {"express": EXPRESS.version},
    "devDependencies": {"typescript": TYPESCRIPT.version},
})  # fmt: skip
LOCK = json.dumps({
    "lockfileVersion": 3,
    "packages": {
        "": {},
        "node_modules/express": {"version": EXPRESS.version},
        "node_modules/typescript": {"version": TYPESCRIPT.version, "dev": True},
    },
})  # fmt: skip
FILES = {"package.json": MANIFEST, "package-lock.json": LOCK}


def built(tmp_path: Path, run: str, files: dict[str, str], before: str = "") -> Layer:
    """The layer of a RUN after the files were copied."""
    text = f"FROM node:20-slim\n{before}WORKDIR /app\nCOPY . .\nRUN {run}\n"
    return layers_of(sizes_of(text, tmp_path, files))[-1]


def packages(layer: Layer) -> dict[str, Part]:
    return {part.what: part for part in layer.parts if part.kind == "npm"}


def cache(layer: Layer) -> Part | None:
    return next((part for part in layer.parts if part.what.endswith(" cache")), None)


def test_a_lock_says_exactly_what_comes(tmp_path: Path) -> None:
    layer = built(tmp_path, "npm ci", FILES)
    found = packages(layer)
    assert found.keys() == {"express", "typescript"}
    assert found["express"].size.low == found["express"].size.high == EXPRESS.installed_bytes
    assert {part.path for part in found.values()} == {"/app/node_modules"}
    assert layer.unknown == ()


@pytest.mark.parametrize(
    ("run", "before"),
    [
        ("npm ci --omit=dev", ""),
        ("npm ci --production", ""),
        ("npm ci --only=production", ""),
        ("npm ci", "ENV NODE_ENV=production\n"),
        ("npm ci && npm run build --if-present && npm prune --omit=dev", ""),
        ("npm ci && npm ci --omit=dev", ""),
    ],
)
def test_what_is_for_development_stays_out(run: str, before: str, tmp_path: Path) -> None:
    found = packages(built(tmp_path, run, FILES, before))
    assert found.keys() == {"express"}


@pytest.mark.parametrize(
    ("run", "kept"),
    [
        ("npm ci", True),
        ("npm ci && npm cache clean --force", False),
        ("npm ci && rm -rf /root/.npm", False),
        ("--mount=type=cache,target=/root/.npm npm ci", False),
    ],
)
def test_cache_counts_where_it_stays(run: str, *, kept: bool, tmp_path: Path) -> None:
    found = cache(built(tmp_path, run, FILES))
    assert (found is not None) is kept
    if found is not None:
        archives = EXPRESS.archive_bytes + TYPESCRIPT.archive_bytes
        assert found.path == "/root/.npm"
        assert found.size.low <= archives + 10_000 <= found.size.high


def test_yarn_keeps_what_it_unpacked_beside_its_archives(tmp_path: Path) -> None:
    lock = f'# yarn lockfile v1\n\nexpress@{EXPRESS.version}:\n  version "{EXPRESS.version}"\n'
    layer = built(tmp_path, "yarn install --production", {"package.json": MANIFEST, "yarn.lock": lock})
    assert packages(layer).keys() == {"express"}
    found = cache(layer)
    assert found is not None
    assert found.size.estimate >= EXPRESS.installed_bytes + EXPRESS.archive_bytes


def test_yarn_without_node_modules_has_its_archives_alone(tmp_path: Path) -> None:
    lock = (
        "__metadata:\n  version: 8\n\n"
        f'"express@npm:{EXPRESS.version}":\n  version: {EXPRESS.version}\n'
        f'  resolution: "express@npm:{EXPRESS.version}"\n'
    )
    files = {"package.json": MANIFEST, "yarn.lock": lock}
    layer = built(tmp_path, "yarn install", files)
    assert cache(layer) is None
    assert [part.path for part in packages(layer).values()] == [None]
    layer = built(tmp_path, "yarn install", files | {".yarnrc.yml": "nodeLinker: node-modules\n"})
    assert [part.path for part in packages(layer).values()] == ["/app/node_modules"]
    assert cache(layer) is not None


def test_pnpm_counts_linked_files_once(tmp_path: Path) -> None:
    lock = (
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      express:\n"
        f"        version: {EXPRESS.version}\nsnapshots:\n  express@{EXPRESS.version}: {{}}\n"
    )
    layer = built(
        tmp_path, "pnpm install --frozen-lockfile", {"package.json": MANIFEST, "pnpm-lock.yaml": lock}
    )
    assert packages(layer).keys() == {"express"}
    assert cache(layer) is None


def test_names_bring_what_they_need(tmp_path: Path) -> None:
    layer = layers_of(sizes_of("FROM node:20-slim\nRUN npm install -g pm2 && npm cache clean --force\n"))[-1]
    found = packages(layer)
    pm2 = npm.releases("pm2")[0]
    assert len(found) > 1
    assert total(part.size for part in found.values()).estimate > pm2.installed_bytes * 2
    assert {part.path for part in found.values()} == {"/usr/local/lib/node_modules"}
    assert layer.unknown == ()


def test_package_json_without_a_lock_brings_its_dependencies(tmp_path: Path) -> None:
    layer = built(tmp_path, "npm install", {"package.json": MANIFEST})
    whole = total(part.size for part in packages(layer).values())
    assert whole.estimate > EXPRESS.installed_bytes + TYPESCRIPT.installed_bytes
    assert whole.low < whole.estimate < whole.high


def test_another_release_than_the_measured_one_widens_the_range(tmp_path: Path) -> None:
    lock = LOCK.replace(EXPRESS.version, "2.0.1")
    size = packages(
        built(tmp_path, "npm ci --omit=dev", {"package.json": MANIFEST, "package-lock.json": lock})
    )["express"].size
    assert size.low < size.estimate < size.high


def test_packages_that_nobody_measured_are_guessed_together(tmp_path: Path) -> None:
    entries = {f"node_modules/@nobody/n{index}": {"version": "1.0.0"} for index in range(40)}
    lock = json.dumps({"lockfileVersion": 3, "packages": entries})
    found = packages(built(tmp_path, "npm ci", {"package.json": "{}", "package-lock.json": lock}))
    part = found["40 packages of unknown size"]
    assert part.guessed
    assert part.size == type(part.size)(*npm.of_unknown(40))


def test_many_packages_are_shown_by_the_heaviest(tmp_path: Path) -> None:
    names = npm.names()[:400]
    entries = {f"node_modules/{name}": {"version": npm.releases(name)[0].version} for name in names}
    lock = json.dumps({"lockfileVersion": 3, "packages": entries})
    layer = built(tmp_path, "npm ci", {"package.json": "{}", "package-lock.json": lock})
    found = packages(layer)
    assert len(found) <= 14
    assert total(part.size for part in found.values()).estimate == sum(
        npm.releases(name)[0].installed_bytes for name in names
    )


@pytest.mark.parametrize(
    ("run", "files", "text"),
    [
        (
            "npm ci",
            {"package-lock.json": "no lock"},
            "what npm installs on line 4 (package.json, package-lock.json)",
        ),
        ("npm install", {}, "what npm installs on line 4 (package.json, package-lock.json)"),
        (
            "npm install git+https://example.com/x.git",
            {},
            "what git+https://example.com/x.git is, which npm installs",
        ),
        ("npm install @nobody/knows", {}, "what @nobody/knows depends on, which npm installs on line 4"),
        ("npm install puppeteer", {}, "what puppeteer downloads by itself, installed on line 4"),
    ],
)
def test_what_is_not_known_is_said(run: str, files: dict[str, str], text: str, tmp_path: Path) -> None:
    layer = built(tmp_path, run, files)
    assert any(found.startswith(text) for found in layer.unknown), layer.unknown


def test_a_lock_of_some_megabytes_is_read(tmp_path: Path) -> None:
    entries = {
        f"node_modules/@nobody/n{index}": {"version": "1.0.0", "integrity": "x" * 400}
        for index in range(5000)
    }
    lock = json.dumps({"lockfileVersion": 3, "packages": entries})
    assert len(lock) > 2_000_000
    found = packages(built(tmp_path, "npm ci", {"package.json": "{}", "package-lock.json": lock}))
    assert "5,000 packages of unknown size" in found


def test_the_production_stage_gets_what_was_installed(tmp_path: Path) -> None:
    text = (
        "FROM node:20-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci --omit=dev\n"
        "FROM node:20-slim\nCOPY --from=build /app/node_modules /app/node_modules\n"
    )
    layer = layers_of(sizes_of(text, tmp_path, FILES))[-1]
    assert layer.size.low >= EXPRESS.installed_bytes
    assert layer.unknown == ()
