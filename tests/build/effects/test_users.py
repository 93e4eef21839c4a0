"""Users, groups and homes after a script, by the tools of each distribution."""

from __future__ import annotations

import pytest

from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.evaluate import evaluate
from multistage_cli.build.state import State
from multistage_cli.parser import parse

BOOKWORM, TRIXIE, ALPINE = "debian:bookworm-slim", "debian:trixie-slim", "alpine:3.22"


def after(script: str, base: str = BOOKWORM) -> State:
    target = evaluate(parse(f"FROM {base}\nRUN {script}\n")).target
    assert target is not None
    return target.final


def user(state: State, name: str) -> str:
    """`uid:gid home`, or whether the user exists."""
    account = state.accounts.user(name)
    if account is None or account.exists is not Claim.YES:
        return {Claim.NO: "none", Claim.UNKNOWN: "?", Claim.YES: "yes"}[state.has_user(name)]
    numbers = ":".join("?" if number is UNKNOWN else str(number) for number in (account.uid, account.gid))
    return f"{numbers} {'?' if account.home is UNKNOWN else account.home}"


def folder(state: State, path: str) -> str:
    """`mode uid:gid`, or whether it exists."""
    entry = state.files.entry(path)
    if entry.exists is not Claim.YES:
        return "none" if entry.exists is Claim.NO else "?"
    numbers = ":".join("?" if number is UNKNOWN else str(number) for number in (entry.uid, entry.gid))
    return f"{'???' if entry.mode is UNKNOWN else f'{entry.mode:o}'} {numbers}"


USERS: dict[str, dict[str, str]] = {
    "useradd a && useradd -r b && useradd -u 4000 c && useradd d && useradd -N e": {
        "a": "1000:1000 /home/a", "b": "999:999 /home/b", "c": "4000:4000 /home/c", "d": "4001:4001 /home/d",
        "e": "4002:100 /home/e", "f": "none",
    },
    "groupadd -g 1500 team && useradd -g team -d /srv/a a && useradd -g 33 b && useradd --gid team -b /srv c": {
        "a": "1000:1500 /srv/a", "b": "1001:33 /home/b", "c": "1002:1500 /srv/c",
    },
    "groupadd -r helpers && useradd --system --uid 200 --gid helpers a": {"a": "200:999 /home/a"},
    "groupadd one && useradd a": {"a": "1000:1001 /home/a"},
    "useradd a || true": {"a": "?"},
    "useradd --strange a": {"a": "?:? /home/a"},
    "useradd $UNKNOWN": {"a": "?", "root": "0:0 /root"},
    "adduser --disabled-password --gecos '' a && adduser --system b && adduser --system --group --home /s c": {
        "a": "1000:1000 /home/a", "b": "100:65534 /nonexistent", "c": "101:101 /s",
    },
    "addgroup --gid 1001 g && adduser --disabled-login --gecos '' a && adduser --ingroup g --gecos '' b": {
        "a": "1000:1000 /home/a", "b": "1001:1001 /home/b",
    },
    "adduser --system a && adduser --system a && useradd b && adduser b audio": {
        "a": "100:65534 /nonexistent", "b": "1000:1000 /home/b",
    },
    "useradd a && usermod -aG audio a && usermod -u 5 -d /x a && usermod -l b a": {"a": "none", "b": "5:1000 /x"},
    "useradd a && groupmod -g 7 a && useradd b && userdel b": {"a": "1000:7 /home/a", "b": "none"},
    "groupadd g && useradd -g g a && userdel a && groupdel g && useradd -u 3 -g g b": {"a": "none", "b": "3:? /home/b"},
    "echo 'a:x:7:8::/srv:/bin/sh' >> /etc/passwd && echo a:pw | chpasswd": {"a": "7:8 /srv", "root": "0:0 /root"},
    "echo 'a:x:7:8::/srv:/bin/sh' > /etc/passwd": {"root": "?"},
    "echo $UNKNOWN >> /etc/passwd": {"a": "?"},
    "sed -i s/a/b/ /etc/passwd": {"root": "?"},
    "newusers list": {"root": "?"},
}  # fmt: skip


@pytest.mark.parametrize("script", USERS)
def test_users_of_debian(script: str) -> None:
    state = after(script)
    assert {name: user(state, name) for name in USERS[script]} == USERS[script]


@pytest.mark.parametrize(
    ("base", "script", "found"),
    [
        (BOOKWORM, "useradd -m a", {"/home/a": "755 1000:1000"}),
        (TRIXIE, "useradd -m a", {"/home/a": "700 1000:1000"}),
        (TRIXIE, "useradd -m -K UMASK=077 a", {"/home/a": "??? 1000:1000"}),
        (TRIXIE, "sed -i s/0700/0755/ /etc/login.defs && useradd -m a", {"/home/a": "??? 1000:1000"}),
        (BOOKWORM, "useradd -m -d /far/away a", {"/far": "755 0:0", "/far/away": "755 1000:1000"}),
        (BOOKWORM, "mkdir /ready && touch /ready/x && useradd -m -d /ready a", {"/ready": "755 0:0"}),
        (BOOKWORM, "useradd -M -d /none a", {"/none": "none"}),
        (BOOKWORM, "adduser --disabled-password --gecos '' a", {"/home/a": "700 1000:1000"}),
        (BOOKWORM, "adduser --system --home /svc a", {"/svc": "755 100:65534"}),
        (BOOKWORM, "adduser --system --no-create-home --home /svc a", {"/svc": "none"}),
        (BOOKWORM, "useradd -m a && userdel -r a", {"/home/a": "none"}),
        (ALPINE, "adduser -D -u 1500 a", {"/home/a": "2755 1500:1500"}),
        (ALPINE, "adduser -D -H -h /none a", {"/none": "none"}),
        (
            ALPINE,
            "addgroup -g 1500 g && adduser -S -D -G g -u 1500 -h /home/x a",
            {"/home/x": "2755 1500:1500"},
        ),
    ],
)
def test_homes(base: str, script: str, found: dict[str, str]) -> None:
    state = after(script, base)
    assert {path: folder(state, path) for path in found} == found


def test_busybox_tells_adding_a_user_from_adding_to_a_group() -> None:
    state = after("addgroup -S g && adduser -S -G g -h /srv a && adduser a audio && addgroup a audio", ALPINE)
    assert state.has_user("a") is Claim.YES
    assert state.accounts.has_group("g") is Claim.YES
    assert state.accounts.user("a") is not None
    assert user(state, "audio") == "none"


def test_an_adduser_that_nobody_knows_is_only_half_understood() -> None:
    state = after("adduser -D -u 7 -h /srv/a a", "example.org/own:1")
    assert user(state, "a") == "?:? /srv/a"
    assert folder(state, "/srv/a") == "?"


def test_home_of_an_ordinary_user_is_what_passwd_says() -> None:
    text = f"FROM {BOOKWORM}\nRUN useradd -m -d /far a\nUSER a\nRUN touch $HOME/x ~/y && mkdir ~/z\n"
    target = evaluate(parse(text)).target
    assert target is not None
    assert [target.final.exists(f"/far/{name}") for name in "xyz"] == [Claim.YES] * 3
    assert folder(target.final, "/far/z") == "755 1000:1000"
