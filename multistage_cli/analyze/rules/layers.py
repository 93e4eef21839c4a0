"""What a change of the source runs again without need."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.build.changes import Installation
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.instructions import read_mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step


@rule("MS740", "installed-after-sources", Severity.WARNING)
def installed_after_sources(build: Build, asked: Asked) -> Iterator[Match]:
    """Dependencies that are installed after all of the build context is copied, though their manifests would do.

    Every change of any file then installs all of them again. Said only where it is sure: the manifests lie in the
    build context, name nothing else in it and run no script of it, and nothing runs between COPY and installation. A
    cache mount makes the repetition cheap and is left alone.

    Bad, found on line 4:
        FROM python:3.12-slim
        WORKDIR /app
        COPY . .
        RUN pip install --no-cache-dir -r requirements.txt
        ==> requirements.txt <==
        flask==3.1.0
        ==> app.py <==
        import flask

    Good:
        FROM python:3.12-slim
        WORKDIR /app
        COPY requirements.txt .
        RUN pip install --no-cache-dir -r requirements.txt
        COPY . .
        ==> requirements.txt <==
        flask==3.1.0
        ==> app.py <==
        import flask

    Good:
        FROM python:3.12-slim
        WORKDIR /app
        COPY . .
        RUN pip install --no-cache-dir -r requirements.txt
        ==> requirements.txt <==
        flask==3.1.0
        -e ./library
        ==> library/pyproject.toml <==
        [project]
        name = "library"

    Fix: copy the manifests alone, install, and copy the rest afterwards.
    """
    context = build.context
    if context is None:
        return
    for entry in build.stages:
        if entry.stage.index not in asked.needed:
            continue
        held = _installed_before(build, entry)
        for copy, step, change in _late(entry):
            names = None if change.manager in held else _manifests(context, copy, change)
            held |= {change.manager}
            if names is None:
                continue
            shown = " and ".join(names)
            message = (
                f"{_short(copy)} comes first, so each change of a file makes {change.manager} install again:"
                f" COPY {shown} and install before it"
            )
            related = (Related(copy.line, "brings all of the build context"),)
            yield Match.on(entry, step, message, related=related)


def _installed_before(build: Build, entry: EvaluatedStage) -> set[str]:
    """Managers that installed in a stage below: a later run finds most of it there."""
    below = build.graph.chain(entry.stage.index)
    return {
        change.manager
        for index in below
        if index != entry.stage.index
        for _, change in build.stages[index].changes()
        if isinstance(change, Installation)
    }


def _late(entry: EvaluatedStage) -> Iterator[tuple[Step, Step, Installation]]:
    """Each installation in the first RUN after a COPY of the whole build context, and that COPY."""
    copy: Step | None = None
    before: set[str] = set()
    for step in entry.steps:
        copied = step.copied
        if copied is not None and copied.source is None and copied.whole_context:
            copy = step
        if step.instruction.name != "RUN":
            continue
        installs = [change for change in step.changes if isinstance(change, Installation)]
        if copy is not None and not step.fired and not _has_cache(step):
            yield from ((copy, step, change) for change in installs if change.manager not in before)
        before.update(change.manager for change in installs)
        copy = None


def _has_cache(step: Step) -> bool:
    return any(mount.type == "cache" for mount in read_mounts(step.instruction))


def _manifests(context: BuildContext, copy: Step, change: Installation) -> list[str] | None:
    """The manifests, from the build context; None where they may not be all that is needed."""
    copied = copy.copied
    alone = _ALONE.get(change.manager)
    if copied is None or copied.destination is UNKNOWN or alone is None:
        return None
    if not change.manifests or change.packages or not change.complete:
        return None
    names = []
    for path in change.manifests:
        name = posixpath.relpath(path, copied.destination or "/")
        if context.exists(name) and not name.startswith(".."):
            names.append(name)
    if not names or not names[0].endswith(posixpath.basename(change.manifests[0])):
        return None
    text = context.read_text(names[0])
    if text is None or not alone(text) or any(context.exists(name) for name in _WORKSPACES):
        return None
    return names if context.size_of(["."]).files > len(names) else None


_WORKSPACES = (
    "pnpm-workspace.yaml",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "go.work",
    ".pnpmfile.cjs",
    "patches",
)


def _is_alone_for_pip(text: str) -> bool:
    """Whether each line names a distribution of an index, or how to reach that."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    options = re.compile(r"(?:-i|--(?:extra-)?index-url|--only-binary|--require-hashes|--prefer-binary)\b")
    named = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;#].*)?")
    wanted = [line for line in lines if line and not line.startswith("#") and not options.match(line)]
    return bool(wanted) and all(named.fullmatch(line) for line in wanted)


_SCRIPTS = {"preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish"}


def _is_alone_for_node(text: str) -> bool:
    try:
        package = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(package, dict) or "workspaces" in package:
        return False
    scripts = package.get("scripts", {})
    local = re.search(
        r'"(?:file|link|workspace|portal|patch):|"\.{1,2}/', json.dumps(package.get("dependencies", {}))
    )
    local = local or re.search(r'"(?:file|link|workspace|portal|patch):', text)
    return local is None and isinstance(scripts, dict) and not _SCRIPTS & set(scripts)


def _is_alone_for_go(text: str) -> bool:
    return re.search(r"=>\s*\.{1,2}/", text) is None


def _is_alone_for_bundler(text: str) -> bool:
    return re.search(r"\b(?:path|gemspec|eval_gemfile|file|File|require_relative)\b", text) is None


_ALONE = {
    "pip": _is_alone_for_pip,
    "npm": _is_alone_for_node,
    "yarn": _is_alone_for_node,
    "pnpm": _is_alone_for_node,
    "go": _is_alone_for_go,
    "bundler": _is_alone_for_bundler,
}


def _short(step: Step) -> str:
    sources = step.copied.sources if step.copied else ()
    return (
        f"{step.instruction.name} {' '.join('?' if source is UNKNOWN else source for source in sources[:2])}"
    )
