"""The files and folders that a compiler writes, as far as its command says."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from multistage_cli.build.changes import FileWritten, PathsCopied
from multistage_cli.build.claims import Claim
from multistage_cli.build.instructions import read_mounts
from multistage_cli.sizes.places import below

if TYPE_CHECKING:
    from multistage_cli.build.changes import Compilation
    from multistage_cli.sizes.ranges import Range
    from multistage_cli.sizes.scene import Scene


def written(change: Compilation) -> tuple[str, ...]:
    """The programs by their paths: a folder that is named gives way to the programs in it, where those are known."""
    files = tuple(
        leaf.path for leaf in change.leaves if isinstance(leaf, FileWritten) and leaf.content is not None
    )
    named = tuple(
        path
        for path in change.outputs
        if path not in files and not any(below(file, path.rstrip("/")) for file in files)
    )
    return tuple(dict.fromkeys((*files, *named)))


def here(scene: Scene, name: str = "") -> str | None:
    """A path in the working directory; None where that is not known."""
    folder = scene.step.before.working_directory.value
    return posixpath.normpath(posixpath.join(folder, name)) if isinstance(folder, str) else None


def text_here(scene: Scene, name: str) -> str | None:
    """What a file of the working directory holds, where it comes from the build context."""
    path = here(scene, name)
    return None if path is None else scene.read(path)


def is_mounted(scene: Scene, path: str) -> bool:
    """Whether a path lies in a mount, which is in no layer."""
    for mount in read_mounts(scene.step.instruction):
        target = None if mount.target is None else here(scene, mount.target)
        if target is not None and mount.type in {"bind", "cache", "tmpfs"} and below(path, target):
            return True
    return False


def landings(scene: Scene, path: str) -> tuple[str, ...]:
    """Where a program lies in the layer: itself, or the copies that the RUN makes of it where it is in a mount."""
    if not is_mounted(scene, path):
        return (path,)
    found: list[str] = []
    for change in scene.step.changes:
        if isinstance(change, PathsCopied) and path in change.sources:
            into = change.into is Claim.YES or change.destination.endswith("/")
            name = posixpath.basename(path)
            found.append(posixpath.join(change.destination, name) if into else change.destination)
    return tuple(landed for landed in found if not is_mounted(scene, landed))


def sure(size: Range, certain: Claim) -> Range:
    """The size, or from nothing where the command may not run."""
    return size if certain is Claim.YES else size.from_nothing()
