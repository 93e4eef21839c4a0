"""Files in the image that need not be there: caches, what a broad COPY brings, what is there twice or in vain."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.changes import Compilation, Installation, ModeChanged, OwnerChanged
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.stages import SourceKind
from multistage_cli.build.twice import deleted_later, development_installed, written_again
from multistage_cli.sizes.installations import installed
from multistage_cli.sizes.model import Spare
from multistage_cli.sizes.places import below, normal
from multistage_cli.sizes.ranges import Range, total
from multistage_cli.sizes.scene import Scene
from multistage_cli.sizes.spare.pieces import Piece, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from multistage_cli.build.evaluate import Build, Step
    from multistage_cli.build.twice import DeletedLater, WrittenAgain
    from multistage_cli.sizes.spare.packages import Shipped
    from multistage_cli.sizes.spare.starts import Start

_IGNORE: Final = "write {} into .dockerignore"
_NEVER: Final = {
    ".git": "the history of the source", ".hg": "the history of the source", ".svn": "the history of the source",
    ".idea": "an editor's settings", ".vscode": "an editor's settings", ".devcontainer": "an editor's settings",
    ".github": "for the server that keeps the source", ".gitlab": "for the server that keeps the source",
    ".circleci": "for the server that keeps the source",
    ".mypy_cache": "a cache of mypy", ".pytest_cache": "a cache of pytest", ".ruff_cache": "a cache of ruff",
    ".hypothesis": "a cache of Hypothesis", ".tox": "environments of tox", ".nox": "environments of nox",
    ".nyc_output": "a report on tests", "htmlcov": "a report on tests", ".terraform": "plugins of Terraform",
    ".gradle": "a cache of Gradle", ".parcel-cache": "a cache of Parcel", ".turbo": "a cache of Turborepo",
    ".DS_Store": "the settings of a Finder window",
}  # fmt: skip
"""Names in the build context that no program reads as it runs."""
_HARDLY: Final = {
    "tests": "tests", "test": "tests", "__tests__": "tests", "spec": "tests", "e2e": "tests", "cypress": "tests",
    "docs": "documentation", "doc": "documentation", "coverage": "a report on tests", "benchmarks": "benchmarks",
    "examples": "examples",
}  # fmt: skip
"""Names that hardly a program reads as it runs, unless the Dockerfile names them."""
_SOURCES: Final = {
    "go": (".go", "go.mod", "go.sum"), "cargo": (".rs", "Cargo.lock", "Cargo.toml"),
    "gcc": (".c", ".cc", ".cpp", ".h", ".hpp", ".o"), "g++": (".c", ".cc", ".cpp", ".h", ".hpp", ".o"),
}  # fmt: skip
_MOST_ASKED: Final = 200  # RUNs that change owners: each looks through all that was copied before
_MOST_TOLD: Final = 100  # files that are kept in vain; the rest is no news any more
_DEVELOPING: Final = frozenset({
    "cypress", "jest", "mocha", "next", "nodemon", "nuxt", "parcel", "playwright", "rollup", "ts-node", "tsx",
    "turbo", "vite", "vitest", "webpack", "webpack-dev-server",
})  # fmt: skip
_NO_LISTS: Final = {
    "apt": "delete /var/lib/apt/lists/* in the same RUN",
    "apk": "write apk add --no-cache",
}
_NO_CACHE: Final = {"pip": "use RUN --mount=type=cache, or pip --no-cache-dir"}
_CLEAN: Final = "use RUN --mount=type=cache, or delete it in the same RUN"


def leftovers(shipped: Sequence[Shipped]) -> Iterator[Spare]:
    """Package lists and caches that stay in a layer."""
    for found in shipped:
        for part in found.layer.parts:
            tool = part.what.partition(" ")[0]
            if part.kind == "lists":
                because = f"{tool} reads them to install, and nothing as the image runs"
                instead = _NO_LISTS.get(tool, _CLEAN)
            elif part.kind == "cache":
                because = "the next build may read it, and nothing as the image runs"
                instead = _NO_CACHE.get(tool, _CLEAN)
            else:
                continue
            yield Spare(part.what, part.size, found.entry.stage.key, found.step.line, because, instead)


def broad_copies(build: Build, start: Start | None) -> Iterator[Spare]:
    """What a COPY of a whole folder brings along."""
    context = build.context
    if context is None:
        return
    said = [step.instruction.text for entry in build.shipped for step in entry.steps if step.copied is None]
    for piece in pieces(build):
        for name in (*_NEVER, *_HARDLY):
            if not context.exists(piece.in_context(name)):
                continue
            known = _NEVER.get(name)
            likely = known is None
            if known is None and name in _HARDLY and start is not None:
                known = None if any(name in text for text in said) or start.names(name) else _HARDLY[name]
            if known is not None and piece.is_there(name):
                yield _piece(build, piece, name, known, likely=likely)
        yield from _own_packages(build, piece)
        if start is not None:
            yield from _sources(build, piece, start)


def _piece(build: Build, piece: Piece, name: str, what: str, *, likely: bool) -> Spare:
    path = piece.in_context(name)
    context = build.context
    size = None if context is None else Range.exactly(context.size_of([path]).size_bytes)
    along = ", and comes along with COPY --from" if piece.over else ""
    return Spare(
        path,
        size,
        piece.entry.stage.key,
        piece.step.line,
        f"{what}{along}",
        _IGNORE.format(path),
        likely,
    )


def _own_packages(build: Build, piece: Piece) -> Iterator[Spare]:
    """The developer's own packages, where the image has another copy that counts."""
    context = build.context
    if context is None or piece.over:
        return
    place, path = posixpath.join(piece.place, "node_modules"), piece.in_context("node_modules")
    if context.exists(posixpath.join(path, ".package-lock.json")):
        before = piece.step.before.files.entry(place)
        if before.exists is Claim.YES and before.writer is not None:
            size = Range.exactly(context.size_of([path]).size_bytes)
            yield Spare(
                path, size, piece.entry.stage.key, piece.step.line,
                f"line {before.writer.line} has installed the image's own packages there", _IGNORE.format(path),
            )  # fmt: skip
    for name in (".venv", "venv"):
        path, place = piece.in_context(name), posixpath.join(piece.place, name)
        if not context.exists(posixpath.join(path, "pyvenv.cfg")):
            continue
        folders = piece.entry.final.path
        used = folders is UNKNOWN or any(below(folder, place) for folder in folders)
        texts = (step.instruction.text for step in piece.entry.steps)
        if not used and not any(name in text for text in texts):
            size = Range.exactly(context.size_of([path]).size_bytes)
            yield Spare(
                path, size, piece.entry.stage.key, piece.step.line,
                "a virtual environment of another machine, which nothing here uses", _IGNORE.format(path),
            )  # fmt: skip


def _sources(build: Build, piece: Piece, start: Start) -> Iterator[Spare]:
    """What a program was compiled from, where the image starts that program."""
    context = build.context
    made = next(
        (
            (change.tool, output)
            for _, change in piece.owner.changes()
            if isinstance(change, Compilation) and change.tool in _SOURCES
            for output in change.outputs
            if posixpath.basename(output) in start.programs
        ),
        None,
    )
    if context is None or made is None:
        return
    tool, output = made
    size = sum(
        entry.size_bytes
        for entry in context.entries(piece.folder)
        if entry.kind == "file" and entry.path.endswith(_SOURCES[tool])
    )
    yield Spare(
        f"source ({_SOURCES[tool][0].lstrip('.')} files)", Range.exactly(size), piece.entry.stage.key, piece.step.line,
        f"{posixpath.basename(output)} is compiled from it, and does not read it",
        "copy the program alone from the stage that compiles it", likely=True,
    )  # fmt: skip


def kept_in_vain(build: Build, shipped: Sequence[Shipped]) -> Iterator[Spare]:
    """What a later layer deletes, and what it writes once more."""
    chain = frozenset(entry.stage.index for entry in build.shipped)
    by_line: dict[tuple[int, int], Shipped] = {
        (entry.step.stage, entry.step.line): entry for entry in shipped
    }
    copies: list[Shipped] = []
    told = asked = 0
    for found in shipped:
        if found.step.copied is not None:
            copies.append(found)
        for gone in deleted_later(found.step, chain):
            told += 1
            yield _deleted(build, by_line.get((gone.writer.stage, gone.writer.line)), found, gone)
        seen: set[int] = set()
        asked += any(isinstance(change, OwnerChanged | ModeChanged) for change in found.step.changes)
        for again in written_again(build, found.step, chain) if asked <= _MOST_ASKED else ():
            if id(again.step) not in seen:
                seen.add(id(again.step))
                told += 1
                yield _again(build, copies, found, again)
        if told > _MOST_TOLD:
            return


def _deleted(build: Build, by: Shipped | None, found: Shipped, gone: DeletedLater) -> Spare:
    writer = build.stages[gone.writer.stage]
    return Spare(
        gone.path, None if by is None else _size_at(build, by, gone.path), writer.stage.key, gone.writer.line,
        f"line {found.step.line} deletes it, which takes nothing out of the image",
        "delete it in the same RUN, mount it (RUN --mount=type=bind), or do both in another stage",
    )  # fmt: skip


def _again(build: Build, copies: Sequence[Shipped], found: Shipped, again: WrittenAgain) -> Spare:
    flag, what = ("--chown", "owner") if again.owner else ("--chmod", "mode")
    known = [size for entry in copies if (size := _size_at(build, entry, again.path)) is not None]
    # Which of the files had that owner or mode before is not looked into.
    return Spare(
        f"{again.path}, a second time", total(known).from_nothing() if known else None,
        found.entry.stage.key, found.step.line,
        f"files get another {what} than line {again.step.line} gave them, and so lie in two layers",
        f"write {flag} there instead",
    )  # fmt: skip


def _size_at(build: Build, by: Shipped, path: str) -> Range | None:
    """What one instruction has put at a path and below; None where that does not follow."""
    copied = by.step.copied
    if copied is None or copied.source is not None or copied.destination is UNKNOWN:
        sizes = [
            part.size for part in by.layer.parts if part.path is not None and below(normal(part.path), path)
        ]
    else:
        at = normal(copied.destination)
        sizes = [
            size
            for source in copied.sources
            if source is not UNKNOWN
            for size in _of_context(build, source, at, path)
        ]
    return total(sizes) if sizes else None


def _of_context(build: Build, source: str, at: str, path: str) -> Iterator[Range]:
    """What of a source of a COPY to `at` lies at a path and below."""
    context = build.context
    if context is None:
        return
    for selected in context.select(source):
        if selected.kind == "directory":
            if below(at, path):
                yield Range.exactly(context.size_of([selected.path]).size_bytes)
            elif below(path, at):
                inner = posixpath.normpath(posixpath.join(selected.path, posixpath.relpath(path, at)))
                if context.exists(inner):
                    yield Range.exactly(context.size_of([inner]).size_bytes)
        elif below(at, path) or path == posixpath.join(at, posixpath.basename(selected.path)):
            yield Range.exactly(selected.size_bytes)


def development_packages(build: Build, shipped: Sequence[Shipped], start: Start | None) -> Iterator[Spare]:
    """Development dependencies of Node that ship."""
    if start is None or start.main != "node" or build.target is None:
        return
    if any(start.names(tool) for tool in _DEVELOPING):
        return  # such as node --require ts-node/register
    instead = "install with --omit=dev for what ships, or npm prune --omit=dev before it is copied"
    own = development_installed(build, build.target)
    if own is not None:
        entry = build.stages[own.stage]
        yield Spare(
            "development dependencies of Node", _development_size(build, own), entry.stage.key, own.line,
            f"{start.main} runs without compilers, linters and test runners", instead, likely=True,
        )  # fmt: skip
        return
    for found in shipped:
        copied = found.step.copied
        if copied is None or copied.source is None or copied.source.kind is not SourceKind.STAGE:
            continue
        source = build.stages[copied.source.stage or 0]
        made = development_installed(build, source)
        if made is None:
            continue
        modules = [
            entry
            for entry in map(str, copied.sources)
            if source.final.exists(posixpath.join(normal(entry), "node_modules")) is Claim.YES
            or posixpath.basename(entry.rstrip("/")) == "node_modules"
        ]
        if modules:
            yield Spare(
                "development dependencies of Node", _development_size(build, made),
                found.entry.stage.key, found.step.line,
                f"line {made.line} of {source.stage.title} installs them, and {modules[0]} brings them along",
                instead, likely=True,
            )  # fmt: skip
            return


def _development_size(build: Build, step: Step) -> Range | None:
    """What a RUN installs more than it would without development dependencies; None where that is not known."""
    entry = build.stages[step.stage]
    scene = Scene(build, entry, step, entry.lookup.image if entry.lookup else None)
    low = estimate = high = 0
    known = False
    for change in step.changes:
        if not isinstance(change, Installation) or not change.development or change.packages:
            continue
        more = installed(scene, change).parts
        less = installed(scene, replace(change, development=False)).parts
        # What is the same in both is no range of the difference.
        for parts, others, sign in ((more, set(less), 1), (less, set(more), -1)):
            for part in parts:
                if part not in others and part.kind != "cache":
                    known = True
                    low += sign * part.size.low
                    estimate += sign * part.size.estimate
                    high += sign * part.size.high
    if not known or estimate <= 0:
        return None
    return Range(max(0, min(low, estimate)), estimate, max(estimate, high))
