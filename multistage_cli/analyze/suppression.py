"""Comments that silence rules: our own, hadolint's, and BuildKit's directive `check`.

    # multistage: ignore=MS204,DL3008 why            the next instruction
    # multistage: stage-ignore=MS204 why             the next stage, or the one that the comment stands in
    # multistage: file-ignore=MS204 why              the file
    # hadolint ignore=DL3008                         the next instruction
    # hadolint stage ignore=DL3008                   the stage of the next FROM
    # hadolint global ignore=DL3008                  the file
    # check=skip=JSONArgsRecommended;error=true      the file; at its top

A comment inside a continued instruction is about that instruction.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.analyze.selection import covers, is_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.analyze.findings import Finding
    from multistage_cli.build.evaluate import Build
    from multistage_cli.parser import Dockerfile


class Reach(Enum):
    """How far an ignore reaches."""

    INSTRUCTION = ""
    STAGE = "stage-"
    FILE = "file-"


class Ignore(Struct, frozen=True):
    """One comment that silences rules.

    Attributes:
        line: of the comment.
        words: the rules.
        reach: how far it reaches.
        place: index of the instruction or stage that it is about, -1 for the file; None for nothing.
        own: whether it is written in our syntax.
    """

    line: int
    words: tuple[str, ...]
    reach: Reach
    place: int | None
    own: bool


class Directive(Struct, frozen=True):
    """BuildKit's directive `check`.

    Attributes:
        skip: BuildKit's names of checks that are left out, in its spelling.
        skip_all: whether all are.
        experimental: names of checks that run although they are experimental.
        experimental_all: whether all of those run.
        error: whether a warning fails the build.
    """

    skip: frozenset[str] = frozenset()
    skip_all: bool = False
    experimental: frozenset[str] = frozenset()
    experimental_all: bool = False
    error: bool = False


class Ignores:
    """All comments of a file that silence rules, and which of their words did."""

    def __init__(self, build: Build) -> None:
        self._starts = [entry.span.first for entry in build.dockerfile.instructions]
        self._stage_starts = [stage.span.first for stage in build.graph.stages]
        self._stage_ends = [stage.span.last for stage in build.graph.stages]
        self.misunderstood: list[int] = []
        self.ignores = tuple(self._read(build))
        self.used: set[tuple[int, str]] = set()
        # Each word once for each place, with the lines that have it; words that mean no rule are left out.
        self._lines: dict[tuple[Reach, int], dict[str, list[int]]] = {}
        known: dict[str, bool] = {}
        for entry in self.ignores:
            if entry.place is None:
                continue
            lines = self._lines.setdefault((entry.reach, entry.place), {})
            for word in entry.words:
                if word not in known:
                    known[word] = is_known(word)
                if known[word]:
                    lines.setdefault(word, []).append(entry.line)

    def silences(self, finding: Finding) -> bool:
        """Whether a comment silences the finding; remembers the word that does."""
        instruction = bisect_right(self._starts, finding.line) - 1
        stage = bisect_right(self._stage_starts, finding.line) - 1
        silenced = False
        for place in ((Reach.INSTRUCTION, instruction), (Reach.STAGE, stage), (Reach.FILE, -1)):
            for word, lines in self._lines.get(place, {}).items():
                if covers(word, finding.code, finding.name, finding.aliases):
                    if (lines[0], word) not in self.used:
                        self.used.update((line, word) for line in lines)
                    silenced = True
        return silenced

    def _read(self, build: Build) -> Iterator[Ignore]:
        instructions = build.dockerfile.instructions
        for comment in build.dockerfile.comments:
            parsed = _parse(comment.text)
            if parsed is None:
                if _means_us(comment.text):
                    self.misunderstood.append(comment.line)
                continue
            own, reach, words = parsed
            place: int | None = -1
            if reach is not Reach.FILE:
                before = bisect_right(self._starts, comment.line) - 1
                inside = before >= 0 and comment.line <= instructions[before].span.last
                index = before if inside else before + 1
                place = index if index < len(instructions) else None
                if reach is Reach.STAGE:
                    place = self._stage(build, comment.line, place, own=own)
            yield Ignore(comment.line, words, reach, place, own)

    def _stage(self, build: Build, line: int, following: int | None, *, own: bool) -> int | None:
        """The stage that starts at the next instruction, or for our own syntax the one around the comment."""
        if following is not None and build.dockerfile.instructions[following].name == "FROM":
            return bisect_left(self._stage_starts, self._starts[following])
        around = bisect_right(self._stage_starts, line) - 1
        return around if own and around >= 0 else None


def read_directive(dockerfile: Dockerfile) -> Directive:
    """BuildKit's directive `check`; nothing where there is none, or one that BuildKit refuses."""
    found: dict[str, str] = {}
    # BuildKit takes the first word alone (`ParseDirective` in parser/directives.go).
    for part in (dockerfile.directive("check") or "").split(" ", 1)[0].split(";"):
        key, _, value = part.partition("=")
        found[key.strip()] = value.strip()
    return Directive(
        skip=_names(found.get("skip", "")),
        skip_all=found.get("skip") == "all",
        experimental=_names(found.get("experimental", "")),
        experimental_all=found.get("experimental") == "all",
        error=found.get("error", "").lower() in {"1", "t", "true"},
    )


def buildkit_name(aliases: tuple[str, ...]) -> str | None:
    """BuildKit's name among the names of a check: the one that is no code."""
    return next((alias for alias in aliases if not alias.isupper() and not alias[-1:].isdecimal()), None)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _means_us(text: str) -> bool:
    return re.match(r"multistage\s*:", text, re.IGNORECASE) is not None


_RULES = r"\s*=\s*([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s.*)?"
_HADOLINT = {"": Reach.INSTRUCTION, "global": Reach.FILE, "stage": Reach.STAGE}


def _parse(text: str) -> tuple[bool, Reach, tuple[str, ...]] | None:
    if not text.lower().startswith(("multistage", "hadolint")):
        return None
    own = re.fullmatch(rf"multistage\s*:\s*(file-|stage-|)ignore{_RULES}", text, re.IGNORECASE)
    if own:
        return True, Reach(own[1].lower()), _split(own[2])
    theirs = re.fullmatch(rf"hadolint\s+(?:(global|stage)\s+)?ignore{_RULES}", text)
    if theirs:
        return False, _HADOLINT[theirs[1] or ""], _split(theirs[2])
    return None


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",")))


def without_silenced(findings: Iterable[Finding], ignores: Ignores) -> Iterator[Finding]:
    """The findings that no comment silences."""
    for finding in findings:
        if not ignores.silences(finding):
            yield finding
