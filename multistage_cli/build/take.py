"""A state and a change -> the state after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from multistage_cli.build.actor import Actor, is_directory, is_path, is_pattern
from multistage_cli.build.changes import (
    CacheRemoval,
    Compilation,
    Deletion,
    DirectoryMade,
    Doubted,
    Download,
    FileWritten,
    IndexRefresh,
    Installation,
    LinkMade,
    ModeChanged,
    OwnerChanged,
    PathsCopied,
    Removal,
    ScriptsInstalled,
    Unmeasured,
    Untracked,
    UserMade,
    UsersChanged,
    VirtualEnvironment,
)
from multistage_cli.build.files.copies import NamesDoubted
from multistage_cli.build.files.events import Doubt
from multistage_cli.build.installed_scripts import InstalledScripts
from multistage_cli.build.packages import DebianFiles
from multistage_cli.build.pythons import environment_files
from multistage_cli.build.take_paths import (
    deletion,
    directory_made,
    file_written,
    fixed_part,
    link_made,
    mode_changed,
    owner_changed,
    paths_copied,
)
from multistage_cli.build.take_users import user_made, users_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multistage_cli.build.changes import Change as StateChange
    from multistage_cli.build.files import Event
    from multistage_cli.build.state import State


def take(state: State, change: StateChange, actor: Actor) -> State:
    """The state after a change, without what `parts_of` it says."""
    return _TAKERS[type(change)](state, change, actor)


def parts_of(state: State, change: StateChange) -> tuple[StateChange, ...]:
    """What a change does to files, to be taken one by one after it: each with a writer of its own."""
    if isinstance(change, Installation | Compilation):
        return change.leaves
    if isinstance(change, VirtualEnvironment) and is_path(change.path):
        return environment_files(change, is_directory(state.files, change.path))
    return ()


def _doubted(state: State, change: Doubted, actor: Actor) -> State:
    path = fixed_part(change.path) if is_pattern(change.path) or not is_path(change.path) else change.path
    spares = change.spares if path == change.path else frozenset()
    doubt: Event = Doubt(actor.by, change.adds, change.removes, change.alters, spares, change.inside)
    if change.names and path == change.path:
        return replace(state, files=state.files.add_event(path, NamesDoubted(doubt, change.names)))
    state = replace(state, files=state.files.add_event(path, doubt))
    if path in {"/", "/etc"} and "etc" not in spares:
        state = replace(state, accounts=state.accounts.doubt(removes=change.removes))
    elif path in {"/etc/passwd", "/etc/group"}:
        state = replace(state, accounts=state.accounts.doubt(removes=True))
    if path == "/" and change.removes:
        state = replace(state, packages=state.packages.doubt(actor.by))
    return state


def _untracked(state: State, change: Untracked, actor: Actor) -> State:
    return state.lost(actor.by)


def _installation(state: State, change: Installation, actor: Actor) -> State:
    state = replace(state, installations=(change, state.installations))
    if change.manager not in {"apt", "apk", "dnf"}:
        return state
    return _with_packages(state, change, actor)


def _removal(state: State, change: Removal, actor: Actor) -> State:
    if change.manager not in {"apt", "apk", "dnf"}:
        return replace(state, files=state.files.doubt("/", actor.by, adds=False, alters=False))
    return _with_packages(state, change, actor)


def _with_packages(state: State, change: Installation | Removal, actor: Actor) -> State:
    packages = state.packages.after(change, actor.by)
    files = state.files.add_event("/", DebianFiles(actor.by, packages))
    return replace(state, packages=packages, files=files)


def _index_refresh(state: State, change: IndexRefresh, actor: Actor) -> State:
    if change.manager != "apt":
        return replace(state, files=state.files.doubt("/var", actor.by, removes=False))
    # Fresh lists come, stale ones go; the folder stays.
    files = state.files.doubt("/var/lib/apt/lists", actor.by, removes=False, alters=False)
    return replace(state, files=files)


def _scripts_installed(state: State, change: ScriptsInstalled, actor: Actor) -> State:
    if not is_path(change.folder):
        return state.lost(actor.by)
    event = InstalledScripts(actor.by, change, actor.uid, actor.gid, actor.masked(0o777))
    return replace(state, files=state.files.add_event(change.folder, event))


def _virtual_environment(state: State, change: VirtualEnvironment, actor: Actor) -> State:
    if not is_path(change.path):
        return state.lost(actor.by)
    return replace(state, virtual_environments=(change.path, *state.virtual_environments))


def _unchanged(state: State, change: StateChange, actor: Actor) -> State:
    """What these leave in files, their effects tell by FileWritten, Deletion and Doubted."""
    return state


_TAKERS: Final[Mapping[type, Callable[[State, Any, Actor], State]]] = {
    CacheRemoval: _unchanged,
    Compilation: _unchanged,
    Deletion: deletion,
    DirectoryMade: directory_made,
    Doubted: _doubted,
    Download: _unchanged,
    FileWritten: file_written,
    IndexRefresh: _index_refresh,
    Installation: _installation,
    LinkMade: link_made,
    ModeChanged: mode_changed,
    OwnerChanged: owner_changed,
    PathsCopied: paths_copied,
    Removal: _removal,
    ScriptsInstalled: _scripts_installed,
    Unmeasured: _unchanged,
    Untracked: _untracked,
    UserMade: user_made,
    UsersChanged: users_changed,
    VirtualEnvironment: _virtual_environment,
}
