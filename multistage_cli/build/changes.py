"""What a command leaves behind, as data: effects make changes, states take them in, rooms ask for them.

Each change knows the line that it follows from and whether it certainly happened.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN, Claim, Known

if TYPE_CHECKING:
    from multistage_cli.build.accounts import Account, Group
    from multistage_cli.build.files import Content, Kind


class Cache(StrEnum):
    """What becomes of the files that a package manager downloads or keeps for itself."""

    NEVER = "never"
    """It was told not to keep any (`pip --no-cache-dir`, `apk --no-cache`)."""
    REMOVED = "removed"
    """They are deleted in the same RUN, so no layer holds them."""
    MOUNTED = "mounted"
    """They lie in a cache, bind or tmpfs mount, which is in no layer."""
    KEPT = "kept"
    """They stay in the layer."""
    UNKNOWN = "unknown"


class Installation(Struct, frozen=True):
    """Packages that one command installs.

    Attributes:
        manager: `apt`, `apk`, `dnf`, `pip`, `npm`, `go` and so on: the effect's own name.
        packages: as asked for, such as `curl` or `django==5.2`; empty where only manifests are read.
        manifests: files that say what to install, absolute where that follows (`/app/requirements.txt`).
        line: of the command.
        certain: UNKNOWN where the command may not run or may fail unnoticed.
        cache: what becomes of what the manager keeps for itself.
        complete: whether `packages` and `manifests` name all that is installed; False after an option
            or a word that could not be read.
        recommends: for apt and dnf, whether recommended packages come too.
        recommends_known: False where a file that configures apt was written before, which may say otherwise.
        development: whether development dependencies come too, for managers that tell them apart.
        prefix: where the packages land, where the command says so (`--user`, `--prefix`, `--target`, the
            Python of a virtual environment), else None.
        stored: whether archives are only stored in `prefix` (`pip wheel`, `npm pack`), not installed.
        group: a name under which they can be removed together (`apk add --virtual`), else None.
        leaves: what it does to files, where a language's packages are installed.
    """

    manager: str
    packages: tuple[str, ...]
    manifests: tuple[str, ...]
    line: int
    certain: Claim
    cache: Cache
    complete: bool = True
    recommends: bool = False
    development: bool = False
    prefix: Known[str] | None = None
    stored: bool = False
    group: str | None = None
    recommends_known: bool = True
    leaves: tuple[Change, ...] = ()


class Removal(Struct, frozen=True):
    """Packages that one command removes; `autoremove` where what only they needed goes too."""

    manager: str
    packages: tuple[str, ...]
    line: int
    certain: Claim
    autoremove: bool = False


class CacheRemoval(Struct, frozen=True):
    """A command that deletes what a manager keeps for itself, such as `rm -rf /var/lib/apt/lists/*`."""

    manager: str
    line: int
    certain: Claim


class IndexRefresh(Struct, frozen=True):
    """A command that fetches a manager's package lists, such as `apt-get update`."""

    manager: str
    line: int
    certain: Claim
    cache: Cache


class Compilation(Struct, frozen=True):
    """A command that makes something from source: `go build`, `cargo build`, `mvn package`, `npm run build`.

    Attributes:
        tool: the effect's own name.
        outputs: paths that it writes, as far as the command says; absolute where that follows.
        leaves: what it does to files.
    """

    tool: str
    outputs: tuple[str, ...]
    line: int
    certain: Claim
    leaves: tuple[Change, ...] = ()


class Download(Struct, frozen=True):
    """Something fetched from a network by a command: `curl`, `wget`, `git clone`."""

    tool: str
    url: str | None
    line: int
    certain: Claim


class UserMade(Struct, frozen=True):
    """A user or a group that a command makes.

    Attributes:
        name: of the user or the group.
        identifier: the number where the command names one.
        group: whether it is a group and no user.
        line: of the command.
        certain: as everywhere.
        system: whether the number comes from the range of system users.
        adduser: whether adduser or addgroup made it, which choose the number in another way.
        main_group: of a user: the name or number of its group; an empty string for a group of its own,
            which is made with it; None where that does not follow.
        home: of a user, where the command names it; UNKNOWN where that does not follow.
        home_made: whether the home folder is made.
        shell: of a user.
        complete: False after a word that could not be read: then only the name is sure.
        home_mode: permission bits of a home folder that is made.
        home_taken: whether a home folder that is there gets the user and the mode all the same.
        skeleton: the folder whose content a home folder that is made gets; None for an empty one.
        needed: whether a name that exists already makes the command fail.
    """

    name: str
    identifier: str | None
    group: bool
    line: int
    certain: Claim
    system: bool = False
    adduser: bool = False
    main_group: str | None = None
    home: Known[str] | None = None
    home_made: Claim = Claim.UNKNOWN
    shell: Known[str] | None = None
    complete: bool = True
    home_mode: Known[int] = UNKNOWN
    home_taken: bool = False
    skeleton: str | None = "/etc/skel"
    needed: bool = True


class UsersChanged(Struct, frozen=True):
    """Users or groups that change in another way, or lines of theirs; with nothing named, nothing is sure.

    Attributes:
        line: of the command.
        certain: as everywhere.
        removed: the user that goes.
        group_removed: the group that goes.
        user: a user as it is afterwards.
        group: a group as it is afterwards.
        members: whether only members or passwords change, which no question asks for.
    """

    line: int
    certain: Claim
    removed: str | None = None
    group_removed: str | None = None
    user: Account | None = None
    group: Group | None = None
    members: bool = False


class VirtualEnvironment(Struct, frozen=True):
    """A virtual environment of Python that a command makes.

    Attributes:
        path: absolute where that follows.
        seeded: whether pip is put into it (`uv venv` does not).
        line: of the command.
        certain: as everywhere.
        tool: `venv`, `virtualenv` or `uv`.
        interpreter: the Python that it stands on, absolute.
        version: of that Python, such as `3.12`.
        copies: whether the interpreter is copied instead of linked.
        complete: False after an option that could not be read.
        system_packages: whether the packages of that Python are seen, too.
    """

    path: str
    seeded: bool
    line: int
    certain: Claim
    tool: str = "venv"
    interpreter: Known[str] = UNKNOWN
    version: Known[str] = UNKNOWN
    copies: bool = False
    complete: bool = True
    system_packages: bool = False


class ScriptsInstalled(Struct, frozen=True):
    """Commands that a language's package manager puts into a folder.

    Attributes:
        manager: `pip` or `npm`, for those that take their packages from the same index, too.
        folder: absolute, such as `/opt/venv/bin`.
        packages: as asked for.
        manifests: texts of requirements files that are installed, too.
        commands: names that come for certain, whatever the index has.
        line: of the command.
        certain: as everywhere.
        interpreter: what stands behind `#!` in them.
        version: of that interpreter, such as `3.12`.
        constrained: whether something else chooses among releases, as a lock or constraints file does.
    """

    manager: str
    folder: str
    packages: tuple[str, ...]
    manifests: tuple[str, ...]
    commands: tuple[str, ...]
    line: int
    certain: Claim
    interpreter: Known[str] = UNKNOWN
    version: Known[str] = UNKNOWN
    constrained: bool = False


class Deletion(Struct, frozen=True):
    """Paths that a command deletes, absolute where that follows.

    Attributes:
        paths: may hold the wildcards of a shell in their last name.
        line: of the command.
        certain: as everywhere.
        recursive: whether folders go with all that is in them.
        complete: False where it may delete more than `paths` say.
    """

    paths: tuple[str, ...]
    line: int
    certain: Claim
    recursive: bool = True
    complete: bool = True


class FileWritten(Struct, frozen=True):
    """A file that a command writes, or empties, or makes.

    Attributes:
        path: absolute.
        line: of the command.
        certain: as everywhere.
        content: what it is afterwards, or None where that does not follow.
        mode: its permission bits where it is new; None for those of the umask.
        fresh: whether it takes the place of what was there, with mode and owner of its own.
        touched: whether what is there stays as it is (`touch`).
        any_kind: whether it may as well be a directory or a link, of any owner and mode (`tar -x FILE NAME`).
        appended: what is added at the end, where that is plain; None where it is not only added.
    """

    path: str
    line: int
    certain: Claim
    content: Content | None = None
    mode: Known[int] | None = None
    fresh: bool = False
    touched: bool = False
    any_kind: bool = False
    appended: Known[str] | None = None


class DirectoryMade(Struct, frozen=True):
    """A directory that is there afterwards.

    Attributes:
        path: absolute.
        line: of the command.
        certain: as everywhere.
        parents: whether those above are made too, and one that is there does no harm (`mkdir -p`).
        mode: of the directory itself where it is new; None for that of the umask.
        content: what it is for, such as a virtual environment.
    """

    path: str
    line: int
    certain: Claim
    parents: bool = True
    mode: Known[int] | None = None
    content: Content | None = None


class LinkMade(Struct, frozen=True):
    """A link: `target` as it is written for a symbolic one, absolute for a hard one.

    Attributes:
        path: absolute; a directory that is there gets the link in it (`ln -s target directory`).
        target: what it points to; UNKNOWN where that does not follow.
        line: of the command.
        certain: as everywhere.
        symbolic: False for a hard link.
        into: whether `path` is a directory to put it in; UNKNOWN for finding out.
        follows: whether a link to a directory counts as one (`ln -n` says no).
        relative: whether the target is written relative to the link (`ln -r`).
    """

    path: str
    target: Known[str]
    line: int
    certain: Claim
    symbolic: bool = True
    into: Claim = Claim.UNKNOWN
    follows: bool = True
    relative: bool = False


class PathsCopied(Struct, frozen=True):
    """`cp`, `mv` and `install`.

    Attributes:
        sources: absolute; may hold wildcards in their last name, and end in `/.` for a folder's content.
        destination: absolute.
        line: of the command.
        certain: as everywhere.
        into: whether the destination is a directory to copy into: YES after `-t` and a slash, NO after `-T`,
            UNKNOWN for finding out.
        recursive: whether directories are copied.
        keeps: whether owner and mode are kept (`cp -a`, `mv`).
        moved: whether the sources are gone afterwards.
        owner: name or number that the copies get (`install -o`); `group` and `mode` likewise.
        group: of the copies.
        mode: of the copies, as chmod reads it.
        parents: whether the folders above the destination are made (`install -D`).
        complete: False where it may copy more than `sources` say.
        follows: whether a link that is named as a source is followed.
        follows_all: whether links inside of copied directories are, too (`cp -L`).
        spares: whether a file that is there may stay as it is (`cp -n`, `cp -u`).
        replaces: whether a file that is there gives way to another of owner and mode of its own (`mv`,
            `install`, `cp --remove-destination`).
        attributes_known: False where nothing tells which of owner and mode are kept.
    """

    sources: tuple[str, ...]
    destination: str
    line: int
    certain: Claim
    into: Claim = Claim.UNKNOWN
    recursive: bool = False
    keeps: bool = False
    moved: bool = False
    owner: str | None = None
    group: str | None = None
    mode: str | None = None
    parents: bool = False
    complete: bool = True
    follows: bool = True
    follows_all: bool = False
    spares: bool = False
    replaces: bool = False
    attributes_known: bool = True


class ModeChanged(Struct, frozen=True):
    """`chmod`: `mode` as it is written; paths may hold wildcards in their last name.

    With `kind` only paths of that kind change (`find -type d -exec chmod`).
    """

    paths: tuple[str, ...]
    mode: Known[str]
    line: int
    certain: Claim
    recursive: bool = False
    kind: Kind | None = None


class OwnerChanged(Struct, frozen=True):
    """`chown` and `chgrp`: names or numbers, None for one that stays."""

    paths: tuple[str, ...]
    owner: Known[str] | None
    group: Known[str] | None
    line: int
    certain: Claim
    recursive: bool = False
    follows: bool = True


class Doubted(Struct, frozen=True):
    """What lies at `path` and below is not certain any more: a command may have changed it.

    Attributes:
        path: absolute; "/" for everything.
        line: of the command.
        certain: as everywhere.
        adds: whether things may have been added.
        removes: whether things may have gone.
        alters: whether owner, mode and content may have changed.
        spares: what is not touched, and all below it: relative to `path`, such as `bin/curl`.
        names: patterns; with them it is only about names below `path` that fit one, and all below those.
        inside: whether `path` itself stays as it is, and only what is in it is not sure.
    """

    path: str
    line: int
    certain: Claim
    adds: bool = True
    removes: bool = True
    alters: bool = True
    spares: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    inside: bool = False


class Unmeasured(Struct, frozen=True):
    """A command whose doings other changes tell, but not how many bytes it writes (`cp`, `tar`)."""

    name: str
    line: int
    certain: Claim


class Untracked(Struct, frozen=True):
    """A command that the evaluation does not know: what it leaves behind is unknown."""

    name: str
    line: int
    certain: Claim


Change: TypeAlias = (
    Installation
    | Removal
    | CacheRemoval
    | IndexRefresh
    | Compilation
    | Download
    | UserMade
    | VirtualEnvironment
    | Deletion
    | DirectoryMade
    | Doubted
    | FileWritten
    | LinkMade
    | ModeChanged
    | OwnerChanged
    | PathsCopied
    | ScriptsInstalled
    | Unmeasured
    | Untracked
    | UsersChanged
)
