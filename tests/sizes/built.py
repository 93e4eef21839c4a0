"""A Dockerfile's text and the files beside it -> its build and its sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.sizes.model import Layer, Part, Sizes


def build_of(
    text: str,
    folder: Path | None = None,
    files: Mapping[str, str] | None = None,
    *,
    target: str | None = None,
    build_contexts: Mapping[str, str] | None = None,
) -> Build:
    """The evaluated build; with a folder, `files` are written there and it is the build context."""
    for name, content in (files or {}).items():
        path = (folder or Path()) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return evaluate(
        parse(text),
        target=target,
        build_contexts=build_contexts,
        context=open_context(folder) if folder else None,
    )


def sizes_of(
    text: str,
    folder: Path | None = None,
    files: Mapping[str, str] | None = None,
    *,
    target: str | None = None,
) -> Sizes:
    return estimate_sizes(build_of(text, folder, files, target=target))


def layers_of(sizes: Sizes, stage: str | None = None) -> tuple[Layer, ...]:
    """The layers of a stage, by default the target's."""
    return next(found.layers for found in sizes.stages if found.stage == (stage or sizes.target))


def parts_of(sizes: Sizes, stage: str | None = None) -> dict[str, Part]:
    """The parts of a stage by what they are."""
    return {part.what: part for layer in layers_of(sizes, stage) for part in layer.parts}
