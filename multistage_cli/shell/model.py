"""What a shell script is once it has been read: simple commands with their words."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Variable(Struct, frozen=True):
    """A plain `$name` or `${name}`."""

    name: str


class Opaque(Struct, frozen=True):
    """A part of a word whose value only the shell could tell: `$(command)`, `${x:-y}`, `$((1+1))`."""

    text: str


class Word(Struct, frozen=True):
    """One word of a command.

    Attributes:
        text: as written.
        parts: the word without its quotes.
        offset: where it starts in the script, in characters.
        pattern: whether an unquoted `*`, `?`, `[` or `{` makes it stand for other words.
    """

    text: str
    parts: tuple[str | Variable | Opaque, ...]
    offset: int
    pattern: bool = False

    @property
    def literal(self) -> str | None:
        """The word's value where it follows from the text alone, else None."""
        return self.resolve({})

    def resolve(self, variables: Mapping[str, str]) -> str | None:
        """The word's value with those variables known, or None where something else is in it."""
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                found.append(part)
            elif isinstance(part, Variable) and part.name in variables:
                found.append(variables[part.name])
            else:
                return None
        return "".join(found)


class Redirect(Struct, frozen=True):
    """`> file`, `2>&1`, `<< EOF`: the operator, its word and the descriptor before it, if written."""

    operator: str
    target: Word | None
    descriptor: str = ""
    body: str = ""


class Runs(Enum):
    """Whether a command is reached whenever the whole script succeeds."""

    ALWAYS = "always"
    MAYBE = "maybe"


class Piped(Enum):
    """Whether a command writes into a pipe, and whether anybody hears of its failure."""

    NO = "no"
    HEARD = "heard"
    """It does; the script fails where the command fails, or does not care whether the pipeline fails."""
    UNHEARD = "unheard"
    """It does; the script fails where the pipeline fails, but not where this command does (no `pipefail`)."""


class Command(Struct, frozen=True):
    """A simple command.

    Attributes:
        words: the name first; empty where there are only assignments or redirections.
        assignments: `NAME=value` before the name.
        redirects: in their order.
        runs: whether it is reached; of a command in a loop: at least once.
        checked: whether the script fails where this command fails. With ALWAYS, success of the script means
            that the command has run and succeeded.
        subshells: the enclosing subshells, pipeline members and background jobs, outermost first, by number;
            what changes the shell itself (`cd`, `export`) ends with the innermost.
        offset: where it starts in the script, in characters.
        end: where it ends, in characters.
        piped: whether it is itself a member of a pipeline before the last one; a group's members are not.
    """

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word | None], ...]
    redirects: tuple[Redirect, ...]
    runs: Runs
    checked: bool
    subshells: tuple[int, ...]
    offset: int
    end: int
    piped: Piped = Piped.NO

    @property
    def name(self) -> str:
        """The command's name without its folder, or an empty string where it is not literal."""
        literal = self.words[0].literal if self.words else None
        return literal.rsplit("/", 1)[-1] if literal else ""

    @property
    def arguments(self) -> tuple[Word, ...]:
        """The words after the name."""
        return self.words[1:]


class Script(Struct, frozen=True):
    """The simple commands of a script, in the order in which they stand.

    Attributes:
        commands: those of functions and substitutions too.
        assigned: names that the script itself sets (assignments, `for`, `read`): their value in a word
            is not the environment's.
        broken: whether the grammar could not read some of it; then no command is ALWAYS or checked.
        functions: names of the functions that the script defines: a command of such a name is no program.
    """

    commands: tuple[Command, ...]
    assigned: frozenset[str]
    broken: bool
    functions: frozenset[str] = frozenset()
