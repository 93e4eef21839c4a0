"""Debian's package index, offline: what `apt-get install` adds to an image, and how many bytes.

Holds every package of main for amd64 in the suites of `suites()`, each in its newest version, and the
packages that some base images have. `source()` says of which day. Made by scripts/facts/make_debian.py.
"""

from __future__ import annotations

import atexit
import os
import re
from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from multistage_cli.facts.debian_solver import Clause, Record, solve

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

# Debian policy 5.6.1 (names), and the architectures by which apt finds an amd64 package.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,199}")
_FIELDS: Final = 7
# Arguments that apt refuses are left out and the rest is asked again, this often at most.
_MOST_TRIES: Final = 3
_OWN_ARCHITECTURES: Final = frozenset({"amd64", "native", "any", "all"})


class Package(Struct, frozen=True):
    """A binary package in its newest version of a suite.

    Attributes:
        name: As in `apt-get install`.
        version: Debian's, with the epoch.
        installed_bytes: What the index states (Installed-Size, to the KiB): files and directories
            rounded up to whole KiB each, documentation included. 0 where the index states nothing.
    """

    name: str
    version: str
    installed_bytes: int


class Closure(Struct, frozen=True):
    """What one `apt-get install` does to an image.

    Attributes:
        packages: Newly installed, sorted by name.
        unknown: Arguments that could not be answered, as they were written: no such package in
            Debian's main section, a virtual package with several providers, a pattern, a task
            (`name^`), a file, another architecture, or a package that apt would refuse because it
            cannot be had together with the rest. apt fails on most of these. `packages` is the
            answer for the other arguments.
        already: Requested packages that were there before.
        removed: Packages that have to go because a new one conflicts with them.
        unsized: Those of `packages` whose size the index does not state, counted as 0 bytes.
    """

    packages: tuple[Package, ...]
    unknown: tuple[str, ...]
    already: tuple[str, ...]
    removed: tuple[str, ...] = ()
    unsized: tuple[str, ...] = ()

    @property
    def installed_bytes(self) -> int:
        """Sum over `packages`."""
        return sum(package.installed_bytes for package in self.packages)


def suites() -> tuple[str, ...]:
    """Codenames of the Debian releases that the facts cover."""
    return tuple(key.removeprefix("source ") for key in _meta() if key.startswith("source "))


def source() -> str:
    """Which index the figures are from, and of which day, in one line."""
    meta = _meta()
    return "; ".join(f"{meta[f'source {suite}']}, {meta[f'date {suite}']}" for suite in suites())


def package(name: str, suite: str) -> Package | None:
    """The package of exactly this name; None where the suite or the package is not in the facts."""
    record = _record(name, suite)
    return None if record is None else _package(record)


def runtime_libraries(dev_package: str, suite: str) -> tuple[str, ...]:
    """Packages with the shared libraries that a program built with a `-dev` package loads.

    `libpq-dev` -> `libpq5`. Empty where the package is unknown or has no shared library.
    """
    record = _record(dev_package, suite)
    return () if record is None else record.libraries


def needs_any(package: str, suite: str, wanted: frozenset[str]) -> bool:
    """Whether a package depends directly on one of the wanted ones; True where the facts do not have it."""
    record = _record(package, suite)
    return record is None or any(not wanted.isdisjoint(clause) for clause in record.depends)


def base_packages(repository: str, tag: str) -> frozenset[str] | None:
    """Names of all packages that a base image comes with (apk's in `alpine`), None where not known.

    Args:
        repository: As in FROM: `python`.
        tag: In its canonical spelling: `3.12-slim-trixie`.
    """
    rows = _rows("SELECT packages FROM base WHERE repository = ? AND tag = ?", (repository, tag))
    return frozenset(str(rows[0][0]).split(" ")) if rows else None


def closure(names: Iterable[str], *, suite: str, installed: frozenset[str], recommends: bool) -> Closure:
    """What `apt-get install NAMES` installs in an image that already has `installed`.

    Agrees with apt's own choice: alternatives, virtual packages, conflicts, Recommends. Installed
    packages count as being in the suite's newest version, so upgrades that apt would make in an
    older image are not in the answer.

    Args:
        names: Arguments in the order of the command line: `git`, `curl=7.88*`, `vim/bookworm`,
            `libc6:amd64`, `nano+`. A version or release is not checked. `name-` keeps a package out.
        suite: One of `suites()`; in any other one every name is unknown.
        installed: Packages of the image before.
        recommends: False for `--no-install-recommends`.
    """
    return _closure(tuple(dict.fromkeys(names)), suite=suite, installed=installed, recommends=recommends)


@lru_cache(maxsize=1024)
def _closure(
    arguments: tuple[str, ...], *, suite: str, installed: frozenset[str], recommends: bool
) -> Closure:
    wanted: dict[str, str] = {}
    banned, unknown, already = set(), set(), []
    for argument in arguments:
        name, install = _resolve(argument, suite, installed)
        if name is None or (name in installed and not install):
            unknown.add(argument)
        elif not install:
            banned.add(name)
        else:
            wanted[argument] = name
            if name in installed:
                already.append(name)
    lookup = _suite(suite).record
    for _ in range(_MOST_TRIES):
        solution = solve(wanted.values(), lookup, installed, banned=frozenset(banned), recommends=recommends)
        if not solution.failed:
            break
        refused = {argument for argument, name in wanted.items() if name in solution.failed}
        unknown |= refused
        wanted = {argument: name for argument, name in wanted.items() if argument not in refused}
    else:
        return Closure((), arguments, tuple(already))
    records = [record for name in sorted(solution.new) if (record := lookup(name)) is not None]
    return Closure(
        packages=tuple(_package(record) for record in records),
        unknown=tuple(argument for argument in arguments if argument in unknown),
        already=tuple(dict.fromkeys(already)),
        removed=tuple(sorted(solution.removed)),
        unsized=tuple(record.name for record in records if record.installed_kib is None),
    )


def _resolve(argument: str, suite: str, installed: frozenset[str]) -> tuple[str | None, bool]:
    """The package that an argument of `apt-get install` means, None for unknown; False to keep it out."""
    name, _, release = argument.partition("=")[0].partition("/")
    if release in {"", suite, f"{suite}-updates", f"{suite}-security"}:
        # `g++` is a package; only where there is none of that name does the last sign count.
        for text, install in ((name, True), (name[:-1], name[-1:] != "-")):
            found = _find(text, suite, installed)
            if found is not None:
                return found, install
            if name[-1:] not in {"+", "-"}:
                break
    return None, True


def _find(text: str, suite: str, installed: frozenset[str]) -> str | None:
    name, colon, architecture = text.partition(":")
    if not _NAME.fullmatch(name) or (colon and architecture not in _OWN_ARCHITECTURES):
        return None
    if name in installed or _suite(suite).record(name) is not None:
        return name
    return _suite(suite).sole_provider(name)


def _package(record: Record) -> Package:
    return Package(record.name, record.version, (record.installed_kib or 0) * 1024)


def _record(name: str, suite: str) -> Record | None:
    return _suite(suite).record(name)


class _Suite:
    """One suite's packages, read a block of neighbours at a time when one of them is asked for."""

    def __init__(self, name: str) -> None:
        rows = _rows("SELECT first, block FROM block_first WHERE suite = ? ORDER BY first", (name,))
        self._firsts = [str(first) for first, _ in rows]
        self._blocks: list[int | None] = [block for _, block in rows]
        self._lines: dict[str, str] = {}
        self._records: dict[str, Record] = {}

    def record(self, name: str) -> Record | None:
        found = self._records.get(name)
        if found is None:
            line = self._line(name)
            # A line without a version is a virtual package.
            if line is not None and not line.startswith(f"{name}\t\t"):
                found = self._records[name] = _parse(line)
        return found

    def sole_provider(self, name: str) -> str | None:
        """The only package that provides a virtual package, None where that is not so."""
        line = self._line(name)
        return line.split("\t")[2] if line is not None and line.startswith(f"{name}\t\t") else None

    def _line(self, name: str) -> str | None:
        at = bisect_right(self._firsts, name) - 1
        if at >= 0 and (block := self._blocks[at]) is not None:
            for line in _block(block).split("\n"):
                self._lines[line.partition("\t")[0]] = line
            self._blocks[at] = None
        return self._lines.get(name)


@cache
def _known_suite(name: str) -> _Suite:
    return _Suite(name)


def _suite(name: str) -> _Suite:
    # Whatever else a Dockerfile's image calls its release must not fill the cache.
    return _known_suite(name if name in suites() else "")


def _parse(line: str) -> Record:
    fields = line.split("\t")
    fields += [""] * (_FIELDS - len(fields))
    name, version, size, depends, recommends, conflicts, libraries = fields
    return Record(
        name=name,
        version=version,
        installed_kib=int(size) if size else None,
        depends=_clauses(depends),
        recommends=_clauses(recommends),
        conflicts=tuple(conflicts.split()),
        libraries=tuple(libraries.split()),
    )


def _clauses(text: str) -> tuple[Clause, ...]:
    return tuple(() if clause == "!" else tuple(clause.split("|")) for clause in text.split())


def _block(number: int) -> str:
    import zlib

    packed = _rows("SELECT lines FROM block WHERE id = ?", (number,))[0][0]
    return zlib.decompressobj(zdict=_dictionary()).decompress(packed).decode()


@cache
def _dictionary() -> bytes:
    return bytes(_rows("SELECT value FROM meta WHERE key = 'dictionary'")[0][0])


@cache
def _meta() -> dict[str, str]:
    return dict(_rows("SELECT key, value FROM meta WHERE key <> 'dictionary' ORDER BY key"))


_LOCK = Lock()


def _rows(query: str, parameters: tuple[str | int, ...] = ()) -> list[tuple[Any, ...]]:
    with _LOCK:
        return _database(os.getpid()).execute(query, parameters).fetchall()


@lru_cache(maxsize=1)
def _database(process: int) -> sqlite3.Connection:  # a forked child must not share its parent's
    import sqlite3
    from contextlib import ExitStack

    stack = ExitStack()
    atexit.register(stack.close)
    path = Path(__file__).with_name("data") / "debian.sqlite3"
    if (
        not path.is_file()
    ):  # imported out of an archive; importlib.resources takes longer to import than to ask once
        from importlib.resources import as_file, files

        path = stack.enter_context(as_file(files("multistage_cli.facts") / "data" / "debian.sqlite3"))
    # The lock above, not the thread that came first, guards the connection.
    database = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    stack.callback(database.close)
    return database
