"""What package managers add to a layer, apart from apt and Python's."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.changes import Installation, Removal
from multistage_cli.build.claims import Claim
from multistage_cli.sizes.model import Outcome

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import Step
    from multistage_cli.sizes.scene import Scene

SYSTEM_MANAGERS = frozenset({"apk", "apt", "dnf"})
"""Those of distributions, whose packages put files anywhere in the system's folders."""


def installed(scene: Scene, change: Installation) -> Outcome:
    """The packages of one command, by the estimator of its manager; unknown where there is none."""
    match change.manager:
        case "bun" | "npm" | "pnpm" | "yarn":
            from multistage_cli.sizes.node import node

            return node(scene, change)
        case "apk" if change.packages:
            from multistage_cli.sizes.system import apk

            return apk(scene, change)
        case "go":
            from multistage_cli.sizes.golang import go_modules

            return go_modules(scene, change)
        case "cargo":
            from multistage_cli.sizes.rust import cargo_crates

            return cargo_crates(scene, change)
        case "maven" | "gradle":
            from multistage_cli.sizes.java import java_libraries

            return java_libraries(scene, change)
        case "dotnet":
            from multistage_cli.sizes.dotnet import dotnet_packages

            return dotnet_packages(scene, change)
        case _:
            return _not_known(scene, change)


def _not_known(scene: Scene, change: Installation) -> Outcome:
    names = kept(scene.step, change) or tuple(posixpath.basename(path) for path in change.manifests)
    shown = f" ({_some(names)})" if names else ""
    path = change.prefix if isinstance(change.prefix, str) else None
    return Outcome(
        unknown=(f"what {change.manager} installs on line {change.line}{shown}",),
        places=() if path is None else (path,),
    )


def stays_behind(step: Step, change: Installation) -> bool:
    """Whether the same RUN surely removes again all that a command installs, so that no layer holds it."""
    removed = _removed(step, change)
    return change.group in removed or bool(change.packages and change.complete and not kept(step, change))


def kept(step: Step, change: Installation) -> tuple[str, ...]:
    """The packages that a command names and that the same RUN does not surely remove again."""
    removed = _removed(step, change)
    return tuple(name for name in change.packages if name not in removed)


def _removed(step: Step, change: Installation) -> frozenset[str]:
    return frozenset(
        name
        for found in step.changes
        if isinstance(found, Removal) and found.manager == change.manager and found.certain is Claim.YES
        for name in found.packages
    )


def _some(names: tuple[str, ...], most: int = 3) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
