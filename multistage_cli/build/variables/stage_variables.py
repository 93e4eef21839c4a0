"""ARG and ENV: what is set where, and what FROM, ARG and ENV do to it.

Source: moby/buildkit, frontend/dockerfile/dockerfile2llb/convert.go (`buildMetaArgs`, `dispatchArg`,
`dispatchEnv`, `dispatchState.init`), and builds that were really tried: tests/engine/test_variables.py.

Docker's documentation says that ENV always wins over ARG. BuildKit does something else: both write
into one environment, so in a stage the later line wins. Only what ENV set is kept in the image, and a
stage that starts from this one sets it once more, so there ENV wins over the ARG that was inherited.

Which parts are expanded: see `expands` and `expands_flag`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Known, Unknown
from multistage_cli.build.persistent import PersistentMap
from multistage_cli.build.variables.expansion import (
    expand,
)
from multistage_cli.build.variables.global_scope import (
    Declaration,
    GlobalScope,
    declaration_of,
)
from multistage_cli.build.variables.scope import DEFAULT_LIMIT, Expansion, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.parser import KeyValue

# Read by the builder itself, and never put into the environment (nonEnvArgs in convert.go).
_KEPT_FROM_THE_ENVIRONMENT = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})


class _Entry(NamedTuple):
    """One variable: its place in the image's list, when it was last set, and to what."""

    place: int
    time: int
    value: Known[str] | None


class Variables(Struct, frozen=True):
    """The variables of a stage after one of its instructions.

    Immutable; what a change leaves alone is shared, so that every line of a long stage can keep its own.

    Attributes:
        open: whether the base image may have set more than is known here.
        limit: see `Scope`.
    """

    open: bool = False
    limit: int = DEFAULT_LIMIT
    _environment: PersistentMap[_Entry] = field(default_factory=PersistentMap)
    _arguments: PersistentMap[_Entry] = field(default_factory=PersistentMap)
    _time: int = 0
    _stage_start: int = 0

    @classmethod
    def of(
        cls,
        environment: Mapping[str, Known[str]],
        *,
        open: bool = False,  # noqa: A002 - named after the field
        limit: int = DEFAULT_LIMIT,
    ) -> Variables:
        """The variables of a stage before its first instruction.

        Args:
            environment: of the base image, in its order.
            open: whether the base image may set more.
            limit: see `Scope` and `expansion_limit`.
        """
        variables = cls(open=open, limit=limit)
        for name, value in environment.items():
            variables = variables.put_environment(name, value)
        return variables.inherit()

    @property
    def scope(self) -> Scope:
        """What the next instruction of the stage sees: ENV and ARG together."""
        return Scope(_Visible(self), self.open, self.limit)

    @property
    def visible(self) -> Mapping[str, Known[str]]:
        """The variables that are known to be set for RUN, besides `proxy_environment`."""
        return _Visible(self)

    @property
    def environment(self) -> Mapping[str, Known[str]]:
        """The variables that the image keeps, in Docker's order; a copy, made in linear time."""
        entries = sorted(self._environment.items(), key=_place)
        return MappingProxyType({name: entry.value for name, entry in entries if entry.value is not None})

    @property
    def declared(self) -> Mapping[str, Known[str] | None]:
        """The ARGs of this stage and of its base stages, None where unset; a copy, by their last line."""
        return MappingProxyType({name: entry.value for name, entry in self._sorted_arguments()})

    def is_declared(self, name: str) -> bool:
        """Whether an ARG of this stage or of its base stages declares the name."""
        return self._arguments.get(name) is not None

    def kept(self, name: str) -> Known[str] | None:
        """What the image keeps for a name, or None; UNKNOWN where the base image may have set it."""
        entry = self._environment.get(name)
        if entry is not None:
            return entry.value
        return UNKNOWN if self.open else None

    def get(self, name: str) -> Known[str] | None:
        """What `$name` stands for: None where it is not set, UNKNOWN where that cannot be known."""
        value = self.known(name)
        return UNKNOWN if value is None and self.open else value

    def known(self, name: str) -> Known[str] | None:
        """What `$name` stands for where it is known to be set; None where it is not, or nobody knows."""
        kept = self._environment.get(name)
        argument = self._arguments.get(name)
        if argument is None or argument.value is None:
            return None if kept is None else kept.value
        if argument.time > self._stage_start:
            return kept.value if kept is not None and kept.time > argument.time else argument.value
        # Declared in an earlier stage: what the image keeps was set once more at the start of this one.
        if kept is not None:
            return kept.value
        return UNKNOWN if self.open else argument.value

    def names(self) -> Iterator[str]:
        """The names that are known to be set: what the image keeps first, then ARGs."""
        yield from self.environment
        for name, entry in self._sorted_arguments():
            if entry.value is not None and self._environment.get(name) is None:
                yield name

    def with_argument(
        self,
        pair: KeyValue,
        outer: GlobalScope,
        build_args: Mapping[str, Known[str]],
        *,
        escape: str = "\\",
    ) -> Variables:
        """After `ARG` with that pair; see `declare_argument`."""
        return declare_argument(self, pair, outer, build_args, escape=escape)[0]

    def with_environment(self, pairs: Iterable[KeyValue], *, escape: str = "\\") -> Variables:
        """After an ENV with those pairs; see `set_environment`."""
        return set_environment(self, pairs, escape=escape)[0]

    def put_environment(self, name: str, value: Known[str]) -> Variables:
        """After ENV set that name to that value."""
        time = self._time + 1
        before = self._environment.get(name)
        entry = _Entry(time if before is None else before.place, time, value)
        environment = self._environment.put(name, entry)
        return Variables(self.open, self.limit, environment, self._arguments, time, self._stage_start)

    def put_argument(self, name: str, value: Known[str] | None) -> Variables:
        """After ARG gave that name that value; None declares the name and sets nothing."""
        if value is None and self.is_declared(name):
            return self
        time = self._time + 1
        arguments = self._arguments.put(name, _Entry(time, time, value))
        return Variables(self.open, self.limit, self._environment, arguments, time, self._stage_start)

    def with_anything(self) -> Variables:
        """After an ENV whose name is unknown: any variable may have changed."""
        return Variables(open=True, limit=self.limit, _time=self._time, _stage_start=self._time)

    def inherit(self) -> Variables:
        """At the start of a stage that is built `FROM` this one.

        BuildKit hands on ARGs too, declared and set as they are; what ENV set wins over them.
        """
        return replace(self, _stage_start=self._time)

    def _sorted_arguments(self) -> list[tuple[str, _Entry]]:
        return sorted(self._arguments.items(), key=_place)


def _place(item: tuple[str, _Entry]) -> int:
    return item[1].place


class _Visible(Mapping[str, "Known[str]"]):
    """The variables that are known to be set, ENV and ARG together."""

    __slots__ = ("_variables",)

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Known[str]:
        value = self._variables.known(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return self._variables.names()

    def __len__(self) -> int:
        return sum(1 for _ in self)


def declare_argument(
    variables: Variables,
    pair: KeyValue,
    outer: GlobalScope,
    build_args: Mapping[str, Known[str]],
    *,
    escape: str = "\\",
) -> tuple[Variables, Declaration]:
    """One pair of an ARG inside a stage (`dispatchArg` of BuildKit).

    A build argument wins over the default, the default over the global value of the same name. Without
    any of them the name is declared and what was set before stays. The value wins over an earlier ENV.

    Args:
        variables: what is set before it; the pairs of one ARG see each other.
        pair: the name and its default.
        outer: see `global_scope`.
        build_args: from the command line.
        escape: the Dockerfile's escape character.
    """
    declaration = declaration_of(pair, variables.scope, build_args, outer.scope.values, escape)
    hidden = pair.name in _KEPT_FROM_THE_ENVIRONMENT
    return variables.put_argument(pair.name, None if hidden else declaration.value), declaration


class ExpandedPair(Struct, frozen=True):
    """A pair of ENV or LABEL, expanded; BuildKit expands the names too."""

    name: Expansion
    value: Expansion

    @property
    def error(self) -> str | None:
        """Why BuildKit refuses the pair, or None."""
        return self.name.error or self.value.error


def expand_pairs(pairs: Iterable[KeyValue], scope: Scope, *, escape: str = "\\") -> tuple[ExpandedPair, ...]:
    """Expand the pairs of ENV or LABEL, all with the variables from before the line."""
    return tuple(
        ExpandedPair(expand(pair.name, scope, escape=escape), expand(pair.value or "", scope, escape=escape))
        for pair in pairs
    )


def set_environment(
    variables: Variables, pairs: Iterable[KeyValue], *, escape: str = "\\"
) -> tuple[Variables, tuple[ExpandedPair, ...]]:
    """An ENV with its pairs: `ENV a=1 b=$a` gives `b` the `a` from before the line.

    A name that cannot be known makes all variables unknown.
    """
    expanded = expand_pairs(pairs, variables.scope, escape=escape)
    for pair in expanded:
        name = pair.name.value
        if isinstance(name, Unknown):
            variables = variables.with_anything()
        else:
            variables = variables.put_environment(name, pair.value.value)
    return variables, expanded
