"""Users and groups of an image, as /etc/passwd and /etc/group have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.ordered import OrderedVersions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_USER: Final = 1000
"""The first id of ordinary users and groups: UID_MIN and GID_MIN in /etc/login.defs, FIRST_UID in adduser.conf."""
LAST_USER: Final = 60_000
"""The last one: UID_MAX and GID_MAX."""


_MOST_DIGITS: Final = 10  # of 2**32


def number_of(text: str) -> int | None:
    """The id that a user or a group is named by, or None for a name."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if plain else None


class Account(Struct, frozen=True):
    """A user.

    Attributes:
        name: as in /etc/passwd.
        uid: its number.
        gid: the number of its main group.
        home: its home folder, which need not exist.
        shell: its login shell.
        line: of the command that made it; None for the base image.
        exists: UNKNOWN where that command may not have run.
    """

    name: str
    uid: Known[int] = UNKNOWN
    gid: Known[int] = UNKNOWN
    home: Known[str] = UNKNOWN
    shell: Known[str] = UNKNOWN
    line: int | None = None
    exists: Claim = Claim.YES


class Group(Struct, frozen=True):
    """A group, in the same way."""

    name: str
    gid: Known[int] = UNKNOWN
    line: int | None = None
    exists: Claim = Claim.YES


class Accounts(Struct, frozen=True):
    """All users and groups that are known.

    Attributes:
        users: by name.
        groups: by name.
        users_complete: whether no other user exists.
        groups_complete: whether no other group exists.
    """

    users: OrderedVersions[Account]
    groups: OrderedVersions[Group]
    users_complete: bool = False
    groups_complete: bool = False

    @classmethod
    def unknown(cls) -> Accounts:
        """Of an image that nothing is known of."""
        return cls(OrderedVersions(), OrderedVersions())

    @classmethod
    def of(
        cls, users: Iterable[Account], groups: Iterable[Group], *, users_complete: bool, groups_complete: bool
    ) -> Accounts:
        """The accounts of a base image."""
        made: OrderedVersions[Account] = OrderedVersions()
        for user in users:
            made = made.put(user.name, user)
        made_groups: OrderedVersions[Group] = OrderedVersions()
        for group in groups:
            made_groups = made_groups.put(group.name, group)
        return cls(made, made_groups, users_complete, groups_complete)

    def user(self, name: str) -> Account | None:
        """The user of that name, or None where none is known; `exists` may be NO or UNKNOWN."""
        return self.users.get(name)

    def has_user(self, name: str) -> Claim:
        """Whether /etc/passwd has the name."""
        found = self.users.get(name)
        if found is not None:
            return found.exists
        return Claim.NO if self.users_complete else Claim.UNKNOWN

    def has_group(self, name: str) -> Claim:
        """Whether /etc/group has the name."""
        found = self.groups.get(name)
        if found is not None:
            return found.exists
        return Claim.NO if self.groups_complete else Claim.UNKNOWN

    def ids(self, user: Known[str], group: Known[str] | None = None) -> tuple[Known[int], Known[int]]:
        """The numbers that `USER user:group` means; the group that the user has where none is named.

        A number without an entry gets the group 0, as runc has it.
        """
        if user is UNKNOWN:
            return UNKNOWN, self.group_id(group) if group is not None else UNKNOWN
        if group is None and ":" in user:
            user, _, group = user.partition(":")
        number = number_of(user)
        if number is not None:
            uid: Known[int] = number
            account = self._numbered(number)
        else:
            found = self.users.get(user or "root")
            account = found if found is not None and found.exists is Claim.YES else None
            uid = account.uid if account is not None else 0 if user in {"", "root"} else UNKNOWN
        if group:
            return uid, self.group_id(group)
        if account is not None:
            return uid, account.gid
        numbered = number is not None and self.users_complete and self._settled()
        return uid, 0 if numbered or uid == 0 else UNKNOWN

    def group_id(self, group: Known[str]) -> Known[int]:
        """The number of a group by its name or number."""
        if group is UNKNOWN:
            return UNKNOWN
        number = number_of(group)
        if number is not None:
            return number
        found = self.groups.get(group)
        if found is not None and found.exists is Claim.YES:
            return found.gid
        return 0 if group in {"", "root"} else UNKNOWN

    def home(self, user: Known[str]) -> Known[str]:
        """The home folder of a user by name or number, as the container's HOME has it."""
        if user is UNKNOWN:
            return UNKNOWN
        name = user.partition(":")[0]
        number = number_of(name)
        account = self.users.get(name or "root") if number is None else self._numbered(number)
        if account is not None and account.exists is Claim.YES:
            return account.home
        if name in {"", "root", "0"}:
            return "/root"
        return "/" if number is not None and self.users_complete and self._settled() else UNKNOWN

    def add_user(self, account: Account) -> Accounts:
        """One user more; a name that exists keeps what it has, as useradd refuses it."""
        old = self.users.get(account.name)
        if old is not None and old.exists is Claim.YES:
            return self
        if old is not None and old.exists is Claim.UNKNOWN and account.exists is Claim.UNKNOWN:
            account = Account(account.name, line=account.line, exists=Claim.UNKNOWN)
        return replace(self, users=self.users.put(account.name, account))

    def add_group(self, group: Group) -> Accounts:
        """One group more, in the same way."""
        old = self.groups.get(group.name)
        if old is not None and old.exists is Claim.YES:
            return self
        return replace(self, groups=self.groups.put(group.name, group))

    def remove_user(self, name: str, certain: Claim) -> Accounts:
        """The user goes."""
        exists = Claim.NO if certain is Claim.YES else self.has_user(name)
        exists = Claim.UNKNOWN if exists is Claim.YES else exists
        return replace(self, users=self.users.put(name, Account(name, exists=exists)))

    def remove_group(self, name: str, certain: Claim) -> Accounts:
        """The group goes."""
        exists = Claim.NO if certain is Claim.YES else self.has_group(name)
        exists = Claim.UNKNOWN if exists is Claim.YES else exists
        return replace(self, groups=self.groups.put(name, Group(name, exists=exists)))

    def put_user(self, account: Account, certain: Claim) -> Accounts:
        """The user has these values now, or may have them."""
        old = self.users.get(account.name)
        if certain is not Claim.YES:
            account = _joined(old or Account(account.name, exists=self.has_user(account.name)), account)
        return replace(self, users=self.users.put(account.name, account))

    def put_group(self, group: Group, certain: Claim) -> Accounts:
        """The group has this number now, or may have it."""
        old = self.groups.get(group.name)
        if certain is not Claim.YES:
            old = old or Group(group.name, exists=self.has_group(group.name))
            number = group.gid if old.gid == group.gid else UNKNOWN
            exists = Claim.UNKNOWN if old.exists is not group.exists else old.exists
            group = Group(group.name, number, group.line, exists)
        return replace(self, groups=self.groups.put(group.name, group))

    def with_passwd_lines(self, text: str, line: int, certain: Claim) -> Accounts:
        """The users of lines that were added to /etc/passwd; a malformed line is none, as libc skips it."""
        accounts = self
        exists = Claim.YES if certain is Claim.YES else Claim.UNKNOWN
        for fields in _records(text, _PASSWD_FIELDS):
            name, _, uid, gid, _, home, shell = fields
            account = Account(name, int(uid), int(gid), home, shell or "/bin/sh", line, exists)
            accounts = accounts.add_user(account)
        return accounts

    def with_group_lines(self, text: str, line: int, certain: Claim) -> Accounts:
        """The groups of lines that were added to /etc/group."""
        accounts = self
        exists = Claim.YES if certain is Claim.YES else Claim.UNKNOWN
        for name, _, gid, _ in _records(text, _GROUP_FIELDS):
            accounts = accounts.add_group(Group(name, int(gid), line, exists))
        return accounts

    def doubt(self, *, removes: bool) -> Accounts:
        """There may be others; with `removes`, those known may be gone or different, too."""
        if removes:
            return Accounts.unknown()
        if not self.users_complete and not self.groups_complete:
            return self
        return replace(self, users_complete=False, groups_complete=False)

    def free_user_id(self, *, system: bool, adduser: bool) -> Known[int]:
        """The number that the next user gets where the command names none.

        useradd takes one more than the highest in its range, and system users downwards from 999
        (shadow's find_new_uid); adduser takes the first that is free, and system users upwards from 100.
        """
        if len(self.users) > _MOST_USERS:
            return UNKNOWN
        numbers = {account.uid for account in self.users.values() if account.exists is not Claim.NO}
        return _free(numbers, self._settled() and self.users_complete, system=system, adduser=adduser)

    def free_pair(self, *, system: bool) -> Known[int]:
        """The number that adduser gives to a user with a group of its own: the first free as both."""
        if len(self.users) + len(self.groups) > _MOST_USERS:
            return UNKNOWN
        numbers = {account.uid for account in self.users.values() if account.exists is not Claim.NO}
        numbers |= {group.gid for group in self.groups.values() if group.exists is not Claim.NO}
        complete = self._settled() and self.users_complete and self.groups_complete
        return _free(numbers, complete, system=system, adduser=True)

    def own_group_id(self, uid: Known[int], *, system: bool) -> Known[int]:
        """The number of the group that useradd makes for a user: the user's, unless a group has that.

        Source: find_new_gid of shadow, which useradd asks with the user's number as the preferred one.
        """
        if uid is UNKNOWN or not self.groups_complete or len(self.groups) > _MOST_USERS:
            return UNKNOWN
        groups = [group for group in self.groups.values() if group.exists is not Claim.NO]
        if any(group.gid is UNKNOWN for group in groups):
            return UNKNOWN
        taken = {group.gid for group in groups}
        return uid if uid not in taken else self.free_group_id(system=system, adduser=False)

    def free_group_id(self, *, system: bool, adduser: bool) -> Known[int]:
        """The number that the next group gets, in the same way."""
        if len(self.groups) > _MOST_USERS:
            return UNKNOWN
        numbers = {group.gid for group in self.groups.values() if group.exists is not Claim.NO}
        return _free(numbers, self._settled() and self.groups_complete, system=system, adduser=adduser)

    def _numbered(self, uid: int) -> Account | None:
        if len(self.users) > _MOST_USERS:
            return None
        return next(
            (found for found in self.users.values() if found.uid == uid and found.exists is Claim.YES), None
        )

    def _settled(self) -> bool:
        """Whether every known user surely exists or does not; nobody has that many users."""
        return len(self.users) <= _MOST_USERS and all(
            account.exists is not Claim.UNKNOWN for account in self.users.values()
        )


def _joined(old: Account, new: Account) -> Account:
    """What holds whether or not the user got the new values."""
    return Account(
        new.name,
        new.uid if old.uid == new.uid else UNKNOWN,
        new.gid if old.gid == new.gid else UNKNOWN,
        new.home if old.home == new.home else UNKNOWN,
        new.shell if old.shell == new.shell else UNKNOWN,
        new.line,
        old.exists if old.exists is new.exists else Claim.UNKNOWN,
    )


def _records(text: str, numbers: tuple[bool, ...]) -> Iterator[list[str]]:
    """The fields of each line that is well formed; `numbers` tells which of them must be numbers."""
    for row in text.split("\n"):
        fields = row.split(":")
        if len(fields) != len(numbers) or not fields[0] or row.startswith("#"):
            continue
        if all(
            field.isascii() and field.isdecimal() and len(field) <= _LONGEST_NUMBER
            for field, is_number in zip(fields, numbers, strict=True)
            if is_number
        ):
            yield fields


_PASSWD_FIELDS = (False, False, True, True, False, False, False)
_GROUP_FIELDS = (False, False, True, False)
_LONGEST_NUMBER = 10
_MOST_USERS = 500
_SYSTEM_LAST = 999
_SYSTEM_FIRST = 100


def _free(numbers: set[Known[int]], complete: bool, *, system: bool, adduser: bool) -> Known[int]:  # noqa: FBT001
    if not complete or UNKNOWN in numbers:
        return UNKNOWN
    if system and not adduser:
        return next((n for n in range(_SYSTEM_LAST, _SYSTEM_FIRST, -1) if n not in numbers), UNKNOWN)
    if system:
        return next((n for n in range(_SYSTEM_FIRST, _SYSTEM_LAST + 1) if n not in numbers), UNKNOWN)
    if adduser:
        return next((n for n in range(FIRST_USER, LAST_USER + 1) if n not in numbers), UNKNOWN)
    highest = max(
        (n for n in numbers if n is not UNKNOWN and FIRST_USER <= n <= LAST_USER), default=FIRST_USER - 1
    )
    return highest + 1 if highest < LAST_USER else UNKNOWN
