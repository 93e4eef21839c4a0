"""RUN --mount: what a command sees at a mount's target, and what is left of it in no layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from multistage_cli.build.effects import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from multistage_cli.build.claims import Known
    from multistage_cli.build.files import Files, Writer
    from multistage_cli.build.instructions import Mount
    from multistage_cli.build.state import State


def with_mounts(state: State, mounts: Iterable[tuple[Mount, Files | None]], by: Writer) -> State:
    """The state that a RUN sees.

    Args:
        state: before the RUN.
        mounts: each with the files that it shows, or None where nothing is known of them.
        by: the RUN.
    """
    files = state.files
    for mount, shown in mounts:
        target = _target(mount, state.working_directory.value)
        if target is None:
            continue
        files = files.mounted(target, shown, mount.source or "/", by)
    return replace(state, files=files)


def without_mounts(after: State, before: State, mounts: Iterable[Mount], by: Writer) -> State:
    """The state that a RUN leaves: what lies in a mount is in no layer."""
    files = after.files
    for mount in mounts:
        target = _target(mount, before.working_directory.value)
        if target is not None:
            files = files.unmounted(target, before.files, by)
    return replace(after, files=files)


def _target(mount: Mount, folder: Known[str]) -> str | None:
    if not mount.target:
        return None
    target = absolute(mount.target, folder)
    return target if target.startswith("/") and target != "/" else None
