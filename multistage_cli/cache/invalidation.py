"""What a change re-runs: the earlier build fills a cache, the later one is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from multistage_cli.cache.exact import ExactFiles, Sealed
from multistage_cli.cache.model import CacheReport, Result, StageVerdicts, Verdict
from multistage_cli.cache.reasons import Reasons, shown_instruction
from multistage_cli.cache.simulation import Assumptions, Simulation, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multistage_cli.build.context import Differences
    from multistage_cli.build.evaluate import Build, EvaluatedStage
    from multistage_cli.cache.simulation import Record


@dataclass(frozen=True, slots=True)
class Question:
    """Two builds, and what differs between them besides their Dockerfiles and build arguments.

    Attributes:
        before: the build that filled the cache.
        after: the build that is asked about. More than one where a build argument gets some other value: what
            happens with each of them is certain.
        differences: of the build context; None where nothing in it can differ.
        images: images, named contexts and addresses that hold something else now.
        change: the change in a few words; empty where none was named.
        notes: what to say about the answer as a whole.
        arguments: names of build arguments that get another value.
        whole_states: whether all that differs between two builds is asked for, and not a change that is named.
    """

    before: Build
    after: tuple[Build, ...]
    differences: Differences | None = None
    images: frozenset[str] = frozenset()
    change: str = ""
    notes: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    whole_states: bool = False

    @property
    def compares(self) -> bool:
        """Whether two build contexts on disk are compared."""
        return self.differences is not None and self.differences.reads


class Asked:
    """What the answers to many questions about one earlier build have in common: with it each next one costs less.

    Args:
        build: the one that filled the cache, in all of the questions.
    """

    def __init__(self, build: Build) -> None:
        self.build = build
        self.sealed = Sealed(build)
        self._filled: dict[Assumptions, Simulation] = {}

    def filled(self, assumptions: Assumptions) -> Simulation:
        """The walk that fills the cache."""
        if assumptions not in self._filled:
            self._filled[assumptions] = Simulation(World(self.build), None, assumptions).run()
        return self._filled[assumptions]


def predict(question: Question, asked: Asked | None = None) -> CacheReport:
    """What each instruction of the later build does, and why.

    Args:
        question: what differs.
        asked: of the earlier build, where more than one question is asked about it.

    Raises:
        ValueError: `asked` is of another build. That is our bug.
    """
    build = question.after[0]
    alone = asked is None
    asked = asked or Asked(question.before)
    if asked.build is not question.before:
        raise ValueError("questions about another build have nothing in common with these")
    walks = [walk for after in question.after for walk in _walks(question, after, asked, alone=alone)]
    main = walks[0]
    reasons = Reasons(main, question)
    stages = [_stage(entry, build, walks, reasons) for entry in build.stages]
    target = build.target
    return CacheReport(
        path=build.path,
        target=target.stage.key if target else None,
        change=question.change,
        stages=tuple(stages),
        notes=question.notes,
    )


@dataclass(frozen=True, slots=True)
class Walk:
    """A simulation of the later build with the earlier one that filled its cache."""

    earlier: Simulation
    later: Simulation


def _walks(question: Question, after: Build, asked: Asked, *, alone: bool) -> list[Walk]:
    """The likely walk first, then those with other assumptions."""
    linked = any(
        flag.name == "link" for build in (question.before, after) for entry in build.needed
        for step in entry.steps for flag in step.instruction.flags
    )  # fmt: skip
    likely = Assumptions()
    others = [
        replace(likely, same_output=True),
        replace(likely, usual_base=False),
        replace(likely, links=True),
    ]
    if question.whole_states:
        others.append(replace(likely, outside_stays=False))
    if linked:
        others += [replace(likely, merges=False), replace(likely, merges=False, same_output=True)]
    if question.compares:
        # A person who names a file means that it is noticed; of two folders nobody knows.
        others += [replace(likely, overlooks=False), replace(likely, overlooks=False, same_output=True)]
    found = []
    # For one question alone, an evaluation more than it needs would cost and save nothing.
    sealed = None if alone or after is not question.before else asked.sealed
    known = ExactFiles(question.before, question.differences, question.images, sealed)
    known_after = (
        known if after is question.before else ExactFiles(after, question.differences, question.images)
    )
    for assumptions in (likely, *others):
        earlier = asked.filled(assumptions)
        world = World(after, question.differences, question.images, known_after)
        kept = replace(earlier.kept, exact=known)
        same = earlier if after is question.before else None
        found.append(Walk(earlier, Simulation(world, kept, assumptions, same).run()))
    return found


def _stage(entry: EvaluatedStage, build: Build, walks: Sequence[Walk], reasons: Reasons) -> StageVerdicts:
    stage = entry.stage
    needed = stage.index in build.graph.needed
    head = Verdict(
        line=stage.head.span.first,
        end_line=stage.head.span.last,
        stage=stage.key,
        instruction=shown_instruction(stage.head),
        result=Result.BASE if needed else Result.NOT_BUILT,
        certain=not needed or _base_is_certain(stage.index, walks),
        because=reasons.base(entry) if needed else reasons.not_needed(entry),
        breaks=needed and stage.base.stage is None and not walks[0].later.walked[stage.index].base_same,
    )
    verdicts = [head]
    if needed:
        # A build argument may change which stages are needed; each walk has those of its own.
        columns = [
            walk.later.walked[stage.index].records for walk in walks if stage.index in walk.later.walked
        ]
        for position, record in enumerate(columns[0] if columns else []):
            others = [column[position] for column in columns[1:] if position < len(column)]
            verdicts.append(
                _verdict(record, others, stage.key, reasons, all_walked=len(columns) == len(walks))
            )
    else:
        because = reasons.not_needed(entry)
        verdicts += [
            Verdict(
                line, max(line, instruction.span.last) if line == instruction.span.first else line, stage.key,
                shown_instruction(instruction), Result.NOT_BUILT, certain=True, because=because,
            )
            for instruction, line in stage.body()
        ]  # fmt: skip
    return StageVerdicts(stage.key, stage.label, stage.base.label, needed, tuple(verdicts))


def _base_is_certain(index: int, walks: Sequence[Walk]) -> bool:
    return len({walk.later.walked[index].base_same for walk in walks if index in walk.later.walked}) == 1


def _verdict(
    record: Record, others: Sequence[Record], stage: str, reasons: Reasons, *, all_walked: bool
) -> Verdict:
    step = record.step
    instruction = step.instruction
    end = step.line if step.fired else instruction.span.last
    shown = shown_instruction(instruction)
    if record.definition is None:
        because = reasons.metadata(record)
        return Verdict(step.line, end, stage, shown, Result.METADATA, certain=True, because=because)
    certain = all_walked and all(other.cached is record.cached for other in others)
    result = Result.CACHED if record.cached else Result.RE_RUN
    because, follows = reasons.step(record, certain=certain)
    return Verdict(step.line, end, stage, shown, result, certain, because, follows)
