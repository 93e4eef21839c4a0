"""What to move, split or mount so that changes rebuild less: each tried on the Dockerfile that it would make.

A candidate is another order of the file's own lines. It is evaluated, and the changes are asked of it as of the
file itself, so that the steps that it saves are counted and not guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from multistage_cli.cache.candidates import candidates
from multistage_cli.cache.model import Advice
from multistage_cli.cache.simulation import Assumptions, Simulation, World
from multistage_cli.parser import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from multistage_cli.build.context import Differences
    from multistage_cli.build.evaluate import Build
    from multistage_cli.cache.candidates import Candidate
    from multistage_cli.parser import Dockerfile

Evaluate: TypeAlias = Callable[["Dockerfile"], tuple["Build", "Build"]]
"""A Dockerfile's build before the change and after it."""

_MOST_CANDIDATES = 24
_MOST_WORK = 400_000


@dataclass(frozen=True, slots=True)
class Occasion:
    """A change that comes up so many times.

    Attributes:
        weight: how often.
        differences: of the build context; None where none of its files changes.
    """

    weight: int
    differences: Differences | None


def advise(
    build: Build,
    evaluate: Evaluate,
    occasions: Sequence[Occasion],
    arguments: Iterable[str] = (),
) -> tuple[Advice, ...]:
    """What saves steps, the most first.

    Args:
        build: the build as it is.
        evaluate: makes the builds before and after the change from another Dockerfile.
        occasions: the changes.
        arguments: names of build arguments that change.
    """
    total = sum(occasion.weight for occasion in occasions)
    if not total:
        return ()
    steps = sum(len(entry.steps) for entry in build.needed)
    base = [_broken(build.dockerfile, evaluate, occasion) for occasion in occasions]
    found = []
    broken = frozenset(line for lines in base for line in lines)
    for spent, candidate in enumerate(candidates(build, broken, frozenset(arguments))):
        if spent >= _MOST_CANDIDATES or spent * steps * len(occasions) > _MOST_WORK:
            break
        advice = _tried(candidate, evaluate, occasions, base, total)
        if advice is not None:
            found.append(advice)
    return tuple(sorted(found, key=lambda entry: (-entry.steps_saved, entry.line)))


def _tried(
    candidate: Candidate,
    evaluate: Evaluate,
    occasions: Sequence[Occasion],
    base: Sequence[Mapping[int, int]],
    total: int,
) -> Advice | None:
    dockerfile = parse(candidate.text)
    if dockerfile.problems:
        return None
    saved = sum(
        occasion.weight * (sum(lines.values()) - sum(_broken(dockerfile, evaluate, occasion).values()))
        for occasion, lines in zip(occasions, base, strict=True)
    )
    if saved <= 0:
        return None
    return Advice(
        line=candidate.line,
        stage=candidate.stage,
        action=candidate.action,
        text=candidate.sentence,
        steps_saved=round(saved / total, 1),
        bytes_saved=candidate.size_bytes,
    )


def _broken(dockerfile: Dockerfile, evaluate: Evaluate, occasion: Occasion) -> dict[int, int]:
    """How many steps run again, by their lines: a trigger shares the line of its FROM."""
    before, after = evaluate(dockerfile)
    earlier = Simulation(World(before), None, Assumptions()).run()
    later = Simulation(World(after, occasion.differences), earlier.kept, Assumptions()).run()
    found: dict[int, int] = {}
    for walked in later.walked.values():
        for record in walked.records:
            if not record.cached:
                found[record.step.line] = found.get(record.step.line, 0) + 1
    return found
