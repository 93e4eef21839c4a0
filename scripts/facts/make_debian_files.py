"""Make multistage_cli/facts/data/debian-files.blocks from Debian's Contents lists.

Needs Debian's apt and a network: `python scripts/facts/make_debian_files.py`, at best with the --work
folder that make_debian.py had, so that both are about the same packages. What maintainer scripts make is
taken from data/debian-made.csv, which make_debian_made.py writes.

How the file is laid out: a first line, the length of a directory and the directory, compressed, which
gives the source, and the first word and length of every block. A block is compressed lines of text,
sorted by their first word, in one of three sections:

    package  what each package ships, one line for every package, also for those that ship nothing here
    path     who ships each of these paths
    made     what maintainer scripts make

    first word <tab> in all suites <tab> in bookworm only <tab> in trixie only

with spaces between entries. debian_files.py says how an entry stands for a path. `=` is the first word
again, `-` says that the suite does not have it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import re
import subprocess
import sys
import tempfile
import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from make_debian import describe, read_suite, release_date
from private_apt import SUITES, PrivateApt

from multistage_cli.facts.debian_files import ABSENT, FOLDERS, MAGIC, SAME, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).parent
BLOCKS = HERE.parent.parent / "multistage_cli/facts/data/debian-files.blocks"
MADE = HERE / "data/debian-made.csv"
LARGEST_BYTES = 2_200_000
# A line of `package` may be long (a package with thousands of commands), one of `path` never is.
BLOCK_LINES = {"package": 128, "path": 256, "made": 256}
ARCHITECTURES = ("amd64", "all")
_NAME_SIGNS = frozenset(FOLDERS) - {""} | {SAME}

Lists = dict[str, dict[str, set[str]]]  # section -> first word -> entries


@dataclass(frozen=True, slots=True)
class Contents:
    """One Contents list of main as it was fetched, and whether it is the one that Release names."""

    path: Path
    current: bool


def fetch(apt: PrivateApt, architecture: str, *, stale: bool) -> Contents:
    """Fetch a list from where apt has its Packages, checked by the signed release file.

    Raises:
        subprocess.CalledProcessError: it cannot be had, or is another than the release file says and
            `stale` does not allow that.
    """
    name = f"main/Contents-{architecture}.gz"
    target = apt.folder / f"Contents-{architecture}.gz"
    uris = apt.run(
        "apt-get", "indextargets", "Created-By: Packages", f"Release: {apt.suite}", "--format", "$(URI)"
    )
    uri = uris.splitlines()[0].removesuffix("main/binary-amd64/Packages") + name
    release = next(iter((apt.folder / "lists").glob(f"*_dists_{apt.suite}_InRelease"))).read_text()
    found = re.search(rf"^ ([0-9a-f]{{64}}) +\d+ {re.escape(name)}$", release, re.MULTILINE)
    if found is None:
        raise SystemExit(f"the release file of {apt.suite} names no {name}")
    command = ["/usr/lib/apt/apt-helper", *apt.options(), "download-file", uri, str(target)]
    if (
        subprocess.run(
            [*command, f"SHA256:{found[1]}"], stdout=subprocess.DEVNULL, check=not stale
        ).returncode
        == 0
    ):
        return Contents(target, current=True)
    print(f"{name} of {apt.suite} is not the one that its release file names", file=sys.stderr)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return Contents(target, current=False)


def shipped(path: Path) -> Iterator[tuple[str, str]]:
    """Package and entry (empty where the file is none of ours) for every file of a Contents list."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            # Paths may have spaces, the list of `section/package` never has.
            name, _, locations = line.rstrip("\n").rpartition(" ")
            found = entry("/" + name.rstrip())
            for location in locations.split(","):
                yield location.rpartition("/")[2], found


def entry(path: str) -> str:
    """How the shipped file writes a path, empty where it leaves it out.

    Debian's packages ship nothing in /usr/local (policy 9.1.2).
    """
    folder, _, name = merged(path).rpartition("/")
    if folder in {"/usr/bin", "/usr/sbin", "/usr/games"}:
        wanted = True
    elif folder == "/usr/lib/x86_64-linux-gnu":
        wanted = re.fullmatch(r"(lib[^/]*\.so.*|ld-linux-x86-64\.so\.2)", name) is not None
    else:
        wanted = folder == "/usr/lib64" and name == "ld-linux-x86-64.so.2"
    if not wanted:
        return ""
    sign = next(sign for sign, place in FOLDERS.items() if place == folder)
    if name == ABSENT or re.search(r"\s", name) or (not sign and name[0] in _NAME_SIGNS):
        raise SystemExit(f"the file format has no way to write {path}")
    return sign + name


def read_lists(lists: Iterable[Contents], known: Iterable[str]) -> Lists:
    """What the packages of a suite ship, and who ships it."""
    ours = set(known)
    sections: Lists = {"package": defaultdict(set), "path": defaultdict(set), "made": defaultdict(set)}
    for part in lists:
        for package, found in shipped(part.path):
            # A list that is older than the index has packages that are gone.
            if package in ours:
                sections["package"][package].update([found] if found else [])
                if found:
                    sections["path"][found].add(package)
    return sections


def add_made(sections: dict[str, Lists]) -> str:
    """Add what maintainer scripts make; returns the file's first line, which says where that is from."""
    with MADE.open(newline="") as file:
        source = file.readline().removeprefix("# ").rstrip()
        for row in csv.DictReader(file):
            if found := entry(row["path"]):
                sections[row["suite"]]["made"][row["package"]].add(found)
    return source


def lines(suites: list[dict[str, set[str]]]) -> Iterator[str]:
    """One section's lines, sorted by their first word."""

    def text(entries: set[str], key: str) -> str:
        return " ".join(SAME if each == key else each for each in sorted(entries))

    for key in sorted(set().union(*suites)):
        own = [suite.get(key) for suite in suites]
        common = set.intersection(*(entries or set() for entries in own))
        fields = [ABSENT if entries is None else text(entries - common, key) for entries in own]
        yield "\t".join([key, text(common, key), *fields]).rstrip("\t")


def write(path: Path, sections: dict[str, Lists], meta: dict[str, str]) -> None:
    directory = [f"meta\t{key}\t{value}" for key, value in sorted(meta.items())]
    blocks = []
    for section, size in BLOCK_LINES.items():
        texts = list(lines([suite[section] for suite in sections.values()]))
        print(section, len(texts), "lines")
        for start in range(0, len(texts), size):
            packer = zlib.compressobj(level=9, memLevel=9)
            text = "\n".join(texts[start : start + size])
            blocks.append(packer.compress(text.encode()) + packer.flush())
            first = text.partition("\n")[0].partition("\t")[0]
            directory.append(f"{section}\t{first}\t{len(blocks[-1])}")
    packed = zlib.compress("\n".join(directory).encode(), 9)
    path.write_bytes(b"".join([MAGIC, len(packed).to_bytes(4, "big"), packed, *blocks]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--work", type=Path, help="keeps apt's lists (default: a folder that is deleted)")
    parser.add_argument("--again", action="store_true", help="use apt's lists that --work has")
    parser.add_argument(
        "--stale",
        action="store_true",
        help="also take a list that does not match its release file, and say so",
    )
    options = parser.parse_args()
    sections, meta = {}, {"suites": " ".join(SUITES)}
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        for suite in SUITES:
            apt = PrivateApt(suite, work / suite)
            if not options.again:
                apt.update()
            lists = [fetch(apt, architecture, stale=options.stale) for architecture in ARCHITECTURES]
            sections[suite] = read_lists(lists, read_suite(apt).packages)
            head = apt.releases()[suite]
            date = release_date(head["Date"])
            meta[f"source {suite}"] = f"Contents of Debian {head['Version']} {suite} main, amd64 and all"
            meta[f"date {suite}"] = date
            if not all(part.current for part in lists):
                meta[f"source {suite}"] = f"Contents of Debian {suite} main, amd64 and all, as served"
                meta[f"date {suite}"] = f"{datetime.now(UTC):%Y-%m-%d}, of a release before {date}"
            print(suite, len(sections[suite]["package"]), "packages,", describe(apt))
    meta["made"] = add_made(sections)
    write(BLOCKS, sections, meta)
    size_bytes = BLOCKS.stat().st_size
    print(BLOCKS.name, size_bytes, "bytes")
    if size_bytes > LARGEST_BYTES:
        print(f"more than the {LARGEST_BYTES} bytes that the wheel has room for", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
