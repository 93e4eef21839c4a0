"""useradd, adduser, groupadd, addgroup: the users and groups that exist afterwards.

Source: useradd(8), groupadd(8) of shadow, adduser(8) of Debian, adduser.c and addgroup.c of BusyBox,
and what they really did in Debian 12 and 13. Which adduser an image has follows from its package manager.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Doubted, UserMade, UsersChanged
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, is_busybox, place, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.effects import Arguments

USERADD_VALUES: Final = (
    "-b --base-dir -c --comment -d --home-dir --home -e --expiredate -f --inactive -g --gid -G --groups -k --skel"
    " -K --key -p --password -s --shell -u --uid -R --root -P --prefix -Z --selinux-user"
)
_USERADD_SWITCHES = (
    "-D --defaults -F --add-subids-for-system -l --no-log-init -m --create-home -M --no-create-home -N"
    " --no-user-group -o --non-unique -r --system -U --user-group --badname --badnames"
)
_ADDUSER = (
    "--home --shell --uid --firstuid --lastuid --gid --firstgid --lastgid --ingroup --gecos --comment --conf"
    " --stdoutmsglevel --stderrmsglevel --logmsglevel"
)
_ADDUSER_SWITCHES = (
    "--system --group --no-create-home --disabled-password --disabled-login --quiet --verbose --debug --allow-badname"
    " --force-badname --allow-bad-names --allow-all-names --add_extra_groups --add-extra-groups --encrypt-home -q"
)
_BUSYBOX = "-h --home -g --gecos -s --shell -G --ingroup -u --uid -k --skel"
_BUSYBOX_SWITCHES = "-D --disabled-password --empty-password -S --system -H --no-create-home"
_GROUPADD = "-g --gid -K --key -p --password -R --root -P --prefix -U --users --firstgid --lastgid --conf"
_GROUPADD_SWITCHES = (
    "-f --force -o --non-unique -r --system -S --quiet --verbose --debug --force-badname --allow-bad-names"
    " --allow-all-names --group"
)
_HOME_MODES: Final = {"bookworm": 0o755, "trixie": 0o700}
"""UMASK or HOME_MODE of /etc/login.defs, by which useradd makes homes."""
_ADDUSER_MODE: Final = 0o700
"""DIR_MODE of adduser.conf since Debian 12; system users get SYS_DIR_MODE."""
_SYSTEM_MODE: Final = 0o755
_BUSYBOX_MODE: Final = 0o2755
_NO_HOME: Final = "/nonexistent"
_USERS: Final = "100"
"""The group of GROUP in /etc/default/useradd, for users without one of their own."""


@effect("useradd")
def useradd(call: Call) -> Iterator[Change]:
    """A user, by the last operand; its home only with `-m` in Debian."""
    arguments = read_paths(call, switches=_USERADD_SWITCHES, with_value=USERADD_VALUES)
    if arguments.has("-D", "--defaults"):
        return
    name = arguments.operands[-1] if arguments.operands else UNREAD
    if UNREAD in name:
        yield from _somebody(call)
        return
    manager = call.state.packages.manager
    system = arguments.has("-r", "--system")
    base = arguments.value("-b", "--base-dir") or "/home"
    home = arguments.value("-d", "--home-dir", "--home") or f"{base}/{name}"
    made = Claim.UNKNOWN
    if arguments.has("-m", "--create-home"):
        made = Claim.YES
    elif arguments.has("-M", "--no-create-home") or manager == "apt" or (manager == "dnf" and system):
        made = Claim.NO
    elif manager == "dnf":
        made = Claim.YES  # CREATE_HOME in login.defs of Red Hat
    configured = call.state.files.entry("/etc/login.defs").writer is not None or arguments.has("-K", "--key")
    yield UserMade(
        name,
        arguments.value("-u", "--uid"),
        group=False,
        line=call.line,
        certain=call.certain,
        system=system,
        main_group=_main_group(call, arguments),
        home=UNKNOWN if UNREAD in home else place(call, home),
        home_made=made,
        shell=arguments.value("-s", "--shell"),
        complete=arguments.complete,
        home_mode=UNKNOWN if configured else _HOME_MODES.get(call.state.packages.suite or "", UNKNOWN),
        skeleton=arguments.value("-k", "--skel") or "/etc/skel",
    )


def _main_group(call: Call, arguments: Arguments) -> str | None:
    """The group of a user that useradd makes; an empty string for one of its own."""
    named = arguments.value("-g", "--gid")
    if named is not None:
        return None if UNREAD in named else named
    if arguments.has("-N", "--no-user-group"):
        return _USERS if call.state.packages.manager == "apt" else None
    # USERGROUPS_ENAB of Debian and Red Hat.
    usual = call.state.packages.manager in {"apt", "dnf"} or arguments.has("-U", "--user-group")
    return "" if usual else None


def _somebody(call: Call) -> Iterator[Change]:
    """A user whose name nobody can read."""
    yield Doubted("/etc", call.line, call.certain, removes=False, alters=False)
    yield Doubted("/home", call.line, call.certain, removes=False, alters=False)


@effect("adduser")
def adduser(call: Call) -> Iterator[Change]:
    """A user, or `adduser USER GROUP`, which makes nobody."""
    manager = call.state.packages.manager
    if manager == "dnf":
        yield from useradd(call)  # a link to it
    elif manager == "apk" or is_busybox(call.state) is Claim.YES:
        yield from _busybox_adduser(call)
    elif manager == "apt":
        yield from _debian_adduser(call)
    else:
        yield from _some_adduser(call)


def _debian_adduser(call: Call) -> Iterator[Change]:
    arguments = read_paths(call, switches=_ADDUSER_SWITCHES, with_value=_ADDUSER)
    operands = arguments.operands
    system, own = arguments.has("--system"), arguments.has("--group")
    if not operands or UNREAD in operands[0]:
        yield from _somebody(call)
        return
    if len(operands) > 1:
        yield UsersChanged(call.line, call.certain, members=True)
        return
    if own and not system:
        yield from _group(call, arguments, operands[0], adduser=True)
        return
    recent = call.state.packages.suite in _HOME_MODES
    configured = call.state.files.entry("/etc/adduser.conf").writer is not None
    home = arguments.value("--home")
    made = Claim.NO if arguments.has("--no-create-home") or home == _NO_HOME else Claim.YES
    if home is None and system:
        # Until Debian 11 system users got a folder in /home.
        home, made = (_NO_HOME, Claim.NO) if recent else (UNREAD, Claim.UNKNOWN)
    home = home or f"/home/{operands[0]}"
    group = arguments.value("--ingroup") or arguments.value("--gid")
    if group is None:
        group = "" if own or not system else "nogroup"
    ranged = arguments.has("--firstuid", "--lastuid", "--firstgid", "--lastgid", "--conf")
    mode = _SYSTEM_MODE if system else _ADDUSER_MODE
    yield UserMade(
        operands[0],
        arguments.value("--uid"),
        group=False,
        line=call.line,
        certain=call.certain,
        system=system,
        adduser=True,
        main_group=None if UNREAD in group else group,
        home=UNKNOWN if UNREAD in home else place(call, home),
        home_made=made,
        shell=arguments.value("--shell"),
        complete=arguments.complete and not ranged and not configured,
        home_mode=mode if recent and not configured else UNKNOWN,
        skeleton=None if system else "/etc/skel",
        needed=not system,
    )


def _busybox_adduser(call: Call) -> Iterator[Change]:
    arguments = read_paths(call, switches=_BUSYBOX_SWITCHES, with_value=_BUSYBOX)
    operands = arguments.operands
    if not operands or UNREAD in operands[0]:
        yield from _somebody(call)
        return
    if len(operands) > 1 and not arguments.options:
        yield UsersChanged(call.line, call.certain, members=True)
        return
    system = arguments.has("-S", "--system")
    home = arguments.value("-h", "--home") or f"/home/{operands[0]}"
    path = UNREAD if UNREAD in home else place(call, home)
    made = Claim.NO
    if not arguments.has("-H", "--no-create-home"):
        # It makes no folders above, and does not fail without them.
        made = Claim.UNKNOWN if path == UNREAD else call.state.exists(posixpath.dirname(path))
    group = arguments.value("-G", "--ingroup")
    if group is None:
        group = "nogroup" if system else ""
    yield UserMade(
        operands[0],
        arguments.value("-u", "--uid"),
        group=False,
        line=call.line,
        certain=call.certain,
        system=system,
        adduser=True,
        main_group=None if UNREAD in group else group,
        home=UNKNOWN if path == UNREAD else path,
        home_made=made,
        shell=arguments.value("-s", "--shell"),
        complete=arguments.complete,
        home_mode=_BUSYBOX_MODE,
        home_taken=True,
        skeleton=arguments.value("-k", "--skel") or "/etc/skel",
    )


def _some_adduser(call: Call) -> Iterator[Change]:
    """Debian's or BusyBox's, in an image that nobody knows: both understand the options that are common."""
    arguments = read_paths(
        call, switches=f"{_ADDUSER_SWITCHES} {_BUSYBOX_SWITCHES}", with_value=f"{_ADDUSER} {_BUSYBOX}"
    )
    operands = arguments.operands
    if not operands or UNREAD in operands[0]:
        yield from _somebody(call)
        return
    if len(operands) > 1 and not arguments.options:
        yield UsersChanged(call.line, call.certain, members=True)
        return
    home = arguments.value("--home", "-h")
    yield UserMade(
        operands[0],
        arguments.value("--uid", "-u"),
        group=False,
        line=call.line,
        certain=call.certain,
        main_group=arguments.value("--ingroup", "-G"),
        home=UNKNOWN if home is None or UNREAD in home else place(call, home),
        home_made=Claim.NO if arguments.has("--no-create-home", "-H") else Claim.UNKNOWN,
        complete=False,
        needed=False,
    )
    if home is None and not arguments.has("--no-create-home", "-H"):
        yield Doubted("/home", call.line, call.certain, removes=False, alters=False)


@effect("groupadd", "addgroup")
def groupadd(call: Call) -> Iterator[Change]:
    """A group, by its name; BusyBox's `addgroup USER GROUP` makes none."""
    arguments = read_paths(call, switches=_GROUPADD_SWITCHES, with_value=_GROUPADD)
    operands = arguments.operands
    if not operands or UNREAD in operands[-1]:
        yield Doubted("/etc", call.line, call.certain, removes=False, alters=False)
    elif call.name == "addgroup" and len(operands) > 1:
        yield UsersChanged(call.line, call.certain, members=True)
    else:
        yield from _group(call, arguments, operands[-1], adduser=call.name == "addgroup")


def _group(call: Call, arguments: Arguments, name: str, *, adduser: bool) -> Iterator[Change]:
    system = arguments.has("-r", "--system", "-S")
    ranged = arguments.has("--firstgid", "--lastgid", "--conf", "-K", "--key")
    # GNU's `-f` chooses another number where the one that is named is taken.
    forced = arguments.has("-f", "--force")
    yield UserMade(
        name,
        arguments.value("-g", "--gid"),
        group=True,
        line=call.line,
        certain=call.certain,
        system=system,
        adduser=adduser,
        complete=arguments.complete and not ranged,
        needed=not forced and not (adduser and system),
    )
