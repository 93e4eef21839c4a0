"""Make the packaged catalogue of base images from the two tables in `data/`.

    python scripts/facts/make_images.py [--output FOLDER]

`data/base-images.csv` has one row per image and tag with the figures of one build: sizes in bytes,
date, source, confidence. Sizes there are rounded by their source to 10 kB, or to 10 MB from 1 GB on.

`data/image-notes.csv` adds what that table lacks. Its columns are those of the first, and:

* `image` may list repositories (`a;b`), expand braces (`ubi{8,9}`, `{3.6..3.11}`), name a namespace
  (`bitnami/*`) or a distribution (`os:debian`, whose `tags` are then releases).
* `tags` lists tags, patterns of tags (`*-alpine`) and what to leave out (`!*windows*`).
* A row with `os_family`, `same_as` or `facts_of` describes images: a listed tag becomes a tag of the
  catalogue, a pattern an answer for tags that are not listed. `same_as` takes the row of another tag
  of that repository with its size, because both share their layers; `facts_of` takes all but the size.
* Any other row adds its fields to the images that it fits: users in /etc/passwd (`name:id`), whether
  these are all (`users_complete`), or how many parts of a version name a release line (`line_parts`).

The output is one JSON file per repository, the same bytes for the same tables.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from multistage_cli.facts.catalogue import file_name

HERE = Path(__file__).resolve().parent
TABLE = HERE / "data" / "base-images.csv"
NOTES = HERE / "data" / "image-notes.csv"
OUTPUT = HERE.parents[1] / "multistage_cli" / "facts" / "data" / "images"

DEFAULT_LINE_PARTS = 2
LOW_ERROR = 0.10  # documentation figures; .NET's baselines drift by a few percent
UNSTATED_ERROR = 0.50  # tables that do not say whether their figure is compressed
CONFIDENCES = ("high", "medium", "low")
FACTS = ("os_family", "os_version", "libc", "package_manager", "default_user", "shell")
NONE_MEANS_NONE = ("libc", "package_manager", "shell")

Row = dict[str, str]
Build = dict[str, Any]


@dataclass
class Entry:
    """One tag, or one rule for tags that are not listed."""

    build: Build
    confidence: str
    source: str


@dataclass
class Rule:
    """Tags that fit a pattern in `wanted` and none in `unwanted`."""

    wanted: list[str]
    unwanted: list[str]
    entry: Entry


@dataclass
class Repository:
    """What will be one file."""

    name: str
    line_parts: int = DEFAULT_LINE_PARTS
    tags: dict[str, Entry] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    def entries(self) -> list[tuple[str, Entry]]:
        """Everything in it by tag, a rule by its patterns."""
        return [*self.tags.items(), *((" ".join(rule.wanted), rule.entry) for rule in self.rules)]


def make(table: Path, notes: Path) -> dict[str, str]:
    """The text of every file by its name."""
    repositories: dict[str, Repository] = {}
    for row in read(table):
        repository = repositories.setdefault(row["image"], Repository(row["image"]))
        if row["tag"] in repository.tags:
            raise SystemExit(f"{row['image']}:{row['tag']} is listed twice")
        repository.tags[row["tag"]] = from_table(row)
    added = read(notes)
    for row in added:
        if describes_images(row):
            for name in expanded(row["image"]):
                describe(repositories.setdefault(plain(name), Repository(plain(name))), row)
    for row in added:
        if row["line_parts"]:
            for name in expanded(row["image"]):
                repositories[name].line_parts = int(row["line_parts"])
    add_users(repositories, [row for row in added if row["users"] or row["users_complete"]])
    inherit(repositories)
    return {checked_name(repository.name): text_of(repository) for repository in repositories.values()}


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(name: str) -> str:
    """`bitnami/*` as the catalogue names a namespace: `bitnami/`."""
    return name.removesuffix("*")


def checked_name(repository: str) -> str:
    name = file_name(repository)
    if name is None or "__" in repository:
        raise SystemExit(f"{repository} can be no file name: see file_name() in facts/catalogue.py")
    return name


def from_table(row: Row) -> Entry:
    source = row["source"] if row["created"] or row["image"] == "scratch" else row["source"] + " (undated)"
    # These records list ENTRYPOINT and CMD where they are set, so a blank there means "not set".
    complete = "/local/" in row["source"] and "repo-info" in row["source"]
    size = int(row["size_bytes_uncompressed"]) if row["size_bytes_uncompressed"] else None
    build: Build = {
        "canonical_tag": row["canonical_tag"],
        "created": row["created"] or None,
        "architecture": row["arch"],
        "size_bytes": size,
        "size_error_bytes": None if size is None else size_error(size, row),
        "compressed_bytes": int(row["size_bytes_compressed"]) if row["size_bytes_compressed"] else None,
        **{fact: value_of(fact, row[fact]) for fact in FACTS},
        "entrypoint": words_of(row["entrypoint"], [] if complete else None),
        "command": words_of(row["cmd"], [] if complete else None),
        "exposed_ports": listed(row["exposed_ports"]),
        "environment": [pair.split("=", 1) for pair in listed(row["notable_env"])],
    }
    return Entry(build, row["confidence"], source)


def size_error(size: int, row: Row) -> int:
    if size == 0:
        return 0
    rounding = 5_000 if size < 10**9 else 5_000_000
    if "kind of size not stated" in row["source"]:
        return round(size * UNSTATED_ERROR)
    if row["confidence"] == "low" or row["arch"] != "amd64":
        return max(rounding, round(size * LOW_ERROR))
    return rounding


def value_of(fact: str, text: str) -> str | None:
    return None if not text or (text == "none" and fact in NONE_MEANS_NONE) else text


def words_of(text: str, blank: list[str] | None) -> list[str] | None:
    return json.loads(text) if text else blank


def listed(text: str) -> list[str]:
    return [part for part in text.split(";") if part]


def describes_images(row: Row) -> bool:
    return bool(row["os_family"] or row["same_as"] or row["facts_of"])


def describe(repository: Repository, row: Row) -> None:
    wanted, unwanted = split(row["tags"])
    patterns = [tag for tag in wanted if is_pattern(tag)]
    for tag in wanted:
        if is_pattern(tag):
            continue
        if tag in repository.tags:
            fill(repository, tag, row)
        else:
            repository.tags[tag] = from_notes(repository, row)
    if patterns:
        repository.rules.append(Rule(patterns, unwanted, from_notes(repository, row)))
    if repository.tags and repository.name.endswith("/"):
        raise SystemExit(
            f"{repository.name}* may have patterns only: which repositories there are is unknown"
        )


def from_notes(repository: Repository, row: Row) -> Entry:
    build: Build = {"architecture": "amd64", "environment": []}
    confidence, source = row["confidence"], row["source"]
    model = row["same_as"] or row["facts_of"]
    if model:
        other = repository.tags[model]
        build = dict(other.build)
        confidence = max(confidence, other.confidence, key=CONFIDENCES.index)
        source = f"{source}; of tag {model}: {other.source}"
        if row["facts_of"]:
            for key in ("canonical_tag", "created", "size_bytes", "size_error_bytes", "compressed_bytes"):
                build[key] = None
    for fact in FACTS:
        if row[fact] or not model:
            build[fact] = value_of(fact, row[fact])
    for key, column in (("entrypoint", "entrypoint"), ("command", "cmd")):
        build[key] = words_of(row[column], build.get(key))
    build["exposed_ports"] = listed(row["exposed_ports"]) or build.get("exposed_ports", [])
    return Entry(build, confidence, source)


def fill(repository: Repository, tag: str, row: Row) -> None:
    """Fill the blanks of a row of the table; a note that contradicts it is a mistake."""
    build = repository.tags[tag].build
    for fact in FACTS:
        if row[fact] and value_of(fact, row[fact]) != build[fact]:
            raise SystemExit(
                f"{repository.name}:{tag}: {fact} is {build[fact]}, and {row[fact]} in the notes"
            )
    for key, column in (("entrypoint", "entrypoint"), ("command", "cmd")):
        if build[key] is None:
            build[key] = words_of(row[column], None)


def add_users(repositories: dict[str, Repository], rows: list[Row]) -> None:
    systems = [row for row in rows if row["image"].startswith("os:")]
    others = [row for row in rows if not row["image"].startswith("os:")]
    for repository in repositories.values():
        own = [row for row in others if repository.name in map(plain, expanded(row["image"]))]
        for tag, entry in repository.entries():
            release = entry.build["os_version"] or ""
            family = f"os:{entry.build['os_family']}"
            fitting = [row for row in systems if row["image"] == family and fits(release, row["tags"])][:1]
            fitting += [row for row in own if fits(tag, row["tags"])]
            named = dict(user.partition(":")[::2] for row in fitting for user in row["users"].split())
            entry.build["users"] = [f"{name}:{number}" if number else name for name, number in named.items()]
            entry.build["users_complete"] = any(row["users_complete"] == "yes" for row in fitting)


def inherit(repositories: dict[str, Repository]) -> None:
    """What holds for a namespace holds for the tags that its repositories do not list."""
    for repository in repositories.values():
        namespace = repositories.get(repository.name.rpartition("/")[0] + "/")
        if namespace is not None and namespace is not repository:
            repository.rules.extend(namespace.rules)


def is_pattern(tag: str) -> bool:
    return any(character in tag for character in "*?[")


def split(tags: str) -> tuple[list[str], list[str]]:
    every = expanded(tags)
    return [tag for tag in every if tag[0] != "!"], [tag[1:] for tag in every if tag[0] == "!"]


def fits(tag: str, tags: str) -> bool:
    wanted, unwanted = split(tags)
    return any(fnmatchcase(tag, pattern) for pattern in wanted) and not any(
        fnmatchcase(tag, pattern) for pattern in unwanted
    )


def expanded(text: str) -> list[str]:
    """`a;b{1..3}-{x,y}` -> a, b1-x, b1-y, b2-x ...; `{3.6..3.11}` counts the last number up."""
    return [word for part in listed(text) for word in braces(part)]


def braces(text: str) -> list[str]:
    found = re.search(r"\{([^{}]*)\}", text)
    if found is None:
        return [text]
    first, dots, last = found[1].partition("..")
    if dots:
        stem = first.rpartition(".")[0]
        lead = f"{stem}." if stem else ""
        low, high = int(first.rpartition(".")[2]), int(last.rpartition(".")[2])
        choices = [f"{lead}{number}" for number in range(low, high + 1)]
    else:
        choices = found[1].split(",")
    ends = braces(text[found.end() :])
    return [text[: found.start()] + choice + end for choice in choices for end in ends]


class Pool:
    """Numbers things, equal ones alike, in the order of their first use."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._numbers: dict[str, int] = {}

    def number(self, thing: Any) -> int:
        """The number of `thing`, new if nothing equal has one."""
        key = json.dumps(thing, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.things)
            self.things.append(thing)
        return self._numbers[key]


def text_of(repository: Repository) -> str:
    builds, sources, users = Pool(), Pool(), Pool()

    def packed(entry: Entry) -> list[Any]:
        kept = {key: value for key, value in entry.build.items() if not is_default(key, value)}
        kept["users"] = users.number(entry.build["users"])
        return [builds.number(kept), entry.confidence, sources.number(entry.source)]

    tags = {tag: packed(repository.tags[tag]) for tag in sorted(repository.tags)}
    patterns = [[rule.wanted, rule.unwanted, *packed(rule.entry)] for rule in repository.rules]
    parts = [
        f'"repository": {compact(repository.name)}',
        f'"line_parts": {repository.line_parts}',
        f'"tags": {{{lines(f"{compact(tag)}: {compact(entry)}" for tag, entry in tags.items())}}}',
        f'"patterns": [{lines(map(compact, patterns))}]',
        f'"builds": [{lines(map(compact, builds.things))}]',
        f'"users": [{lines(map(compact, users.things))}]',
        f'"sources": [{lines(map(compact, sources.things))}]',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def is_default(key: str, value: Any) -> bool:
    """Whether the reader of the file puts `value` there itself; `[]` as ENTRYPOINT is no default."""
    return value is None or value is False or (value == [] and key in ("environment", "exposed_ports"))


def compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def lines(items: Any) -> str:
    """One item a line, so that a change of one image is a change of one line."""
    text = ",\n".join(items)
    return f"\n{text}\n" if text else ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the packaged catalogue of base images.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder for the JSON files")
    folder: Path = parser.parse_args().output
    files = make(TABLE, NOTES)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.json"):
        if stale.name not in files:
            stale.unlink()
    for name, text in sorted(files.items()):
        (folder / name).write_text(text, encoding="ascii", newline="\n")
    print(f"{len(files)} files, {sum(map(len, files.values())):,} bytes, in {folder}")


if __name__ == "__main__":
    main()
