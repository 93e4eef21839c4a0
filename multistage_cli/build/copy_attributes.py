"""What `--chown` and `--chmod` of COPY and ADD mean, and whose the folder is that WORKDIR makes.

Sources: parseChownFlag and readUser in moby/buildkit, copyFileInfo and MkdirAll in copy/ of tonistiigi/fsutil.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.files import Change, read_mode

if TYPE_CHECKING:
    from multistage_cli.build.accounts import Accounts

DIRECTORY_MODE: Final = 0o755
_MASK: Final = 0o022
"""The umask of the engine, which it does not change for the folders that it makes."""
_PLAIN: Final = Change()
_LONGEST_NUMBER: Final = 10


class Attributes(Struct, frozen=True):
    """What `--chown` and `--chmod` say.

    Attributes:
        copies: what becomes of owner and mode of what is copied: both stay without the flags.
        uid: of the folders that are made for the destination.
        gid: of these, too.
        mode: of these.
    """

    copies: Change
    uid: Known[int] = 0
    gid: Known[int] = 0
    mode: Known[int] = DIRECTORY_MODE


def attributes(accounts: Accounts, owner: Known[str] | None, mode: Known[str] | None) -> Attributes:
    """What `--chown` and `--chmod` mean in a stage, each None where it is not there."""
    copies = _PLAIN
    uid: Known[int] = 0
    gid: Known[int] = 0
    made: Known[int] = DIRECTORY_MODE
    if owner is not None:
        uid, gid = owner_ids(accounts, owner)
        copies = Change(uid, gid)
    if mode is UNKNOWN:
        copies, made = replace(copies, mode=UNKNOWN), UNKNOWN
    elif mode is not None and mode.isascii() and mode.isdecimal() and set(mode) <= set("01234567"):
        bits = int(mode[-_LONGEST_NUMBER:], 8) & 0o7777
        copies, made = replace(copies, mode=bits), bits & 0o777 & ~_MASK
    elif mode is not None:
        copies = replace(copies, mode=read_mode(_for_all(mode)) or UNKNOWN)
    return Attributes(copies, uid, gid, made)


def owner_ids(accounts: Accounts, owner: Known[str]) -> tuple[Known[int], Known[int]]:
    """The numbers that `--chown`, and USER for the folder that WORKDIR makes, mean.

    A number alone is the group's, too, whatever /etc/passwd says; a name has the group of its entry; what
    is left out on either side of a colon is root (parseChownFlag and readUser in moby/buildkit).
    """
    if owner is UNKNOWN:
        return UNKNOWN, UNKNOWN
    user, colon, group = owner.partition(":")
    uid: Known[int]
    gid: Known[int]
    if _is_number(user):
        uid = gid = int(user)
    elif user:
        uid, gid = (UNKNOWN, UNKNOWN) if user.isdecimal() else accounts.ids(user)
    else:
        uid = gid = 0
    if colon:
        gid = int(group) if _is_number(group) else UNKNOWN if group.isdecimal() else accounts.group_id(group)
    return uid, gid


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _for_all(mode: str) -> str:
    """Clauses without a class are for all: BuildKit reads them with an umask of 0."""
    return ",".join(f"a{clause}" if clause[:1] in {"+", "-", "="} else clause for clause in mode.split(","))
