"""A state and a change -> the state after it."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from multistage_cli.build.accounts import Account, Group
from multistage_cli.build.actor import Actor, base_name, is_directory, is_path, is_pattern
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
    Untracked,
    UserMade,
    UsersChanged,
    VirtualEnvironment,
)
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import UMASK, Change, Content, Entry, Kind, Nature, read_mode
from multistage_cli.build.packages import DebianFiles
from multistage_cli.build.path_copier import PathCopier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multistage_cli.build.changes import Change as StateChange
    from multistage_cli.build.files import Files
    from multistage_cli.build.state import State

_FILE_MODE: Final = 0o666 & ~UMASK
_DIRECTORY_MODE: Final = 0o777 & ~UMASK
_ACCOUNT_FILES: Final = frozenset({"/etc/passwd", "/etc/group"})


def take(state: State, change: StateChange, actor: Actor) -> State:
    """The state after a change."""
    return _TAKERS[type(change)](state, change, actor)


def _file_written(state: State, change: FileWritten, actor: Actor) -> State:
    mode = actor.masked(0o666) if change.mode is None else change.mode
    entry = Entry(Claim.YES, Kind.FILE, mode, actor.uid, actor.gid, content=change.content)
    files = _write(state.files, change.path, entry, actor, change.certain, keep=not change.fresh)
    return _noting(replace(state, files=files), change.path, actor)


def _directory_made(state: State, change: DirectoryMade, actor: Actor) -> State:
    usual = actor.masked(0o777)
    mode = usual if change.mode is None else change.mode
    files = state.files
    if not is_path(change.path):
        return state.lost(actor.by)
    if change.parents:
        above = posixpath.dirname(change.path)
        files = files.make_directories(
            above, actor.by, change.certain, uid=actor.uid, gid=actor.gid, mode=usual
        )
    entry = Entry(Claim.YES, Kind.DIRECTORY, mode, actor.uid, actor.gid, content=change.content)
    files = files.write(change.path, entry, actor.by, change.certain, keep=change.parents)
    return replace(state, files=files)


def _link_made(state: State, change: LinkMade, actor: Actor) -> State:
    if not is_path(change.path):
        return state.lost(actor.by)
    into = change.into if change.into is not Claim.UNKNOWN else is_directory(state.files, change.path)
    if into is Claim.UNKNOWN:
        return replace(state, files=state.files.doubt(change.path, actor.by, removes=False))
    path = change.path if into is Claim.NO else f"{change.path.rstrip('/')}/{base_name(change.target)}"
    if change.symbolic:
        entry = Entry(Claim.YES, Kind.LINK, 0o777, actor.uid, actor.gid, target=change.target)
    else:
        entry = replace(state.files.entry(change.target), exists=Claim.YES)
    return replace(state, files=state.files.write(path, entry, actor.by, change.certain))


def _deletion(state: State, change: Deletion, actor: Actor) -> State:
    files = state.files
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if not is_path(path) or is_pattern(folder):
            files = files.doubt(_fixed(path), actor.by, adds=False, alters=False)
        elif is_pattern(name):
            files = files.remove_matching(folder or "/", name, actor.by, change.certain)
        elif change.recursive or files.entry(path, follow=False).kind in {Kind.FILE, Kind.LINK}:
            files = files.remove(path, actor.by, change.certain)
        else:
            # `rm -f` of what may be a directory leaves that alone.
            files = files.doubt(path, actor.by, adds=False, alters=False)
        if path in _ACCOUNT_FILES:
            state = replace(state, accounts=state.accounts.doubt(removes=True))
    if not change.complete:
        files = files.doubt("/", actor.by, adds=False, alters=False)
    return replace(state, files=files)


def _paths_copied(state: State, change: PathsCopied, actor: Actor) -> State:
    return PathCopier(state, change, actor).copied()


def _mode_changed(state: State, change: ModeChanged, actor: Actor) -> State:
    mode = UNKNOWN if change.mode is UNKNOWN else read_mode(change.mode) or UNKNOWN
    return _attributes_changed(state, change, Change(mode=mode), actor)


def _owner_changed(state: State, change: OwnerChanged, actor: Actor) -> State:
    uid = None if change.owner is None else state.accounts.ids(change.owner)[0]
    gid = None if change.group is None else state.accounts.group_id(change.group)
    new = Change(uid, gid)
    return _attributes_changed(state, change, new, actor)


def _attributes_changed(state: State, change: ModeChanged | OwnerChanged, new: Change, actor: Actor) -> State:
    files, certain = state.files, change.certain
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if not is_path(path) or is_pattern(folder):
            files = files.doubt(_fixed(path), actor.by, adds=False, removes=False)
        elif not is_pattern(name):
            files = files.change(path, new, actor.by, certain, recursive=change.recursive)
        elif change.recursive:
            files = files.change_matching(folder or "/", name, new, actor.by, certain)
        else:
            files = files.doubt(folder or "/", actor.by, adds=False, removes=False)
    return replace(state, files=files)


def _doubted(state: State, change: Doubted, actor: Actor) -> State:
    path = change.path if is_path(change.path) else "/"
    files = state.files.doubt(path, actor.by, adds=change.adds, removes=change.removes, alters=change.alters)
    state = replace(state, files=files)
    if path in {"/", "/etc"}:
        state = replace(state, accounts=state.accounts.doubt(removes=change.removes))
    if path == "/" and change.removes:
        state = replace(state, packages=state.packages.doubt(actor.by))
    return state


def _untracked(state: State, change: Untracked, actor: Actor) -> State:
    return state.lost(actor.by)


def _installation(state: State, change: Installation, actor: Actor) -> State:
    state = replace(state, installations=(change, state.installations))
    if change.manager not in {"apt", "apk", "dnf"}:
        return state
    packages = state.packages.after(change, actor.by)
    event = DebianFiles(actor.by, packages)
    return replace(state, packages=packages, files=state.files.add_event("/", event))


def _removal(state: State, change: Removal, actor: Actor) -> State:
    if change.manager not in {"apt", "apk", "dnf"}:
        return replace(state, files=state.files.doubt("/", actor.by, adds=False, alters=False))
    packages = state.packages.after(change, actor.by)
    event = DebianFiles(actor.by, packages)
    return replace(state, packages=packages, files=state.files.add_event("/", event))


def _index_refresh(state: State, change: IndexRefresh, actor: Actor) -> State:
    if change.manager != "apt":
        return replace(state, files=state.files.doubt("/var", actor.by, removes=False))
    return replace(state, files=state.files.doubt("/var/lib/apt/lists", actor.by))


def _user_made(state: State, change: UserMade, actor: Actor) -> State:
    accounts = state.accounts
    exists, certain = Claim.YES if change.certain is Claim.YES else Claim.UNKNOWN, change.certain
    number: Known[int] = UNKNOWN
    if change.identifier is not None:
        number = int(change.identifier) if change.identifier.isdecimal() else UNKNOWN
    elif change.complete:
        free = accounts.free_group_id if change.group else accounts.free_user_id
        number = free(system=change.system, adduser=change.adduser)
    if change.group:
        return replace(state, accounts=accounts.add_group(Group(change.name, number, change.line, exists)))
    if change.main_group == "":
        gid = number if change.identifier is not None or change.complete else UNKNOWN
        accounts = accounts.add_group(Group(change.name, gid, change.line, exists))
    elif change.main_group is None:
        gid = UNKNOWN
    else:
        gid = accounts.group_id(change.main_group)
    home: Known[str] = UNKNOWN if change.home is None else change.home
    shell: Known[str] = UNKNOWN if change.shell is None else change.shell
    accounts = accounts.add_user(Account(change.name, number, gid, home, shell, change.line, exists))
    state = replace(state, accounts=accounts)
    if home is UNKNOWN or change.home_made is Claim.NO:
        return state
    made = certain if change.home_made is Claim.YES else Claim.UNKNOWN
    files = state.files.make_directories(
        posixpath.dirname(home), actor.by, made, uid=0, gid=0, mode=_DIRECTORY_MODE
    )
    # HOME_MODE of login.defs and DIR_MODE of adduser.conf differ between releases.
    entry = Entry(Claim.YES, Kind.DIRECTORY, UNKNOWN, number, gid)
    files = files.write(home, entry, actor.by, made, keep=True)
    return replace(state, files=files.doubt(home, actor.by, removes=False, alters=False))


def _users_changed(state: State, change: UsersChanged, actor: Actor) -> State:
    if change.removed is not None:
        return replace(state, accounts=state.accounts.remove_user(change.removed, change.certain))
    return replace(state, accounts=state.accounts.doubt(removes=True))


def _virtual_environment(state: State, change: VirtualEnvironment, actor: Actor) -> State:
    content = Content(Nature.VIRTUAL_ENVIRONMENT)
    entry = Entry(Claim.YES, Kind.DIRECTORY, actor.masked(0o777), actor.uid, actor.gid, content=content)
    if not is_path(change.path):
        return state.lost(actor.by)
    state = replace(state, virtual_environments=(change.path, *state.virtual_environments))
    files = state.files.make_directories(
        posixpath.dirname(change.path),
        actor.by,
        change.certain,
        uid=actor.uid,
        gid=actor.gid,
        mode=entry.mode,
    )
    files = files.write(change.path, entry, actor.by, change.certain, keep=True)
    return replace(state, files=files.doubt(change.path, actor.by, removes=False, alters=False))


def _unchanged(state: State, change: StateChange, actor: Actor) -> State:
    """What these leave in files, their effects tell by FileWritten, Deletion and Doubted."""
    return state


def _write(files: Files, path: str, entry: Entry, actor: Actor, certain: Claim, *, keep: bool) -> Files:
    if not is_path(path):
        return files.doubt("/", actor.by, removes=False)
    if path.startswith(("/dev/", "/proc/", "/sys/")):
        return files  # mounted by the runtime: in no layer
    return files.write(path, entry, actor.by, certain, keep=keep)


def _noting(state: State, path: str, actor: Actor) -> State:
    """Users may differ after somebody wrote /etc/passwd by hand."""
    if path.rstrip("/") in {"/etc", *_ACCOUNT_FILES}:
        return replace(state, accounts=state.accounts.doubt(removes=True))
    return state


def _fixed(path: str) -> str:
    """The folder before the first wildcard."""
    if not is_path(path):
        return "/"
    kept = []
    for part in path.split("/")[:-1]:
        if is_pattern(part):
            break
        kept.append(part)
    return "/".join(kept) or "/"


_TAKERS: Final[Mapping[type, Callable[[State, Any, Actor], State]]] = {
    CacheRemoval: _unchanged,
    Compilation: _unchanged,
    Deletion: _deletion,
    DirectoryMade: _directory_made,
    Doubted: _doubted,
    Download: _unchanged,
    FileWritten: _file_written,
    IndexRefresh: _index_refresh,
    Installation: _installation,
    LinkMade: _link_made,
    ModeChanged: _mode_changed,
    OwnerChanged: _owner_changed,
    PathsCopied: _paths_copied,
    Removal: _removal,
    Untracked: _untracked,
    UserMade: _user_made,
    UsersChanged: _users_changed,
    VirtualEnvironment: _virtual_environment,
}
