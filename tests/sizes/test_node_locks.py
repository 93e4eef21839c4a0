"""What lock files install."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from multistage_cli.sizes.node_locks import Locked, locked
from multistage_cli.sizes.node_outline import outline
from multistage_cli.sizes.node_platform import Platform, fits

MANIFEST = json.dumps({"dependencies": {"a": "^1.0.0"}, "devDependencies": {"d": "^4.0.0"}})

NPM_3 = json.dumps({
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"a": "^1.0.0"}, "devDependencies": {"d": "^4.0.0"}},
        "node_modules/a": {"version": "1.0.0"},
        "node_modules/b": {"version": "2.0.0"},
        "node_modules/a/node_modules/b": {"version": "1.5.0"},
        "node_modules/d": {"version": "4.0.0", "dev": True},
        "node_modules/@x/linux": {"version": "1.0.0", "optional": True, "os": ["linux"], "cpu": ["x64"]},
        "node_modules/@x/darwin": {"version": "1.0.0", "optional": True, "os": ["darwin"], "cpu": ["x64"]},
        "node_modules/alias": {"name": "real", "version": "7.0.0"},
        "node_modules/workspace": {"resolved": "packages/w", "link": True},
        "packages/w": {"version": "1.0.0"},
    },
})  # fmt: skip
NPM_1 = json.dumps({
    "lockfileVersion": 1,
    "dependencies": {
        "a": {"version": "1.0.0", "dependencies": {"b": {"version": "1.5.0"}}},
        "b": {"version": "2.0.0"},
        "d": {"version": "4.0.0", "dev": True},
        "local": {"version": "file:../x"},
        "other": {"version": "npm:real@7.0.0"},
    },
})  # fmt: skip
YARN_1 = """# yarn lockfile v1


a@^1.0.0:
  version "1.0.0"
  resolved "https://example.com/a-1.0.0.tgz#abc"
  dependencies:
    b "^1.0.0"
    c "^3.0.0"

b@^1.0.0:
  version "1.5.0"

"b@>=2 <3", b@^2.0.0:
  version "2.0.0"

c@^3.0.0:
  version "3.0.0"
  dependencies:
    b "^2.0.0"
  optionalDependencies:
    "@x/win32-x64" "1.0.0"

"@x/win32-x64@1.0.0":
  version "1.0.0"

d@^4.0.0:
  version "4.0.0"
  dependencies:
    b ">=2 <3"
"""
BERRY = """__metadata:
  version: 8
  cacheKey: 10c0

"a@npm:^1.0.0, a@npm:^1.0.1":
  version: 1.0.0
  resolution: "a@npm:1.0.0"
  dependencies:
    b: "npm:^2.0.0"
  languageName: node
  linkType: hard

"b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"
  conditions: os=linux & cpu=x64 & libc=musl

"d@npm:^4.0.0":
  version: 4.0.0
  resolution: "d@npm:4.0.0"

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    a: "npm:^1.0.0"
    d: "npm:^4.0.0"
  languageName: unknown
  linkType: soft
"""
PNPM_9 = """lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(c@3.0.0)
    devDependencies:
      d:
        specifier: ^4.0.0
        version: 4.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-abc}
    peerDependencies:
      c: '*'

  c@3.0.0:
    resolution: {integrity: sha512-abc}

  d@4.0.0:
    resolution: {integrity: sha512-abc}

  '@x/linux-musl@1.0.0':
    resolution: {integrity: sha512-abc}
    cpu: [x64]
    os: [linux]
    libc: [musl]

snapshots:

  a@1.0.0(c@3.0.0):
    dependencies:
      c: 3.0.0
    optionalDependencies:
      '@x/linux-musl': 1.0.0

  c@3.0.0: {}

  d@4.0.0: {}

  '@x/linux-musl@1.0.0':
    optional: true
"""
PNPM_6 = """lockfileVersion: '6.0'

dependencies:
  a:
    specifier: ^1.0.0
    version: 1.0.0

devDependencies:
  d:
    specifier: ^4.0.0
    version: 4.0.0

packages:

  /a@1.0.0:
    resolution: {integrity: sha512-abc}
    dependencies:
      '@s/b': 2.0.0
    dev: false

  /@s/b@2.0.0:
    resolution: {integrity: sha512-abc}
    dev: false

  /d@4.0.0:
    resolution: {integrity: sha512-abc}
    dev: true
"""
PNPM_5 = """lockfileVersion: 5.4

specifiers:
  a: ^1.0.0

dependencies:
  a: 1.0.0_c@3.0.0

packages:

  /a/1.0.0_c@3.0.0:
    resolution: {integrity: sha512-abc}
    dependencies:
      '@s/b': 2.0.0

  /@s/b/2.0.0:
    resolution: {integrity: sha512-abc}
"""
BUN = """{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": { "a": "^1.0.0", },
      "devDependencies": { "d": "^4.0.0", },
    },
  },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^1.0.0" } }, "sha512-abc"],
    "b": ["b@2.0.0", "", {}, "sha512-abc"],
    "a/b": ["b@1.5.0", "", {}, "sha512-abc"],
    "d": ["d@4.0.0", "", { "dependencies": { "b": "^2.0.0" } }, "sha512-abc"],
  }
}
"""


def installed(manager: str, text: str, *, development: bool) -> list[str]:
    found = locked(manager, text, MANIFEST, development=development)
    assert found is not None
    return sorted(f"{package.name} {package.version}" for package in found.packages)


@pytest.mark.parametrize(
    ("manager", "text", "production", "development"),
    [
        (
            "npm",
            NPM_3,
            ["@x/darwin 1.0.0", "@x/linux 1.0.0", "a 1.0.0", "b 1.5.0", "b 2.0.0", "real 7.0.0"],
            ["d 4.0.0"],
        ),
        ("npm", NPM_1, ["a 1.0.0", "b 1.5.0", "b 2.0.0", "real 7.0.0"], ["d 4.0.0"]),
        (
            "yarn",
            YARN_1,
            ["@x/win32-x64 1.0.0", "a 1.0.0", "b 1.5.0", "b 2.0.0", "c 3.0.0"],
            ["b 2.0.0", "d 4.0.0"],
        ),
        ("yarn", BERRY, ["a 1.0.0", "b 2.0.0"], ["d 4.0.0"]),
        ("pnpm", PNPM_9, ["@x/linux-musl 1.0.0", "a 1.0.0", "c 3.0.0"], ["d 4.0.0"]),
        ("pnpm", PNPM_6, ["@s/b 2.0.0", "a 1.0.0"], ["d 4.0.0"]),
        ("pnpm", PNPM_5, ["@s/b 2.0.0", "a 1.0.0"], []),
        ("bun", BUN, ["a 1.0.0", "b 1.5.0"], ["b 2.0.0", "d 4.0.0"]),
    ],
    ids=["npm 3", "npm 1", "yarn 1", "berry", "pnpm 9", "pnpm 6", "pnpm 5", "bun"],
)
def test_copies_that_are_installed(
    manager: str, text: str, production: list[str], development: list[str]
) -> None:
    assert installed(manager, text, development=False) == production
    assert Counter(installed(manager, text, development=True)) == Counter([*production, *development])


def test_yarn_puts_a_second_version_where_it_is_needed() -> None:
    text = "# yarn lockfile v1\n" + "".join(
        f'p{index}@1:\n  version "1.0.{index}"\n  dependencies:\n    shared "^{1 + index % 2}"\n' for index in range(6)
    ) + 'shared@^1:\n  version "1.0.0"\nshared@^2:\n  version "2.0.0"\n'  # fmt: skip
    manifest = json.dumps({"dependencies": {f"p{index}": "1" for index in range(6)}})
    found = locked("yarn", text, manifest, development=False)
    assert found is not None
    copies = Counter(package.version for package in found.packages if package.name == "shared")
    assert copies == {"1.0.0": 1, "2.0.0": 3}


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        ("npm", "not json"),
        ("npm", "[1]"),
        ("npm", "{}"),
        ("npm", "[" * 100_000),
        ("yarn", ""),
        ("yarn", "{}"),
        ("pnpm", ""),
        ("pnpm", "- a\n- b\n"),
        ("bun", "{}"),
        ("other", "{}"),
    ],
)
def test_what_is_no_lock_is_none(manager: str, text: str) -> None:
    assert locked(manager, text, None, development=True) is None


@pytest.mark.parametrize(
    ("manager", "text"),
    [
        ("npm", json.dumps({"packages": {"node_modules/a": 1, "node_modules/": {}, "x": None, "node_modules/b": {}}})),
        ("npm", json.dumps({"dependencies": {"a": 1, "b": {"dependencies": []}}})),
        ("yarn", "# yarn lockfile v1\n\na@1:\n  dependencies:\n  version\n\n:\n\n  : x\n"),
        ("pnpm", "lockfileVersion: '9.0'\nimporters:\n  .: x\npackages: y\nsnapshots:\n  z:\n"),
        ("pnpm", "lockfileVersion: 9\n" + "".join("  " * depth + "a:\n" for depth in range(3000))),
        ("bun", json.dumps({"lockfileVersion": 1, "packages": {"a": [], "b": [1], "c": ["c"]}})),
    ],
)  # fmt: skip
def test_odd_locks_do_no_harm(manager: str, text: str) -> None:
    found = locked(manager, text, "[]", development=True)
    assert found is not None


def test_circles_end() -> None:
    entry = '{0}@1:\n  version "1.0.0"\n  dependencies:\n    {1} "1"\n'
    text = f"# yarn lockfile v1\n{entry.format('a', 'b')}{entry.format('b', 'a')}"
    manifest = json.dumps({"dependencies": {"a": "1"}})
    found = locked("yarn", text, manifest, development=False)
    assert found is not None
    assert len(found.packages) == 2


def test_a_large_lock_is_read_in_one_go() -> None:
    count = 20_000
    text = "# yarn lockfile v1\n" + "".join(
        f'p{index}@1:\n  version "1.0.0"\n  dependencies:\n    p{index + 1} "1"\n' for index in range(count)
    )  # fmt: skip
    found = locked("yarn", text, json.dumps({"dependencies": {"p0": "1"}}), development=False)
    assert found is not None
    assert len(found.packages) == count


def test_outline_reads_lists_and_tables_in_one_line() -> None:
    assert outline("a: [x, 'y']\nb: {c: 1, d: two}\ne:\n  - f\n  - g\nh: {}\n") == {
        "a": ["x", "y"],
        "b": {"c": "1", "d": "two"},
        "e": ["f", "g"],
        "h": {},
    }


@pytest.mark.parametrize(
    ("package", "here"),
    [
        (Locked("fsevents", "2", optional=True), False),
        (Locked("fsevents", "2"), True),
        (Locked("@esbuild/linux-x64", "1", optional=True), True),
        (Locked("@esbuild/linux-arm64", "1", optional=True), False),
        (Locked("@rollup/rollup-linux-x64-musl", "1", optional=True), False),
        (Locked("@rollup/rollup-linux-x64-gnu", "1", optional=True), True),
        (Locked("a", "1", optional=True, os=("!win32",)), True),
        (Locked("a", "1", optional=True, os=("!linux",)), False),
        (Locked("a", "1", optional=True, os=("linux",), cpu=("arm64",)), False),
        (Locked("a", "1", optional=True, os=("linux",), libc=("musl",)), False),
        (Locked("win-ca", "1"), True),
    ],
)
def test_optional_packages_are_left_out_where_they_do_not_fit(package: Locked, *, here: bool) -> None:
    assert fits(package, Platform("x64", "glibc"), "yarn") is here


def test_npm_installs_both_libcs_where_an_old_lock_does_not_tell_them_apart() -> None:
    package = Locked("@img/sharp-linuxmusl-x64", "1", optional=True, os=("linux",), cpu=("x64",))
    assert fits(package, Platform("x64", "glibc"), "npm")
    assert not fits(package, Platform("x64", "glibc"), "pnpm")
