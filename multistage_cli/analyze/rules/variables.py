"""Variables that are used where they have no value."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Edit, Fix, Related, Severity
from multistage_cli.analyze.rule import Match, rule
from multistage_cli.build.instructions import read_from
from multistage_cli.build.variables import (
    PLATFORM_ARGUMENTS,
    Scope,
    declare_argument,
    expand,
    expand_heredoc,
    expand_pairs,
    expands_flag,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.build.variables import Expansion, GlobalArgument, Variables
    from multistage_cli.parser import Instruction

# A name is compared with at most so many others: a hostile file could have thousands of both.
_MOST_NAMES = 200
_NEAR = 0.75
_MOST_SUGGESTIONS = 50
# Read by the builder itself, and in no environment (nonEnvArgs in BuildKit's convert.go).
_BUILDER_NAMES = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})


@rule("MS205", "undefined-variable", Severity.WARNING, aliases=("UndefinedVar", "DL3044"))
def undefined_variable(build: Build) -> Iterator[Match]:
    """Variable that nothing sets in this stage.

    It becomes an empty string. ARGs do not cross into a stage by themselves: those before the first FROM, and
    the platform's, need an `ARG NAME` in each stage that uses them; a stage that is built `FROM` another one
    has that one's.

    Bad, found on line 3:
        ARG VERSION=1.4
        FROM alpine:3.22
        LABEL version=$VERSION

    Bad, found on line 3:
        FROM alpine:3.22
        ARG APP_HOME=/srv
        WORKDIR $APP_HOEM

    Good:
        ARG VERSION=1.4
        FROM alpine:3.22
        ARG VERSION
        LABEL version=$VERSION

    Good:
        FROM registry.example.com/team/base:1
        WORKDIR $HOME_OF_THE_BASE_IMAGE

    Fix: declare it with ARG or set it with ENV in this stage, or mend its name.
    """
    outer = {argument.declaration.name: argument for argument in build.graph.global_scope.arguments}
    told = 0
    for entry in build.stages:
        for step in entry.steps:
            found: dict[str, bool] = {}  # the name, and whether it has a default wherever it stands
            for expansion, variables in _expansions(build, step):
                for name in sorted(expansion.unset | expansion.defaulted):
                    if name not in _BUILDER_NAMES and not variables.is_declared(name):
                        found[name] = found.get(name, True) and name not in expansion.unset
            instruction = step.instruction
            own = {pair.name for pair in instruction.pairs} if found and instruction.name == "ENV" else ()
            for name, defaulted in found.items():
                told += 1
                guess = told <= _MOST_SUGGESTIONS
                yield _undefined(
                    outer, entry, step, name, defaulted=defaulted, setting=name in own, guess=guess
                )


_BUILDKIT = ("UndefinedVar",)


def _undefined(
    declared: Mapping[str, GlobalArgument],
    entry: EvaluatedStage,
    step: Step,
    name: str,
    *,
    defaulted: bool,
    setting: bool,
    guess: bool,
) -> Match:
    line = step.instruction.span.first
    word = f"${{{name}" if f"${{{name}" in step.instruction.text else f"${name}"
    first = step.instruction.raw.split("\n", 1)[0].rstrip("\r")
    indent = first[: len(first) - len(first.lstrip())]
    fix = Fix(safe=False, edits=(Edit(line, line, f"{indent}ARG {name}\n{first}"),))
    where = f"stage {entry.stage.label}"
    if name in declared:
        at = declared[name].instruction.span.first
        message = (
            f"${name} is not set in {where}: ARG on line {at} is for FROM lines only, write ARG {name} here"
        )
        related = (Related(at, f"ARG {name} for FROM lines"),)
        return Match.on(entry, step, message, word=word, fix=fix, related=related, aliases=_BUILDKIT)
    if name in PLATFORM_ARGUMENTS:
        message = f"${name} is not set in {where}: write ARG {name} before it"
        return Match.on(entry, step, message, word=word, fix=fix, aliases=_BUILDKIT)
    if defaulted:
        message = f"${name} is not set in {where}, so its default always holds: declare it with ARG {name} before it"
        return Match.on(entry, step, message, word=word, fix=fix, severity=Severity.INFO)
    if setting and len(step.instruction.pairs) <= _MOST_NAMES and _others_use(step, name):
        message = f"${name} is set by this very ENV, so its other values see nothing yet: write two ENV"
        return Match.on(entry, step, message, word=word)
    near = _near(name, step.before.variables.scope.values) if guess else ""
    message = f"${name} is not set in {where} and becomes nothing{near or ': set it with ARG or ENV'}"
    # `ENV PYTHONPATH=/app:$PYTHONPATH` adds to whatever there is: an empty part at worst.
    severity = Severity.INFO if setting else None
    return Match.on(entry, step, message, word=word, severity=severity, aliases=_BUILDKIT)


def _others_use(step: Step, name: str) -> bool:
    """Whether another pair of an ENV uses the name that one of them sets."""
    # In an empty scope every name that a value uses is unset.
    return any(
        name in (used := expand(pair.value or "", Scope())).unset or name in used.defaulted
        for pair in step.instruction.pairs
        if pair.name != name
    )


def _near(name: str, known: Iterable[str]) -> str:
    names = []
    for other in known:
        names.append(other)
        if len(names) > _MOST_NAMES:
            return ""
    near = get_close_matches(name, names, n=1, cutoff=_NEAR)
    return f'; did you mean "{near[0]}"?' if near else ""


def _expansions(build: Build, step: Step) -> Iterator[tuple[Expansion, Variables]]:
    """Each part of an instruction that BuildKit expands, with the variables that it sees."""
    instruction = step.instruction
    variables = step.before.variables
    name = instruction.name
    if name == "ONBUILD" or "$" not in instruction.raw:
        return
    escape = build.dockerfile.escape
    if name == "ARG":
        for pair in instruction.pairs:
            after, declaration = declare_argument(
                variables, pair, build.graph.global_scope, build.build_args, escape=escape
            )
            if declaration.expansion is not None:
                yield declaration.expansion, variables
            variables = after
        return
    for expansion in _plain_expansions(instruction, variables.scope, escape):
        yield expansion, variables


def _plain_expansions(instruction: Instruction, scope: Scope, escape: str) -> Iterator[Expansion]:
    """All but ARG; of EXPOSE, whose words it expands too, BuildKit does not tell."""
    name = instruction.name
    for flag in instruction.flags:
        if flag.value is not None and expands_flag(name, flag.name):
            yield expand(flag.value, scope, escape=escape)
    if name in {"ENV", "LABEL"}:
        for pair in expand_pairs(instruction.pairs, scope, escape=escape):
            yield from (pair.name, pair.value)
    elif name in {"ADD", "COPY", "VOLUME"}:
        yield from (expand(word, scope, escape=escape) for word in instruction.words)
        yield from (expand_heredoc(entry.body, scope) for entry in instruction.heredocs if entry.expand)
    elif name in {"STOPSIGNAL", "USER", "WORKDIR"}:
        yield expand(instruction.text.strip(), scope, escape=escape)


@rule("MS206", "undefined-base-argument", Severity.WARNING, aliases=("UndefinedArgInFrom",))
def undefined_base_argument(build: Build) -> Iterator[Match]:
    """FROM that uses a variable which no ARG before the first FROM declares.

    FROM lines see those ARGs and the platform's variables, and nothing that a stage declares.

    Bad, found on line 2:
        ARG VERSION=3.22
        FROM alpine:${VERSOIN:-3.21}

    Good:
        ARG VERSION=3.22
        FROM --platform=$BUILDPLATFORM alpine:$VERSION

    Fix: write ARG NAME=DEFAULT before the first FROM, or mend the name.
    """
    outer = build.graph.global_scope
    declared = {argument.declaration.name for argument in outer.arguments} | set(outer.scope.values)
    known = sorted(declared)
    told = 0
    for stage in build.graph.stages:
        head = read_from(stage.head)
        expansions = [
            expand(word, outer.scope, escape=build.dockerfile.escape)
            for word in (head.base, head.platform or "")
        ]
        names = set().union(*(entry.unset | entry.defaulted for entry in expansions)) - declared
        for name in sorted(names):
            told += 1
            near = _near(name, known) if told <= _MOST_SUGGESTIONS else ""
            message = (
                f"FROM uses ${name}, which nothing sets there{near or f': write ARG {name}=... before it'}"
            )
            yield Match(stage.head.span, message)
