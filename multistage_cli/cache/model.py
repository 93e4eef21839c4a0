"""What `cache` answers, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class Result(StrEnum):
    """What happens to an instruction."""

    RE_RUN = "re-run"
    CACHED = "cached"
    NOT_BUILT = "not-built"
    METADATA = "metadata"
    BASE = "base"


class Verdict(Struct, frozen=True):
    """The answer for one instruction.

    Attributes:
        line, end_line: where it stands; an ONBUILD trigger runs at the line of FROM.
        stage: the stage's key.
        instruction: for people, on one line, here-documents without their bodies.
        result: what happens to it.
        certain: false where it hangs on something that nobody knows before the build.
        because: why, in words.
        follows: the line of the step that broke the chain first, where this one only goes along with it.
        breaks: of FROM, whether its base is another one, so that the steps below cannot stay.
    """

    line: int
    end_line: int
    stage: str
    instruction: str
    result: Result
    certain: bool
    because: str
    follows: int | None = None
    breaks: bool = False


class StageVerdicts(Struct, frozen=True):
    """The instructions of one stage, FROM first.

    Attributes:
        key: as in `Verdict.stage`.
        label: as written, or the index.
        base: the base image or stage, for people.
        needed: whether the target needs it.
        verdicts: in order.
    """

    key: str
    label: str
    base: str
    needed: bool
    verdicts: tuple[Verdict, ...]

    @property
    def title(self) -> str:
        """The name, or `stage 1` where there is none."""
        return f"stage {self.label}" if self.label.isdecimal() else self.label


class Advice(Struct, frozen=True):
    """One way to make the change rebuild less.

    Attributes:
        line: the instruction to change.
        stage: its stage's key.
        action: `move`, `split` or `mount`.
        text: what to do, in one sentence.
        steps_saved: how many steps then stay cached; with a history the mean for a change in it.
        bytes_saved: what the build writes less each time, where that is known.
    """

    line: int
    stage: str
    action: str
    text: str
    steps_saved: float
    bytes_saved: int | None = None


class CacheReport(Struct, frozen=True):
    """What a change re-runs.

    Attributes:
        path: how to name the Dockerfile to people.
        target: the key of the stage that is built; None for a file without stages.
        change: the change in a few words, or an empty string where none was named.
        stages: in file order.
        notes: what to know about the answer as a whole.
        advice: the best first.
    """

    path: str
    target: str | None
    change: str
    stages: tuple[StageVerdicts, ...]
    notes: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def verdicts(self) -> Iterator[Verdict]:
        """All instructions, in the order of the stages."""
        for stage in self.stages:
            yield from stage.verdicts

    @property
    def first_broken(self) -> Verdict | None:
        """The first step that re-runs of its own accord, or the FROM whose base is another one."""
        broken = (
            entry
            for entry in self.verdicts
            if entry.breaks or (entry.result is Result.RE_RUN and entry.follows is None)
        )
        return min(broken, key=lambda entry: entry.line, default=None)

    def count(self, result: Result) -> int:
        """How many instructions have a result."""
        return sum(entry.result is result for entry in self.verdicts)
