"""Which commands and shared libraries a Debian package brings, offline.

Holds every package of main for amd64 in the suites of `suites()`, from Debian's own Contents lists, and
what maintainer scripts make besides (`made`), which those lists do not know. `source()` says of which
day. A package that is only in the security archive, which has no Contents list, is not in the facts; one
that is in both counts as bringing what it brings in main. Made by scripts/facts/make_debian_files.py.

All paths are those of a merged-/usr system, where /bin, /sbin and /lib are links into /usr, as in every
image of these suites. Libraries are those that lie directly in /usr/lib/x86_64-linux-gnu.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache, lru_cache
from typing import Final

MAGIC: Final = b"multistage blocks 1\n"
HEAD_BYTES: Final = len(MAGIC) + 4

# How the shipped file writes a path: a sign for the folder, none for /usr/bin, and then the name. The
# signs are ones that no command in /usr/bin starts with.
FOLDERS: Final = {
    "": "/usr/bin",
    ":": "/usr/sbin",
    "!": "/usr/games",
    "*": "/usr/lib/x86_64-linux-gnu",
    "@": "/usr/lib64",
}
_SIGNS: Final = {folder: sign for sign, folder in FOLDERS.items()}
_BIN_FOLDERS: Final = ("/usr/bin", "/usr/sbin", "/usr/games")
# A field that only says "the same as the line's first word", and one for a suite without the package.
SAME: Final = "="
ABSENT: Final = "-"
_MERGED = re.compile(r"/(?=(?:s?bin|lib(?:64)?)/)")
_VERSIONED_LIBRARY = re.compile(r"/lib[^/]+\.so\.[0-9][^/]*")


def suites() -> tuple[str, ...]:
    """Codenames of the Debian releases that the facts cover."""
    return _store().suites


def source() -> str:
    """Which lists the facts are from, and of which day, in one line."""
    meta = _store().meta
    lists = (f"{meta[f'source {suite}']}, {meta[f'date {suite}']}" for suite in suites())
    return "; ".join((*lists, meta["made"]))


def files(package: str, suite: str) -> tuple[str, ...] | None:
    """Paths of the commands and shared libraries that a package ships, sorted.

    None where the suite or the package is not in the facts, `()` where the package ships neither. What
    its maintainer scripts make is not among them: see `made`.
    """
    entries = _entries("package", package, suite)
    return None if entries is None else tuple(sorted(map(_path, entries)))


def commands(package: str, suite: str) -> tuple[str, ...] | None:
    """Those of `files` that are in a folder for commands: /usr/bin, /usr/sbin, /usr/games."""
    found = files(package, suite)
    return None if found is None else tuple(path for path in found if path.startswith(_BIN_FOLDERS))


def libraries(package: str, suite: str) -> tuple[str, ...] | None:
    """Those of `files` that a program loads when it runs: `lib*.so.N`, not the `lib*.so` of compilers.

    The few libraries with their version before the `.so` (`libdb-5.3.so`) are in `files` only, because
    their names look like a compiler's.
    """
    found = files(package, suite)
    return None if found is None else tuple(path for path in found if _VERSIONED_LIBRARY.search(path))


def providers(path: str, suite: str) -> tuple[str, ...]:
    """Packages that ship exactly this command or library, sorted: /usr/bin/curl -> curl.

    /bin/ls is asked for as /usr/bin/ls, because it is that. Empty for any other path.
    """
    folder, _, name = merged(path).rpartition("/")
    sign = _SIGNS.get(folder)
    if sign is None or (sign == "" and name.startswith(tuple(_SIGNS.values())[1:])):
        return ()
    return tuple(sorted(_entries("path", sign + name, suite) or ()))


def command_packages(name: str, suite: str) -> tuple[str, ...]:
    """Packages that ship a command of this name in any folder for commands, sorted."""
    if "/" in name:
        return ()
    return tuple(
        sorted({package for folder in _BIN_FOLDERS for package in providers(f"{folder}/{name}", suite)})
    )


def made(package: str, suite: str) -> tuple[str, ...]:
    """Paths of commands and libraries that a package's maintainer scripts make, sorted.

    Most are links by update-alternatives: vim-tiny makes /usr/bin/vi. Seen by running the scripts of
    several hundred packages; empty also where the package is not one of these.
    """
    return tuple(sorted(map(_path, _entries("made", package, suite) or ())))


def is_alternative(name: str) -> bool:
    """Whether a command of this name may be made by a maintainer script, so that no package ships it.

    True for `awk`, `editor`, `vi`, `java`, `cc`, `nc` and their like: such a command may be there though
    `command_packages` names nothing that is installed.
    """
    return name in _made_names()


def merged(path: str) -> str:
    """A path of /bin, /sbin, /lib or /lib64 as what it is on a merged-/usr system."""
    return "/usr" + path if _MERGED.match(path) else path


@cache
def _made_names() -> frozenset[str]:
    return frozenset(
        path.rpartition("/")[2]
        for package in _store().keys("made")
        for suite in suites()
        for path in made(package, suite)
        if path.startswith(_BIN_FOLDERS)
    )


def _path(entry: str) -> str:
    return f"{FOLDERS[entry[0]]}/{entry[1:]}" if entry[0] in FOLDERS else f"/usr/bin/{entry}"


def _entries(section: str, key: str, suite: str) -> list[str] | None:
    """What the line of `key` lists for a suite, None where there is none."""
    store = _store()
    if suite not in store.suites:
        return None
    line = store.line(section, key)
    if line is None:
        return None
    fields = line.split("\t")
    fields += [""] * (len(store.suites) + 2 - len(fields))
    own = fields[2 + store.suites.index(suite)]
    if own == ABSENT:
        return None
    return [key if entry == SAME else entry for field in (fields[1], own) for entry in field.split()]


class _Store:
    """The shipped file: sections of sorted lines of text, read a block of neighbours at a time."""

    def __init__(self, content: bytes) -> None:
        import zlib

        size = int.from_bytes(content[len(MAGIC) : HEAD_BYTES], "big")
        directory = zlib.decompress(content[HEAD_BYTES : HEAD_BYTES + size]).decode()
        self.meta: dict[str, str] = {}
        self._content = content
        self._firsts: dict[str, list[str]] = {}
        self._spans: dict[str, list[tuple[int, int]]] = {}
        at = HEAD_BYTES + size
        for line in directory.split("\n"):
            section, first, value = line.split("\t")
            if section == "meta":
                self.meta[first] = value
                continue
            self._firsts.setdefault(section, []).append(first)
            self._spans.setdefault(section, []).append((at, at + int(value)))
            at += int(value)
        self.suites = tuple(self.meta["suites"].split(" "))

    def line(self, section: str, key: str) -> str | None:
        """The line whose first word is `key`."""
        at = bisect_right(self._firsts[section], key) - 1
        return _by_key(*self._spans[section][at]).get(key) if at >= 0 else None

    def keys(self, section: str) -> list[str]:
        """The first words of a section's lines."""
        return [key for span in self._spans[section] for key in _by_key(*span)]

    def block(self, start: int, end: int) -> str:
        import zlib

        return zlib.decompress(self._content[start:end]).decode()


@lru_cache(maxsize=256)
def _by_key(start: int, end: int) -> dict[str, str]:
    return {line.partition("\t")[0]: line for line in _store().block(start, end).split("\n")}


@cache
def _store() -> _Store:
    # Not importlib.resources, which takes five times as long to import as all of this.
    from pkgutil import get_data

    content = get_data("multistage_cli.facts", "data/debian-files.blocks")
    if content is None:
        raise FileNotFoundError("the loader of multistage_cli.facts has no data files")
    return _Store(content)
