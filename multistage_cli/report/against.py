"""What differs from another build: findings, practices, stages and megabytes."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.sizes.difference import compare_builds

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from multistage_cli.analyze.engine import FileAnalysis, Finding
    from multistage_cli.analyze.practices import Score
    from multistage_cli.sizes.difference import Difference
    from multistage_cli.sizes.model import Sizes

_PLACE: Final = re.compile(r"\blines? [0-9]+")


class PageDifference(Struct, frozen=True):
    """This build against another one.

    Attributes:
        against: how to name the other build to people.
        new: findings that the other build does not have, by line.
        fixed: findings of the other build that this one does not have; their lines are those of the other one.
        kept: how many findings both have.
        score: of the other build's practices.
        sizes: stages and lines, with their bytes.
        notes: what makes the comparison less than exact, in words.
    """

    against: str
    new: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    kept: int
    score: Score
    sizes: Difference
    notes: tuple[str, ...] = ()


def compare_pages(
    before: tuple[FileAnalysis, Sizes],
    after: tuple[FileAnalysis, Sizes],
    against: str,
    notes: tuple[str, ...],
) -> PageDifference:
    """What `after` has that `before` has not, and the other way round.

    Args:
        before: what the rooms say of the other build.
        after: what they say of this one.
        against: how to name the other build to people.
        notes: what makes the comparison less than exact, in words.
    """
    sizes = compare_builds(before[1], after[1], against)
    new, fixed = _apart(before[0], after[0], sizes)
    return PageDifference(
        against=against,
        new=new,
        fixed=fixed,
        kept=len(after[0].findings) - len(new),
        score=before[0].score,
        sizes=sizes,
        notes=notes,
    )


def _apart(
    before: FileAnalysis, after: FileAnalysis, sizes: Difference
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings of one side only.

    Those that say the same of the same text are the same, wherever they stand; then those of one rule on lines that
    stand for each other, such as unpinned packages on a line that has got one more.
    """
    lines = {
        line.before.line: line.after.line
        for stage in sizes.stages
        for line in stage.lines
        if line.before is not None and line.after is not None
    }

    def text(file: FileAnalysis) -> Callable[[Finding], str]:
        return lambda finding: " ".join(file.lines[finding.line - 1 : finding.line]).strip()

    def said(finding: Finding) -> str:
        return _PLACE.sub("line", finding.message)

    old_text, new_text = text(before), text(after)
    old, new = list(before.findings), list(after.findings)
    old, new = _unmatched(
        old, new, lambda it: (it.code, said(it), old_text(it)), lambda it: (it.code, said(it), new_text(it))
    )
    old, new = _unmatched(old, new, lambda it: (it.code, said(it)), lambda it: (it.code, said(it)))
    old, new = _unmatched(old, new, lambda it: (it.code, old_text(it)), lambda it: (it.code, new_text(it)))
    old, new = _unmatched(old, new, lambda it: (it.code, lines.get(it.line)), lambda it: (it.code, it.line))
    return tuple(new), tuple(old)


def _unmatched(
    old: Sequence[Finding],
    new: Sequence[Finding],
    old_key: Callable[[Finding], Hashable],
    new_key: Callable[[Finding], Hashable],
) -> tuple[list[Finding], list[Finding]]:
    """What is left of both when those of the same key go in pairs."""
    waiting = Counter(map(old_key, old))
    left: list[Finding] = []
    for finding in new:
        key = new_key(finding)
        if waiting[key] > 0:
            waiting[key] -= 1
        else:
            left.append(finding)
    gone: list[Finding] = []
    for finding in reversed(old):
        key = old_key(finding)
        if waiting[key] > 0:
            waiting[key] -= 1
            gone.append(finding)
    return gone[::-1], left
