"""Measure installed npm packages: what each weighs on disk and needs.

    python scripts/facts/collect_npm.py --date 2026-11-24 --cache CACHE FOLDERS... > FILE

`FOLDERS` are projects that `npm install --ignore-scripts --cache CACHE` filled, one for each entry of
`data/npm-projects.json` (a second time with `--os=linux --cpu=x64 --libc=musl` for what differs on Alpine).
Nothing is fetched here. Of every package in every `node_modules`, however deep, the files are added up, those
of packages inside of it left out; the archive's size is that of the file in npm's cache. Releases of one
package are all kept.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--date", required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("folders", nargs="+", type=Path)
    arguments = parser.parse_args()
    packages: dict[str, dict[str, Any]] = {}
    for folder in arguments.folders:
        lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        for place, entry in lock.items():
            if not place.startswith("node_modules/") or not (folder / place / "package.json").is_file():
                continue
            if "name" in entry:
                continue  # installed under another name than its own
            name = place.rpartition("node_modules/")[2]
            known = packages.setdefault(name, {})
            row = known.setdefault(entry["version"], _measured(folder / place, entry, arguments.cache))
            project = folder.name.partition(".")[0]  # `next.musl` is `next` again
            row["projects"] = sorted({*row["projects"], project})
            row.update({key: entry[key] for key in ("os", "cpu", "libc") if key in entry})
    json.dump({"collected": arguments.date, "packages": packages}, sys.stdout, sort_keys=True, indent=0)


def _measured(folder: Path, entry: dict[str, Any], cache: Path) -> dict[str, Any]:
    size = files = 0
    seen: set[int] = set()
    for where, names, found in os.walk(folder):
        if "node_modules" in names and Path(where, "node_modules").is_dir() and _holds_packages(where):
            names.remove("node_modules")
        for name in found:
            status = Path(where, name).lstat()
            if not Path(where, name).is_symlink() and status.st_ino not in seen:
                seen.add(status.st_ino)
                size, files = size + status.st_size, files + 1
    row: dict[str, Any] = {"bytes": size, "files": files, "archive": _archive(entry, cache), "projects": []}
    optional = entry.get("optionalDependencies", {})
    needs = {name: wanted for name, wanted in entry.get("dependencies", {}).items() if name not in optional}
    optional_peers = {
        name for name, meta in entry.get("peerDependenciesMeta", {}).items() if meta.get("optional")
    }
    peers = {
        name: wanted
        for name, wanted in entry.get("peerDependencies", {}).items()
        if name not in optional_peers
    }
    tables = {"needs": needs, "optional": optional, "peers": peers}
    return row | {key: table for key, table in tables.items() if table}


def _holds_packages(where: str) -> bool:
    """Whether npm put packages into a package's own folder, or the package came with them in its archive."""
    inner = Path(where, "node_modules")
    return any(inner.glob("*/package.json")) or any(inner.glob("@*/*/package.json"))


def _archive(entry: dict[str, Any], cache: Path) -> int | None:
    kind, _, digest = entry.get("integrity", "").partition("-")
    if not digest:
        return None
    name = base64.b64decode(digest).hex()
    path = cache / "_cacache" / "content-v2" / kind / name[:2] / name[2:4] / name[4:]
    return path.stat().st_size if path.is_file() else None


if __name__ == "__main__":
    main()
