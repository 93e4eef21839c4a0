"""What `dotnet publish` and `dotnet restore` add to a layer.

A published application holds its own assemblies and those of its packages; with `--self-contained` the runtime too,
which the official images hold, too: `runtime` 8.0 and 9.0 weigh 71 to 74 MB more than
`runtime-deps`, `aspnet` another 21 to 25 MB (Microsoft's image size tests, April 2025). Trimming leaves a part of
that, and a native program a part of that again (learn.microsoft.com, "Native AOT deployment").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Cache
from multistage_cli.sizes.model import Outcome, Part
from multistage_cli.sizes.outputs import is_mounted, sure
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation, Installation
    from multistage_cli.sizes.scene import Scene

_ASSEMBLIES: Final = Range(150_000, 6_000_000, 100_000_000)
_RUNTIME: Final = Range(65_000_000, 92_000_000, 110_000_000)
_TRIMMED: Final = Range(10_000_000, 30_000_000, 110_000_000)
_NATIVE: Final = Range(1_000_000, 12_000_000, 100_000_000)
_SELF_CONTAINED: Final = re.compile(
    r"--self-contained(?![ =]false)|-p:SelfContained=true|--sc(?![ =]false)\b", re.IGNORECASE
)
_TRIMS: Final = re.compile(r"PublishTrimmed=true", re.IGNORECASE)
_IS_NATIVE: Final = re.compile(r"PublishAot=true", re.IGNORECASE)


def dotnet_build(scene: Scene, change: Compilation) -> Outcome:
    """The published folder by the way it is published; what else the build writes beside its sources is unknown."""
    text = scene.step.instruction.text
    if _IS_NATIVE.search(text):
        what, size = "a native program (.NET)", _NATIVE
    elif _TRIMS.search(text):
        what, size = "a trimmed .NET application with its runtime", _TRIMMED
    elif _SELF_CONTAINED.search(text):
        what, size = "a .NET application with its runtime", _ASSEMBLIES + _RUNTIME
    else:
        what, size = "a .NET application without its runtime", _ASSEMBLIES
    parts = tuple(
        Part(what, "program", sure(size, change.certain), path, guessed=True)
        for path in change.outputs
        if not is_mounted(scene, path)
    )
    folder = scene.step.before.working_directory.value
    places = tuple(path for path in ("/root/.nuget", folder) if isinstance(path, str))
    return Outcome(parts, (f"what dotnet keeps beside the sources on line {change.line}",), places)


def dotnet_packages(scene: Scene, change: Installation) -> Outcome:
    """The packages that `restore` fetches: nothing tells how much they weigh."""
    del scene
    if change.cache in {Cache.MOUNTED, Cache.REMOVED, Cache.NEVER}:
        return Outcome()
    return Outcome(
        unknown=(f"the packages that dotnet restores on line {change.line}",), places=("/root/.nuget",)
    )
