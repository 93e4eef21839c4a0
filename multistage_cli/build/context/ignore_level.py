"""What ignore patterns say inside one folder, worked out once for everything in it.

A walk over a large build context asks about every file, so the question has to be cheap: a `Level` keeps
how far each pattern has matched the folder's own path, and leaves out those that cannot match any name in it.
"""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from multistage_cli.build.context.ignore_pattern import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.context.go_automaton import Automaton, State
    from multistage_cli.build.context.ignore_pattern import Outline, Pattern

_WILDCARDS: Final = frozenset("*[]?^\\")


class _Run(Struct):
    """Consecutive patterns of one polarity, as questions about a name: at least one must say yes."""

    exception: bool
    always: bool = False
    names: set[str] = field(default_factory=set)
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    automata: list[tuple[Automaton, State]] = field(default_factory=list)
    likely: list[tuple[Automaton, State]] = field(default_factory=list)
    likely_starts: tuple[str, ...] = ()
    likely_ends: tuple[str, ...] = ()

    @property
    def says_anything(self) -> bool:
        return self.always or bool(self.names or self.starts or self.ends or self.automata or self.likely)

    def add_expression(self, automaton: Automaton, start: State, outline: Outline | None) -> None:
        """Adds a pattern with wildcards, as cheap to ask as its form allows."""
        if outline is None or not (outline.start or outline.end):
            self.automata.append((automaton, start))
        elif outline.suffices and outline.start:
            self.starts += (outline.start,)
        elif outline.suffices:
            self.ends += (outline.end,)
        else:
            self.likely.append((automaton, start))
            if outline.start:
                self.likely_starts += (outline.start,)
            else:
                self.likely_ends += (outline.end,)

    def matches(self, name: str) -> bool:
        if self.always or name in self.names or name.startswith(self.starts) or name.endswith(self.ends):
            return True
        if self.automata and _any_accepts(self.automata, name):
            return True
        if not self.likely or not (name.startswith(self.likely_starts) or name.endswith(self.likely_ends)):
            return False
        return _any_accepts(self.likely, name)


def _any_accepts(automata: list[tuple[Automaton, State]], name: str) -> bool:
    for automaton, start in automata:
        state = automaton.run(start, name)
        if state is not None and automaton.accepts(state):
            return True
    return False


class Level:
    """One folder as the patterns see it. Start at `Level.top` and go down with `below`.

    Attributes:
        decided_by: the pattern that decides about the folder itself, or None.
        excluded: whether the folder itself is left out.
        closed: whether it is left out and nothing in it can come back, so that BuildKit does not enter it.
    """

    __slots__ = (
        "_base", "_opened", "_patterns", "_runs", "_states", "_walked", "closed", "decided_by", "excluded",
    )  # fmt: skip

    def __init__(
        self,
        patterns: tuple[Pattern, ...],
        base: str,
        *,
        walked: int,
        opened: int,
        states: dict[int, State],
        decided_by: Pattern | None,
    ) -> None:
        """Work out a folder from its path with a final slash ("" at the top) and what matched it.

        `walked` and `opened` have a bit for each pattern that matched the folder or one above it. They
        differ because fsutil has two ways of asking. Walking, it does not try a pattern that could not
        change the verdict so far, and then takes it as not matched for everything below (the `parentMatched`
        of MatchesUsingParentResults). Opening a file, it tries the pattern on every folder above.
        """
        self._patterns = patterns
        self._base = base
        self._walked = walked
        self._opened = opened
        self._states = states
        self._runs: list[_Run] | None = None
        self.decided_by = decided_by
        self.excluded = decided_by is not None and not decided_by.exception
        self.closed = self.excluded and not self._can_bring_back()

    @classmethod
    def top(cls, patterns: tuple[Pattern, ...]) -> Level:
        """The build context itself."""
        states = {
            index: pattern.automaton.start
            for index, pattern in enumerate(patterns)
            if pattern.automaton is not None
        }
        return cls(patterns, "", walked=0, opened=0, states=states, decided_by=None)

    def below(self, name: str) -> Level:
        """The level of a folder in this one. Nothing is below a closed level: do not ask there."""
        path = self._base + name
        matching, states = self._matching(name)
        walked, decided_by = self._walk(matching)
        opened = self._opened | matching
        return Level(
            self._patterns, path + "/", walked=walked, opened=opened, states=states, decided_by=decided_by
        )

    def deciding(self, name: str) -> Pattern | None:
        """The pattern that decides about a name in this folder, or None."""
        return self._walk(self._matching(name)[0])[1]

    def excludes(self, name: str) -> bool:
        """Whether a name in this folder is left out; `deciding` without telling which pattern it was."""
        if self._runs is None:
            self._runs = list(self._make_runs())
        last = self._walked.bit_length() - 1
        matched = last >= 0 and not self._patterns[last].exception
        for run in self._runs:
            if run.exception is matched and run.matches(name):
                matched = not matched
        return matched

    def excluder(self) -> Callable[[str], bool] | None:
        """`excludes` for many names; None where no name in this folder can be left out."""
        if self._runs is None:
            self._runs = list(self._make_runs())
        last = self._walked.bit_length() - 1
        if last >= 0 and not self._patterns[last].exception:
            return self.excludes
        # What brings back, where nothing was left out before, changes nothing.
        runs = list(dropwhile(lambda run: run.exception or not run.says_anything, self._runs))
        if not runs:
            return None
        return runs[0].matches if len(runs) == 1 else self.excludes

    @property
    def opens_as_listed(self) -> bool:
        """Whether `empties` is None for every name."""
        return self._walked == self._opened

    def empties(self, name: str) -> Pattern | None:
        """The pattern that takes the content of a file which is not left out: it arrives with no bytes.

        fsutil lists the file, then asks once more on opening it, and sends nothing where that says no. The
        two differ for lines such as `docs`, `!docs/api.md`, `docs`.
        """
        if self._walked == self._opened:
            return None
        matching = self._matching(name)[0] | self._opened
        decided_by = None
        for index in _bits(matching):
            if self._patterns[index].exception is (decided_by is not None):
                decided_by = None if decided_by else self._patterns[index]
        return decided_by

    def _matching(self, name: str) -> tuple[int, dict[int, State]]:
        """The patterns that match a name here by itself, as bits, and how far expressions got with it."""
        path = self._base + name
        found = 0
        states: dict[int, State] = {}
        for index, pattern in enumerate(self._patterns):
            automaton = pattern.automaton
            if automaton is None:
                if pattern.matches(path):
                    found |= 1 << index
            elif index in self._states:
                state = automaton.run(self._states[index], name)
                if automaton.accepts(state):
                    found |= 1 << index
                state = automaton.run(state, "/")
                if state is not None:
                    states[index] = state
        return found, states

    def _walk(self, matching: int) -> tuple[int, Pattern | None]:
        """MatchesUsingParentResults: which patterns count as matched, and the last of them."""
        walked = 0
        matched = False
        decided_by = None
        for index in _bits(matching | self._walked):
            pattern = self._patterns[index]
            if self._walked >> index & 1 or pattern.exception is matched:
                walked |= 1 << index
                matched = not pattern.exception
                decided_by = pattern
        return walked, decided_by

    def _make_runs(self) -> Iterator[_Run]:
        """The patterns behind the last one that matched this folder, as far as they can match a name in it.

        What matched the folder matches everything in it, so nothing before that one has a say.
        """
        run: _Run | None = None
        for index in range(self._walked.bit_length(), len(self._patterns)):
            pattern = self._patterns[index]
            if run is None or run.exception is not pattern.exception:
                if run is not None:
                    yield run
                run = _Run(pattern.exception)
            self._add(run, index, pattern)
        if run is not None:
            yield run

    def _add(self, run: _Run, index: int, pattern: Pattern) -> None:
        fixed = pattern.fixed
        if pattern.automaton is not None:
            if index in self._states:
                # Where a line break in the path stops some expressions, all of them are run.
                outline = None if "\n" in self._base else pattern.outline
                run.add_expression(pattern.automaton, self._states[index], outline)
        elif pattern.kind is Kind.PREFIX:
            if self._base.startswith(fixed):
                run.always = True
            elif fixed.startswith(self._base):
                run.starts += (fixed[len(self._base) :],)
        elif pattern.kind is Kind.SUFFIX and "/" not in fixed:
            run.ends += (fixed,)
        else:
            folder, slash, name = fixed.rpartition("/")
            exact = self._base == (folder + slash).removeprefix("/" if pattern.kind is Kind.SUFFIX else "")
            if exact or (pattern.kind is Kind.SUFFIX and self._base.endswith(folder + slash)):
                run.names.add(name)

    def _can_bring_back(self) -> bool:
        """Whether fsutil enters this folder although it is left out.

        It compares names where every exception has a plain name (with `/*` or `/**` behind it at most), and
        enters every folder otherwise. It then finds nothing in many: those are told apart here, by asking
        whether an exception can match anything below.
        """
        exceptions = [(index, pattern) for index, pattern in enumerate(self._patterns) if pattern.exception]
        if all(_is_plain(pattern.folder) for _, pattern in exceptions):
            return any((pattern.folder + "/").startswith(self._base) for _, pattern in exceptions)
        return any(self._reaches(index, pattern) for index, pattern in exceptions)

    def _reaches(self, index: int, pattern: Pattern) -> bool:
        if pattern.automaton is not None:
            return index in self._states
        if pattern.kind is Kind.SUFFIX:
            return True
        fixed = pattern.fixed
        return fixed.startswith(self._base) or (pattern.kind is Kind.PREFIX and self._base.startswith(fixed))


def _is_plain(name: str) -> bool:
    """What fsutil takes for a name without wildcards."""
    return _WILDCARDS.isdisjoint(name)


def _bits(number: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
