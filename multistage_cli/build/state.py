"""What an image holds after an instruction, as far as it follows from the file and from known facts."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from multistage_cli.build.accounts import Accounts, number_of
from multistage_cli.build.claims import UNKNOWN, Claim, Known
from multistage_cli.build.files import ABSENT, ANYTHING, MAYBE, Entry, Files, Kind
from multistage_cli.build.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multistage_cli.build.changes import Installation
    from multistage_cli.build.files import Writer
    from multistage_cli.build.instructions import Healthcheck
    from multistage_cli.build.ordered import OrderedVersions
    from multistage_cli.build.variables import Variables

T = TypeVar("T")

Installations: TypeAlias = "tuple[Installation, Installations | None]"


class Setting(Struct, Generic[T], frozen=True):
    """A value of the image's configuration, and the line that set it; None where the base image did."""

    value: Known[T]
    line: int | None = None


class Port(Struct, frozen=True):
    """A port or a range of ports of EXPOSE, as the image's configuration has it: `8000/tcp`."""

    first: int
    last: int
    protocol: str
    line: int | None

    @property
    def text(self) -> str:
        """As Docker writes it."""
        numbers = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{numbers}/{self.protocol}"


class State(Struct, frozen=True):
    """The state of a stage after an instruction: never changed, only replaced.

    Attributes:
        variables: ENV and ARG.
        working_directory: absolute.
        user: as in the configuration; an empty string is root.
        shell: the words in front of a shell form.
        shell_exists: whether the base image has a shell.
        entrypoint: the words that the container runs; empty for none.
        command: CMD; empty for none.
        healthcheck: None for none, and for HEALTHCHECK NONE.
        stop_signal: an empty string for the default.
        exposed: the ports of EXPOSE by their text; see `ports`.
        ports_known: whether `exposed` is all there is.
        volumes: path to the line of VOLUME.
        labels: name to value.
        virtual_environments: Python's, that commands made, the newest first.
        apt_configured: whether a file that configures apt was or may have been written.
        windows: whether paths and users are those of Windows.
        files: all paths, of the base image and written since.
        accounts: users and groups.
        packages: of the distribution.
        installations: what commands installed, the newest first, as (newest, (older, ...)).
        libc: `glibc` or `musl`; None for a base without a dynamic loader.
        libc_version: such as `2.36`.
    """

    variables: Variables
    working_directory: Setting[str]
    user: Setting[str]
    shell: Setting[tuple[str, ...]]
    shell_exists: Claim
    entrypoint: Setting[tuple[str, ...]]
    command: Setting[tuple[str, ...]]
    healthcheck: Setting[Healthcheck | None]
    stop_signal: Setting[str]
    exposed: OrderedVersions[Port]
    ports_known: bool
    volumes: OrderedVersions[int | None]
    labels: OrderedVersions[Setting[str]]
    virtual_environments: tuple[str, ...] = ()
    windows: bool = False
    apt_configured: bool = False
    files: Files = field(default_factory=lambda: Files.of(ANYTHING))
    accounts: Accounts = field(default_factory=Accounts.unknown)
    packages: Packages = field(default_factory=Packages)
    installations: Installations | None = None
    libc: Known[str | None] = UNKNOWN
    libc_version: Known[str | None] = UNKNOWN

    @property
    def environment(self) -> Mapping[str, Known[str]]:
        """ENV, as the image keeps it; a name that is not there may be set all the same in an open scope."""
        return self.variables.environment

    @property
    def path(self) -> Known[tuple[str, ...]]:
        """The folders of PATH, absolute; what is relative in it is left out."""
        value = self.variables.known("PATH")
        if value is UNKNOWN or (value is None and self.variables.open):
            return UNKNOWN
        return tuple(folder for folder in (value or "").split(":") if folder.startswith("/"))

    def exists(self, path: str) -> Claim:
        """Whether something lies at a path, at the end of links."""
        return self.files.exists(path)

    def program(self, name: str) -> Entry:
        """The program that a name means: found in PATH, or at a path of its own.

        `exists` is NO where no folder of PATH can hold it. A file that nobody may execute is none.
        """
        if "/" in name:
            place = name if name.startswith("/") else self._from_here(name)
            return MAYBE if place is UNKNOWN else _runnable(self.files.entry(place))
        folders = self.path
        if folders is UNKNOWN:
            return MAYBE
        unsure: Entry | None = None
        for folder in folders:
            entry = _runnable(self.files.entry(f"{folder}/{name}"))
            if entry.exists is Claim.YES:
                return entry if unsure is None else replace(MAYBE, exists=Claim.YES, because=entry.because)
            if entry.exists is Claim.UNKNOWN and unsure is None:
                unsure = entry
        return ABSENT if unsure is None else unsure

    def has_command(self, name: str) -> Claim:
        """Whether a program of that name can be started."""
        return self.program(name).exists

    def has_user(self, name: str) -> Claim:
        """Whether /etc/passwd has the name; a package's own scripts may have put it there."""
        found = self.accounts.has_user(name)
        return Claim.UNKNOWN if found is Claim.NO and self.packages.known.users else found

    def has_package(self, name: str) -> Claim:
        """Whether the distribution's package of that name is installed."""
        return self.packages.has(name)

    def can_write(self, user: str, path: str) -> Claim:
        """Whether a user may write to a path: change the file, or make files in the directory.

        Args:
            user: as in USER, with or without a group; only that group and the user's main one count.
            path: absolute; where nothing lies there, the nearest folder above decides.
        """
        uid, gid = self.accounts.ids(user)
        if uid == 0:
            return Claim.YES
        entry = self.files.entry(path)
        while entry.exists is Claim.NO and path != "/":
            path = posixpath.dirname(path)
            entry = self.files.entry(path)
        return _writable(entry, uid, gid)

    def lost(self, by: Writer) -> State:
        """The state after a command that may have done anything: of files, users and packages nothing is sure."""
        return replace(
            self,
            files=self.files.doubt("/", by),
            accounts=self.accounts.doubt(removes=True),
            packages=self.packages.doubt(by),
        )

    def _from_here(self, name: str) -> Known[str]:
        folder = self.working_directory.value
        return UNKNOWN if folder is UNKNOWN else f"{folder}/{name}"

    @property
    def ports(self) -> tuple[Port, ...]:
        """The ports of EXPOSE, in their order; a copy."""
        return tuple(self.exposed.values())

    @property
    def ordinary_user(self) -> str | None:
        """The user, with its group where that is given; None where it may be root, or is not known."""
        user = self.user.value
        return None if user is UNKNOWN or self.runs_as_root is not Claim.NO else user

    @property
    def runs_as_root(self) -> Claim:
        """Whether the container's first process is root (uid 0), or an administrator on Windows."""
        user = self.user.value
        if user is UNKNOWN:
            return Claim.UNKNOWN
        name = user.split(":", 1)[0]
        if self.windows:
            known = {"containeradministrator": Claim.YES, "containeruser": Claim.NO}
            return known.get(name.casefold(), Claim.UNKNOWN)
        return Claim.YES if name in {"", "root"} or number_of(name) == 0 else Claim.NO


def _runnable(entry: Entry) -> Entry:
    if entry.kind is Kind.DIRECTORY:
        return ABSENT
    if entry.kind is UNKNOWN and entry.exists is Claim.YES:
        return replace(entry, exists=Claim.UNKNOWN)
    exists = entry.executable
    return entry if exists is entry.exists else replace(entry, exists=exists)


_WRITE_BITS = 0o222


def _writable(entry: Entry, uid: Known[int], gid: Known[int]) -> Claim:
    if entry.exists is not Claim.YES or entry.mode is UNKNOWN:
        return Claim.UNKNOWN
    granted = entry.mode & _WRITE_BITS
    if granted == _WRITE_BITS:
        return Claim.YES
    if not granted:
        return Claim.NO
    if uid is UNKNOWN or entry.uid is UNKNOWN:
        return Claim.UNKNOWN
    if uid == entry.uid:
        return Claim.YES if entry.mode & 0o200 else Claim.NO
    if not entry.mode & 0o022:
        return Claim.NO
    if gid is UNKNOWN or entry.gid is UNKNOWN:
        return Claim.UNKNOWN
    if gid == entry.gid:
        return Claim.YES if entry.mode & 0o020 else Claim.NO
    # Another group of the user's may be the file's.
    return Claim.YES if entry.mode & 0o002 else Claim.UNKNOWN
