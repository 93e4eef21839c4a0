"""usermod, userdel, groupmod, groupdel and what else changes users that exist.

Source: usermod(8), userdel(8), groupmod(8) of shadow, deluser(8) of Debian, and what they really did in
Debian 12 and 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from multistage_cli.build.accounts import Account, Group
from multistage_cli.build.changes import Deletion, Doubted, PathsCopied, UsersChanged
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, place, read_paths
from multistage_cli.build.effects.users import USERADD_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known


@effect("userdel", "deluser")
def userdel(call: Call) -> Iterator[Change]:
    """A user that goes, with its home where that is asked for; `deluser USER GROUP` only ends a membership."""
    arguments = read_paths(
        call,
        switches="-r --remove -f --force --remove-home --remove-all-files --system --quiet -Z --group --only-if-empty",
        with_value="-R --root -P --prefix --backup-to --conf",
    )
    operands = arguments.operands
    if not operands or UNREAD in operands[0]:
        yield UsersChanged(call.line, call.certain)
        return
    if call.name == "deluser" and len(operands) > 1:
        yield UsersChanged(call.line, call.certain, members=True)
        return
    name = operands[0]
    if arguments.has("--group"):
        yield UsersChanged(call.line, call.certain, group_removed=name)
        return
    account = call.state.accounts.user(name)
    yield UsersChanged(call.line, call.certain, removed=name)
    # Its group goes as well, unless others are in it.
    yield UsersChanged(call.line, Claim.UNKNOWN, group_removed=name)
    if arguments.has("--remove-all-files"):
        yield Doubted("/", call.line, call.certain, adds=False, alters=False)
    elif arguments.has("-r", "--remove", "--remove-home"):
        yield from _home_removed(call, account)


def _home_removed(call: Call, account: Account | None) -> Iterator[Change]:
    home = UNKNOWN if account is None else account.home
    if account is None or home is UNKNOWN:
        yield Doubted("/home", call.line, call.certain, adds=False, alters=False)
        return
    entry = call.state.files.entry(home)
    owned = account.uid is not UNKNOWN and entry.uid == account.uid
    yield Deletion((home,), call.line, call.certain if owned else Claim.UNKNOWN)


@effect("usermod")
def usermod(call: Call) -> Iterator[Change]:
    """A user with other values; its home changes hands with a new number."""
    arguments = read_paths(
        call,
        switches="-a --append -m --move-home -o --non-unique -L --lock -U --unlock -r --remove",
        with_value=f"{USERADD_VALUES} -l --login -v -V -w -W -A",
    )
    name = arguments.operands[-1] if arguments.operands else UNREAD
    if UNREAD in name or not arguments.complete:
        yield UsersChanged(call.line, call.certain)
        return
    number, group = arguments.value("-u", "--uid"), arguments.value("-g", "--gid")
    home, login = arguments.value("-d", "--home", "--home-dir"), arguments.value("-l", "--login")
    if all(value is None for value in (number, group, home, login)):
        yield UsersChanged(call.line, call.certain, members=True)
        return
    old = call.state.accounts.user(name) or Account(name)
    new = replace(
        old,
        name=login or name,
        uid=old.uid if number is None else int(number) if number.isdecimal() else UNKNOWN,
        gid=old.gid if group is None else call.state.accounts.group_id(group),
        home=old.home if home is None else _path(call, home),
        line=call.line,
        exists=Claim.YES,
    )
    if new.name != name:
        yield UsersChanged(call.line, call.certain, removed=name)
    yield UsersChanged(call.line, call.certain, user=new)
    if (number is not None or group is not None) and old.home != "/":
        path = "/home" if old.home is UNKNOWN else old.home
        yield Doubted(path, call.line, call.certain, adds=False, removes=False)
    if arguments.has("-m", "--move-home"):
        sources = (UNREAD if old.home is UNKNOWN else old.home,)
        end = UNREAD if new.home is UNKNOWN else new.home
        moved = (
            call.certain
            if old.home is not UNKNOWN and call.state.exists(old.home) is Claim.YES
            else Claim.UNKNOWN
        )
        yield PathsCopied(
            sources,
            end,
            call.line,
            moved,
            Claim.NO,
            recursive=True,
            keeps=True,
            moved=True,
            follows=False,
            replaces=True,
        )


def _path(call: Call, text: str) -> Known[str]:
    path = UNREAD if UNREAD in text else place(call, text)
    return UNKNOWN if path == UNREAD else path


@effect("groupmod")
def groupmod(call: Call) -> Iterator[Change]:
    """A group with another number, which its users get too, or another name."""
    arguments = read_paths(
        call, switches="-o --non-unique -a --append", with_value="-g --gid -n --new-name -p -R -P -U --users"
    )
    name = arguments.operands[-1] if arguments.operands else UNREAD
    number, renamed = arguments.value("-g", "--gid"), arguments.value("-n", "--new-name")
    if UNREAD in f"{name}{renamed}" or not arguments.complete:
        yield UsersChanged(call.line, call.certain)
        return
    accounts = call.state.accounts
    old = accounts.groups.get(name) or Group(name)
    gid: Known[int] = old.gid if number is None else int(number) if number.isdecimal() else UNKNOWN
    if renamed is not None:
        yield UsersChanged(call.line, call.certain, group_removed=name)
    new = Group(renamed or name, gid, call.line)
    yield UsersChanged(call.line, call.certain, group=new)
    if number is None:
        return
    if old.gid is UNKNOWN or len(accounts.users) > _MOST_USERS:
        yield UsersChanged(call.line, call.certain)
        return
    for user in accounts.users.values():
        if user.gid == old.gid:
            yield UsersChanged(call.line, call.certain, user=replace(user, gid=gid))


_MOST_USERS: Final = 200


@effect("groupdel", "delgroup")
def groupdel(call: Call) -> Iterator[Change]:
    """A group that goes; BusyBox's `delgroup USER GROUP` only ends a membership."""
    arguments = read_paths(call, switches="-f --force --quiet --only-if-empty --system", with_value="-R -P")
    operands = arguments.operands
    if not operands or UNREAD in operands[0]:
        yield UsersChanged(call.line, call.certain)
    elif len(operands) > 1:
        yield UsersChanged(call.line, call.certain, members=True)
    else:
        yield UsersChanged(call.line, call.certain, group_removed=operands[0])


@effect("passwd", "chpasswd", "gpasswd", "chage", "chsh", "chfn", "pwconv", "grpconv")
def passwords(call: Call) -> Iterator[Change]:
    """Passwords, members and shells: no user comes or goes."""
    yield UsersChanged(call.line, call.certain, members=True)


@effect("newusers", "vipw", "vigr")
def edited(call: Call) -> Iterator[Change]:
    """Users that no word of the command names."""
    yield UsersChanged(call.line, call.certain)
