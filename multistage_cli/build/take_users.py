"""What changes of users and groups make of a state: accounts, home folders, and the files that hold them.

Source: useradd(8), usermod(8) and login.defs(5) of shadow, adduser(8) of Debian, adduser.c of BusyBox, and
what they really did in Debian 12 and 13.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.accounts import Account, Group, number_of
from multistage_cli.build.actor import Actor, is_path
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import ABSENT, UMASK, Change, Entry, Kind, Query
from multistage_cli.build.files.copies import CopiedInto

if TYPE_CHECKING:
    from multistage_cli.build.changes import UserMade, UsersChanged
    from multistage_cli.build.files import Files, Writer
    from multistage_cli.build.state import State

_PARENT_MODE: Final = 0o777 & ~UMASK
_BACKUPS: Final = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
"""Each is kept as it was before, with a dash behind its name, when a command changes it."""


def user_made(state: State, change: UserMade, actor: Actor) -> State:
    """A user, its own group and its home folder, or a group."""
    accounts, certain = state.accounts, change.certain
    exists = Claim.YES if certain is Claim.YES else Claim.UNKNOWN
    known = accounts.has_group(change.name) if change.group else accounts.has_user(change.name)
    if known is Claim.YES:
        return state  # refused, or nothing to do
    state = replace(state, files=_rewritten(state.files, actor.by))
    if change.group:
        number = _number(change)
        if change.identifier is None and change.complete:
            number = accounts.free_group_id(system=change.system, adduser=change.adduser)
        if known is Claim.UNKNOWN and not change.needed:
            number = UNKNOWN
        return replace(state, accounts=accounts.add_group(Group(change.name, number, change.line, exists)))
    uid, gid = _ids(state, change)
    if known is Claim.UNKNOWN and not change.needed:
        uid = gid = UNKNOWN
    if change.main_group == "":
        accounts = accounts.add_group(Group(change.name, gid, change.line, exists))
    home: Known[str] = UNKNOWN if change.home is None else change.home
    shell: Known[str] = UNKNOWN if change.shell is None else change.shell
    accounts = accounts.add_user(Account(change.name, uid, gid, home, shell, change.line, exists))
    state = replace(state, accounts=accounts)
    if change.home_made is Claim.NO:
        return state
    if home is UNKNOWN or not is_path(home):
        return replace(state, files=state.files.doubt("/", actor.by, removes=False, alters=False))
    return replace(state, files=_with_home(state.files, home, (uid, gid), change, actor.by))


def _number(change: UserMade) -> Known[int]:
    found = None if change.identifier is None else number_of(change.identifier)
    return UNKNOWN if found is None else found


def _ids(state: State, change: UserMade) -> tuple[Known[int], Known[int]]:
    """The numbers of a new user and of its group."""
    accounts, own = state.accounts, change.main_group == ""
    if change.identifier is not None:
        uid = _number(change)
    elif not change.complete:
        uid = UNKNOWN
    elif own and change.adduser:
        uid = accounts.free_pair(system=change.system)
    else:
        uid = accounts.free_user_id(system=change.system, adduser=change.adduser)
    if change.main_group is None or not change.complete:
        return uid, UNKNOWN
    if not own:
        return uid, accounts.group_id(change.main_group)
    if change.adduser:
        return uid, uid
    return uid, accounts.own_group_id(uid, system=change.system)


def _with_home(
    files: Files, home: str, ids: tuple[Known[int], Known[int]], change: UserMade, by: Writer
) -> Files:
    """The files with a home folder; one that is there is left alone, unless the tool takes it over."""
    old, (uid, gid) = files.entry(home), ids
    if old.exists is Claim.UNKNOWN and home.startswith("/home/") and old.because is None:
        old = ABSENT  # no image has a folder there for somebody whom it does not know
    made = change.certain if change.home_made is Claim.YES else Claim.UNKNOWN
    if old.exists is Claim.YES:
        if not change.home_taken:
            return files
        return files.change(home, Change(uid, gid, change.home_mode), by, made, recursive=False)
    before = replace(by, stamp=by.stamp - 1)
    above = posixpath.dirname(home)
    files = files.make_directories(above, before, made, uid=0, gid=0, mode=_PARENT_MODE)
    entry = Entry(Claim.YES, Kind.DIRECTORY, change.home_mode, uid, gid)
    at = None if change.skeleton is None else files.resolve_parts(change.skeleton, Query(), last=True)
    if old.exists is Claim.UNKNOWN:
        files = files.write(home, Entry(Claim.YES), before, made, keep=True)
        return files.doubt(home, by, removes=False, alters=change.home_taken)
    files = files.write(home, entry, before, made)
    if change.skeleton is None:
        return files
    if at is None:
        return files.doubt(home, by, removes=False, alters=False)
    return files.add_event(home, CopiedInto(by, files, at, Change(uid, gid), made))


def users_changed(state: State, change: UsersChanged, actor: Actor) -> State:
    """Users and groups after `usermod`, `userdel`, `groupmod`, `groupdel` and the like."""
    accounts, certain = state.accounts, change.certain
    state = replace(state, files=_rewritten(state.files, actor.by))
    if change.members:
        return state
    told = False
    if change.removed is not None:
        told, accounts = True, accounts.remove_user(change.removed, certain)
    if change.group_removed is not None:
        told, accounts = True, accounts.remove_group(change.group_removed, certain)
    if change.user is not None:
        told, accounts = True, accounts.put_user(change.user, certain)
    if change.group is not None:
        told, accounts = True, accounts.put_group(change.group, certain)
    return replace(state, accounts=accounts if told else accounts.doubt(removes=True))


def _rewritten(files: Files, by: Writer) -> Files:
    """The files with what the tools keep of the old versions of /etc/passwd and its like."""
    for name in _BACKUPS:
        path = f"/etc/{name}-"
        if files.entry(path).exists is Claim.NO:
            files = files.doubt(path, by, removes=False, alters=False)
    return files
