"""A state and a change of paths or users -> the state after it, where no command says it as plainly."""

from __future__ import annotations

import pytest

from multistage_cli.build.actor import Actor
from multistage_cli.build.changes import (
    Change,
    Deletion,
    DirectoryMade,
    Doubted,
    FileWritten,
    LinkMade,
    ModeChanged,
    OwnerChanged,
    PathsCopied,
    Unmeasured,
    UserMade,
    UsersChanged,
)
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.files import Kind, Writer
from multistage_cli.build.state import State
from multistage_cli.build.take import take
from multistage_cli.parser import parse

YES, MAYBE = Claim.YES, Claim.UNKNOWN


def taken(*changes: Change, base: str = "scratch", uid: int = 0) -> State:
    target = evaluate(parse(f"FROM {base}\nLABEL a=b\n")).target
    assert target is not None
    state = target.final
    for stamp, change in enumerate(changes, start=1_000):
        state = take(state, change, Actor(Writer(stamp, 0, 2), uid, uid))
    return state


def test_nothing_follows_from_a_command_that_is_only_not_measured() -> None:
    assert taken(Unmeasured("cp", 2, YES)).files.names("/") == taken().files.names("/")


@pytest.mark.parametrize(
    "change",
    [
        FileWritten("nowhere", 2, YES),
        DirectoryMade("~/x", 2, YES),
        LinkMade("x", "/y", 2, YES),
        Deletion(("x",), 2, YES),
        PathsCopied(("/a",), "x", 2, YES),
        PathsCopied(("x",), "/", 2, YES),
        ModeChanged(("x",), "755", 2, YES),
        OwnerChanged(("x",), "5", None, 2, YES),
        Doubted("x", 2, YES),
        LinkMade("/*/x", "/y", 2, YES),
        FileWritten("/*/x", 2, YES),
    ],
)
def test_a_path_that_nobody_knows_makes_others_uncertain_and_no_claim(change: Change) -> None:
    state = taken(DirectoryMade("/a", 2, YES), FileWritten("/a/b", 2, YES), change)
    entry = state.files.entry("/a/b")
    assert (entry.exists is MAYBE, entry.mode is UNKNOWN, state.exists("/new") is MAYBE).count(True) >= 1


def test_what_the_runtime_mounts_is_in_no_layer() -> None:
    assert taken(FileWritten("/dev/shm/x", 2, YES)).files.entry("/dev/shm/x").exists is Claim.NO


def test_a_link_where_a_directory_may_be_leads_nobody_knows_where() -> None:
    state = taken(LinkMade("/opt/x", "/y", 2, YES), base="example.org/own:1")
    assert state.files.entry("/opt/x", follow=False).exists is YES
    assert state.exists("/opt/x") is MAYBE
    assert state.exists("/opt/x/y") is MAYBE


def test_a_link_may_lie_in_what_may_be_a_link_to_a_directory() -> None:
    made = (DirectoryMade("/d", 2, YES), LinkMade("/l", "/d", 2, YES, into=Claim.NO))
    inside = taken(*made, LinkMade("/l", "/x", 2, YES))
    beside = taken(*made, LinkMade("/l", "/x", 2, YES, follows=False))
    assert inside.files.entry("/d/x", follow=False).target == "/x"
    assert beside.files.entry("/l", follow=False).target == "/x"
    assert beside.files.entry("/d/x", follow=False).exists is Claim.NO


def test_a_link_of_unknown_target_into_a_directory_is_a_doubt_in_it() -> None:
    state = taken(DirectoryMade("/d", 2, YES), LinkMade("/d", UNKNOWN, 2, YES))
    assert (state.exists("/d"), state.exists("/d/x"), state.exists("/e")) == (YES, MAYBE, Claim.NO)


def test_only_paths_of_a_kind_change_their_mode() -> None:
    state = taken(
        DirectoryMade("/a/b", 2, YES),
        FileWritten("/a/c", 2, YES),
        ModeChanged(("/a",), "700", 2, YES, recursive=True, kind=Kind.DIRECTORY),
    )
    assert [state.files.entry(path).mode for path in ("/a", "/a/b", "/a/c")] == [0o700, 0o700, 0o644]


def test_a_doubt_about_names_is_about_those_and_what_is_in_them() -> None:
    state = taken(
        DirectoryMade("/a/tests/x", 2, YES),
        DirectoryMade("/a/src", 2, YES),
        Doubted("/a", 2, YES, adds=False, alters=False, names=("test*",)),
    )
    assert [state.exists(path) for path in ("/a/tests", "/a/tests/x", "/a/src")] == [MAYBE, MAYBE, YES]


def test_copies_of_a_hundred_folders_into_each_other_stay_answerable() -> None:
    changes: list[Change] = [DirectoryMade("/a/b", 2, YES)]
    for number in range(100):
        source = "/a" if number == 0 else f"/c{number - 1}"
        changes.append(
            PathsCopied((source,), f"/c{number}", 2, YES, recursive=True, keeps=True, follows=False)
        )
    assert taken(*changes).exists("/c5/b") is YES
    assert taken(*changes).exists("/c99/b") in {YES, MAYBE}


def test_only_root_gives_files_away() -> None:
    state = taken(
        DirectoryMade("/d", 2, YES), FileWritten("/d/a", 2, YES), OwnerChanged(("/d/a",), "5", "5", 2, YES)
    )
    copy = PathsCopied(("/d/a",), "/d/b", 2, YES, keeps=True)
    by = Writer(2_000, 0, 2)
    assert take(state, copy, Actor(by, 0, 0)).files.entry("/d/b").uid == 5
    assert take(state, copy, Actor(by, 5, 5)).files.entry("/d/b").uid == 5
    assert take(state, copy, Actor(by, 6, 6)).files.entry("/d/b").uid is UNKNOWN


def test_a_user_who_is_there_already_is_not_made_again() -> None:
    first = UserMade("a", "7", group=False, line=2, certain=YES, main_group="", home="/h", home_made=YES)
    state = taken(first, UserMade("a", "8", group=False, line=2, certain=YES, home="/other", home_made=YES))
    assert state.accounts.ids("a") == (7, 7)
    assert (state.exists("/h"), state.exists("/other")) == (YES, Claim.NO)


def test_members_and_passwords_change_nobody() -> None:
    made = UserMade("a", "7", group=False, line=2, certain=YES, main_group="")
    assert taken(made, UsersChanged(2, YES, members=True)).has_user("a") is YES
    assert taken(made, UsersChanged(2, YES)).has_user("a") is MAYBE
    assert taken(made, UsersChanged(2, MAYBE, removed="a")).has_user("a") is MAYBE
