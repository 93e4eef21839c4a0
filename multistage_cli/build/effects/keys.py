"""openssl, ssh-keygen and gpg: keys, certificates and what their options name. Source: their manual pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from multistage_cli.build.changes import Doubted, FileWritten
from multistage_cli.build.claims import UNKNOWN, Known
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, expanded, home_of, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change

_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644


def _values(call: Call, *names: str) -> list[str]:
    words = expanded(call)
    return [words[index + 1] for index, word in enumerate(words[:-1]) if word in names]


@effect("openssl")
def openssl(call: Call) -> Iterator[Change]:
    """Files behind `-out` and its like; private keys are readable to their owner alone."""
    for value in _values(call, "-out", "-keyout", "-CAserial", "-rand", "-writerand"):
        yield FileWritten(place(call, value), call.line, call.certain, mode=UNKNOWN)
    if "-CAcreateserial" in call.words or "ca" in call.words[:1]:
        yield Doubted(place(call, "."), call.line, call.certain, removes=False)


@effect("ssh-keygen")
def ssh_keygen(call: Call) -> Iterator[Change]:
    """A pair of keys behind `-f`, else in the home folder."""
    for value in _values(call, "-f"):
        path = place(call, value)
        if (
            path == UNREAD
            or "-A" in call.words
            or "-R" in call.words
            or "-y" in call.words
            or "-l" in call.words
        ):
            yield Doubted(path, call.line, call.certain, removes=False)
            return
        yield FileWritten(path, call.line, call.certain, mode=_PRIVATE, fresh=True)
        yield FileWritten(f"{path}.pub", call.line, call.certain, mode=_PUBLIC, fresh=True)
        return
    folder = "/etc/ssh" if "-A" in call.words else _at_home(call, ".ssh")
    yield Doubted(folder, call.line, call.certain, removes=False)


@effect("gpg", "gpg2", "gpgconf", "gpgv")
def gpg(call: Call) -> Iterator[Change]:
    """The file behind `-o`, the key ring that is named, and what the home of GnuPG gets."""
    for value in _values(call, "-o", "--output"):
        if value != "-":
            yield FileWritten(place(call, value), call.line, call.certain)
    for value in _values(call, "--keyring"):
        path = place(call, value.removeprefix("gnupg-ring:"))
        yield Doubted(path, call.line, call.certain, removes=False)
        yield Doubted(f"{path}~", call.line, call.certain, removes=False)
    home = _values(call, "--homedir")
    named = home[0] if home else call.environment.get("GNUPGHOME")
    yield Doubted(_at_home(call, ".gnupg") if named is None else place(call, named), call.line, call.certain)


def _at_home(call: Call, name: str) -> str:
    home: Known[str] = home_of(call)
    return UNREAD if home is UNKNOWN else f"{home}/{name}"
