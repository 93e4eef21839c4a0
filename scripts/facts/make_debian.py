"""Make multistage_cli/facts/data/debian.sqlite3 from the index that apt reads.

Needs Debian's apt and a network: `python scripts/facts/make_debian.py`. Run ask_apt.py after it, in
the same folder (--work), so that the stored answers of apt are about the same index.

How the file is laid out, and why it is small enough to ship with every package of both suites: one
version of each package is kept, the newest, as apt would choose. So every version restriction,
virtual package and alternative is settled here, and what is stored of `a (>= 1) | b` is the packages
that satisfy it, best first. Packages are lines of text, 64 to a compressed block, found by bisection:

    name <tab> version <tab> Installed-Size <tab> depends <tab> recommends <tab> conflicts <tab> libraries

with spaces between clauses, `|` between the packages of a clause and `!` for a clause that nothing
satisfies. A line without a version is a virtual package with one provider, which stands third.
Left out: the virtual packages of librust-*, which are two thirds of all.
"""

from __future__ import annotations

import argparse
import csv
import re
import sqlite3
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from private_apt import SUITES, PrivateApt, Stanza

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
DATABASE = HERE.parent.parent / "multistage_cli/facts/data/debian.sqlite3"
BASE_PACKAGES = HERE / "data/base-packages.csv"
BASE_PACKAGES_BUILT = "July to September 2026"
LARGEST_BYTES = 5_000_000
BLOCK_LINES = 64

# The order in which apt reads a package's relations, and so numbers the packages they name.
RELATIONS = (
    "Pre-Depends", "Depends", "Conflicts", "Breaks", "Recommends", "Suggests", "Replaces", "Enhances",
    "Provides",
)  # fmt: skip
PRIORITIES = {"required": 1, "important": 2, "standard": 3, "optional": 4, "extra": 5}
_RELATION = re.compile(
    r"(?P<name>[^\s:(]+)(?::(?P<arch>\S+?))?\s*(?:\(\s*(?P<op><<|<=|=|>=|>>)\s*(?P<version>[^\s)]+)\s*\))?"
)
_VERSION_PART = re.compile(r"([^0-9]*)([0-9]*)")


@dataclass(frozen=True, slots=True)
class Relation:
    """`name:arch (op version)`."""

    name: str
    arch: str | None
    op: str | None
    version: str | None


@dataclass(slots=True)
class Suite:
    """The newest version of every package, who provides what, and apt's numbers for the names."""

    packages: dict[str, Stanza] = field(default_factory=dict)
    providers: dict[str, list[tuple[str, str | None]]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, int] = field(default_factory=dict)


def read_suite(apt: PrivateApt) -> Suite:
    suite = Suite()
    for _, stanzas in apt.indexes():
        for stanza in stanzas:
            name = stanza["Package"]
            suite.numbers.setdefault(name, len(suite.numbers))
            for relation in relations(stanza, *RELATIONS):
                for alternative in relation:
                    suite.numbers.setdefault(alternative.name, len(suite.numbers))
            old = suite.packages.get(name)
            if old is None or version_key(stanza["Version"]) > version_key(old["Version"]):
                suite.packages[name] = stanza
    for name, stanza in suite.packages.items():
        for (provided,) in relations(stanza, "Provides"):
            suite.providers[provided.name].append((name, provided.version))
    return suite


def relations(stanza: Stanza, *fields: str) -> Iterator[list[Relation]]:
    for name in fields:
        for clause in filter(str.strip, stanza.get(name, "").split(",")):
            yield [_relation(text.strip()) for text in clause.split("|")]


@cache
def _relation(text: str) -> Relation:
    found = _RELATION.fullmatch(text)
    if found is None:
        raise ValueError(f"not a relation between packages: {text}")
    return Relation(**found.groupdict())


@cache
def version_key(version: str) -> tuple[int, list[object], list[object]]:
    """Sorts as deb-version(7) says: epoch, upstream version, revision; `~` before the end of a part."""
    epoch, _, rest = version.rpartition(":")
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return int(epoch or 0), _part_key(upstream), _part_key(revision)


def _part_key(part: str) -> list[object]:
    key: list[object] = []
    for other, digits in _VERSION_PART.findall(part):
        key.append((*(-1 if c == "~" else ord(c) + (0 if c.isalpha() else 256) for c in other), 0))
        key.append(int(digits or 0))
    return key


def satisfies(have: str, op: str, want: str) -> bool:
    left, right = version_key(have), version_key(want)
    if op == "=":
        return left == right
    if op in {"<<", "<="}:
        return left < right or (op == "<=" and left == right)
    return left > right or (op == ">=" and left == right)


def targets(suite: Suite, relation: Relation) -> list[str]:
    """The packages that satisfy one alternative, in apt's order of preference (CompareProviders)."""
    found = []
    own = suite.packages.get(relation.name)
    if own is not None and _matches(own, own["Version"], relation):
        found.append(relation.name)
    for name, version in suite.providers.get(relation.name, ()):
        if name not in found and _matches(suite.packages[name], version, relation):
            found.append(name)

    def preference(name: str) -> tuple[bool, bool, bool, int, int]:
        stanza = suite.packages[name]
        important = "yes" in {stanza.get("Important"), stanza.get("Protected")}
        return (
            name != relation.name,
            stanza.get("Essential") != "yes",
            not important,
            PRIORITIES[stanza["Priority"]],
            -suite.numbers[name],
        )

    return sorted(found, key=preference)


def _matches(stanza: Stanza, version: str | None, relation: Relation) -> bool:
    # `python3:any` is met by a package that says it serves any architecture; `libc6-i386:x32` is a
    # package of another architecture, and no image has one.
    if relation.arch == "any":
        if stanza.get("Multi-Arch") != "allowed":
            return False
    elif relation.arch not in {None, "amd64"}:
        return False
    if relation.op is None:
        return True
    return version is not None and satisfies(version, relation.op, relation.version or "")


def clauses(suite: Suite, stanza: Stanza, *fields: str) -> list[str]:
    found = (
        "|".join(dict.fromkeys(name for relation in alternatives for name in targets(suite, relation)))
        for alternatives in relations(stanza, *fields)
    )
    return list(dict.fromkeys(clause or "!" for clause in found))


def conflicts(suite: Suite, stanza: Stanza) -> list[str]:
    found = dict.fromkeys(
        name for (relation,) in relations(stanza, "Conflicts", "Breaks") for name in targets(suite, relation)
    )
    # A package may conflict with all other providers of what it provides itself (deb-control(5)).
    found.pop(stanza["Package"], None)
    return list(found)


def libraries(suite: Suite, name: str) -> list[str]:
    """Shared libraries that something linked with a `-dev` package's libraries loads.

    A development package depends on its own library's package. Where it has none (`libjpeg-dev`,
    `default-libmysqlclient-dev`) it stands for another development package, which is asked instead.
    """
    seen, waiting = {name}, [name]
    while waiting:
        found, others = [], []
        for package in waiting:
            own = suite.packages[package]
            direct = [
                clause.split("|")[0]
                for clause in clauses(suite, own, "Pre-Depends", "Depends")
                if clause != "!"
            ]
            shared = [other for other in direct if _section(suite, other) in {"libs", "oldlibs"}]
            same = [other for other in shared if _source(suite, other) == _source(suite, package)]
            found += [other for other in same or shared if not other.endswith("-dev")]
            others += [other for other in direct if _section(suite, other) == "libdevel"]
        if found:
            return sorted(set(found))
        waiting = [other for other in dict.fromkeys(others) if other not in seen]
        seen.update(waiting)
    return []


def _section(suite: Suite, name: str) -> str:
    return suite.packages[name].get("Section", "").rpartition("/")[2]


def _source(suite: Suite, name: str) -> str:
    return suite.packages[name].get("Source", name).split(" ")[0]


def lines(suite: Suite) -> Iterator[str]:
    """One line for each package and each virtual package with one provider, sorted by name."""
    for name in sorted(suite.packages.keys() | suite.providers.keys()):
        stanza = suite.packages.get(name)
        if stanza is None:
            providers = {provider for provider, _ in suite.providers[name]}
            if len(providers) == 1 and not name.startswith("librust-"):
                yield f"{name}\t\t{providers.pop()}"
            continue
        recommends = (clause for clause in clauses(suite, stanza, "Recommends") if clause != "!")
        yield "\t".join(
            (
                name,
                stanza["Version"],
                stanza.get("Installed-Size", ""),
                " ".join(clauses(suite, stanza, "Pre-Depends", "Depends")),
                " ".join(recommends),
                " ".join(conflicts(suite, stanza)),
                " ".join(libraries(suite, name)) if name.endswith("-dev") else "",
            )
        ).rstrip("\t")


def common_words(texts: Iterable[str]) -> bytes:
    """What every block may refer to instead of repeating it: the words that would save most."""
    counts = Counter(word for text in texts for word in re.findall(r"[^\t\n ]+", text))
    saved = sorted(((len(word) + 1) * (count - 1), word) for word, count in counts.items())
    # zlib looks back 32 KiB, and reaches what stands last most cheaply.
    return " ".join(word for _, word in saved).encode()[-32_000:]


def write(path: Path, suites: dict[str, list[str]], meta: dict[str, str]) -> None:
    path.unlink(missing_ok=True)
    words = common_words(text for texts in suites.values() for text in texts)
    database = sqlite3.connect(path)
    database.executescript(
        """
        PRAGMA page_size = 32768;
        CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        CREATE TABLE block (id INTEGER PRIMARY KEY, suite TEXT NOT NULL, lines BLOB NOT NULL);
        CREATE TABLE block_first (suite TEXT, first TEXT, block INTEGER, PRIMARY KEY (suite, first))
            WITHOUT ROWID;
        CREATE TABLE base (repository TEXT, tag TEXT, packages TEXT NOT NULL, PRIMARY KEY (repository, tag))
            WITHOUT ROWID;
        """
    )
    database.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
    database.execute("INSERT INTO meta VALUES ('dictionary', ?)", (words,))
    for suite, texts in suites.items():
        for start in range(0, len(texts), BLOCK_LINES):
            block = texts[start : start + BLOCK_LINES]
            packer = zlib.compressobj(level=9, memLevel=9, zdict=words)
            packed = packer.compress("\n".join(block).encode()) + packer.flush()
            number = database.execute("INSERT INTO block VALUES (NULL, ?, ?)", (suite, packed)).lastrowid
            first = block[0].partition("\t")[0]
            database.execute("INSERT INTO block_first VALUES (?, ?, ?)", (suite, first, number))
    database.executemany("INSERT INTO base VALUES (?, ?, ?)", base_images())
    database.commit()
    database.execute("VACUUM")
    database.close()


def base_images() -> list[tuple[str, str, str]]:
    images = defaultdict(set)
    with BASE_PACKAGES.open(newline="") as file:
        for row in csv.DictReader(file):
            images[row["image"], row["tag"]].add(row["package"])
    return [(image, tag, " ".join(sorted(names))) for (image, tag), names in sorted(images.items())]


def describe(apt: PrivateApt) -> tuple[str, str]:
    """`Debian 12.15 bookworm main amd64 Packages ...` and the date of its newest part."""
    heads = apt.releases()
    dates = sorted(release_date(head["Date"]) for head in heads.values())
    pockets = " and ".join(sorted(name.partition("-")[2] for name in heads if "-" in name))
    version = heads[apt.suite]["Version"]
    return f"Debian {version} {apt.suite}, main amd64 Packages with {pockets}", dates[-1]


def release_date(text: str) -> str:
    """`Sat, 21 Nov 2026 09:15:44 UTC` -> `2026-11-21`."""
    _, day, month, year, *_ = text.split()
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{year}-{months.index(month) + 1:02d}-{int(day):02d}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, help="keeps apt's lists (default: a folder that is deleted)")
    parser.add_argument("--again", action="store_true", help="use the lists that --work has, fetch nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        suites, meta = {}, {"base images": f"package lists of images built {BASE_PACKAGES_BUILT}"}
        for name in SUITES:
            apt = PrivateApt(name, work / name)
            if not options.again:
                apt.update()
            suites[name] = list(lines(read_suite(apt)))
            meta[f"source {name}"], meta[f"date {name}"] = describe(apt)
            print(name, len(suites[name]), "lines,", meta[f"source {name}"], meta[f"date {name}"])
        write(DATABASE, suites, meta)
    size_bytes = DATABASE.stat().st_size
    print(DATABASE.name, size_bytes, "bytes")
    if size_bytes > LARGEST_BYTES:
        print(f"more than the {LARGEST_BYTES} bytes that the wheel has room for", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
