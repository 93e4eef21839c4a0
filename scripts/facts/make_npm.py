"""Pack what `collect_npm.py` measured into multistage_cli/facts/data/npm.json.

    python scripts/facts/make_npm.py MEASURED

Of each package the newest release is kept, and of every other major version the newest one. What they depend
on is resolved to those. What a package weighs that is not among them is worked out from those that only one of
the projects needed: percentiles of the sum of several, drawn at random.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from multistage_cli.facts.npm_versions import admits, distance, floor, version_of

TARGET = Path(__file__).parent.parent.parent / "multistage_cli" / "facts" / "data" / "npm.json"
SUMS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610)
DRAWS = 4000
_OFTEN = 2_000_000  # bytes: of a package this large more than one release of a major version is kept


def main() -> None:
    measured = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    packages = {name: kept(rows) for name, rows in measured["packages"].items()}
    known = {name: list(rows) for name, rows in packages.items()}
    out = {
        name: [row(version, data, known) for version, data in rows.items()]
        for name, rows in sorted(packages.items())
    }
    archives = [
        (data["archive"], data["bytes"])
        for rows in measured["packages"].values()
        for data in rows.values()
        if data["archive"]
    ]
    result = {
        "collected": measured["collected"],
        "source": "npm registry, installed by npm and measured on disk",
        "archive_share": round(sum(a for a, _ in archives) / sum(b for _, b in archives), 3),
        "sums": sums(rare(measured["packages"])),
        "packages": out,
    }
    text = json.dumps(result, separators=(",", ":"), sort_keys=True)
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{len(out)} packages, {sum(map(len, out.values()))} releases, {len(text)} bytes")


def kept(rows: dict[str, Any]) -> dict[str, Any]:
    """The newest release of each major version, the newest first; of large packages all."""
    ordered = sorted(
        rows, key=lambda version: (version_of(version) or (0, 0, 0), "-" not in version), reverse=True
    )
    found: dict[str, Any] = {}
    majors: set[int] = set()
    for version in ordered:
        major = (version_of(version) or (0, 0, 0))[0]
        if major not in majors or rows[version]["bytes"] > _OFTEN:
            majors.add(major)
            found[version] = rows[version]
    return found


def row(version: str, data: dict[str, Any], known: dict[str, list[str]]) -> list[Any]:
    """`[version, bytes, archive bytes, needs, optional, peers]`, empty ends left out."""
    words = [
        " ".join(
            sorted(
                resolved(name, wanted, known)
                for name, wanted in data.get(key, {}).items()
                if key == "needs" or name in known
            )
        )
        for key in ("needs", "optional", "peers")
    ]
    while words and not words[-1]:
        words.pop()
    return [version, data["bytes"], data["archive"] or 0, *words]


def resolved(name: str, wanted: str, known: dict[str, list[str]]) -> str:
    """`name`, or `name@version` where it is not the newest known one that is meant."""
    versions = known.get(name)
    if not versions:
        return name
    fitting = [version for version in versions if admits(wanted, version)]
    best = fitting[0] if fitting else min(versions, key=lambda version: distance(version, floor(wanted)))
    return name if best == versions[0] else f"{name}@{best}"


def rare(packages: dict[str, dict[str, Any]]) -> list[int]:
    """What packages weigh that one project alone has: another project's unknown ones are more like those."""
    return [
        data["bytes"]
        for rows in packages.values()
        if len({project for data in rows.values() for project in data["projects"]}) == 1
        for data in rows.values()
    ]


def sums(sizes: list[int]) -> list[list[int]]:
    """`[how many, 5th percentile, median, 95th percentile]` of what that many random packages weigh."""
    chance = random.Random(0)
    ordered = sorted(sizes)
    found = []
    for count in SUMS:
        drawn = sorted(sum(chance.choices(ordered, k=count)) for _ in range(DRAWS))
        found.append([count, drawn[DRAWS // 20], drawn[DRAWS // 2], drawn[DRAWS * 19 // 20]])
    return found


if __name__ == "__main__":
    main()
