"""What walking a stage gives: one step for each instruction, with the states before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.stages import Edge, Source, Stage
    from multistage_cli.build.state import State
    from multistage_cli.facts.images import Lookup
    from multistage_cli.parser import Instruction

LAYER_INSTRUCTIONS = frozenset({"ADD", "COPY", "RUN", "WORKDIR"})
"""What may add a layer; all else changes the image's configuration only."""


class Copied(Struct, frozen=True):
    """What COPY or ADD puts where, expanded.

    Attributes:
        sources: paths in the build context or in the stage that it copies from, URLs for ADD; UNKNOWN
            where a variable has no value that follows from the file.
        destination: absolute; ends in a slash where it is a folder for sure.
        source: the stage, image or named context of `--from`, or None for the build context.
        heredocs: names and bodies of the files that are written in the Dockerfile itself.
    """

    sources: tuple[Known[str], ...]
    destination: Known[str]
    source: Source | None
    heredocs: tuple[tuple[str, Known[str]], ...] = ()

    @property
    def whole_context(self) -> bool:
        """Whether the whole build context is copied, as in `COPY . .`."""
        whole = {"", ".", "*"}
        return self.source is None and any(
            source is not UNKNOWN and source.strip("/").removeprefix("./") in whole for source in self.sources
        )


class Step(Struct, frozen=True):
    """One instruction of a stage, evaluated.

    Attributes:
        instruction: as parsed; for an ONBUILD trigger the one that fires.
        line: where it runs: its first line, or the line of FROM for a trigger.
        stage: the index of the stage.
        before: the state that it sees.
        after: the state that it leaves.
        changes: what the commands of a RUN leave behind, in order.
        copied: of COPY and ADD, else None.
        fired: whether it is an ONBUILD trigger of the parent stage.
    """

    instruction: Instruction
    line: int
    stage: int
    before: State
    after: State
    changes: tuple[Change, ...] = ()
    copied: Copied | None = None
    fired: bool = False

    @property
    def may_add_layer(self) -> bool:
        """Whether the instruction may add a layer with files."""
        return self.instruction.name in LAYER_INSTRUCTIONS


class EvaluatedStage(Struct, frozen=True):
    """A stage with its states.

    Attributes:
        stage: the stage.
        lookup: what the facts know of its base image; None where the base is a stage or a named context.
        start: the state before its first instruction.
        steps: its instructions in order, triggers first.
    """

    stage: Stage
    lookup: Lookup | None
    start: State
    steps: tuple[Step, ...]

    @property
    def final(self) -> State:
        """The state after the last instruction."""
        return self.steps[-1].after if self.steps else self.start

    def changes(self) -> Iterator[tuple[Step, Change]]:
        """What its commands leave behind, in order."""
        for step in self.steps:
            for change in step.changes:
                yield step, change


class Crossing(Struct, frozen=True):
    """An edge with its paths expanded: absolute in the stage where it starts and where it ends."""

    edge: Edge
    paths: tuple[str, ...]
    destination: str | None
