"""What `apt-get install` would choose: the order and the rules of apt's own solver, on one index.

Source: the behaviour of pkgDepCache::MarkInstall in apt 2.6 and 3.0 (apt-pkg/depcache.cc), which
`apt-get` of bookworm and trixie both use, compared with the answers of `apt-get install -s`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Clause: TypeAlias = tuple[str, ...]
"""Packages of which one will do, best first; no package at all where nothing in the index will do."""


class Record(Struct, frozen=True):
    """One package of one suite, in its newest version, with every relation resolved to package names.

    Version restrictions, virtual packages and `a | b` are gone: a suite has one version of each
    package here, so whether `libc6 (>= 2.34)` or `mail-transport-agent` can be had, and from which
    packages in which order, was settled when the index was made.

    Attributes:
        name: The binary package.
        version: As in the index, with the epoch.
        installed_kib: Installed-Size in KiB; None where the index does not state it.
        depends: Pre-Depends, then Depends.
        recommends: Recommends that the suite can satisfy.
        conflicts: Packages of this suite that may not be there together with this one.
        libraries: The packages with the shared libraries that a `-dev` package is for.
    """

    name: str
    version: str
    installed_kib: int | None
    depends: tuple[Clause, ...]
    recommends: tuple[Clause, ...]
    conflicts: tuple[str, ...]
    libraries: tuple[str, ...]


class Solution(Struct, frozen=True):
    """What would be installed and removed, and which of the requested packages stay broken."""

    new: frozenset[str]
    removed: frozenset[str]
    failed: frozenset[str]


def solve(
    names: Iterable[str],
    lookup: Callable[[str], Record | None],
    installed: frozenset[str],
    *,
    banned: frozenset[str] = frozenset(),
    recommends: bool,
) -> Solution:
    """Choose as `apt-get install NAMES` does in an image that has `installed`.

    Args:
        names: Packages that `lookup` knows, in the order of the command line, in which apt solves them.
        lookup: One package of the suite, None where it has none of that name.
        installed: Packages that are there. They count as being in the suite's version.
        banned: Packages that are not there and must not come (`name-`).
        recommends: False for `--no-install-recommends`.
    """
    asked = [name for name in dict.fromkeys(names) if lookup(name) is not None]
    plan = _Plan(lookup, installed, recommends=recommends)
    plan.protected |= banned
    for name in asked:
        plan.protected.add(name)
        plan.run(name, resolve=False)
    failed = frozenset(name for name in asked if not plan.run(name, resolve=True))
    plan.remove_what_broke()
    chosen = plan.chosen
    if plan.gave_up:
        # apt's autoremover takes back what only a choice that was undone had needed.
        chosen = plan.needed_by((installed & plan.chosen).union(asked))
    return Solution(
        new=frozenset(chosen - installed),
        removed=frozenset(installed - plan.chosen),
        failed=failed | plan.broken(asked),
    )


_Steps: TypeAlias = "Generator[tuple[str, bool], bool, bool]"
"""A call that is under way: yields the calls it makes (package, resolve), takes and returns success."""


class _Plan:
    """The packages as they would be, while it is being worked out.

    A package is *protected* while its fate is settled: the user asked for it, or something
    settled can be had with it only, or it is being installed at this moment. It is *withdrawn*
    when it is no longer a candidate. Calls are generators on a list instead of nested calls,
    because a chain of dependencies may be longer than Python's stack.
    """

    def __init__(
        self, lookup: Callable[[str], Record | None], installed: frozenset[str], *, recommends: bool
    ) -> None:
        self.lookup = lookup
        self.installed = installed
        self.recommends = recommends
        self.chosen = set(installed)
        self.protected: set[str] = set()
        self.withdrawn: set[str] = set()
        self.gave_up = False

    def run(self, name: str, *, resolve: bool) -> bool:
        """Install a package that the user asked for, with what it needs if `resolve`."""
        calls = [self._install(name, resolve=resolve, asked=True)]
        result = False
        started = False
        while calls:
            try:
                child, deep = calls[-1].send(result) if started else next(calls[-1])
            except StopIteration as stop:
                calls.pop()
                result, started = bool(stop.value), True
            else:
                calls.append(self._install(child, resolve=deep, asked=False))
                started = False
        return result

    def needed_by(self, roots: Iterable[str]) -> set[str]:
        """The chosen packages that the roots need or recommend, directly or not, and the roots."""
        seen = set(roots)
        waiting = list(seen)
        while waiting:
            for name in self._followed(waiting.pop()):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return seen

    def remove_what_broke(self) -> None:
        """Installed packages go with what they needed, unless something new needs them."""
        while self.installed - self.chosen:
            broken = [name for name in self.installed & self.chosen if self._is_broken(name)]
            going = [name for name in broken if name not in self.protected]
            if not going:
                return
            self.chosen.difference_update(going)

    def broken(self, asked: Iterable[str]) -> frozenset[str]:
        """Those of the requested packages whose own part of the plan cannot stand."""
        seen = {name for name in self.chosen if self._is_broken(name)}
        if not seen:
            return frozenset()
        wanted_by: dict[str, list[str]] = {}
        for name in self.chosen:
            for other in self._followed(name):
                wanted_by.setdefault(other, []).append(name)
        waiting = list(seen)
        while waiting:
            for name in wanted_by.get(waiting.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return frozenset(seen.intersection(asked))

    def _followed(self, name: str) -> Iterator[str]:
        """The chosen packages that a package needs or recommends."""
        record = self.lookup(name)
        if record is not None:
            for clause in record.depends + record.recommends:
                yield from (other for other in clause if other in self.chosen)

    def _is_broken(self, name: str) -> bool:
        record = self.lookup(name)
        if record is None:
            return False
        return not (self._met(self._depends(record)) and self.chosen.isdisjoint(self._conflicts(record)))

    def _depends(self, record: Record) -> tuple[Clause, ...]:
        """The dependencies that count: what an image does without has another version than the suite."""
        if record.name not in self.installed:
            return record.depends
        return tuple(clause for clause in record.depends if not self.installed.isdisjoint(clause))

    def _conflicts(self, record: Record) -> tuple[str, ...]:
        if record.name not in self.installed:
            return record.conflicts
        return tuple(rival for rival in record.conflicts if rival not in self.installed)

    def _met(self, clauses: tuple[Clause, ...]) -> bool:
        return all(not self.chosen.isdisjoint(clause) for clause in clauses)

    def _install(self, name: str, *, resolve: bool, asked: bool) -> _Steps:
        settled = self._settled(name, asked=asked)
        if settled is not None:
            return settled
        if not resolve:
            self.chosen.add(name)
            return True
        if not self._can_be_met(name):
            return False
        if asked:
            self.chosen.add(name)
        firm = name in self.protected
        must = firm or asked
        record = self.lookup(name)
        removals: list[str] = []
        good = record is None or self._make_room(record, removals, firm=firm, must=must)
        if not (good or must):
            return False
        self.chosen.add(name)
        self.protected.add(name)
        if record is not None:
            good = (yield from self._satisfy(record, firm=firm, must=must)) and good
        if good or must:
            for removal in removals:
                good = self._remove(removal) and good
        if not firm:
            self.protected.discard(name)
        if not (good or must):
            self._give_up(name)
        return good

    def _settled(self, name: str, *, asked: bool) -> bool | None:
        """The answer where there is nothing to do; None to go on."""
        there = name in self.chosen
        if name in self.withdrawn:
            return False
        if name in self.protected:
            # Its fate is settled, which is no good to a caller who wants another one.
            return None if there or asked else False
        if name in self.installed:
            self.chosen.add(name)
            return None if self._is_broken(name) else True
        if not there:
            return None
        record = self.lookup(name)
        wanted = record is None or not self.recommends or self._met(record.recommends)
        return True if wanted and not self._is_broken(name) else None

    def _can_be_met(self, name: str) -> bool:
        """Whether every dependency has a candidate; a package without is one no longer itself."""
        record = self.lookup(name)
        if name in self.installed or record is None:
            return True
        for clause in record.depends:
            if not any(member in self.chosen or member not in self.withdrawn for member in clause):
                if name not in self.protected:
                    self.withdrawn.add(name)
                return False
        return True

    def _make_room(self, record: Record, removals: list[str], *, firm: bool, must: bool) -> bool:
        """Rule out what conflicts with the package; `removals` gets what can go only afterwards."""
        good = True
        for rival in self._conflicts(record):
            if rival in self.installed:
                done = self._oust(rival, removals, firm=firm)
            else:
                done = rival not in self.chosen or rival not in self.protected
                if done and (firm or rival in self.chosen):
                    self.gave_up |= rival in self.chosen
                    self.chosen.discard(rival)
                if done and firm:
                    self.withdrawn.add(rival)
                    self.protected.add(rival)
            good = good and done
            if not (good or must):
                return False
        return good

    def _oust(self, rival: str, removals: list[str], *, firm: bool) -> bool:
        if rival not in self.chosen:
            return True
        if rival in self.protected:
            return False
        if not firm:
            removals.append(rival)
            return True
        self.chosen.discard(rival)
        self.withdrawn.add(rival)
        self.protected.add(rival)
        return True

    def _satisfy(self, record: Record, *, firm: bool, must: bool) -> _Steps:
        """Install what the package needs: hard dependencies in their order, then recommendations."""
        good = True
        for clause in self._depends(record):
            if self.chosen.isdisjoint(clause):
                done = yield from self._choose(clause, firm=firm)
            else:
                done = (yield from self._pass_on(clause)) if firm else True
            good = good and done
            if not (good or must):
                return False
        if self.recommends and record.name not in self.installed:
            # An installed package's recommendations are old ones that somebody did without.
            for clause in record.recommends:
                if self.chosen.isdisjoint(clause):
                    yield from self._choose(clause, firm=False)
        return good

    def _choose(self, clause: Clause, *, firm: bool) -> _Steps:
        """The first alternative that can be installed; those that an image had come first."""
        open_to_us = self._usable(clause)
        only = firm and len(open_to_us) == 1
        for name in sorted(open_to_us, key=lambda name: name not in self.installed):
            if name in self.withdrawn:
                continue
            if only:
                if not (yield name, False):
                    continue
                self.protected.add(name)
            if (yield name, True):
                return True
        return False

    def _pass_on(self, clause: Clause) -> _Steps:
        """Settle the only package that satisfies a dependency of a settled one."""
        open_to_us = self._usable(clause)
        if len(open_to_us) != 1 or open_to_us[0] in self.protected:
            return True
        self.protected.add(open_to_us[0])
        return (yield open_to_us[0], True)

    def _usable(self, clause: Clause) -> list[str]:
        return [
            name
            for name in clause
            if name not in self.withdrawn and (name in self.chosen or name not in self.protected)
        ]

    def _remove(self, name: str) -> bool:
        if name in self.chosen and name in self.protected:
            return False
        self.chosen.discard(name)
        return True

    def _give_up(self, name: str) -> None:
        self.gave_up = True
        if name not in self.installed:
            self.chosen.discard(name)
            self.withdrawn.add(name)
