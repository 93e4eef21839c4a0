"""Everything that is to be said about one Dockerfile, and about many: findings, practices, score."""

from __future__ import annotations

import traceback
from bisect import bisect_right
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.analyze.configuration import Configuration
from multistage_cli.analyze.findings import Confidence, Edit, Finding, Fix, Related, Severity
from multistage_cli.analyze.practices import Practice, Score, judge, score_of
from multistage_cli.analyze.rule import Asked, Match, Rule, all_rules, asked_of
from multistage_cli.analyze.selection import covers, is_known, suggestion
from multistage_cli.analyze.suppression import Ignores, buildkit_name, read_directive, without_silenced
from multistage_cli.parser import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from multistage_cli.build.evaluate import Build

__all__ = [
    "Analysis",
    "Confidence",
    "Edit",
    "FileAnalysis",
    "Finding",
    "Fix",
    "Related",
    "Severity",
    "Tally",
    "analyze_build",
    "unreadable",
]

CRASHED = "MS901"
"""The code of a rule's own crash; exit code 3."""
USELESS = "MS902"
MISUNDERSTOOD = "MS903"


class FileAnalysis(Struct, frozen=True):
    """What is to be said about one file.

    Attributes:
        path: as the user named it.
        lines: of the file, to show findings in.
        targets: names of the stages that are built.
        findings: by line, then code.
        practices: the scorecard; empty for a file without stages.
        score: of the scorecard.
        error: why the file could not be read, or None.
        fail_on: the least severity that fails this file, where its configuration or the user says so.
        never_fails: whether nothing does.
    """

    path: str
    lines: tuple[str, ...]
    targets: tuple[str, ...]
    findings: tuple[Finding, ...]
    practices: tuple[Practice, ...]
    score: Score
    error: str | None = None
    fail_on: Severity | None = None
    never_fails: bool = False


class Tally:
    """Counts of findings, taken file by file.

    Attributes:
        files: how many there were.
        unread: how many of them could not be read.
        severities: findings by severity.
        rules: findings by code and name.
    """

    def __init__(self, fail_on: Severity | None) -> None:
        self.files = 0
        self.unread = 0
        self.severities: Counter[Severity] = Counter()
        self.rules: Counter[tuple[str, str]] = Counter()
        self._fail_on = fail_on
        self._fails = False

    def count(self, file: FileAnalysis) -> FileAnalysis:
        """Count one file, and give it back."""
        self.files += 1
        self.unread += file.error is not None
        self.severities.update(finding.severity for finding in file.findings)
        self.rules.update((finding.code, finding.name) for finding in file.findings)
        threshold = file.fail_on or self._fail_on
        if threshold is not None and not file.never_fails:
            self._fails = self._fails or any(entry.severity.at_least(threshold) for entry in file.findings)
        return file

    @property
    def exit_code(self) -> int:
        """3 where a rule crashed, 2 where a file could not be read, 1 for a grave finding, else 0."""
        if any(code == CRASHED for code, _ in self.rules):
            return 3
        return 2 if self.unread else int(self._fails)


class Analysis(Struct, frozen=True):
    """What is to be said about all files.

    Attributes:
        files: in the order in which they were named.
        fail_on: the least severity that makes the program fail, for files that do not say; None for never.
    """

    files: tuple[FileAnalysis, ...]
    fail_on: Severity | None

    @property
    def tally(self) -> Tally:
        """The counts of all files."""
        tally = Tally(self.fail_on)
        for file in self.files:
            tally.count(file)
        return tally

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity."""
        return self.tally.severities

    @property
    def exit_code(self) -> int:
        """See `Tally.exit_code`."""
        return self.tally.exit_code


def analyze_build(
    build: Build,
    rules: Iterable[Rule] | None = None,
    *,
    configuration: Configuration | None = None,
    targets: Iterable[int] | None = None,
) -> FileAnalysis:
    """What is to be said about an evaluated build.

    Args:
        build: the evaluated build.
        rules: those that run; where None, those that the configuration selects.
        configuration: what holds for this file; the defaults where None.
        targets: indexes of the stages that are built; see `asked_of`.
    """
    wanted = configuration or Configuration()
    asked = asked_of(build, wanted.settings, targets)
    practices = judge(build)
    findings = _Run(build, asked, wanted, None if rules is None else tuple(rules)).findings()
    return FileAnalysis(
        path=build.path,
        lines=tuple(build.dockerfile.lines),
        targets=tuple(build.graph.stages[index].key for index in asked.targets),
        findings=tuple(sorted(findings, key=_order)),
        practices=practices,
        score=score_of(practices),
    )


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return finding.line, finding.code, finding.column or 0, finding.message


def unreadable(path: str, error: str) -> FileAnalysis:
    """The entry of a file that could not be read."""
    return FileAnalysis(path, (), (), (), (), Score(0, 0), error)


class _Run:
    """One run of the rules over one build."""

    def __init__(
        self, build: Build, asked: Asked, configuration: Configuration, rules: tuple[Rule, ...] | None
    ) -> None:
        self.build = build
        self.asked = asked
        self.configuration = configuration
        self.directive = read_directive(build.dockerfile)
        self.rules = self._rules() if rules is None else rules
        self.ignores = Ignores(build)

    def findings(self) -> Iterator[Finding]:
        """What stays when all that silences has been heard."""
        heard = list(without_silenced(self._found(), self.ignores))
        # An ignore may silence what is said about ignores, but not whether it is useless itself.
        about = list(without_silenced(self._misunderstood(), self.ignores))
        about += self._useless()
        for finding in (*heard, *about):
            if (kept := self._configured(finding)) is not None:
                yield kept

    def _rules(self) -> tuple[Rule, ...]:
        chosen = self.configuration.selection.rules()
        directive = self.directive
        if not (directive.experimental or directive.experimental_all):
            return chosen
        # A rule of BuildKit's that does not run by default is one that it calls experimental.
        added = [
            entry
            for entry in all_rules()
            if not entry.default
            and (buildkit := buildkit_name(entry.aliases)) is not None
            and (directive.experimental_all or buildkit in directive.experimental)
        ]
        return tuple(dict.fromkeys((*chosen, *added)))

    def _found(self) -> Iterator[Finding]:
        for entry in self.rules:
            try:
                for match in entry.check(self.build, self.asked):
                    finding = _finding(self.build, entry, match)
                    buildkit = buildkit_name(finding.aliases)
                    if buildkit is None:
                        yield finding
                    elif not (self.directive.skip_all or buildkit in self.directive.skip):
                        grave = Severity.ERROR if self.directive.error else finding.severity
                        yield replace(finding, severity=grave)
            except Exception as error:  # one rule's bug must not silence the others; exit code 3 says so
                yield _crash(entry, error)

    def _misunderstood(self) -> Iterator[Finding]:
        rule_of = {entry.code: entry for entry in self.rules}
        if (entry := rule_of.get(MISUNDERSTOOD)) is None:
            return
        form = "write # multistage: ignore=CODE reason, or stage-ignore=, or file-ignore="
        for line in self.ignores.misunderstood:
            yield _finding(
                self.build, entry, Match(Span(line, line), f"this comment is not understood: {form}")
            )
        for ignore in self.ignores.ignores:
            for word in ignore.words if ignore.own else ():
                if not is_known(word):
                    message = f"{word} is no rule{suggestion(word)}"
                    yield _finding(self.build, entry, Match(Span(ignore.line, ignore.line), message))

    def _useless(self) -> Iterator[Finding]:
        rule_of = {entry.code: entry for entry in self.rules}
        if (entry := rule_of.get(USELESS)) is None:
            return
        ran: dict[str, bool] = {}
        for ignore in self.ignores.ignores:
            for word in ignore.words if ignore.own else ():
                if word not in ran:
                    ran[word] = any(covers(word, rule.code, rule.name, rule.aliases) for rule in self.rules)
                # ShellCheck may not be installed here; its rules then find nothing.
                if (
                    ran[word]
                    and (ignore.line, word) not in self.ignores.used
                    and not word.upper().startswith("SC")
                ):
                    message = f"nothing to ignore here for {word}: delete it, or move it to what it is about"
                    yield _finding(self.build, entry, Match(Span(ignore.line, ignore.line), message))

    def _configured(self, finding: Finding) -> Finding | None:
        """The finding with the severity that the configuration gives it, or None where that leaves it out."""
        if finding.code == CRASHED:
            return finding
        selection = self.configuration.selection
        for added in self.configuration.for_stage(finding.stage):
            selection = added.over(selection)
        experimental = buildkit_name(finding.aliases) in self.directive.experimental
        if not (selection.keeps(finding) or experimental):
            return None
        return replace(finding, severity=selection.severity(finding))


def _finding(build: Build, entry: Rule, match: Match) -> Finding:
    return Finding(
        code=entry.code,
        name=entry.name,
        aliases=entry.aliases if match.aliases is None else match.aliases,
        severity=match.severity or entry.severity,
        confidence=match.confidence or entry.confidence,
        message=match.message,
        line=match.span.first,
        end_line=match.span.last,
        column=match.column,
        stage=match.stage or _stage_at(build, match.span.first),
        related=match.related,
        fix=match.fix,
    )


def _crash(entry: Rule, error: Exception) -> Finding:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(
        code=CRASHED,
        name="rule-crashed",
        aliases=(),
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        message=f"this is a bug in rule {entry.code} ({entry.name}): {type(error).__name__} in"
        f" {PurePath(place.filename).name}, line {place.lineno}; please report it with the Dockerfile",
        line=1,
        end_line=1,
        column=None,
        stage=None,
    )


def _stage_at(build: Build, line: int) -> str | None:
    stages = build.graph.stages
    index = bisect_right(stages, line, key=lambda stage: stage.span.first) - 1
    return stages[index].key if index >= 0 and line <= stages[index].span.last else None
