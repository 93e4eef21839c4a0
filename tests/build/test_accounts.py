"""Users and groups: their numbers, and what is known of names that may not be there."""

from __future__ import annotations

import pytest

from multistage_cli.build.accounts import Account, Accounts, Group
from multistage_cli.build.claims import UNKNOWN, Claim


def accounts(
    users: dict[str, int], groups: dict[str, int] | None = None, *, complete: bool = True
) -> Accounts:
    return Accounts.of(
        (Account(name, number, number, f"/home/{name}") for name, number in users.items()),
        (Group(name, number) for name, number in (users if groups is None else groups).items()),
        users_complete=complete,
        groups_complete=complete,
    )


@pytest.mark.parametrize(
    ("users", "system", "adduser", "number"),
    [
        ({"root": 0}, False, False, 1000),
        ({"root": 0, "a": 1000, "b": 4000}, False, False, 4001),
        ({"root": 0, "a": 1000, "b": 4000}, False, True, 1001),
        ({"root": 0, "nobody": 65534}, False, False, 1000),
        ({"root": 0}, True, False, 999),
        ({"root": 0, "a": 999, "b": 997}, True, False, 998),
        ({"root": 0, "a": 100}, True, True, 101),
        ({"root": 0, "a": 60_000}, False, False, UNKNOWN),
    ],
)
def test_the_next_number(users: dict[str, int], system: bool, adduser: bool, number: object) -> None:
    assert accounts(users).free_user_id(system=system, adduser=adduser) == number
    assert accounts(users).free_group_id(system=system, adduser=adduser) == number
    assert accounts(users, complete=False).free_user_id(system=system, adduser=adduser) is UNKNOWN


def test_a_group_of_ones_own_has_the_users_number_unless_that_is_taken() -> None:
    found = accounts({"root": 0}, {"root": 0, "team": 1000})
    assert found.own_group_id(2000, system=False) == 2000
    assert found.own_group_id(1000, system=False) == 1001
    assert found.own_group_id(UNKNOWN, system=False) is UNKNOWN
    assert found.free_pair(system=False) == 1001


def test_lines_added_by_hand() -> None:
    text = "app:x:10001:10002:App:/srv:/bin/sh\nbad line\n#c:x:1:1:::\n:x:1:1:::\nno:x:one:1:::\n"
    found = (
        accounts({"root": 0}).with_passwd_lines(text, 3, Claim.YES).with_group_lines("g:x:7:\n", 3, Claim.YES)
    )
    assert found.user("app") == Account("app", 10001, 10002, "/srv", "/bin/sh", 3)
    assert [found.has_user(name) for name in ("no", "bad line", "#c")] == [Claim.NO] * 3
    assert found.group_id("g") == 7
    assert found.ids("app") == (10001, 10002)
    unsure = accounts({"root": 0}).with_passwd_lines(text, 3, Claim.UNKNOWN)
    assert unsure.has_user("app") is Claim.UNKNOWN


def test_users_that_go_or_change() -> None:
    start = accounts({"root": 0, "a": 1000})
    assert start.remove_user("a", Claim.YES).has_user("a") is Claim.NO
    assert start.remove_user("a", Claim.UNKNOWN).has_user("a") is Claim.UNKNOWN
    assert start.remove_user("b", Claim.UNKNOWN).has_user("b") is Claim.NO
    assert start.remove_group("a", Claim.YES).has_group("a") is Claim.NO
    assert start.remove_group("b", Claim.UNKNOWN).has_group("b") is Claim.NO
    new = Account("a", 2000, 1000, "/home/a")
    assert start.put_user(new, Claim.YES).ids("a") == (2000, 1000)
    assert start.put_user(new, Claim.UNKNOWN).ids("a") == (UNKNOWN, 1000)
    assert start.put_user(Account("n", 5, 5), Claim.UNKNOWN).has_user("n") is Claim.UNKNOWN
    assert start.put_group(Group("a", 7), Claim.YES).group_id("a") == 7
    assert start.put_group(Group("a", 7), Claim.UNKNOWN).group_id("a") is UNKNOWN
