"""The lock files of npm, Yarn and pnpm, as those write them."""

from __future__ import annotations

import json
from typing import Any


def _json(data: Any) -> str:
    return json.dumps(data, indent=2) + "\n"


_WANTED = {
    "name": "shop",
    "version": "1.0.0",
    "scripts": {"build": "vite build", "start": "node dist/main.js"},
    "dependencies": {"express": "^4.18.2", "pg": "~8.11.3"},
    "devDependencies": {"typescript": "5.4.5", "vite": "^5.2.0"},
    "packageManager": "pnpm@9.1.0",
}
_LOCK = {
    "name": "shop",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {k: _WANTED[k] for k in ("name", "dependencies", "devDependencies")},
        "node_modules/express": {
            "version": "4.18.2",
            "dependencies": {"accepts": "~1.3.8", "bytes": "3.1.2"},
        },
        "node_modules/accepts": {"version": "1.3.8", "engines": {"node": ">= 0.6"}},
        "node_modules/bytes": {"version": "3.1.2"},
        "node_modules/pg": {"version": "8.11.3", "peerDependencies": {"pg-native": ">=3.0.1"}},
        "node_modules/pg/node_modules/bytes": {"version": "2.5.0"},
        "node_modules/vite": {"version": "5.2.0", "dev": True, "bin": {"vite": "bin/vite.js"}},
        "node_modules/typescript": {"version": "5.4.5", "dev": True, "hasInstallScript": True},
        "node_modules/fsevents": {"version": "2.3.3", "optional": True, "os": ["darwin"], "cpu": ["arm64"]},
        "node_modules/own": {"resolved": "packages/own", "link": True},
        "packages/own": {"version": "0.0.1"},
    },
}
_LOCK_OLD = {
    "name": "shop",
    "lockfileVersion": 1,
    "dependencies": {
        "express": {"version": "4.18.2", "requires": {"bytes": "3"}, "dependencies": {"bytes": {"version": "3"}}},
        "typescript": {"version": "5.4.5", "dev": True},
    },
}  # fmt: skip
YARN = """\
# yarn lockfile v1


accepts@~1.3.8:
  version "1.3.8"
  resolved "https://registry.example/accepts/-/accepts-1.3.8.tgz#0bf0"
  integrity sha512-PYAthTa2m2VKxuvSD3DPC/Gy+U+sOA1LAuT8mkmRuvw+NACSaeXEQ+NHcVF7rONl6qcaxV3Uuemwawk+7+SJLw==

"express@^4.18.2", express@4:
  version "4.18.2"
  dependencies:
    accepts "~1.3.8"
  optionalDependencies:
    fsevents "^2.3.3"
"""
YARN_BERRY = """\
__metadata:
  version: 8
  cacheKey: 10c0

"express@npm:^4.18.2":
  version: 4.18.2
  resolution: "express@npm:4.18.2"
  dependencies:
    accepts: "npm:~1.3.8"
  checksum: 10c0/75af556306b9241bc1d7bdd40c9744b516c38ce50ae3210658efcbf96e3aed4ab83b3432f06215eae5610c123bc4136957
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    express: "npm:^4.18.2"
  languageName: unknown
  linkType: soft
"""
PNPM = """\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

importers:

  .:
    dependencies:
      express:
        specifier: ^4.18.2
        version: 4.18.2
    devDependencies:
      vite:
        specifier: ^5.2.0
        version: 5.2.0(@types/node@20.1.0)

packages:

  accepts@1.3.8:
    resolution: {integrity: sha512-PYAthTa2m2VKxuvSD3DPC}
    engines: {node: '>= 0.6'}

  express@4.18.2:
    resolution: {integrity: sha512-5Ra7rBFxJ}

  '@esbuild/linux-x64@0.20.2':
    resolution: {integrity: sha512-1}
    cpu: [x64]
    os: [linux]

snapshots:

  accepts@1.3.8: {}

  express@4.18.2:
    dependencies:
      accepts: 1.3.8

  vite@5.2.0(@types/node@20.1.0):
    optionalDependencies:
      '@esbuild/linux-x64': 0.20.2
"""

WANTED, LOCKED, LOCKED_OLD = map(_json, (_WANTED, _LOCK, _LOCK_OLD))
