"""The changes that a person names, as questions."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.context import Change, Coverage, Difference, Differences
from multistage_cli.build.context.dockerignore import from_words
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.variables import PROXY_ARGUMENTS
from multistage_cli.cache.advice import Occasion, advise
from multistage_cli.cache.invalidation import Question
from multistage_cli.cache.sources import selectors_of
from multistage_cli.errors import MultistageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.evaluate import Build
    from multistage_cli.cache.model import CacheReport
    from multistage_cli.parser import Dockerfile

_WILDCARDS = frozenset("*?[")
_MOST_SHOWN = 3


class Named(Struct, frozen=True):
    """What the options name: paths relative to the build context, build arguments, images.

    `dockerfile` is where the Dockerfile lies in the build context, if it does.
    """

    paths: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    dockerfile: str | None = None


def question_of_named(build: Build, named: Named) -> Question:
    """What happens when some files, build arguments and images get other content.

    Raises:
        MultistageError: a name fits nothing.
    """
    notes: list[str] = []
    differences = None
    if named.paths:
        if build.context is None:
            raise MultistageError("there is no build context to look in; name its folder with --context")
        touched = tuple(_touched(build.context, named.paths, notes, named.dockerfile))
        differences = Differences(build.context, build.context, touched)
    images = frozenset(_images(build, named.images))
    after = tuple(_with_other_arguments(build, named.arguments)) or (build,)
    shown = [*named.paths, *(argument.partition("=")[0] for argument in named.arguments), *named.images]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    verb = "changes" if len(shown) == 1 else "change"
    change = f"{', '.join(shown[:_MOST_SHOWN])}{more} {verb}" if shown else ""
    names = tuple(argument.partition("=")[0] for argument in named.arguments)
    return Question(build, after, differences, images, change, tuple(notes), names)


def question_of_builds(
    before: Build,
    after: Build,
    touched: Iterable[Difference] | None,
    change: str,
    notes: tuple[str, ...] = (),
) -> Question:
    """What happens between two whole states; `touched` where the files that differ are known already."""
    differences = None
    if before.context is not None and after.context is not None:
        selectors = [*selectors_of(before), *selectors_of(after)]
        if before.context is not after.context or touched is not None:
            differences = Differences(before.context, after.context, touched, selectors)
        else:
            # The same files: only where a copy takes them from can differ.
            differences = Differences(before.context, after.context, ())
    return Question(before, (after,), differences, change=change, notes=notes, whole_states=True)


def reevaluated(
    build: Build,
    *,
    dockerfile: Dockerfile | None = None,
    build_args: Mapping[str, str] | None = None,
    context: BuildContext | None = None,
) -> Build:
    """The same build with another Dockerfile, other build arguments or another build context."""
    target = build.target
    name = None
    if target is not None and target.stage.index != len(build.stages) - 1:
        name = target.stage.key
    return evaluate(
        build.dockerfile if dockerfile is None else dockerfile,
        path=build.path,
        file=build.file,
        target=name,
        build_args=build.build_args if build_args is None else build_args,
        build_contexts=build.build_contexts,
        platform=build.platform,
        context=build.context if context is None else context,
        online=build.online,
    )


def with_advice(
    report: CacheReport, question: Question, history: Sequence[frozenset[str]] = ()
) -> CacheReport:
    """The report with what would rebuild less.

    Args:
        report: the answer.
        question: what was asked.
        history: the files that earlier changes touched; with none, the change that was asked about counts.
    """
    build = question.after[0]
    if question.images or not build.stages:
        return report
    occasions = [Occasion(1, question.differences)]
    if history and build.context is not None:
        occasions = list(_occasions(build, build.context, history))

    def evaluated(dockerfile: Dockerfile) -> tuple[Build, Build]:
        if dockerfile is build.dockerfile and dockerfile.text == question.before.dockerfile.text:
            return (build if history else question.before), build
        after = reevaluated(build, dockerfile=dockerfile)
        if history:
            return after, after
        before = reevaluated(question.before, dockerfile=dockerfile)
        return before, after

    return replace(report, advice=advise(build, evaluated, occasions, question.arguments, _weights))


def _weights(build: Build) -> Mapping[int, int | None]:
    from multistage_cli.sizes.estimate import estimate_sizes

    found: dict[int, int | None] = {}
    for stage in estimate_sizes(build).stages:
        for layer in stage.layers:
            known = None if layer.unknown else layer.size.estimate
            before = found.get(layer.line, 0)
            found[layer.line] = None if known is None or before is None else before + known
    return found


def _occasions(build: Build, context: BuildContext, history: Sequence[frozenset[str]]) -> Iterator[Occasion]:
    """Commits that touch what the build takes, those that touch the same taken together."""
    selectors = selectors_of(build)
    coverages = [Coverage(context, selector) for selector in selectors]
    manifests = frozenset(path for paths in history for path in paths)
    files: dict[str, frozenset[int]] = {
        path: frozenset(index for index, coverage in enumerate(coverages) if coverage.covers(path))
        for path in manifests
    }
    groups: dict[frozenset[str], int] = {}
    for paths in history:
        taken = frozenset(path for path in paths if files[path])
        if taken:
            groups[taken] = groups.get(taken, 0) + 1
    for taken, count in groups.items():
        touched = tuple(Difference(path, Change.CHANGED) for path in sorted(taken))
        yield Occasion(count, Differences(context, context, touched))


# Files


def _touched(
    context: BuildContext, paths: Sequence[str], notes: list[str], build_file: str | None
) -> Iterator[Difference]:
    for path in paths:
        if _WILDCARDS & set(path) and context.stat(path) is None:
            matches = from_words((path,))
            found = [entry for entry in context.entries() if matches.excludes(entry.path)]
            if not found:
                raise MultistageError(
                    f'no file of the build context matches "{path}"; patterns are those of .dockerignore'
                )
            yield from (
                Difference(entry.path, Change.CHANGED) for entry in found if entry.kind != "directory"
            )
            continue
        name = posixpath.normpath(path).lstrip("/")
        entry = context.stat(name)
        if build_file is not None and name == build_file:
            notes.append(f"what an edit of {path} itself means is told by --since REV and --before DIR")
        if entry is None:
            pattern = context.ignore.matching(name)
            if pattern is not None and context.ignored(name):
                notes.append(
                    f'{path} is left out by line {pattern.line} of the ignore file, "{pattern.source}"'
                )
            else:
                notes.append(f"{path} is not in the build context: taken as a file that comes or goes")
        yield Difference(name, Change.CHANGED, folder=entry is not None and entry.kind == "directory")


# Build arguments


def _with_other_arguments(build: Build, arguments: Sequence[str]) -> Iterator[Build]:
    """Builds in which the arguments have other values.

    A value that is given is taken. For one that is not there are three, so that what the new value is made
    into can be seen to differ whatever it is, and not only for one that we thought of.
    """
    if not arguments:
        return
    declared = _declared(build)
    values = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name not in declared and name not in _UNDECLARED:
            known = ", ".join(list(declared)[:8])
            near = did_you_mean(name, declared) or (f"; declared are {known}" if known else "; nor any other")
            raise MultistageError(f'no ARG declares "{name}"{near}')
        now = build.build_args.get(name) or declared.get(name, "")
        values.append((name, (value,) if equals else _others(now)))
    count = max(len(found) for _, found in values)
    for turn in range(count):
        given = {name: found[min(turn, len(found) - 1)] for name, found in values}
        yield reevaluated(build, build_args={**build.build_args, **given})


_UNDECLARED = frozenset(
    {*PROXY_ARGUMENTS, "SOURCE_DATE_EPOCH", "BUILDKIT_SANDBOX_HOSTNAME", "BUILDKIT_CACHE_MOUNT_NS"}
)
"""Build arguments that BuildKit itself reads, without an ARG."""


def _others(value: str) -> tuple[str, ...]:
    return "another-value", f"{value}x", f"x{value}"


def _declared(build: Build) -> Mapping[str, str]:
    """The build arguments that the file declares, with their defaults as written."""
    found: dict[str, str] = {}
    for instruction in build.dockerfile.instructions:
        for entry in (instruction, instruction.trigger):
            if entry is not None and entry.name == "ARG":
                for pair in entry.pairs:
                    found[pair.name] = (pair.value or "").strip("\"'") or found.get(pair.name, "")
    return found


# Images


def _images(build: Build, names: Sequence[str]) -> Iterator[str]:
    known = set(build.build_contexts)
    for stage in build.graph.stages:
        known |= {stage.base.label, stage.base.written}
    for edge in build.graph.edges:
        if edge.source.stage is None:
            known.add(edge.source.reference)
    for step in (step for entry in build.stages for step in entry.steps):
        if step.instruction.name == "ADD" and step.copied is not None:
            known |= {source for source in step.copied.sources if isinstance(source, str) and "://" in source}
    for name in names:
        if name not in known:
            near = did_you_mean(name, known) or "; name it as the Dockerfile does"
            raise MultistageError(f'nothing comes from "{name}"{near}')
        yield name
