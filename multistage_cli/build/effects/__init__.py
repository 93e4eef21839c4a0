"""What each tool leaves behind: one file per tool, found without a list.

An effect is a function from a call to the changes that it surely or possibly makes. It says only what it
is sure of: an option that it does not know makes an installation incomplete, not empty.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from multistage_cli.build.changes import Cache
from multistage_cli.build.claims import UNKNOWN, Claim, Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from multistage_cli.build.changes import Change
    from multistage_cli.build.state import State


class Call(Struct, frozen=True):
    """One simple command of a RUN, as an effect sees it.

    Attributes:
        name: the command's name without its folder.
        words: the arguments, expanded where they follow from the file, else UNKNOWN.
        environment: what is known of the variables that the command sees.
        mounts: targets of cache, bind and tmpfs mounts of this RUN, without trailing slash.
        working_directory: after the `cd` commands before.
        user: whom it runs as.
        line: where the command stands on disk.
        certain: YES where the RUN cannot succeed without this command having succeeded, else UNKNOWN.
        path: the name as it was called, with its folder (`/opt/venv/bin/pip`).
        state: what the image holds before the command.
        virtual_environments: those that commands before this one made.
        apt_configured: whether a file that configures apt was or may have been written before.
        shell: the name of the shell that read the command (`sh`, `bash`); empty for an exec form.
    """

    name: str
    words: tuple[Known[str], ...]
    environment: Mapping[str, str]
    mounts: tuple[str, ...]
    working_directory: Known[str]
    user: Known[str]
    line: int
    certain: Claim
    path: str
    state: State
    virtual_environments: tuple[str, ...] = ()
    apt_configured: bool = False
    shell: str = ""

    def absolute(self, path: str) -> str:
        """A path as seen from the working directory; as it is where that is unknown."""
        return absolute(path, self.working_directory)

    def is_mounted(self, path: str) -> bool:
        """Whether the path lies in a mount, and so in no layer."""
        return any(path == mount or path.startswith(f"{mount}/") for mount in self.mounts)

    def home(self) -> Known[str]:
        """The home of the user that runs the command, where that follows."""
        if "HOME" in self.environment:
            return self.environment["HOME"]
        if self.user is UNKNOWN:
            return UNKNOWN
        return "/root" if self.user.split(":")[0] in {"", "root", "0"} else UNKNOWN

    def active_environment(self) -> str | None:
        """The virtual environment whose programs come before the system's in PATH, or None."""
        named = self.environment.get("VIRTUAL_ENV")
        path = self.environment.get("PATH")
        if path is None:
            return named  # where PATH is unknown, whoever sets this one has set the other, too
        for folder in path.split(":"):
            if folder.rstrip("/") in {"/usr/local/bin", "/usr/bin"}:
                return None
            parent = folder.rstrip("/").removesuffix("/bin")
            if parent in self.virtual_environments or parent == named:
                return parent
        return None

    def cache_at(self, *folders: Known[str]) -> Cache:
        """What becomes of files in these folders: MOUNTED where one of them lies in a mount."""
        known = [folder for folder in folders if folder is not UNKNOWN]
        if any(self.is_mounted(folder) for folder in known):
            return Cache.MOUNTED
        return Cache.KEPT if known else Cache.UNKNOWN


Effect: TypeAlias = "Callable[[Call], Iterator[Change]]"
_EFFECTS: dict[str, Effect] = {}


def effect(*names: str) -> Callable[[Effect], Effect]:
    """Register a function as what the commands of these names leave behind."""

    def register(function: Effect) -> Effect:
        _EFFECTS.update(dict.fromkeys(names, function))
        return function

    return register


def effect_of(name: str) -> Effect | None:
    """The effect of a command, or None for a command that is not known."""
    _load()
    return _EFFECTS.get(name)


@cache
def _load() -> None:
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)


def absolute(path: str, working_directory: Known[str]) -> str:
    """An absolute path without `.`, `..` and `//`; the path as it is where the folder is unknown."""
    if not path.startswith("/"):
        if working_directory is UNKNOWN:
            return path
        path = f"{working_directory}/{path}"
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept)


class Arguments(Struct, frozen=True):
    """Arguments in the order of getopt: options with their values, and operands.

    Attributes:
        options: option names as written (`-y`, `--target`) to their values, empty where they take none.
        operands: the other words.
        complete: False where a word was UNKNOWN or an option is not among the known ones.
    """

    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    operands: tuple[str, ...] = ()
    complete: bool = True

    def has(self, *names: str) -> bool:
        """Whether one of these options is there."""
        return any(name in self.options for name in names)

    def value(self, *names: str) -> str | None:
        """The last value of these options, or None."""
        found = [value for name in names for value in self.options.get(name, ())]
        return found[-1] if found else None

    def values(self, *names: str) -> tuple[str, ...]:
        """All values of these options."""
        return tuple(value for name in names for value in self.options.get(name, ()))


def read_arguments(
    words: Iterable[Known[str]], *, switches: str = "", with_value: str = "", bundled: bool = True
) -> Arguments:
    """Read a command's words.

    Args:
        words: the arguments.
        switches: known options that take no value, separated by spaces.
        with_value: known options that take a value, as `--name value`, `--name=value`, `-n value` or
            `-nvalue`.
        bundled: whether `-qy` means `-q -y`.

    Returns:
        An option that is in neither list is kept as a switch, and makes the arguments incomplete.
    """
    reader = _ArgumentReader(_names(switches), _names(with_value), bundled=bundled)
    for word in words:
        reader.take(word)
    return Arguments(
        {name: tuple(values) for name, values in reader.options.items()},
        tuple(reader.operands),
        reader.complete and reader.pending is None,
    )


@lru_cache(maxsize=256)
def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


class _ArgumentReader:
    def __init__(self, switches: frozenset[str], with_value: frozenset[str], *, bundled: bool) -> None:
        self.switches = switches
        self.with_value = with_value
        self.bundled = bundled
        self.options: dict[str, list[str]] = {}
        self.operands: list[str] = []
        self.complete = True
        self.pending: str | None = None
        self.only_operands = False

    def take(self, word: Known[str]) -> None:
        if word is UNKNOWN:
            self.complete = False
            self.pending = None
        elif self.pending is not None:
            self.options.setdefault(self.pending, []).append(word)
            self.pending = None
        elif self.only_operands or not word.startswith("-") or word == "-":
            self.operands.append(word)
        elif word == "--":
            self.only_operands = True
        elif word.startswith("--"):
            self._take_long(word)
        else:
            self._take_short(word)

    def _take_long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if equals:
            self.options.setdefault(name, []).append(value)
            self.complete = self.complete and (name in self.with_value or name in self.switches)
        elif name in self.with_value:
            self.pending = name
        else:
            self.options.setdefault(name, [])
            self.complete = self.complete and name in self.switches

    def _take_short(self, word: str) -> None:
        if not self.bundled or word in self.switches or word in self.with_value:
            self._take_long(word)
            return
        for index, letter in enumerate(word[1:], start=2):
            name = f"-{letter}"
            if name in self.with_value:
                if word[index:]:
                    self.options.setdefault(name, []).append(word[index:].removeprefix("="))
                else:
                    self.pending = name
                return
            self.options.setdefault(name, [])
            self.complete = self.complete and name in self.switches
