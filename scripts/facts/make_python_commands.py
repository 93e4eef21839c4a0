"""Commands that distributions have brought for years: `multistage_cli/facts/data/python-commands.json`.

    python scripts/facts/make_python_commands.py --date 2026-11-24 WHEELS...   # writes the file

`WHEELS` are folders of wheels as `pip download --no-deps` fetches them: an old release of each distribution
and, where `python.json` has none, a recent one. What both have is kept, with the versions of both: a
requirement for any release in between brings those commands.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from collect_python import entry_points
from packaging.utils import parse_wheel_filename
from packaging.version import Version

DATA = Path(__file__).parents[2] / "multistage_cli" / "facts" / "data"


def commands(wheel: Path) -> set[str]:
    """The commands that pip makes or copies from a wheel."""
    found: set[str] = set()
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if path.match("*.dist-info/entry_points.txt"):
                found |= entry_points(archive.read(name).decode()).keys()
            elif path.match("*.data/scripts/*"):
                found.add(path.name)
    return found


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--date", required=True)
    options = parser.parse_args()
    releases: defaultdict[str, dict[Version, set[str]]] = defaultdict(dict)
    for wheel in sorted(path for folder in options.folders for path in folder.glob("*.whl")):
        name, version, _, _ = parse_wheel_filename(wheel.name)
        releases[name][version] = commands(wheel)
    known = json.loads((DATA / "python.json").read_bytes())["distributions"]
    rows = {}
    for name, found in sorted(releases.items()):
        if name in known:
            found[Version(known[name]["version"])] = set(known[name].get("commands", ()))
        steady = set.intersection(*found.values())
        if len(found) > 1 and steady:
            rows[name] = {"commands": sorted(steady), "newest": str(max(found)), "oldest": str(min(found))}
    text = json.dumps(
        {"collected": options.date, "distributions": rows, "source": "PyPI"},
        sort_keys=True,
        separators=(",", ":"),
    )
    (DATA / "python-commands.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
