"""What to move, split or mount so that changes rebuild less: each tried on the Dockerfile that it would make.

A candidate is another order of the file's own lines. It is evaluated, and the changes are asked of it as of the
file itself, so that the steps that it saves are counted and not guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

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

Weigh: TypeAlias = Callable[["Build"], "Mapping[int, int | None]"]
"""What the layers of each line of a build weigh in bytes; None where something of it is not known."""

_MOST_CANDIDATES = 24
_MOST_WORK = 400_000


class _Again(Struct, frozen=True):
    """What runs again on one occasion.

    Attributes:
        build: after the change.
        steps: how many, by line: a trigger shares the line of its FROM.
        texts: the lines of each instruction, by its text.
    """

    build: Build
    steps: Mapping[int, int]
    texts: Mapping[str, tuple[int, ...]]


class Occasion(Struct, frozen=True):
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
    weigh: Weigh | None = None,
) -> tuple[Advice, ...]:
    """What saves steps, the most first.

    Args:
        build: the build as it is.
        evaluate: makes the builds before and after the change from another Dockerfile.
        occasions: the changes.
        arguments: names of build arguments that change.
        weigh: what lines weigh, for the bytes that are saved; None for leaving them open.
    """
    total = sum(occasion.weight for occasion in occasions)
    if not total:
        return ()
    steps = sum(len(entry.steps) for entry in build.needed)
    base = [_again(build.dockerfile, evaluate, occasion) for occasion in occasions]
    found = []
    broken = frozenset(line for again in base for line in again.steps)
    for spent, candidate in enumerate(candidates(build, broken, frozenset(arguments))):
        if spent >= _MOST_CANDIDATES or spent * steps * len(occasions) > _MOST_WORK:
            break
        advice = _tried(candidate, evaluate, occasions, base, weigh)
        if advice is not None:
            found.append(advice)
    return tuple(sorted(found, key=lambda entry: (-entry.steps_saved, entry.line)))


def _tried(
    candidate: Candidate,
    evaluate: Evaluate,
    occasions: Sequence[Occasion],
    base: Sequence[_Again],
    weigh: Weigh | None,
) -> Advice | None:
    dockerfile = parse(candidate.text)
    if dockerfile.problems:
        return None
    total = sum(occasion.weight for occasion in occasions)
    then = [_again(dockerfile, evaluate, occasion) for occasion in occasions]
    saved = sum(
        occasion.weight * (sum(now.steps.values()) - sum(other.steps.values()))
        for occasion, now, other in zip(occasions, base, then, strict=True)
    )
    if saved <= 0:
        return None
    weights = [None if weigh is None else _saved_bytes(*pair, weigh) for pair in zip(base, then, strict=True)]
    size_bytes = None
    if None not in weights:
        whole = sum(o.weight * (size or 0) for o, size in zip(occasions, weights, strict=True))
        size_bytes = round(whole / total)
    return Advice(
        line=candidate.line,
        stage=candidate.stage,
        action=candidate.action,
        text=candidate.sentence,
        steps_saved=round(saved / total, 1),
        bytes_saved=candidate.size_bytes if size_bytes is None or size_bytes <= 0 else size_bytes,
    )


def _saved_bytes(now: _Again, then: _Again, weigh: Weigh) -> int | None:
    """What is written less; what runs again in both weighs the same, and need not be known."""
    before, after = (
        [line for text, lines in one.texts.items() for line in lines[len(other.texts.get(text, ())) :]]
        for one, other in ((now, then), (then, now))
    )
    saved = 0
    for again, lines, sign in ((now, before, 1), (then, after, -1)):
        weights = weigh(again.build) if lines else {}
        for line in lines:
            weight = weights.get(line)
            if weight is None:
                return None
            saved += sign * weight
    return saved


def _again(dockerfile: Dockerfile, evaluate: Evaluate, occasion: Occasion) -> _Again:
    before, after = evaluate(dockerfile)
    earlier = Simulation(World(before), None, Assumptions()).run()
    later = Simulation(World(after, occasion.differences), earlier.kept, Assumptions()).run()
    steps: dict[int, int] = {}
    texts: dict[str, tuple[int, ...]] = {}
    for walked in later.walked.values():
        for record in walked.records:
            if not record.cached:
                line, text = record.step.line, record.step.instruction.text
                steps[line] = steps.get(line, 0) + 1
                texts[text] = (*texts.get(text, ()), line)
    return _Again(after, steps, texts)
