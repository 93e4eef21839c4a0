"""What is known of a path, and of what lies there."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim, Known

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(StrEnum):
    """What a path names."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"


class Nature(StrEnum):
    """What a file or a directory is for, as far as it follows."""

    SCRIPT = "script"
    BINARY = "binary"
    TEXT = "text"
    VIRTUAL_ENVIRONMENT = "virtual environment"
    PYTHON_PACKAGES = "Python packages"
    NODE_PACKAGES = "Node packages"
    ARCHIVE = "archive"
    SECRET = "secret"  # noqa: S105 - a word, not one


class Content(Struct, frozen=True):
    """What a file or a directory is.

    Attributes:
        nature: what for.
        interpreter: of a script: the words behind `#!`; of a virtual environment: its Python.
        version: of a virtual environment: the minor version of Python (`3.12`).
        static: of a binary: whether it needs no dynamic loader.
        libc: of a dynamic binary: `glibc` or `musl`.
        libc_version: the libc that it was linked with: an older one may not do.
        packages: of a binary: the Debian packages whose libraries it was linked with, as far as is known.
        carriage_returns: of a script: whether its lines end in CR LF.
        text: of a small text or script whose whole content is known.
    """

    nature: Nature
    interpreter: Known[str] = UNKNOWN
    version: Known[str] = UNKNOWN
    static: Claim = Claim.UNKNOWN
    libc: Known[str] = UNKNOWN
    libc_version: Known[str] = UNKNOWN
    packages: tuple[str, ...] = ()
    carriage_returns: Claim = Claim.UNKNOWN
    text: Known[str] = UNKNOWN


class Writer(Struct, frozen=True):
    """The command or instruction that something follows from.

    Attributes:
        stamp: rises with every command of the whole build, in the order of evaluation.
        stage: the index of the stage.
        line: on disk.
        step: the index of the instruction among the steps of its stage: its layer.
    """

    stamp: int
    stage: int
    line: int
    step: int = 0


class Entry(Struct, frozen=True):
    """What is known of a path.

    Attributes:
        exists: whether something lies there.
        kind: what, if something does; the other attributes go the same way.
        mode: permission bits with the set-user-ID, set-group-ID and sticky bits.
        uid: of the owner.
        gid: of the group.
        target: of a link, as it is written.
        content: what it is, or None where that does not follow.
        writer: what wrote it last, in which layer; None for the base image, and for what nobody wrote.
        because: what the answer about existence follows from; None for the base image.
    """

    exists: Claim
    kind: Known[Kind] = UNKNOWN
    mode: Known[int] = UNKNOWN
    uid: Known[int] = UNKNOWN
    gid: Known[int] = UNKNOWN
    target: Known[str] = UNKNOWN
    content: Content | None = None
    writer: Writer | None = None
    because: Writer | None = None

    @property
    def executable(self) -> Claim:
        """Whether somebody may execute it (root may, where anybody may)."""
        if self.exists is Claim.NO:
            return Claim.NO
        if self.mode is UNKNOWN:
            return Claim.UNKNOWN
        if not self.mode & ANY_EXECUTE:
            return Claim.NO
        return self.exists


ANY_EXECUTE: Final = 0o111

ABSENT: Final = Entry(Claim.NO)
MAYBE: Final = Entry(Claim.UNKNOWN)


class Change(Struct, frozen=True):
    """New attributes for what is there: None leaves one as it is, UNKNOWN makes it unknown.

    Attributes:
        uid: of the owner.
        gid: of the group.
        mode: the new permission bits, or a function from the old ones and the kind to the new ones.
    """

    uid: Known[int] | None = None
    gid: Known[int] | None = None
    mode: Callable[[int, Kind], Known[int]] | Known[int] | None = None


def either(one: Known[int], other: Known[int]) -> Known[int]:
    """What holds whichever of the two is true."""
    return one if one == other else UNKNOWN
