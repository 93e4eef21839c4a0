'''What a rule is, and how the rules are found.

To add a rule, write one function into a module of `multistage_cli/analyze/rules/` (a new module is found by
itself, there is no list to add it to):

    @rule("MS204", "unreachable-stage", Severity.WARNING, aliases=("DL9999",))
    def unreachable_stage(build: Build) -> Iterator[Match]:
        """Stage that no target needs.

        BuildKit skips it, so its RUN lines are never tried and rot unnoticed.

        Bad, found on line 1:
            FROM alpine:3.22 AS tools
            FROM alpine:3.22 AS app

        Good:
            FROM alpine:3.22 AS tools
            FROM alpine:3.22 AS app
            COPY --from=tools /bin/busybox /bin/

        Fix: copy from the stage, build it as a target of its own, or delete it.
        """
        for entry in ...:
            yield Match(entry.stage.head.span, "no target needs stage tools: delete it")

- **Code**: a new one, never one that was in use before. MS0: refused by the parser, MS1: syntax and style,
  MS2: stages and configuration, MS3: copies and paths, MS4: packages, MS5: run time (user, health, ports,
  entry point), MS6: security, MS7: size and cache, MS8: shell, MS9: about multistage itself.
- **Name**: the fault, so that "allow unreachable-stage" reads well; the function has it with underscores.
- **Aliases**: the same check in other tools: `DL####`, BuildKit's name, `SC` for all of ShellCheck's. Where one
  rule stands for several of theirs, each match says which with `aliases=`.
- **Severity**: by consequence (see `Severity`). **Confidence**: `Confidence.LIKELY` where the rule judges
  rather than knows. UNKNOWN is never flagged.
- **Scope**: a rule that is about what ships (pins, cleanup, number of layers), or that the settings tune,
  takes a second parameter: `(build: Build, asked: Asked)`. `asked.ships(entry)` says whether the stage's
  layers are in the image of a target; `asked.settings` has the registries, labels and so on. Do not use
  `build.shipped` or `build.target`: a file may have several targets.
- **Place**: `Match.on(entry, step, message, word=...)` for an instruction of a stage (it knows what to do with
  ONBUILD triggers, which fire at a FROM), `Match(span, message, column=...)` for lines, or
  `Match.at(instruction.position(offset), message)` for one character inside a continued instruction. `related`
  and `fix` where there is something to say. The stage is found by the line; `stage=` overrides it.
- **Docstring**: it is the rule's page (`multistage explain`, docs/rules.md), and its examples are its tests,
  run by tests/analyze/test_examples.py. Each "Bad, found on line N:" (or "lines 1, 2 and 5") asserts exactly
  those first lines, each "Good:" that the rule is silent; write as many of each as teach something. An
  example may have files beside its Dockerfile, each after a line `==> NAME <==`; a `multistage.toml` there
  is the configuration. "Fix:" is what to do.
- **Further tests**, only the cases too odd to teach from: tests/analyze/rules/test_MODULE.py.

Rules are imported at every start of `analyze`: compile no regular expression at import, and import what is
heavy where it is used. Then write docs/rules.md anew: `python scripts/rules.py`.
'''

from __future__ import annotations

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from multistage_cli.analyze.findings import Confidence, Fix, Related, Severity
from multistage_cli.analyze.settings import Settings
from multistage_cli.parser import Position, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

RULES_PACKAGE = "multistage_cli.analyze.rules"


class Match(Struct, frozen=True):
    """Where a rule found something, and what.

    Attributes:
        span: the lines that are shown; its first line is the finding's line.
        message: what is wrong and what to do next, in one line; names the stage where that is not plain.
        column: 1-based, in the first line of `span`; None for whole lines.
        related: other places that explain it.
        fix: how to mend it, where that is sure.
        severity: where it is another one than the rule's.
        confidence: where it is another one than the rule's.
        stage: key of the stage, where it is not the one at that line.
        aliases: where the rule stands for several checks of another tool: the one that this is.
    """

    span: Span
    message: str
    column: int | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    stage: str | None = None
    aliases: tuple[str, ...] | None = None

    @classmethod
    def at(cls, position: Position, message: str, **others: Any) -> Match:
        """At one character of the Dockerfile."""
        return cls(Span(position.line, position.line), message, position.column, **others)

    @classmethod
    def on(
        cls, entry: EvaluatedStage, step: Step, message: str, *, word: str | None = None, **others: Any
    ) -> Match:
        """At an instruction of a stage, or at FROM for an ONBUILD trigger that fires there.

        Args:
            entry: the stage in which it runs.
            step: the instruction there.
            message: what is wrong.
            word: a piece of the instruction's text; the column is where it first stands, if on its first line.
            others: further attributes.
        """
        instruction = step.instruction
        if step.fired:
            trigger = Related(instruction.span.first, f"ONBUILD {instruction.name} fires here")
            related = (*others.pop("related", ()), trigger)
            others.pop("fix", None)
            span = entry.stage.head.span
            return cls(span, message, related=related, stage=entry.stage.key, **others)
        offset = -1 if word is None else _whole_word(instruction.text, word)
        if offset >= 0 and (position := instruction.position(offset)).line == instruction.span.first:
            return cls(instruction.span, message, position.column, **others)
        return cls(instruction.span, message, **others)


_MOST_TRIES = 20


def _whole_word(text: str, word: str) -> int:
    """Where a word first stands by itself, so that KEY is not found in MY_KEY; -1 where it does not."""
    offset = text.find(word)
    for _ in range(_MOST_TRIES):
        if offset < 0:
            break
        before, after = text[offset - 1 : offset], text[offset + len(word) : offset + len(word) + 1]
        if not (_continues(before, word[:1]) or _continues(word[-1:], after)):
            return offset
        offset = text.find(word, offset + 1)
    return -1


def _continues(left: str, right: str) -> bool:
    return all(letter.isalnum() or letter == "_" for letter in (left, right)) and bool(left and right)


class Asked(Struct, frozen=True):
    """What the analysis is about: which stages are built, and the user's settings.

    Attributes:
        targets: indexes of the stages that are built: those that the user named, else the last stage and each
            named one that no other stage needs.
        shipped: indexes of the stages whose layers are in a target's image.
        needed: indexes of the stages that a target needs, themselves included.
        settings: see there.
    """

    targets: tuple[int, ...]
    shipped: frozenset[int]
    needed: frozenset[int]
    settings: Settings

    def ships(self, entry: EvaluatedStage) -> bool:
        """Whether the stage's layers are in the image of a target."""
        return entry.stage.index in self.shipped


def asked_of(build: Build, settings: Settings | None = None, targets: Iterable[int] | None = None) -> Asked:
    """What an analysis is about.

    Args:
        build: the evaluated build.
        settings: see there; the defaults where None.
        targets: indexes of the stages that are built; where None, the last one and each named one that no
            other stage needs.
    """
    graph = build.graph
    if targets is None:
        used = {edge.source.stage for edge in graph.edges}
        last = len(graph.stages) - 1
        targets = [
            stage.index
            for stage in graph.stages
            if stage.index == last or (stage.name == stage.key and stage.index not in used)
        ]
    chosen = tuple(targets)
    shipped: set[int] = set()
    for target in chosen:
        index: int | None = target
        while index is not None and index not in shipped:
            shipped.add(index)
            index = graph.stages[index].base.stage
    needed: set[int] = set()
    waiting = list(chosen)
    while waiting:
        current = waiting.pop()
        if current not in needed:
            needed.add(current)
            waiting.extend(edge.source.stage for edge in graph.into(current) if edge.source.stage is not None)
    return Asked(chosen, frozenset(shipped), frozenset(needed), settings or Settings())


def named_stages(build: Build, names: Iterable[str]) -> tuple[int, ...]:
    """The stages of these names or indexes, in file order; a name that no stage has is left out."""
    wanted = {name.lower() for name in names}
    return tuple(
        stage.index
        for stage in build.graph.stages
        if (stage.name == stage.key and stage.name in wanted) or str(stage.index) in wanted
    )


class Rule(Struct, frozen=True):
    """One rule.

    Attributes:
        code: such as `MS204`; never used for anything else.
        name: the fault in words, such as `unreachable-stage`.
        severity: of its findings, unless a match or the user says otherwise.
        confidence: the same.
        aliases: the same check's names elsewhere: `DL####` of hadolint, `SC####` of ShellCheck, BuildKit's.
        default: whether it runs without being selected.
        docstring: its page; see `multistage_cli.analyze.page`.
        module: the module that it stands in, without its package.
        by_engine: whether its findings are the engine's own, so that `check` finds nothing.
    """

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    aliases: tuple[str, ...]
    default: bool
    docstring: str
    module: str
    by_engine: bool
    _function: Callable[..., Iterator[Match]]
    _wants_asked: bool

    def check(self, build: Build, asked: Asked | None = None) -> Iterator[Match]:
        """What the rule finds in a build.

        Args:
            build: the evaluated build.
            asked: what the analysis is about; without it every last stage is a target and no setting is made.
        """
        if self._wants_asked:
            return self._function(build, asked or asked_of(build))
        return self._function(build)


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    aliases: tuple[str, ...] = (),
    confidence: Confidence = Confidence.CERTAIN,
    default: bool = True,
    by_engine: bool = False,
) -> Callable[[Callable[..., Iterator[Match]]], Rule]:
    """Turn a generator function into a rule; see the module's docstring.

    Args:
        code: the rule's code.
        name: the fault in words.
        severity: of its findings.
        aliases: its names in other tools.
        confidence: of its findings.
        default: whether it runs without being selected.
        by_engine: whether the engine makes its findings (about ignores, about rules that crash).
    """

    def decorate(function: Callable[..., Iterator[Match]]) -> Rule:
        return Rule(
            code=code,
            name=name,
            severity=severity,
            confidence=confidence,
            aliases=aliases,
            default=default,
            docstring=inspect.cleandoc(function.__doc__ or ""),
            module=function.__module__.rpartition(".")[2],
            by_engine=by_engine,
            _function=function,
            _wants_asked=function.__code__.co_argcount > 1,
        )

    return decorate


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of `multistage_cli/analyze/rules/`, by code.

    Raises:
        ValueError: two rules have the same code or name. That is our bug.
    """
    package = import_module(RULES_PACKAGE)
    found: list[Rule] = []
    for module in pkgutil.iter_modules(package.__path__):
        members = vars(import_module(f"{RULES_PACKAGE}.{module.name}")).values()
        # A rule that one module takes from another one would be there twice.
        found.extend(entry for entry in members if isinstance(entry, Rule) and entry.module == module.name)
    for attribute in ("code", "name"):
        values = [getattr(entry, attribute) for entry in found]
        if twice := {value for value in values if values.count(value) > 1}:
            raise ValueError(f"two rules have the {attribute} {', '.join(sorted(twice))}")
    return tuple(sorted(found, key=lambda entry: entry.code))
