"""What a finding is: a rule at a place, how grave it is, how sure, and how to mend it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """By consequence, the gravest first."""

    ERROR = "error"
    """The build or the container fails, or a secret leaks."""
    WARNING = "warning"
    INFO = "info"
    STYLE = "style"

    def at_least(self, other: Severity) -> bool:
        """Whether this one is as grave as the other."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Confidence(StrEnum):
    """How sure a finding is."""

    CERTAIN = "certain"
    """It follows from the text and from known facts."""
    LIKELY = "likely"


class Related(Struct, frozen=True):
    """Another place that a finding is about."""

    line: int
    message: str


class Edit(Struct, frozen=True):
    """What to put in the place of the whole lines `line` to `end_line`, without the end of the last one.

    An empty text takes the lines away.
    """

    line: int
    end_line: int
    text: str


class Fix(Struct, frozen=True):
    """How to mend a finding; `safe` where the build keeps its meaning."""

    safe: bool
    edits: tuple[Edit, ...]


class Finding(Struct, frozen=True):
    """A rule at a place.

    Attributes:
        code: never re-used, such as `MS001`.
        name: the rule's name in words.
        aliases: the same check's names elsewhere.
        severity: what it leads to.
        confidence: how sure it is.
        message: what is wrong and what to do, in one line.
        line: 1-based; `end_line` is included.
        column: 1-based, in `line`; None for whole lines.
        stage: the name of the stage, or None outside of all stages.
        related: other places.
        fix: or None.
    """

    code: str
    name: str
    aliases: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    message: str
    line: int
    end_line: int
    column: int | None
    stage: str | None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
