"""What is in the image and need not be, with its bytes, its stage and line, and what to do.

Only what certainly or likely nobody needs: where the image's start does not follow from the Dockerfile and the
build context, nothing is said of tools, since they may be what it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.sizes.spare.bases import spare_base
from multistage_cli.sizes.spare.files import broad_copies, development_packages, kept_in_vain, leftovers
from multistage_cli.sizes.spare.packages import Shipped, spare_packages
from multistage_cli.sizes.spare.starts import start_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.build.evaluate import Build
    from multistage_cli.sizes.model import Spare, StageSize

_WORTH_BYTES: Final = 100_000


def left_in(build: Build, stages: Mapping[int, StageSize]) -> tuple[Spare, ...]:
    """What the target's image holds in vain, the heaviest first, what has no known size last.

    Args:
        build: the evaluated build.
        stages: the estimate, by the index of the stage.
    """
    found: dict[tuple[str, int], Spare] = {}
    for entry in _all(build, stages):
        if entry.size is None or entry.size.estimate >= _WORTH_BYTES:
            found.setdefault((entry.what, entry.line), entry)
    return tuple(sorted(found.values(), key=lambda spare: (-_weight(spare), spare.line, spare.what)))


def _weight(spare: Spare) -> int:
    return -1 if spare.size is None else spare.size.estimate


def _all(build: Build, stages: Mapping[int, StageSize]) -> Iterator[Spare]:
    last = build.shipped[-1].lookup
    image = last.image if last else None
    shipped = [
        Shipped(entry, step, layer, image)
        for entry in reversed(build.shipped)
        for step, layer in zip(
            (step for step in entry.steps if step.may_add_layer),
            stages[entry.stage.index].layers,
            strict=True,
        )
    ]
    start = start_of(build)
    yield from spare_base(build, start)
    yield from spare_packages(build, shipped, start)
    yield from leftovers(shipped)
    yield from broad_copies(build, start)
    yield from kept_in_vain(build, shipped)
    yield from development_packages(build, shipped, start)
