"""What COPY and ADD bring besides files: users, packages and the libc of the image that they lie in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from multistage_cli.build.accounts import Account, Accounts, Group
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import Kind

if TYPE_CHECKING:
    from multistage_cli.build.context import BuildContext
    from multistage_cli.build.files import Files, Writer
    from multistage_cli.build.state import State

_USERS: Final = "/etc/passwd"
_GROUPS: Final = "/etc/group"
_PACKAGE_LISTS: Final = ("/var/lib/dpkg/status", "/lib/apk/db/installed", "/var/lib/rpm/rpmdb.sqlite")
_LOADERS: Final = (
    ("/lib64/ld-linux-x86-64.so.2", "glibc"),
    ("/lib/ld-linux-aarch64.so.1", "glibc"),
    ("/lib/ld-musl-x86_64.so.1", "musl"),
    ("/lib/ld-musl-aarch64.so.1", "musl"),
)
_SHELL: Final = "/bin/sh"
_USER_FIELDS: Final = 7
_GROUP_FIELDS: Final = 4
_MOST_LINES: Final = 1_000
_MOST_DIGITS: Final = 10


class Shown(Struct, frozen=True):
    """What COPY and mounts read.

    Attributes:
        files: of a stage, an image or the build context.
        state: of the stage or the image; None for a build context.
        context: the build context; None for a stage or an image.
    """

    files: Files
    state: State | None = None
    context: BuildContext | None = None


class Landed(Struct, frozen=True):
    """What was copied where: a file, or a directory whose content lies below `path` now.

    Attributes:
        at: its path in the source; None where it came from elsewhere, or nobody knows from where.
        path: where it lies.
    """

    at: str | None
    path: str


def with_system(before: State, after: State, source: Shown | None, landed: list[Landed], by: Writer) -> State:
    """The state with the users, packages and libc that its new files say."""
    for path in (_USERS, _GROUPS):
        if _differs(before, after, path, source, landed):
            after = replace(after, accounts=_accounts(after, path, _origin(before, path, source, landed)))
    if any(_differs(before, after, path, source, landed) for path in _PACKAGE_LISTS):
        origins = [_origin(before, path, source, landed) for path in _PACKAGE_LISTS]
        origin = next((found for found in origins if found is not None), None)
        packages = after.packages.doubt(by) if origin is None else origin.packages
        after = replace(after, packages=packages)
    for path, libc in _LOADERS:
        if after.libc != libc and _differs(before, after, path, source, landed):
            sure = after.files.exists(path) is Claim.YES
            version = UNKNOWN if source is None or source.state is None else source.state.libc_version
            after = replace(after, libc=libc if sure else UNKNOWN, libc_version=version if sure else UNKNOWN)
            break
    if after.shell_exists is not Claim.YES and _differs(before, after, _SHELL, source, landed):
        after = replace(after, shell_exists=after.files.exists(_SHELL))
    return after


def _differs(before: State, after: State, path: str, source: Shown | None, landed: list[Landed]) -> bool:
    """Whether something else may lie at a path now; most instructions are settled without looking there."""
    if not any(_reaches(place.path, path) and _may_bring(place, path, source) for place in landed):
        return False
    return before.files.entry(path) != after.files.entry(path)


def _may_bring(place: Landed, path: str, source: Shown | None) -> bool:
    """Whether the source may have something for the path; only told where no link leads there."""
    folder = place.path.rstrip("/")
    if place.at is None or source is None or (path != folder and not path.startswith(f"{folder}/")):
        return True
    return source.files.exists(place.at.rstrip("/") + path.removeprefix(folder)) is not Claim.NO


def _reaches(place: str, path: str) -> bool:
    """Whether what landed at a place may be at the path: below it, or through links such as /lib -> usr/lib."""
    place = place.removeprefix("/usr") if place.startswith("/usr/") else "/" if place == "/usr" else place
    return place in {"/", path} or path.startswith(f"{place}/")


def _origin(before: State, path: str, source: Shown | None, landed: list[Landed]) -> State | None:
    """The state whose file of the same path lies there now, if it has one; None where it is another file."""
    if source is None or source.state is None:
        return None
    for place in reversed(landed):
        if place.path not in {"/", path} and not path.startswith(f"{place.path}/"):
            continue
        if place.at is None:
            return None
        at = place.at.rstrip("/") + path.removeprefix(place.path.rstrip("/"))
        exists = source.files.exists(at)
        if exists is not Claim.NO:
            sure = exists is Claim.YES or before.files.exists(path) is Claim.NO
            return source.state if at == path and sure else None
    return None


def _accounts(state: State, path: str, origin: State | None) -> Accounts:
    accounts = state.accounts
    if origin is not None and path == _USERS:
        return replace(accounts, users=origin.accounts.users, users_complete=origin.accounts.users_complete)
    if origin is not None:
        return replace(
            accounts, groups=origin.accounts.groups, groups_complete=origin.accounts.groups_complete
        )
    entry = state.files.entry(path)
    text = UNKNOWN if entry.content is None or entry.kind is not Kind.FILE else entry.content.text
    if entry.exists is not Claim.YES or text is UNKNOWN or text.count("\n") > _MOST_LINES:
        empty = Accounts.unknown()
        if path == _USERS:
            return replace(accounts, users=empty.users, users_complete=False)
        return replace(accounts, groups=empty.groups, groups_complete=False)
    if path == _USERS:
        read = Accounts.of(_users(text), (), users_complete=True, groups_complete=False)
        return replace(accounts, users=read.users, users_complete=True)
    read = Accounts.of((), _groups(text), users_complete=False, groups_complete=True)
    return replace(accounts, groups=read.groups, groups_complete=True)


def _users(text: str) -> list[Account]:
    """The first line of a name counts, as in getpwnam(3)."""
    found: dict[str, Account] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == _USER_FIELDS and fields[0] and fields[0] not in found:
            name, _, uid, gid, _, home, shell = fields
            found[name] = Account(name, _number(uid), _number(gid), home, shell)
    return list(found.values())


def _groups(text: str) -> list[Group]:
    found: dict[str, Group] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) == _GROUP_FIELDS and fields[0] and fields[0] not in found:
            found[fields[0]] = Group(fields[0], _number(fields[2]))
    return list(found.values())


def _number(text: str) -> Known[int]:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else UNKNOWN
