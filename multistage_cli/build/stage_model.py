"""What a Dockerfile's stages are and how they feed each other, as data."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.variables import GlobalScope
    from multistage_cli.parser import Instruction, Problem, Span


class BaseKind(StrEnum):
    """What a stage starts from."""

    IMAGE = "image"
    STAGE = "stage"
    SCRATCH = "scratch"
    CONTEXT = "context"
    UNKNOWN = "unknown"


class EdgeKind(StrEnum):
    """How something crosses from one place into a stage."""

    BASE = "base"
    COPY = "copy"
    ADD = "add"
    MOUNT = "mount"


class SourceKind(StrEnum):
    """Where an edge starts."""

    STAGE = "stage"
    IMAGE = "image"
    CONTEXT = "context"


class Source(Struct, frozen=True):
    """The start of an edge: a stage by index, an external image, or a named context."""

    kind: SourceKind
    stage: int | None
    reference: str


class Base(Struct, frozen=True):
    """What FROM names.

    Attributes:
        kind: what it is.
        written: as in the file.
        reference: with the global ARGs expanded; UNKNOWN where one has no value.
        stage: the index of the stage that it is, else None.
    """

    kind: BaseKind
    written: str
    reference: Known[str]
    stage: int | None = None

    @property
    def label(self) -> str:
        """The base for people: expanded where that is known, else as it was written."""
        return self.written if self.reference is UNKNOWN else self.reference


class Stage(Struct, frozen=True):
    """One build stage.

    Attributes:
        index: its place in the file, from 0.
        name: in lower case, or None.
        key: its name where that leads to this stage (the last of duplicates), else its index as a string.
        label: the name as it was written, or the index.
        span: from FROM to the last line of its last instruction.
        head: the FROM instruction.
        instructions: what follows FROM.
        triggers: ONBUILD triggers of the stage that it starts from; they run first.
        base: what FROM names.
        platform: of FROM, expanded; None where FROM has no `--platform`.
        replaced: whether a named context of the stage's own name takes its place, so that nothing of it runs.
    """

    index: int
    name: str | None
    key: str
    label: str
    span: Span
    head: Instruction
    instructions: tuple[Instruction, ...]
    triggers: tuple[Instruction, ...]
    base: Base
    platform: Known[str] | None
    replaced: bool = False

    @property
    def title(self) -> str:
        """The stage in a sentence: `stage "builder"` or `stage 1`."""
        return f'stage "{self.label}"' if self.name else f"stage {self.index}"

    def body(self) -> Iterator[tuple[Instruction, int]]:
        """What runs, in order, each with its line: triggers run at the line of FROM."""
        if self.replaced:
            return
        for trigger in self.triggers:
            yield trigger, self.head.span.first
        for instruction in self.instructions:
            yield instruction, instruction.span.first


class Edge(Struct, frozen=True):
    """Something that crosses into a stage, with its words as written (see Crossing for expanded ones).

    `line` is where the instruction stands; for an ONBUILD trigger that is in the parent stage.
    """

    source: Source
    to: int
    kind: EdgeKind
    instruction: Instruction
    line: int
    paths: tuple[str, ...] = ()
    destination: str | None = None


class Graph(Struct, frozen=True):
    """The stages of a Dockerfile and how they feed each other.

    Attributes:
        stages: in file order; empty for a file without FROM.
        edges: by the stage where they end; within it triggers first, then by line.
        target: the index of the stage that is built, None where there are no stages.
        needed: the stages that the target needs, itself included.
        global_scope: the variables that FROM lines see.
        problems: what BuildKit refuses: cycles, bad indexes, stages that come too late, unusable names.
    """

    stages: tuple[Stage, ...]
    edges: tuple[Edge, ...]
    target: int | None
    needed: frozenset[int]
    global_scope: GlobalScope
    problems: tuple[Problem, ...]

    def into(self, index: int) -> tuple[Edge, ...]:
        """The edges that end at a stage."""
        first = bisect_left(self.edges, index, key=_to)
        return self.edges[first : bisect_right(self.edges, index, lo=first, key=_to)]

    def chain(self, index: int) -> tuple[int, ...]:
        """The stages whose layers are in that stage's image, itself first and its oldest base last."""
        found = [index]
        while (base := self.stages[found[-1]].base.stage) is not None:
            found.append(base)
        return tuple(found)


def _to(edge: Edge) -> int:
    return edge.to
