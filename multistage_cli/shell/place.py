"""How a node of a script is reached, and what its failing means."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.shell.model import Piped, Redirect, Runs

_MAX_SUBSHELLS = 64


class Place(Struct, frozen=True):
    """How a node is reached: see Command.

    Attributes:
        runs: whether the node is reached.
        last: whether its failing makes the script fail, whatever `set -e` does.
        ignored: whether `set -e` is not at work in it.
        exit_counts: whether a failing `exit` here makes the script fail.
        function: whether it is in the body of a function.
        subshells: see Command.
        redirects: those of the statement around it.
        piped: see Command.
    """

    runs: Runs = Runs.ALWAYS
    last: bool = True
    ignored: bool = False
    exit_counts: bool = True
    function: bool = False
    subshells: tuple[int, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    piped: Piped = Piped.NO

    def first(self) -> Place:
        """Of a statement that others follow."""
        return Place(self.runs, False, self.ignored, self.exit_counts, self.function, self.subshells)  # noqa: FBT003

    def final(self) -> Place:
        """Of the last statement of a sequence."""
        if not self.redirects:
            return self
        return replace(self, redirects=())

    def unchecked(self) -> Place:
        """Of a condition, whose exit code only steers what follows."""
        return Place(self.runs, False, True, self.exit_counts, self.function, self.subshells)  # noqa: FBT003

    def left(self, *, counts: bool) -> Place:
        """Of the left side of `&&` or `||`, where `set -e` does not look; `counts` is its `last`."""
        return Place(self.runs, counts, True, self.exit_counts, self.function, self.subshells)  # noqa: FBT003

    def maybe(self) -> Place:
        """Of what may be left out."""
        return self if self.runs is Runs.MAYBE else replace(self, runs=Runs.MAYBE)

    @property
    def is_deep(self) -> bool:
        """Whether so many subshells are around it that no more are told apart: a limit for hostile scripts."""
        return len(self.subshells) >= _MAX_SUBSHELLS

    def inside(self, subshell: int, *, checked: bool) -> Place:
        """Of what a subshell runs; `checked` tells whether the script fails where the subshell does."""
        return replace(
            self,
            exit_counts=self.exit_counts and checked,
            subshells=self.subshells if self.is_deep else (*self.subshells, subshell),
            redirects=(),
        )
