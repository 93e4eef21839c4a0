"""Whether dependencies are installed before the source is there, so that editing it does not install again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

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


_FETCH_FIRST = {
    "cargo": "copy Cargo.toml and Cargo.lock and build the dependencies",
    "dotnet": "copy the project files and run dotnet restore",
    "go": "copy go.mod and go.sum and run go mod download",
    "gradle": "copy the build scripts and run gradle dependencies",
    "maven": "copy pom.xml and run mvn dependency:go-offline",
}


class Verdict(Struct, frozen=True):
    """An installation, the line that brings the source too early (or None), and a sentence about both."""

    message: str
    source_line: int | None
    line: int


class _Held(Struct):
    """What a stage holds at its end: what brought source first, and who installed from manifests."""

    source: Step | None
    prepared: frozenset[str]


def judge_layer_caching(build: Build) -> Verdict | None:
    """The first installation that comes too late, else the first one at all, else None."""
    held: dict[int, _Held] = {}
    verdicts: list[Verdict] = []
    for entry in build.needed:
        base = entry.stage.base.stage
        start = held.get(base) if base is not None else None
        # Each stage goes on from what its base stage holds: walking the chain for each would be quadratic.
        state = _Held(start.source, start.prepared) if start else _Held(None, frozenset())
        verdicts.extend(_verdicts(entry, state))
        held[entry.stage.index] = state
    late = [verdict for verdict in verdicts if verdict.source_line is not None]
    return next(iter(late or verdicts), None)


def _verdicts(entry: EvaluatedStage, state: _Held) -> Iterator[Verdict]:
    """The verdicts on one stage; `state` is what it starts from, and becomes what it ends with."""
    prepared: set[str] = set(state.prepared)
    for step in entry.steps:
        if state.source is None and _brings_source(step):
            state.source = step
        mounted = _whole_context_mount(step)
        for change in step.changes:
            if isinstance(change, Installation) and (change.manifests or _is_local(change)):
                # A second run by the same manager finds the dependencies there and adds the project.
                if change.manager in prepared:
                    continue
                prepared.add(change.manager)
                yield _verdict(change, state.source or mounted, step)
            elif isinstance(change, Compilation) and change.tool in _FETCHING_BUILDS - prepared:
                prepared.add(change.tool)
                if state.source is not None and not _has_cache_mount(step):
                    yield _verdict(change, state.source, step)
    own = {
        change.manager
        for _, change in entry.changes()
        if isinstance(change, Installation) and change.manifests and change.manager not in state.prepared
    }
    state.prepared |= own


def _verdict(change: Installation | Compilation, source: Step | None, step: Step) -> Verdict:
    installs = isinstance(change, Installation)
    who = change.manager if isinstance(change, Installation) else change.tool
    if source is None:
        what = "installs" if installs else "fetches its dependencies"
        return Verdict(f"{who} {what} before the rest of the source", None, change.line)
    repeats = f"every edit makes {who} {'install' if installs else 'fetch its dependencies'} again"
    if source is step:
        text = f"the whole build context is mounted, so {repeats}: mount its manifests only"
        return Verdict(text, step.line, change.line)
    first = f"copy {_manifests(change)}" if isinstance(change, Installation) else _FETCH_FIRST[who]
    text = f"{_short(source)} on line {source.line} comes first, so {repeats}: {first} before it"
    return Verdict(text, source.line, change.line)


def _manifests(change: Installation) -> str:
    if change.manager == "dotnet":
        return "the project files"  # of any name
    names = [path.rsplit("/", 1)[-1] for path in change.manifests[:2]] or ["pyproject.toml"]
    return " and ".join(names)


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
