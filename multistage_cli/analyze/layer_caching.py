"""Whether dependencies are installed before the source is there, so that editing it does not install again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from multistage_cli.build.changes import Compilation, Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step

_SOURCE_FOLDERS = frozenset(
    {"api", "app", "apps", "client", "cmd", "frontend", "backend", "internal", "lib", "pkg", "server", "source",
     "sources", "src", "web"}
)  # fmt: skip
_FETCHING_BUILDS = {"cargo", "dotnet", "go", "gradle", "maven"}
"""Tools whose build fetches what is missing: without a step before, it does so after each change."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What installs, and the instruction that brings the source too early, or None."""

    what: str
    source: str | None
    line: int


def judge_layer_caching(build: Build) -> Verdict | None:
    """The first installation that comes too late, else the first one at all, else None."""
    verdicts = [verdict for entry in build.needed for verdict in _verdicts(build, entry)]
    late = [verdict for verdict in verdicts if verdict.source is not None]
    return next(iter(late or verdicts), None)


def _verdicts(build: Build, entry: EvaluatedStage) -> Iterator[Verdict]:
    source = next(
        (
            found
            for index in build.graph.chain(entry.stage.index)[1:]
            if (found := _source(build.stages[index]))
        ),
        None,
    )
    prepared: set[str] = {
        change.manager
        for index in build.graph.chain(entry.stage.index)[1:]
        for _, change in build.stages[index].changes()
        if isinstance(change, Installation) and change.manifests
    }
    for step in entry.steps:
        if source is None and _brings_source(step):
            source = step
        mounted = _whole_context_mount(step)
        for change in step.changes:
            if isinstance(change, Installation) and (change.manifests or _is_local(change)):
                # A second run by the same manager finds the dependencies there and adds the project.
                if change.manager in prepared:
                    continue
                prepared.add(change.manager)
                yield _verdict(f"{change.manager} installs", source or mounted, step, change.line)
            elif isinstance(change, Compilation) and change.tool in _FETCHING_BUILDS - prepared:
                prepared.add(change.tool)
                if source is not None and not _has_cache_mount(step):
                    yield _verdict(f"{change.tool} fetches its dependencies", source, step, change.line)


def _verdict(what: str, source: Step | None, step: Step, line: int) -> Verdict:
    if source is None:
        return Verdict(what, None, line)
    if source is step:
        return Verdict(what, "a mount of the whole build context", line)
    return Verdict(what, f"{_short(source)} on line {source.line}", line)


def _source(entry: EvaluatedStage) -> Step | None:
    return next((step for step in entry.steps if _brings_source(step)), None)


def _brings_source(step: Step) -> bool:
    copied = step.copied
    if copied is None or copied.source is not None:
        return False
    folders = {
        source.strip("/").removeprefix("./").split("/")[0]
        for source in copied.sources
        if source is not UNKNOWN
    }
    plain = all(source is UNKNOWN or "." not in source.rsplit("/", 1)[-1] for source in copied.sources)
    return copied.whole_context or (plain and bool(_SOURCE_FOLDERS & folders))


def _is_local(change: Installation) -> bool:
    """Whether the project itself is installed, dependencies and all, as by `pip install .`."""
    return change.manager in {"pip", "uv"} and any(
        name == "." or name.startswith((".[", "./")) for name in change.packages
    )


def _whole_context_mount(step: Step) -> Step | None:
    if step.instruction.name != "RUN":
        return None
    whole = any(
        mount.type == "bind" and mount.from_ is None and (mount.source or "/").strip("./") == ""
        for mount in read_mounts(step.instruction)
    )
    return step if whole else None


def _has_cache_mount(step: Step) -> bool:
    return any(mount.type == "cache" for mount in read_mounts(step.instruction))


def _short(step: Step) -> str:
    sources = step.copied.sources if step.copied else ()
    shown = " ".join("?" if source is UNKNOWN else source for source in sources[:2])
    return f"{step.instruction.name} {shown}"
