"""What a command leaves behind, as data: effects make changes, states take them in, rooms ask for them.

Each change knows the line that it follows from and whether it certainly happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from multistage_cli.build.claims import Claim, Known


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


@dataclass(frozen=True, slots=True)
class Installation:
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


@dataclass(frozen=True, slots=True)
class Removal:
    """Packages that one command removes; `autoremove` where what only they needed goes too."""

    manager: str
    packages: tuple[str, ...]
    line: int
    certain: Claim
    autoremove: bool = False


@dataclass(frozen=True, slots=True)
class CacheRemoval:
    """A command that deletes what a manager keeps for itself, such as `rm -rf /var/lib/apt/lists/*`."""

    manager: str
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class IndexRefresh:
    """A command that fetches a manager's package lists, such as `apt-get update`."""

    manager: str
    line: int
    certain: Claim
    cache: Cache


@dataclass(frozen=True, slots=True)
class Compilation:
    """A command that makes something from source: `go build`, `cargo build`, `mvn package`, `npm run build`.

    Attributes:
        tool: the effect's own name.
        outputs: paths that it writes, as far as the command says; absolute where that follows.
    """

    tool: str
    outputs: tuple[str, ...]
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class Download:
    """Something fetched from a network by a command: `curl`, `wget`, `git clone`."""

    tool: str
    url: str | None
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class UserMade:
    """A user or a group that a command makes; the id where the command names one."""

    name: str
    identifier: str | None
    group: bool
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class VirtualEnvironment:
    """A virtual environment of Python that a command makes.

    Attributes:
        path: absolute where that follows.
        seeded: whether pip is put into it (`uv venv` does not).
        line: of the command.
        certain: as everywhere.
    """

    path: str
    seeded: bool
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class Deletion:
    """Paths that a command deletes, absolute where that follows."""

    paths: tuple[str, ...]
    line: int
    certain: Claim


@dataclass(frozen=True, slots=True)
class Untracked:
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
    | Untracked
)
