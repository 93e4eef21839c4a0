"""What C and C++ compilers put out: a file each, small as a rule.

Built with gcc 12 and 14 on Debian (November 2026): an empty program takes 16 kB, or 0.8 MB with `-static`.

"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final

from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.outputs import is_mounted, sure, written
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation
    from multistage_cli.sizes.scene import Scene

_PROGRAM: Final = Range(1_000, 50_000, 5_000_000)
_STATIC: Final = Range(20_000, 850_000, 8_000_000)
_CLASSES: Final = Range(300, 50_000, 10_000_000)  # about what the sources weigh
_IS_STATIC: Final = re.compile(r"(?:^|\s)--?static\b")


def native_program(scene: Scene, change: Compilation) -> Outcome:
    """The files that the command names; where it names none, what it writes is unknown."""
    paths = written(change)
    if not paths:
        return Outcome(unknown=(f"what {change.tool} builds on line {change.line}",), places=change.outputs)
    if change.tool == "javac":
        return Outcome(
            tuple(
                Part("classes (by javac)", "program", sure(_CLASSES, change.certain), path) for path in paths
            )
        )
    static = _IS_STATIC.search(scene.step.instruction.text) is not None
    size = _STATIC if static else _PROGRAM
    kind = "a static program" if static else "a program"
    parts = tuple(
        Part(
            f"{posixpath.basename(path)} ({kind} by {change.tool})",
            "program",
            sure(size, change.certain),
            path,
        )
        for path in paths
        if not is_mounted(scene, path)
    )
    return Outcome(parts)
