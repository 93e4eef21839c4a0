"""Where a command runs: all that an estimator of one tool may look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.sizes.origins import text_in_context

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step
    from multistage_cli.facts.images import Image


class Scene(Struct, frozen=True):
    """One RUN of one stage.

    Attributes:
        build: the evaluated build.
        entry: the stage.
        step: the RUN, with the states before and after it.
        image: that the stage starts from at last, as far as the facts know it.
    """

    build: Build
    entry: EvaluatedStage
    step: Step
    image: Image | None

    def read(self, path: str) -> str | None:
        """What a file of the image holds, where it comes from the build context; None where it does not."""
        return text_in_context(self.build, self.entry, self.step, path)
