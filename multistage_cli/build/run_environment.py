"""What a RUN sees of variables, and what its script makes of them."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from multistage_cli.build.claims import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.variables import Variables


class RunEnvironment(MutableMapping[str, str]):
    """The variables of a state whose value is known, and what a script makes of them.

    Nothing is copied: a stage may set thousands of variables, and have as many commands.

    Args:
        variables: of the state.
        hidden: names that are not taken from there.
    """

    def __init__(self, variables: Variables, hidden: frozenset[str] = frozenset()) -> None:
        self.variables = variables
        self.hidden = hidden
        self.own: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name in self.own:
            return self.own[name]
        value = None if name in self.hidden else self.variables.known(name)
        if value is None or value is UNKNOWN:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: str) -> None:
        self.own[name] = value

    def __delitem__(self, name: str) -> None:
        self.own.pop(name, None)
        self.hidden |= {name}

    def __iter__(self) -> Iterator[str]:
        known = (name for name in self.variables.names() if name in self)
        return iter(dict.fromkeys((*known, *self.own)))

    def __len__(self) -> int:
        return sum(1 for _ in self)
