"""What one instruction adds to its stage."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.changes import (
    Cache,
    Compilation,
    Download,
    IndexRefresh,
    Installation,
    Untracked,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.stages import SourceKind
from multistage_cli.sizes.apt import AptInstallation, lists_size
from multistage_cli.sizes.model import Layer, Part
from multistage_cli.sizes.packages import PipInstallation, seed_size
from multistage_cli.sizes.ranges import Range, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.changes import Change
    from multistage_cli.build.evaluate import Build, Copied, EvaluatedStage, Step
    from multistage_cli.sizes.model import StageSize

_PYTHON_MANAGERS = frozenset({"pip", "pipenv", "poetry", "uv"})
_QUIET = frozenset({"chmod", "ln", "touch", "apt-mark", "npx"})
"""Commands that are not followed and yet write next to nothing."""
_LONGEST_INSTRUCTION = 60


class LayerReader:
    """Estimates one stage's layers, one after the other: later ones build on what earlier ones hold."""

    def __init__(self, build: Build, entry: EvaluatedStage, before: Mapping[int, StageSize]) -> None:
        self.build = build
        self.entry = entry
        self.before = before
        self.unknown: list[str] = []
        self.present = frozenset(
            (part.what, part.path)
            for index in build.graph.chain(entry.stage.index)[1:]
            for layer in before[index].layers
            for part in layer.parts
            if part.kind == "pip"
        )

    def read(self, step: Step) -> Layer:
        """The layer of one step; empty for an instruction that adds none."""
        self.unknown = []
        parts = tuple(self._copied(step, step.copied) if step.copied else self._run(step))
        return Layer(
            line=step.line,
            instruction=one_line(step),
            size=total(part.size for part in parts),
            parts=parts,
            unknown=tuple(dict.fromkeys(self.unknown)),
        )

    # RUN.

    def _run(self, step: Step) -> Iterator[Part]:
        for change in step.changes:
            yield from self._change(step, change)

    def _change(self, step: Step, change: Change) -> Iterator[Part]:
        match change:
            case Installation(manager="apt"):
                apt = AptInstallation(self.build, self.entry, step, change)
                yield from apt.parts()
                self.unknown.extend(apt.unknown)
            case Installation(manager=manager) if manager in _PYTHON_MANAGERS:
                pip = PipInstallation(self.build, self.entry, step, change, self.present)
                parts = tuple(pip.parts())
                self.present |= {(part.what, part.path) for part in parts}
                yield from parts
                self.unknown.extend(pip.unknown)
            case Installation():
                self.unknown.append(f"what {change.manager} installs on line {change.line}{_named(change)}")
            case VirtualEnvironment(seeded=True):
                yield Part("pip of the virtual environment", "pip", seed_size(), change.path)
            case IndexRefresh(manager="apt", cache=Cache.KEPT):
                yield Part("apt package lists", "lists", lists_size())
            case Compilation():
                self.unknown.append(f"what {change.tool} builds on line {change.line}")
            case Download():
                what = change.url or f"what {change.tool} fetches"
                self.unknown.append(f"{what} on line {change.line}")
            case Untracked() if change.name not in _QUIET:
                self.unknown.append(f"what {change.name} writes on line {change.line}")
            case _:
                return

    # COPY and ADD.

    def _copied(self, step: Step, copied: Copied) -> Iterator[Part]:
        destination = None if copied.destination is UNKNOWN else copied.destination
        for name, body in copied.heredocs:
            if body is UNKNOWN:
                self.unknown.append(f"the here-document {name} on line {step.line}")
            else:
                size = len(body.encode("utf-8", "surrogateescape"))
                yield Part(name, "files", Range.exactly(size), destination)
        for source in copied.sources:
            if source is UNKNOWN:
                self.unknown.append(f"what line {step.line} copies: the path is not known")
            elif copied.source is None:
                yield from self._from_context(step, source, destination)
            elif copied.source.kind is SourceKind.STAGE and copied.source.stage is not None:
                yield from self._from_stage(step, copied.source.stage, source, destination)
            else:
                self.unknown.append(f"{source} of {copied.source.reference} on line {step.line}")

    def _from_context(self, step: Step, source: str, destination: str | None) -> Iterator[Part]:
        if "://" in source or source.startswith("git@"):
            self.unknown.append(f"{source} on line {step.line}")
            return
        context = self.build.context
        if context is None:
            self.unknown.append(f"{source} on line {step.line}: there is no build context to look at")
            return
        totals = context.size_of([source])
        if not totals.files and not context.select(source):
            self.unknown.append(f"{source} on line {step.line}: it is not in the build context")
            return
        yield Part(source, "files", Range.exactly(totals.size_bytes), _landing(source, destination))

    def _from_stage(self, step: Step, index: int, source: str, destination: str | None) -> Iterator[Part]:
        stage = self.build.graph.stages[index]
        path = posixpath.normpath(f"/{source.lstrip('/')}")
        held, complete = held_below(self.build, self.before, index, path)
        if held is None or not complete:
            self.unknown.append(f"{source} of {stage.title} on line {step.line}")
        if held is not None:
            yield Part(source, "stage", held, destination)


def held_below(
    build: Build, sizes: Mapping[int, StageSize], index: int, path: str
) -> tuple[Range | None, bool]:
    """What a stage holds at a path and below, as far as its own layers tell.

    Returns:
        The size, None where nothing is known to lie there; and whether that is all of it for sure.
    """
    found: list[Range] = []
    complete = True
    for number in build.graph.chain(index):
        stage = sizes.get(number)
        for layer in stage.layers if stage else ():
            complete = complete and not layer.unknown
            for part in layer.parts:
                if part.path is None or part.kind in {"lists", "cache"}:
                    continue
                if _is_below(part.path, path):
                    found.append(part.size)
                elif _is_below(path, part.path):
                    # A piece of it: all or nothing.
                    found.append(Range(0, part.size.estimate // 2, part.size.high))
    return (total(found) if found else None), complete


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _landing(source: str, destination: str | None) -> str | None:
    if destination is None or not destination.endswith("/"):
        return destination
    # A folder's contents are copied, a file keeps its name.
    name = posixpath.basename(source.rstrip("/"))
    return destination if "." not in name.strip(".") else destination + name


def _named(change: Installation) -> str:
    names = change.packages or tuple(posixpath.basename(path) for path in change.manifests)
    return f" ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})" if names else ""  # noqa: PLR2004


def one_line(step: Step) -> str:
    """The instruction as a label: on one line, cut where it is long."""
    instruction = step.instruction
    flags = "".join(f"{flag.text} " for flag in instruction.flags if flag.name == "from")
    text = " ".join(f"{instruction.name} {flags}{instruction.text}".split())
    return text if len(text) <= _LONGEST_INSTRUCTION else f"{text[: _LONGEST_INSTRUCTION - 3]}..."
