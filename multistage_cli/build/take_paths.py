"""What changes of paths make of a state: by the rules of Linux, GNU coreutils and BusyBox alike."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.actor import Actor, base_name, is_directory, is_path, is_pattern
from multistage_cli.build.changes import OwnerChanged
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.contents import content_of_text
from multistage_cli.build.files import Change, Entry, Kind, either, read_mode
from multistage_cli.build.files.copies import NamesChanged
from multistage_cli.build.files.events import fits
from multistage_cli.build.new_paths import group_of_new, make_parents, set_group_of_new
from multistage_cli.build.path_copier import PathCopier

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from multistage_cli.build.changes import (
        Deletion,
        DirectoryMade,
        FileWritten,
        LinkMade,
        ModeChanged,
        PathsCopied,
    )
    from multistage_cli.build.files import Content, Files
    from multistage_cli.build.files.nodes import Node
    from multistage_cli.build.state import State

    Mode: TypeAlias = Callable[[int, Kind], Known[int]]

_SET_USER: Final = 0o4000
_SET_GROUP: Final = 0o2000
_GROUP_EXECUTE: Final = 0o010
_SET_IDS: Final = _SET_USER | _SET_GROUP
_MOST_NAMES: Final = 100
_RUNTIME: Final = ("/dev/", "/proc/", "/sys/")
"""Mounted by the runtime: what is written there is in no layer."""


def file_written(state: State, change: FileWritten, actor: Actor) -> State:
    """A file that is there afterwards."""
    path, files = change.path, state.files
    if not is_path(path) or is_pattern(path):
        place = fixed_part(path)
        return replace(state, files=files.doubt(place, actor.by, removes=False, alters=not change.touched))
    if path.startswith(_RUNTIME):
        return state
    if change.any_kind:
        files = files.write(path, Entry(Claim.YES), actor.by, change.certain)
        return noting(replace(state, files=files.doubt(path, actor.by, removes=False)), path)
    mode = actor.masked(0o666) if change.mode is None else change.mode
    entry = Entry(
        Claim.YES, Kind.FILE, mode, actor.uid, group_of_new(files, path, actor), content=change.content
    )
    certain = change.certain
    if change.touched:
        old = files.entry(path)
        if old.exists is Claim.YES:
            return state
        certain = certain if old.exists is Claim.NO else Claim.UNKNOWN
        files = files.write(path, entry, actor.by, certain, keep=True)
        if change.certain is Claim.YES and old.exists is Claim.UNKNOWN:
            files = files.write(path, Entry(Claim.YES), actor.by, Claim.YES, keep=True)
        return noting(replace(state, files=files), path)
    if change.appended is not None:
        entry = replace(entry, content=_longer(files.entry(path), change.appended))
    files = files.write(path, entry, actor.by, certain, keep=not change.fresh)
    return _appended(replace(state, files=files), state, change)


def _longer(old: Entry, added: Known[str]) -> Content | None:
    """The content of a file with something added at its end, where both are known."""
    before: Known[str] = UNKNOWN if old.content is None else old.content.text
    if old.exists is Claim.NO:
        before = ""
    return None if before is UNKNOWN or added is UNKNOWN else content_of_text(before + added)


def _appended(after: State, before: State, change: FileWritten) -> State:
    """The state with the users that a written line of /etc/passwd makes."""
    path, text = change.path.rstrip("/"), change.appended
    if text is None or text is UNKNOWN or path not in _ACCOUNT_FILES:
        return noting(after, change.path)
    accounts, line, certain = before.accounts, change.line, change.certain
    if path == "/etc/passwd":
        return replace(after, accounts=accounts.with_passwd_lines(text, line, certain))
    return replace(after, accounts=accounts.with_group_lines(text, line, certain))


def directory_made(state: State, change: DirectoryMade, actor: Actor) -> State:
    """A directory that is there afterwards, with those above it."""
    path, files = change.path, state.files
    if not is_path(path) or is_pattern(path):
        return replace(state, files=files.doubt(fixed_part(path), actor.by, removes=False, alters=False))
    if change.parents:
        files = make_parents(files, path, actor, change.certain)
    mode = actor.masked(0o777) if change.mode is None else change.mode
    gid, special = group_of_new(files, path, actor), set_group_of_new(files, path)
    if change.mode is None and mode is not UNKNOWN:
        mode = UNKNOWN if special is UNKNOWN else mode | special
    entry = Entry(Claim.YES, Kind.DIRECTORY, mode, actor.uid, gid, content=change.content)
    files = files.write(path, entry, actor.by, change.certain, keep=change.parents)
    return replace(state, files=files)


def link_made(state: State, change: LinkMade, actor: Actor) -> State:
    """A link that is there afterwards."""
    files, path, end = state.files, change.path, change.target
    if not is_path(path):
        return replace(state, files=files.doubt("/", actor.by, removes=False))
    if is_pattern(path) or (end is not UNKNOWN and is_pattern(end)):
        return replace(state, files=files.doubt(fixed_part(path), actor.by, removes=False))
    into = change.into
    if into is Claim.UNKNOWN:
        into = is_directory(files, path)
        if not change.follows and files.entry(path, follow=False).kind is Kind.LINK:
            into = Claim.NO
    if end is UNKNOWN and into is Claim.YES:
        return replace(state, files=files.doubt(path, actor.by, removes=False))
    if into is Claim.UNKNOWN:
        # Either a link to somewhere, or a directory with one more name in it: what is done to the path from
        # here on may be done to something else.
        files = files.doubt(path, actor.by, removes=False)
        entry = Entry(Claim.YES, Kind.LINK)
        return noting(replace(state, files=files.write(path, entry, actor.by, change.certain)), path)
    if end is not UNKNOWN and into is Claim.YES:
        path = f"{path.rstrip('/')}/{base_name(end)}"
    if end is UNKNOWN or change.symbolic:
        target = _relative(files, end, path) if change.relative and end is not UNKNOWN else end
        gid = group_of_new(files, path, actor)
        entry = Entry(Claim.YES, Kind.LINK, 0o777, actor.uid, gid, target=target)
    else:
        # link(2) does not follow: another name for a symbolic link is one, too. What is done to one of the
        # two from here on is done to the other.
        entry = replace(files.entry(end, follow=False), exists=Claim.YES, content=None)
        if entry.kind is not Kind.LINK:
            entry = replace(entry, mode=UNKNOWN, uid=UNKNOWN, gid=UNKNOWN)
            files = files.change(
                end, Change(UNKNOWN, UNKNOWN, UNKNOWN), actor.by, change.certain, recursive=False
            )
    return noting(replace(state, files=files.write(path, entry, actor.by, change.certain)), path)


def _relative(files: Files, target: str, path: str) -> Known[str]:
    """The way from a link to its target, both with all links followed, as `ln -r` writes it."""
    folder, end = files.resolve(posixpath.dirname(path)), files.resolve(target)
    if folder is UNKNOWN or end is UNKNOWN or not is_path(target):
        return UNKNOWN
    if files.entry(folder).exists is not Claim.YES or files.entry(end).exists is Claim.UNKNOWN:
        return UNKNOWN  # a link that nobody knows of may lie on the way
    return posixpath.relpath(end, folder)


def deletion(state: State, change: Deletion, actor: Actor) -> State:
    """Paths that are gone afterwards: a command that could not delete one of them would have failed."""
    files, sure = state.files, change.certain is Claim.YES
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if not is_path(path) or is_pattern(folder):
            files = files.doubt(fixed_part(path), actor.by, adds=False, alters=False)
        elif is_pattern(name):
            files = files.remove_matching(folder or "/", name, actor.by, change.certain)
        elif sure or change.recursive or files.entry(path, follow=False).kind is not Kind.DIRECTORY:
            files = files.remove(path, actor.by, change.certain)
        state = noting(state, path)
    if not change.complete:
        files = files.doubt("/", actor.by, adds=False, alters=False)
    return replace(state, files=files)


def paths_copied(state: State, change: PathsCopied, actor: Actor) -> State:
    """What `cp`, `mv` and `install` leave behind."""
    after = PathCopier(state, change, actor).copied()
    for path in (change.destination, *change.sources) if change.moved else (change.destination,):
        after = noting(after, path)
    return after


def mode_changed(state: State, change: ModeChanged, actor: Actor) -> State:
    """Modes after `chmod`."""
    mode = UNKNOWN if change.mode is UNKNOWN else read_mode(change.mode) or UNKNOWN
    new = Change(mode=mode if change.kind is None else _only(mode, change.kind))
    if change.recursive:
        # GNU's follows a link that is named, BusyBox's does not go into it.
        links = [path for path in change.paths if _may_be_link(state.files, path)]
        for path in links:
            state = replace(state, files=state.files.doubt(path, actor.by, adds=False, removes=False))
        change = replace(change, paths=tuple(path for path in change.paths if path not in links))
    return _attributes_changed(state, change, new, actor)


def _only(mode: Mode | Known[int], kind: Kind) -> Mode:
    def changed_mode(old: int, found: Kind) -> Known[int]:
        if found is not kind:
            return old
        return mode if mode is UNKNOWN or isinstance(mode, int) else mode(old, found)

    return changed_mode


def owner_changed(state: State, change: OwnerChanged, actor: Actor) -> State:
    """Owners and groups after `chown` and `chgrp`."""
    uid = None if change.owner is None else state.accounts.ids(change.owner)[0]
    gid = None if change.group is None else state.accounts.group_id(change.group)
    # Linux takes the set-ID bits away from a file that changes hands, root's doing or not (chown(2)).
    new = Change(uid, gid, _without_set_ids)
    return _attributes_changed(state, change, new, actor)


def _without_set_ids(mode: int, kind: Kind) -> Known[int]:
    if kind is not Kind.FILE:
        return mode
    return mode & ~(_SET_IDS if mode & _GROUP_EXECUTE else _SET_USER)


def _may_be_link(files: Files, path: str) -> bool:
    if not is_path(path) or is_pattern(path):
        return False
    return files.entry(path, follow=False).kind is Kind.LINK


def _attributes_changed(state: State, change: ModeChanged | OwnerChanged, new: Change, actor: Actor) -> State:
    files, certain = state.files, change.certain
    follows = not isinstance(change, OwnerChanged) or change.follows
    for path in change.paths:
        folder, _, name = path.rpartition("/")
        if not is_path(path) or is_pattern(folder):
            files = files.doubt(fixed_part(path), actor.by, adds=False, removes=False)
        elif is_pattern(name):
            files = _matching_changed(files, path, change, new, actor)
        elif not follows and not change.recursive and _may_be_link(files, path):
            old = files.entry(path, follow=False)
            gid = old.gid if new.gid is None else new.gid
            uid = old.uid if new.uid is None else new.uid
            if certain is not Claim.YES:
                uid, gid = either(uid, old.uid), either(gid, old.gid)
            files = files.write(path, replace(old, uid=uid, gid=gid), actor.by, Claim.YES)
        else:
            files = files.change(path, new, actor.by, certain, recursive=change.recursive)
    return replace(state, files=files)


def _matching_changed(
    files: Files, path: str, change: ModeChanged | OwnerChanged, new: Change, actor: Actor
) -> Files:
    """The files after a change of what fits a pattern in a folder."""
    folder, _, pattern = path.rpartition("/")
    folder = folder or "/"
    if change.recursive:
        return files.change_matching(folder, pattern, new, actor.by, change.certain)
    ends = _ends_of_links(files, folder, pattern)
    if ends is UNKNOWN:
        return files.doubt(folder, actor.by, adds=False, removes=False)
    for end in ends:
        files = files.change(end, new, actor.by, change.certain, recursive=False)
    return files.add_event(folder, NamesChanged(actor.by, new, change.certain, pattern))


def _ends_of_links(files: Files, folder: str, pattern: str) -> Known[list[str]]:
    """The links in a folder that the build itself made and that fit a pattern; UNKNOWN for too many to look."""
    place = files.resolve(folder)
    node: Node | None = None if place is UNKNOWN else files.root
    for part in () if place is UNKNOWN else place.split("/"):
        node = node if node is None or not part else node.children.get(part)
    if node is None:
        return []
    found = []
    for count, (name, child) in enumerate(node.children.items()):
        if count > _MOST_NAMES:
            return UNKNOWN
        if child.own.kind is Kind.LINK and fits(pattern, name):
            found.append(f"{folder.rstrip('/')}/{name}")
    return found


def noting(state: State, path: str) -> State:
    """Users may differ after somebody wrote, replaced or deleted /etc/passwd by hand."""
    if path.rstrip("/") in {"/etc", *_ACCOUNT_FILES}:
        return replace(state, accounts=state.accounts.doubt(removes=True))
    return state


_ACCOUNT_FILES: Final = frozenset({"/etc/passwd", "/etc/group"})


def fixed_part(path: str) -> str:
    """The folder before the first wildcard; "/" where nobody knows."""
    if not is_path(path):
        return "/"
    kept = []
    for part in path.split("/")[:-1]:
        if is_pattern(part):
            break
        kept.append(part)
    return "/".join(kept) or "/"
