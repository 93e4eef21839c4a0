"""Bytes that ship and need not: build tools, copies of whole layers, what is deleted too late."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.analyze.findings import Confidence, Related, Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.rules.interpreters import copies_into
from multistage_cli.build.build_tools import is_build_tool
from multistage_cli.build.changes import Compilation, IndexRefresh, Installation
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.twice import deleted_later, development_installed, written_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step


@rule("MS730", "build-tools-shipped", Severity.WARNING, confidence=Confidence.LIKELY)
def build_tools_shipped(build: Build, asked: Asked) -> Iterator[Match]:
    r"""Compilers and header packages in a layer that ships.

    They are for building. In the image they are hundreds of megabytes, and of use to an intruder.

    Bad, found on line 2:
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev \
            && rm -rf /var/lib/apt/lists/*
        COPY app.c /app.c
        CMD ["cat", "/app.c"]

    Good:
        FROM debian:bookworm-slim AS build
        RUN apt-get update && apt-get install -y --no-install-recommends build-essential libpq-dev
        COPY app.c /app.c
        FROM debian:bookworm-slim
        COPY --from=build /app.c /app.c
        CMD ["cat", "/app.c"]

    Good:
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev \
            && echo 'int main(void) { return 0; }' > /main.c && gcc -o /app /main.c \
            && apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*
        CMD ["/app"]

    Fix: build in a stage of its own and COPY --from it, or remove them in the same RUN.
    """
    for index in asked.targets:
        final = build.stages[index].final
        for number in build.graph.chain(index):
            owner = build.stages[number]
            if number != index and number in asked.targets:
                continue
            for step, change in owner.changes():
                if not isinstance(change, Installation) or change.manager not in {"apt", "apk", "dnf"}:
                    continue
                named = [name.partition("=")[0] for name in change.packages]
                tools = [name for name in named if is_build_tool(name)]
                left = [name for name in tools if final.has_package(name) is Claim.YES]
                if left and change.group is None:
                    ship = "ship" if len(left) > 1 else "ships"
                    where = f"{ship} in {build.stages[index].stage.title}"
                    message = f"{', '.join(left[:4])} {where}: build in another stage and COPY --from it"
                    # make alone weighs little, and starts things in many an image.
                    severity = Severity.INFO if left == ["make"] else None
                    yield Match.on(owner, step, message, word=left[0], severity=severity)


def _layers_of(build: Build, asked: Asked) -> Iterator[tuple[EvaluatedStage, Step, frozenset[int]]]:
    """Each RUN in a layer that ships, with the stages whose layers lie below and beside it."""
    seen: set[int] = set()
    for index in asked.targets:
        chain = build.graph.chain(index)
        for number in chain:
            if number in seen:
                continue
            seen.add(number)
            owner = build.stages[number]
            for step in owner.steps:
                if step.instruction.name == "RUN":
                    yield owner, step, frozenset(chain)


@rule("MS731", "deleted-in-later-layer", Severity.INFO)
def deleted_in_later_layer(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN that deletes what an earlier layer of the image holds.

    The file is not in the container any more, and its bytes are in the image all the same: a layer only ever adds.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        COPY archive.tar /tmp/archive.tar
        RUN tar -xf /tmp/archive.tar -C /srv && rm /tmp/archive.tar
        ==> archive.tar <==
        not really

    Good:
        FROM debian:bookworm-slim
        RUN --mount=type=bind,source=archive.tar,target=/tmp/archive.tar tar -xf /tmp/archive.tar -C /srv
        ==> archive.tar <==
        not really

    Good:
        FROM debian:bookworm-slim AS build
        COPY archive.tar /tmp/archive.tar
        RUN tar -xf /tmp/archive.tar -C /srv && rm /tmp/archive.tar
        FROM debian:bookworm-slim
        COPY --from=build /srv /srv
        ==> archive.tar <==
        not really

    Fix: write and delete it in one RUN, show it with RUN --mount=type=bind, or do it in a stage that does not ship.
    """
    for owner, step, chain in _layers_of(build, asked):
        for found in deleted_later(step, chain):
            line = found.writer.line
            message = f"{found.path} stays in the layer of line {line}: delete it there, or do this in another stage"
            related = (Related(line, f"this layer keeps {found.path}"),)
            yield Match.on(owner, step, message, word=found.path, related=related)


@rule("MS732", "layer-copied-by-chown", Severity.WARNING)
def layer_copied_by_chown(build: Build, asked: Asked) -> Iterator[Match]:
    """RUN chown or chmod of what an earlier COPY brought.

    Each file whose owner or mode changes is written once more into the layer of that RUN: the image holds it twice.
    It is worth knowing only where the files are known to be small.

    Bad, found on line 3:
        FROM debian:bookworm-slim
        COPY data.bin /srv/data/
        RUN chown -R 1000:1000 /srv/data
        ==> data.bin <==
        large

    Good:
        FROM debian:bookworm-slim
        COPY --chown=1000:1000 data.bin /srv/data/
        ==> data.bin <==
        large

    Good:
        FROM debian:bookworm-slim
        RUN mkdir /cache && chown -R 1000:1000 /cache

    Fix: write COPY --chown=USER:GROUP or --chmod=MODE instead.
    """
    for owner, step, chain in _layers_of(build, asked):
        for found in written_again(build, step, chain):
            line = found.step.line
            flag = "--chown" if found.owner else "--chmod"
            message = (
                f"this writes {found.file} of line {line} a second time into the image: write {flag} there"
            )
            related = (Related(line, f"copied here, where {flag} costs nothing"),)
            severity = Severity.INFO if _is_small(build, found.step) else None
            yield Match.on(owner, step, message, word=found.path, related=related, severity=severity)


_SMALL_BYTES = 1_000_000


def _is_small(build: Build, step: Step) -> bool:
    """Whether a COPY is known to bring little out of the build context."""
    copied, context = step.copied, build.context
    if copied is None or copied.source is not None or context is None:
        return False
    sources = [source for source in copied.sources if source is not UNKNOWN]
    return len(sources) == len(copied.sources) and context.size_of(sources).size_bytes < _SMALL_BYTES


@rule("MS733", "package-lists-refreshed-alone", Severity.WARNING)
def package_lists_refreshed_alone(build: Build) -> Iterator[Match]:
    """`apt-get update` in one RUN and `apt-get install` in the next.

    The cache keeps the first one for weeks. The second then asks for versions that the archive does not have any
    more, and fails with "404 Not Found", or installs old ones.

    Bad, found on line 2:
        FROM debian:bookworm-slim
        RUN apt-get update
        RUN apt-get install -y --no-install-recommends curl

    Good:
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*

    Fix: write both in one RUN, with `rm -rf /var/lib/apt/lists/*` at its end.
    """
    for entry in build.stages:
        alone: Step | None = None
        for step in entry.steps:
            refreshes = any(
                isinstance(change, IndexRefresh) and change.manager == "apt" for change in step.changes
            )
            installs = any(
                isinstance(change, Installation) and change.manager == "apt" for change in step.changes
            )
            if installs and not refreshes and alone is not None:
                message = f"apt-get install on line {step.line} uses package lists that the cache may keep for weeks"
                related = (Related(step.line, "installs from them"),)
                yield Match.on(entry, alone, f"{message}: write both in one RUN", word="apt", related=related)
                alone = None
            elif refreshes:
                alone = None if installs else step


@rule("MS734", "local-packages-copied", Severity.WARNING, confidence=Confidence.LIKELY)
def local_packages_copied(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY of the developer's own node_modules or virtual environment.

    What was built for another system overwrites what the image has installed, and what does not ship slows each
    build down.

    Bad, found on line 5:
        FROM node:20-slim
        WORKDIR /app
        COPY package.json ./
        RUN npm install
        COPY . .
        ==> package.json <==
        {}
        ==> node_modules/.package-lock.json <==
        {}

    Good:
        FROM node:20-slim
        WORKDIR /app
        COPY package.json ./
        RUN npm install
        COPY . .
        ==> package.json <==
        {}
        ==> node_modules/.package-lock.json <==
        {}
        ==> .dockerignore <==
        node_modules

    Fix: write node_modules, .venv and __pycache__ into .dockerignore.
    """
    context = build.context
    if context is None:
        return
    for entry in build.stages:
        for step in entry.steps:
            copied = step.copied
            if copied is None or copied.source is not None or entry.stage.index not in asked.needed:
                continue
            for source in copied.sources:
                if source is UNKNOWN or set(source) & set("*?["):
                    continue
                folder = posixpath.normpath(f"/{source}").strip("/")
                found = next((name for name in _LOCAL if context.exists(posixpath.join(folder, name))), None)
                if found is not None:
                    path = posixpath.dirname(posixpath.join(folder, found))
                    message = f"{path} of the build context is copied, too: write it into .dockerignore"
                    yield Match.on(entry, step, message, word=source)
                    break


# A folder of packages, by something that only a real one has.
_LOCAL = ("node_modules/.package-lock.json", ".venv/pyvenv.cfg", "venv/pyvenv.cfg")


@rule("MS735", "development-packages-copied", Severity.INFO, confidence=Confidence.LIKELY)
def development_packages_copied(build: Build, asked: Asked) -> Iterator[Match]:
    """node_modules with development dependencies that a COPY --from brings into a layer that ships.

    Compilers, linters and test runners then ship with the program.

    Bad, found on line 6:
        FROM node:20-slim AS build
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        FROM node:20-slim
        COPY --from=build /app/node_modules /app/node_modules
        CMD ["node", "/app/server.js"]

    Good:
        FROM node:20-slim AS build
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci && npm prune --omit=dev
        FROM node:20-slim
        COPY --from=build /app/node_modules /app/node_modules
        CMD ["node", "/app/server.js"]

    Fix: install with --omit=dev for what ships, or `npm prune --omit=dev` at the end of the builder.
    """
    for _, owner, step, source, path in copies_into(build, asked):
        if posixpath.basename(path) != "node_modules":
            continue
        installed = development_installed(build, source)
        if installed is not None:
            related = (Related(installed.line, "installs development dependencies, too"),)
            message = (
                f"{path} of {source.stage.title} ships with development dependencies: install with --omit=dev"
            )
            yield Match.on(owner, step, message, related=related)


@rule("MS736", "source-tree-shipped", Severity.INFO, confidence=Confidence.LIKELY)
def source_tree_shipped(build: Build, asked: Asked) -> Iterator[Match]:
    """COPY --from of a folder that a compiler worked in.

    Sources and what lies between them and the program ship along with it.

    Bad, found on line 6:
        FROM golang:1.25 AS build
        WORKDIR /app
        COPY . .
        RUN CGO_ENABLED=0 go build -o /app/server .
        FROM debian:bookworm-slim
        COPY --from=build /app /app
        CMD ["/app/server"]

    Good:
        FROM golang:1.25 AS build
        WORKDIR /app
        COPY . .
        RUN CGO_ENABLED=0 go build -o /app/server .
        FROM debian:bookworm-slim
        COPY --from=build /app/server /app/server
        CMD ["/app/server"]

    Fix: copy the program alone.
    """
    known: dict[int, tuple[list[str], set[str]]] = {}
    for _, owner, step, source, path in copies_into(build, asked):
        if source.stage.index not in known:
            known[source.stage.index] = _compiled(source), _whole_contexts(source)
        outputs, folders = known[source.stage.index]
        if path == "/" or path.rstrip("/") not in folders:
            continue
        made = next((output for output in outputs if output.startswith(f"{path.rstrip('/')}/")), None)
        if made is not None:
            message = f"{path} has all sources of {source.stage.title}: copy {made} alone"
            yield Match.on(owner, step, message, word=path)


def _compiled(source: EvaluatedStage) -> list[str]:
    """What compilers write in a stage."""
    return [
        output
        for _, change in source.changes()
        if isinstance(change, Compilation) and change.tool in {"go", "cargo", "gcc", "g++", "cc", "clang"}
        for output in change.outputs
    ]


def _whole_contexts(source: EvaluatedStage) -> set[str]:
    """The folders that a stage copies the whole build context into."""
    return {
        step.copied.destination.rstrip("/")
        for step in source.steps
        if step.copied is not None and step.copied.whole_context and step.copied.destination is not UNKNOWN
    }
