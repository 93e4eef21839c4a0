"""useradd, adduser, groupadd, addgroup: the users and groups that exist afterwards.

Source: useradd(8), groupadd(8), Debian's adduser(8), BusyBox's adduser and addgroup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import UserMade
from multistage_cli.build.effects import Call, effect, read_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_USERADD = (
    "-b --base-dir -c --comment -d --home-dir -e -f -g --gid -G --groups -k --skel -K -p --password -s --shell"
    " -u --uid -R -Z"
)
_ADDUSER = (
    "--home --shell --uid --firstuid --lastuid --gid --ingroup --gecos --conf -h -g -s -G -u -k --comment"
)


@effect("useradd")
def useradd(call: Call) -> Iterator[Change]:
    """A user, by its last operand."""
    arguments = read_arguments(call.words, with_value=_USERADD)
    yield from _made(call, arguments.operands[-1:], arguments.value("-u", "--uid"), group=False)


@effect("adduser")
def adduser(call: Call) -> Iterator[Change]:
    """A user, or `adduser USER GROUP`, which makes nobody."""
    arguments = read_arguments(call.words, with_value=_ADDUSER)
    yield from _made(call, arguments.operands[:1], arguments.value("-u", "--uid"), group=False)


@effect("groupadd", "addgroup")
def groupadd(call: Call) -> Iterator[Change]:
    """A group, by its name."""
    arguments = read_arguments(
        call.words, with_value="-g --gid -K -p -R --firstgid --lastgid --conf -U --users"
    )
    yield from _made(call, arguments.operands[-1:], arguments.value("-g", "--gid"), group=True)


def _made(call: Call, names: tuple[str, ...], identifier: str | None, *, group: bool) -> Iterator[Change]:
    for name in names:
        yield UserMade(name, identifier, group, call.line, call.certain)
