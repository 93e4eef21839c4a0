"""chmod, chown, chgrp and setfacl. Source: the manual pages of GNU coreutils, and BusyBox's applets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.build.changes import Doubted, ModeChanged, OwnerChanged, Unmeasured
from multistage_cli.build.claims import UNKNOWN, Claim
from multistage_cli.build.effects import Call, effect
from multistage_cli.build.effects.places import UNREAD, expanded, places, read_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.build.changes import Change
    from multistage_cli.build.claims import Known

_CHMOD = "-R --recursive -v --verbose -c --changes -f --silent --quiet --preserve-root --no-preserve-root"
_CHOWN = f"{_CHMOD} -h --no-dereference --dereference -P -L -H"
_MODE_LETTERS = frozenset("rwxXstugo")


@effect("chmod")
def chmod(call: Call) -> Iterator[Change]:
    """Modes; `-x` and `-rwx` are modes and no options."""
    yield Unmeasured(call.name, call.line, call.certain)
    mode = next((word for word in expanded(call) if word[:1] == "-" and _is_mode(word[1:])), None)
    arguments = read_paths(call, switches=f"{_CHMOD} {mode or ''}", with_value="--reference")
    operands = arguments.operands
    if mode is None and not arguments.has("--reference"):
        mode, operands = (operands[0] if operands else UNREAD), operands[1:]
    paths = places(call, operands)
    if not paths:
        return
    known: Known[str] = UNKNOWN if mode is None or UNREAD in mode or not arguments.complete else mode
    recursive = arguments.has("-R", "--recursive") or not arguments.complete
    yield ModeChanged(paths, known, call.line, call.certain, recursive)


def _is_mode(letters: str) -> bool:
    return bool(letters) and set(letters) <= _MODE_LETTERS


@effect("chown", "chgrp")
def chown(call: Call) -> Iterator[Change]:
    """Owners and groups: `user`, `user:group`, `:group`, `user:` for the user's own group."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, switches=_CHOWN, with_value="--from --reference")
    operands = arguments.operands
    owner: Known[str] | None = UNKNOWN
    group: Known[str] | None = UNKNOWN
    if not arguments.has("--reference"):
        text, operands = (operands[0] if operands else UNREAD), operands[1:]
        if call.name == "chgrp":
            owner, group = None, UNKNOWN if UNREAD in text else text
        else:
            owner, group = owners(call, text)
    paths = places(call, operands)
    if not paths:
        return
    if not arguments.complete or arguments.has("--from"):
        owner, group = UNKNOWN, UNKNOWN
    recursive = arguments.has("-R", "--recursive") or not arguments.complete
    yield OwnerChanged(
        paths,
        owner,
        group,
        call.line,
        call.certain,
        recursive,
        follows=not arguments.has("-h", "--no-dereference"),
    )
    if recursive and arguments.has("-L", "-H"):
        # Links that lead elsewhere are followed.
        yield Doubted("/", call.line, call.certain, adds=False, removes=False)


def owners(call: Call, text: str) -> tuple[Known[str] | None, Known[str] | None]:
    """The user and the group that `user:group` means; None for one that stays."""
    if UNREAD in text:
        return UNKNOWN, UNKNOWN
    separator = ":" if ":" in text else "."
    user, separator, group = text.partition(separator)
    if separator == "." and call.state.has_user(text) is not Claim.NO:
        user, separator, group = text, "", ""
    owner: Known[str] | None = user or None
    if not separator:
        return owner, None
    if group:
        return owner, group
    if not user:
        return None, None
    # `chown user:` means the user's own group.
    found = call.state.accounts.ids(user)[1]
    return owner, UNKNOWN if found is UNKNOWN else str(found)


@effect("setfacl", "chattr", "setcap")
def access_lists(call: Call) -> Iterator[Change]:
    """Attributes that no claim is about, but a mode may go with them."""
    yield Unmeasured(call.name, call.line, call.certain)
    arguments = read_paths(call, switches="-R -b -k -d -n -r -q -v", with_value="-m -x --modify --remove")
    for path in places(call, arguments.operands):
        yield Doubted(path, call.line, call.certain, adds=False, removes=False)
