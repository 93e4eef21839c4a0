"""What a build takes from its build context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.cache.definitions import Definitions, FromContext, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.context import Selector
    from multistage_cli.build.evaluate import Build, Step


def steps_from_context(build: Build) -> Iterator[tuple[Step, Selector]]:
    """The steps of needed stages that take something from the build context, with what they take."""
    definitions = Definitions(build)
    for entry in build.needed:
        settings = Settings(build)
        settings.start(entry.start)
        for step in entry.steps:
            definition = definitions.of(step, settings)
            settings.apply(step)
            for given in definition.inputs if definition else ():
                if isinstance(given, FromContext):
                    yield step, given.selector


def selectors_of(build: Build) -> tuple[Selector, ...]:
    """All that its steps take from the build context, each once."""
    return tuple(dict.fromkeys(selector for _, selector in steps_from_context(build)))
