"""Make the packaged facts about what is inside base images from the notes in `data/contents/`.

    python scripts/facts/make_contents.py [--output FOLDER]

Each TOML file there is a layer of facts or a family of repositories, collected by hand from the
Dockerfiles that it names. What its keys mean is told in multistage_cli/facts/contents_layers.py, which reads
the result. This script

* checks that every key is known and every text well formed, so that a slip is found here;
* turns `install` (what a Dockerfile leaves installed) into the packages that apt adds, for each release of
  Debian whose index is packaged, by the solver that the program itself uses;
* writes one compact JSON file per TOML file, and `index.json` that tells which repository is in which one.

The same notes and the same package index give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from multistage_cli.facts import debian

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
NOTES = HERE / "data" / "contents"
OUTPUT = HERE.parents[1] / "multistage_cli" / "facts" / "data" / "contents"
COMMANDS = "debian-commands"

SUITES = ("bookworm", "trixie")
CONDITIONS = ("family", "version", "tag", "not_tag", "repository", "package_manager")
ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]*:[0-9]+:[0-9]+:/[^:]*:(?:/[^:]*|\?)")
MODE = re.compile(r"[0-7]{4}(?: [0-9]+:[0-9]+)?")


class SlipError(ValueError):
    """The notes are not well formed."""


def words(text: str) -> list[str]:
    """The words of a text, sorted, each once."""
    return sorted(set(text.split()))


def entry(note: dict[str, Any], installed: dict[str, frozenset[str]]) -> dict[str, Any]:
    """One entry as it is written; `installed` is what the layers below it have, and grows."""
    made: dict[str, Any] = {}
    for key, value in note.items():
        if key == "install":
            made["added"] = added(value.split(), installed)
        elif key in FORMS:
            made[key] = FORMS[key](value)
        else:
            raise SlipError(f"unknown key {key}")
    for suite, (repository, tag) in made.get("recorded", {}).items():
        packages = debian.base_packages(repository, tag)
        if packages is None:
            raise SlipError(f"no packages are recorded for {repository}:{tag}")
        installed[suite] = packages
    return made


def unchanged(value: Any) -> Any:
    """What needs no check."""
    return value


def accounts(lines: list[str]) -> list[str]:
    """Lines of passwd."""
    if not all(ACCOUNT.fullmatch(line) for line in lines):
        raise SlipError(f"not a line of passwd in {lines}")
    return lines


def pair(value: list[str]) -> list[str]:
    """A path or a kind, with a version."""
    _, _ = value
    return value


def folders(value: dict[str, str]) -> dict[str, list[str]]:
    """Folder, or mode -> names in it."""
    return {key: words(names) for key, names in value.items()}


def owned(value: dict[str, str]) -> dict[str, list[str]]:
    """Mode and owner -> paths."""
    if not all(MODE.fullmatch(mode) for mode in value):
        raise SlipError(f"not a mode in {list(value)}")
    return folders(value)


def condition(note: dict[str, Any]) -> dict[str, Any]:
    """The condition of an entry, its versions as numbers."""
    made: dict[str, Any] = {}
    for key, value in note.items():
        if key in ("since", "before"):
            made[key] = [int(part) for part in value.split(".")]
        elif key in CONDITIONS:
            made[key] = value
        else:
            raise SlipError(f"unknown condition {key}")
    return made


def added(names: list[str], installed: dict[str, frozenset[str]]) -> dict[str, list[str]]:
    """What `apt-get install --no-install-recommends NAMES` adds in each release.

    A name that only one of them has (libgdbm6) is left out in the other.
    """
    made: dict[str, list[str]] = {}
    unknown: list[frozenset[str]] = []
    for suite in SUITES:
        result = debian.closure(names, suite=suite, installed=installed[suite], recommends=False)
        made[suite] = [package.name for package in result.packages]
        installed[suite] |= frozenset(made[suite])
        unknown.append(frozenset(result.unknown))
    if nowhere := frozenset.intersection(*unknown):
        raise SlipError(f"no release can install {sorted(nowhere)}")
    return made


def below(name: str, notes: dict[str, dict[str, Any]]) -> dict[str, frozenset[str]]:
    """What a layer has installed when all of its entries for a release have their say."""
    installed: dict[str, frozenset[str]] = {}
    for note in notes[name]["entry"]:
        if "on" in note:
            installed.update(below(note["on"], notes))
        if set(note.get("when", {}).get("family", ["debian"])) == {"debian"}:
            entry({key: note[key] for key in ("recorded", "install") if key in note}, installed)
    return installed


def file(name: str, notes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One file: the facts of a layer or of a family of repositories."""
    note = notes[name]
    if unknown := set(note) - {"source", "confidence", "repositories", "version_from", "entry"}:
        raise SlipError(f"unknown key {unknown}")
    entries = []
    installed: dict[str, frozenset[str]] = {}
    for one in note["entry"]:
        # Entries that stand on other layers are alternatives; one without a layer adds to the last Debian.
        if "on" in one and (lower := below(one["on"], notes)):
            installed = lower
        # What is recorded of one image says nothing of the next alternative.
        alternative = "recorded" in one and any("on" in other for other in note["entry"])
        entries.append(entry(one, dict(installed) if alternative else installed))
    made = {"source": note["source"], "confidence": note["confidence"], "entries": entries}
    if "version_from" in note:
        made["version_from"] = note["version_from"]
    return made


FORMS: dict[str, Callable[[Any], Any]] = {
    "when": condition,
    "accounts": accounts,
    "commands": folders,
    "directories": owned,
    "files": owned,
    **dict.fromkeys(["confidence", "environment", "links", "on", "recorded", "source", "suite"], unchanged),
    **dict.fromkeys(
        ["working_directory", "certificates", "timezones", "closed", "packages_exact"], unchanged
    ),
    **dict.fromkeys(["accounts_complete", "groups_complete", "commands_complete"], unchanged),
    **dict.fromkeys(["environment_complete", "top_level_complete"], unchanged),
    **dict.fromkeys(
        ["groups", "absent", "unsure", "absent_paths", "empty", "top_level", "maybe_packages"], words
    ),
    **dict.fromkeys(["without_accounts", "without_groups"], words),
    **dict.fromkeys(["libc", "python", "node"], pair),
}


def commands(note: dict[str, Any]) -> dict[str, list[str]]:
    """Command -> its path and the packages that have it."""
    made: dict[str, list[str]] = {}
    for folder, names in note["more"].items():
        for name, packages in names.items():
            made[name] = [f"{folder}/{name}", *packages.split()]
    for package, folders in note["base"].items():
        for folder, names in folders.items():
            for name in names.split():
                if name in made:
                    made[name].append(package)
                else:
                    made[name] = [f"{folder}/{name}", package]
    for name, packages in note["also"].items():
        made[name] += packages.split()
    return dict(sorted(made.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--output", type=Path, default=OUTPUT)
    folder = parser.parse_args().output
    notes = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(NOTES.glob("*.toml"))}
    table = notes.pop(COMMANDS)
    written: dict[str, Any] = {
        "index": [[pattern, name] for name in notes for pattern in notes[name].get("repositories", ())],
        COMMANDS: {
            "source": table["source"],
            "common": sorted(name for names in table["more"].values() for name in names),
            "commands": commands(table),
        },
    }
    for name in notes:
        try:
            written[name] = file(name, notes)
        except SlipError as slip:
            raise SystemExit(f"{name}.toml: {slip}") from slip
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        path.unlink()
    for name, data in written.items():
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
