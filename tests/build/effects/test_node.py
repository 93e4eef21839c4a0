"""What Node's package managers leave among the files, asked of the state after them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.claims import Claim
from multistage_cli.build.context import open_context
from multistage_cli.build.effects.node_project import package_name
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from pathlib import Path

    from multistage_cli.build.state import State

YES, NO, MAYBE = Claim.YES, Claim.NO, Claim.UNKNOWN
HEAD = "FROM node:20-bookworm-slim\nRUN mkdir /new\nWORKDIR /new/app\nCOPY package.json .\n"


def after(script: str, folder: Path, package: object) -> State:
    (folder / "package.json").write_text(package if isinstance(package, str) else json.dumps(package))
    text = f"{HEAD}RUN {script}\n"
    (folder / "Dockerfile").write_text(text)
    target = evaluate(parse(text), context=open_context(folder, folder / "Dockerfile")).target
    assert target is not None
    return target.steps[-1].after


PACKAGE = {"dependencies": {"ms": "1", "@a/b": "1", "c": "file:c"}, "devDependencies": {"d": "1"}}
EXPECTED = {
    "npm ci": {"ms": YES, "@a/b": YES, "c": MAYBE, "d": YES, ".bin": MAYBE},
    "npm ci --omit=dev": {"ms": YES, "d": MAYBE},
    "npm install --production": {"ms": YES, "d": MAYBE},
    "NODE_ENV=production npm install": {"ms": YES, "d": MAYBE},
    "npm install e@1 --ignore-scripts": {"ms": YES, "e": YES},
    "npm ci && rm -rf node_modules": {"ms": NO},
    "npm ci || true": {"ms": MAYBE},
    "yarn install --frozen-lockfile": {"ms": YES},
    "pnpm install": {"ms": MAYBE},
    "npm install --unheard-of": {"ms": YES},
    "npm ls": {"ms": NO},
}


@pytest.mark.parametrize("script", EXPECTED)
def test_what_the_project_names_lies_in_node_modules(script: str, tmp_path: Path) -> None:
    state = after(script, tmp_path, PACKAGE)
    found = {name: state.exists(f"/new/app/node_modules/{name}") for name in EXPECTED[script]}
    assert found == EXPECTED[script]


def test_packages_belong_to_root(tmp_path: Path) -> None:
    entry = after("npm ci", tmp_path, PACKAGE).files.entry("/new/app/node_modules/ms")
    assert (entry.kind, entry.mode, entry.uid, entry.gid) == (Kind.DIRECTORY, 0o755, 0, 0)


def test_project_without_dependencies_gets_no_folder(tmp_path: Path) -> None:
    assert after("npm install", tmp_path, {"name": "x"}).exists("/new/app/node_modules") is MAYBE


@pytest.mark.parametrize("package", ["{", "[" * 50_000, "[]", '{"dependencies": 3, "scripts": []}'])
def test_broken_manifests_say_nothing(package: str, tmp_path: Path) -> None:
    assert after("npm ci", tmp_path, package).exists("/new/app/node_modules/ms") is MAYBE


def test_scripts_of_the_project_may_change_it_but_not_the_system(tmp_path: Path) -> None:
    state = after("npm ci && npm run build", tmp_path, PACKAGE | {"scripts": {"postinstall": "node x"}})
    assert state.exists("/new/app/dist") is MAYBE
    assert state.has_user("app") is NO
    assert [state.has_command(name) for name in ("curl", "node", "tar")] == [NO, YES, YES]


def test_build_script_keeps_packages(tmp_path: Path) -> None:
    state = after("npm ci && npm run build", tmp_path, PACKAGE | {"scripts": {"build": "tsc"}})
    assert state.exists("/new/app/node_modules/ms") is YES
    assert state.exists("/new/app/package.json") is YES
    state = after("npm ci && npm run build", tmp_path, PACKAGE | {"scripts": {"build": "rm -rf *"}})
    assert state.exists("/new/app/node_modules/ms") is MAYBE


def test_global_commands_are_links_into_the_package(tmp_path: Path) -> None:
    state = after("npm install -g typescript@5 something", tmp_path, PACKAGE)
    assert state.has_command("tsc") is YES
    link = state.files.entry("/usr/local/bin/tsc", follow=False)
    assert (link.kind, link.target) == (Kind.LINK, "../lib/node_modules/typescript/bin/tsc")
    assert state.exists("/usr/local/lib/node_modules/something") is YES
    assert state.has_command("else") is MAYBE
    assert state.has_command("curl") is NO


def test_global_prefix_is_configurable(tmp_path: Path) -> None:
    state = after("NPM_CONFIG_PREFIX=/new/global npm install -g nodemon", tmp_path, PACKAGE)
    assert state.exists("/new/global/bin/nodemon") is YES
    assert state.exists("/usr/local/bin/nodemon") is NO


def test_corepack_puts_links_beside_itself(tmp_path: Path) -> None:
    state = after("corepack enable pnpm", tmp_path, PACKAGE)
    link = state.files.entry("/usr/local/bin/pnpm", follow=False)
    assert (link.kind, link.target) == (Kind.LINK, "../lib/node_modules/corepack/dist/pnpm.js")
    assert state.has_command("pnpm") is YES
    assert after("corepack enable && corepack disable", tmp_path, PACKAGE).has_command("pnpm") is MAYBE


def test_programs_are_not_followed(tmp_path: Path) -> None:
    assert after("node build.js", tmp_path, PACKAGE).exists("/new/app/package.json") is MAYBE
    assert after("node -v && node -p 1+1", tmp_path, PACKAGE).exists("/new/app/x") is NO


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("react", "react"), ("react@18.2", "react"), ("@a/b", "@a/b"), ("@a/b@^1", "@a/b"), ("./x", None),
        ("git+https://example.org/x", None), ("x@npm:y@1", None), ("owner/repository", None), ("", None), ("@", None),
    ],
)  # fmt: skip
def test_package_names(text: str, name: str | None) -> None:
    assert package_name(text) == name
