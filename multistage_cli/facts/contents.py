"""What is inside a base image: accounts, commands, environment, interpreters, notable paths.

Collected by hand from the Dockerfiles of the images and the distributions they stand on; each answer names
its sources and their date. Nothing is claimed that these do not prove: what is left open is unknown.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import chain
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from multistage_cli.facts.catalogue import Confidence
from multistage_cli.facts.contents_layers import layers
from multistage_cli.facts.contents_packages import Packages, packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from multistage_cli.facts.catalogue import Image
    from multistage_cli.facts.contents_layers import Layer, Subject

_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"
_TIMEZONES: Final = "/usr/share/zoneinfo"
_SUITES: Final = frozenset(["bullseye", "bookworm", "trixie"])
_UNKNOWN: Final = "?"
_ORDER: Final = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)
# Where they live that no package's file list names.
_PACKAGED_FAMILIES: Final = frozenset(["debian", "ubuntu", "distroless"])

PathFacts = tuple[str, int, int, int]


class Account(Struct, frozen=True):
    """One line of /etc/passwd; `shell` is empty where it is not known."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


class Contents(Struct, frozen=True):
    """What is known to be in an image, for amd64.

    Attributes:
        accounts: Lines of /etc/passwd that are there for certain.
        accounts_complete: No other name is in /etc/passwd.
        groups: Name and id of groups that are there for certain.
        groups_complete: No other name is in /etc/group.
        commands: Commands known to be there: name -> absolute path of the file or link. Those that come
            from a Debian package in `packages` are left out where `suite` is known.
        commands_complete: Together with the commands of `packages` these are all in the folders of PATH.
        absent: Names of commands known to be absent, whether `commands_complete` or not.
        packages: All of the distribution's packages; None where they are not all known.
        suite: Debian's codename, where the image is Debian of that release.
        environment: Variables of the image's configuration with values that are known.
        environment_complete: There are no others.
        working_directory: As configured, `/` where it is not; None where that is not known.
        libc: `glibc`, `musl`, or None for none or not known.
        libc_version: `2.36`.
        python: Path and minor version (`3.12`) of the interpreter that `python3` means.
        node: Path and major version of Node.js.
        certificates: Whether the system's CA certificates are there.
        timezones: Whether /usr/share/zoneinfo is.
        paths: Notable paths: path -> kind (`file`, `directory`, `link`), mode, owner, group.
        links: Target of each link in `paths`, as it is written.
        absent_paths: Paths known not to exist.
        empty: Folders that are known to hold nothing.
        top_level_complete: Whether no other name than those of `top_level` is directly under `/`.
        top_level: Names directly under `/`. A build may lack one of them (`lib32`).
        source: Where the facts come from, with dates.
        confidence: Of the weakest of them.
        said_absent_paths: Those of `absent_paths` that do not depend on packages.
        command_folders: Where the image's own commands lie.
        later: Looks the packages up.
    """

    accounts: tuple[Account, ...]
    accounts_complete: bool
    groups: tuple[tuple[str, int], ...]
    groups_complete: bool
    suite: str | None
    environment: tuple[tuple[str, str], ...]
    environment_complete: bool
    working_directory: str | None
    libc: str | None
    libc_version: str | None
    python: tuple[str, str] | None
    node: tuple[str, str] | None
    paths: Mapping[str, PathFacts]
    links: Mapping[str, str]
    empty: frozenset[str]
    top_level_complete: bool
    top_level: frozenset[str]
    source: str
    confidence: Confidence
    said_absent_paths: frozenset[str]
    command_folders: frozenset[str]
    later: Callable[[], Packaged]

    @property
    def commands(self) -> Mapping[str, str]:
        """See above; the packages are looked up for the first of these questions."""
        return self.later().commands

    @property
    def commands_complete(self) -> bool:
        """See above."""
        return self.later().commands_complete

    @property
    def absent(self) -> frozenset[str]:
        """See above."""
        return self.later().absent

    @property
    def packages(self) -> frozenset[str] | None:
        """See above."""
        return self.later().packages

    @property
    def certificates(self) -> bool | None:
        """See above."""
        return self.later().certificates

    @property
    def timezones(self) -> bool | None:
        """See above."""
        return self.later().timezones

    @property
    def absent_paths(self) -> frozenset[str]:
        """See above."""
        return self.later().absent_paths


class Packaged(Struct, frozen=True):
    """The part of `Contents` that the packages decide; `told` are the common commands in all."""

    commands: Mapping[str, str]
    commands_complete: bool
    absent: frozenset[str]
    packages: frozenset[str] | None
    certificates: bool | None
    timezones: bool | None
    absent_paths: frozenset[str]
    told: frozenset[str]


def contents(image: Image) -> Contents | None:
    """What is inside `image`; None where nothing is known of it.

    An image of which the catalogue knows no more than its distribution gets what every image of that
    distribution has.
    """
    return _contents(image)


def has_command(image: Image, name: str) -> bool | None:
    """Whether an image has a command of that name in PATH or in a usual folder; None for not known.

    Answers from what `contents` says and a table of about 500 common commands of Debian packages, without
    the file lists of the distribution.
    """
    known = _contents(image)
    if known is None:
        return None
    if name in known.commands or name in known.later().told:
        return True
    if name in known.absent:
        return False
    # Without Debian's packages the list of commands is the whole answer.
    return False if known.commands_complete and not known.packages else None


@lru_cache(maxsize=1024)
def _contents(image: Image) -> Contents | None:
    subject, found = layers(image)
    if not found:
        return None
    facts = [layer.facts for layer in found]
    environment, environment_complete = _environment(subject, facts)
    paths, links = _paths(subject, facts)
    libc, libc_version = _pair(subject, facts, "libc") or (image.libc, None)
    said, _ = _commands(subject, facts, ({}, frozenset()))
    made = _with_parents((*paths, *said.values()))
    absent = frozenset(chain.from_iterable(entry.get("absent_paths", ()) for entry in facts)) - made
    return Contents(
        accounts=_accounts(facts),
        accounts_complete=_flag(facts, "accounts_complete"),
        groups=_groups(facts),
        groups_complete=_flag(facts, "groups_complete"),
        suite=_suite(image, facts),
        environment=environment,
        environment_complete=environment_complete,
        working_directory=_last(facts, "working_directory"),
        libc=libc,
        libc_version=libc_version,
        python=_pair(subject, facts, "python"),
        node=_pair(subject, facts, "node"),
        paths=MappingProxyType(paths),
        links=MappingProxyType(links),
        empty=frozenset(_last(facts, "empty") or ()),
        top_level_complete=_flag(facts, "top_level_complete"),
        top_level=frozenset(chain.from_iterable(entry.get("top_level", ()) for entry in facts)),
        source="; ".join(dict.fromkeys(layer.source for layer in found)),
        confidence=_confidence(found),
        said_absent_paths=absent - {_CERTIFICATES, _TIMEZONES},
        command_folders=frozenset(path.rpartition("/")[0] for path in said.values()),
        later=cache(lambda: _packaged(subject, facts, paths)),
    )


def _packaged(subject: Subject, facts: list[Mapping[str, Any]], paths: Mapping[str, PathFacts]) -> Packaged:
    image = subject.image
    told = packages(facts, image.os_version)
    packaged = told.commands() if image.os_family in _PACKAGED_FAMILIES else ({}, frozenset())
    commands, absent = _commands(subject, facts, packaged)
    left_out = told.exact and _suite(image, facts) is not None
    return Packaged(
        commands=MappingProxyType(
            {n: p for n, p in commands.items() if not left_out or packaged[0].get(n) != p}
        ),
        commands_complete=_flag(facts, "commands_complete") and _all_packages_known(told),
        absent=absent,
        packages=told.certain if told.exact else None,
        certificates=_certificates(facts, told),
        timezones=_timezones(facts, told),
        absent_paths=_absent_paths(subject, facts, {**paths, **dict.fromkeys(commands.values())}, told),
        told=frozenset(commands),
    )


def _all_packages_known(told: Packages) -> bool:
    """No package may be there that is not in the list; an image without packages has none."""
    return told.exact or not told.certain


def _confidence(found: Iterable[Layer]) -> Confidence:
    return max((Confidence(layer.confidence) for layer in found), key=_ORDER.index)


def _flag(facts: Iterable[Mapping[str, Any]], key: str) -> bool:
    return _last(facts, key) is True


def _last(facts: Iterable[Mapping[str, Any]], key: str) -> Any:
    """What the highest entry that has `key` says."""
    found = None
    for entry in facts:
        found = entry.get(key, found)
    return found


def _suite(image: Image, facts: Iterable[Mapping[str, Any]]) -> str | None:
    told: str | None = _last(facts, "suite")
    if told is None and image.os_family == "debian" and image.os_version in _SUITES:
        return image.os_version
    return told


def _accounts(facts: Iterable[Mapping[str, Any]]) -> tuple[Account, ...]:
    found: dict[str, Account] = {}
    for entry in facts:
        for name in entry.get("without_accounts", ()):
            found.pop(name, None)
        for line in entry.get("accounts", ()):
            name, uid, gid, home, shell = line.split(":")
            found[name] = Account(name, int(uid), int(gid), home, "" if shell == _UNKNOWN else shell)
    return tuple(sorted(found.values(), key=lambda account: (account.uid, account.name)))


def _groups(facts: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for entry in facts:
        for name in entry.get("without_groups", ()):
            found.pop(name, None)
        for text in entry.get("groups", ()):
            name, number = text.split(":")
            found[name] = int(number)
    return tuple(sorted(found.items(), key=lambda group: (group[1], group[0])))


def _commands(
    subject: Subject,
    facts: Iterable[Mapping[str, Any]],
    packaged: tuple[Mapping[str, str], frozenset[str]],
) -> tuple[dict[str, str], frozenset[str]]:
    """Commands that are there, and names that are not; `packaged` is what the packages tell of both."""
    there, absent = packaged
    # What an entry says of a name (its path, "" for absent, None for not known) goes before the packages.
    said: dict[str, str | None] = {}
    for entry in facts:
        said.update(dict.fromkeys(entry.get("absent", ()), ""))
        said.update(dict.fromkeys(entry.get("unsure", ())))
        for folder, names in entry.get("commands", {}).items():
            paths = filter(None, (subject.fill(f"{folder}/{name}") for name in names))
            said.update((path.rpartition("/")[2], path) for path in paths)
    commands = {name: path for name, path in there.items() if name not in said}
    commands.update((name, path) for name, path in said.items() if path)
    said_absent = {name for name, path in said.items() if path == ""}
    return commands, frozenset(said_absent | (absent - said.keys()))


def _environment(
    subject: Subject, facts: Iterable[Mapping[str, Any]]
) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Variables with their values, and whether these are all.

    The catalogue's record of the very build goes before what the Dockerfile's template says.
    """
    found: dict[str, str | None] = {}
    for entry in facts:
        for name, value in entry.get("environment", {}).items():
            found[name] = None if value == _UNKNOWN else subject.fill(value)
    found.update(subject.image.environment)
    known = tuple((name, value) for name, value in found.items() if value is not None)
    return known, _flag(facts, "environment_complete") and len(known) == len(found)


def _pair(subject: Subject, facts: Iterable[Mapping[str, Any]], key: str) -> Any:
    """A pair of texts, the second None where it is not known; None where it must be known and is not."""
    told = _last(facts, key)
    if told is None:
        return None
    first, second = told[0], None if told[1] == _UNKNOWN else subject.fill(told[1])
    return None if second is None and key != "libc" else (first, second)


def _certificates(facts: Iterable[Mapping[str, Any]], told: Packages) -> bool | None:
    said: bool | None = _last(facts, "certificates")
    return told.has("ca-certificates") if said is None else said


def _timezones(facts: Iterable[Mapping[str, Any]], told: Packages) -> bool | None:
    said: bool | None = _last(facts, "timezones")
    return told.has("tzdata") if said is None else said


def _paths(
    subject: Subject, facts: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, PathFacts], dict[str, str]]:
    paths: dict[str, PathFacts] = {}
    links: dict[str, str] = {}
    for entry in facts:
        for kind, key in (("directory", "directories"), ("file", "files")):
            for path, mode, owner, group in _owned(entry.get(key, {})):
                if (filled := subject.fill(path)) is not None:
                    paths[filled] = (kind, mode, owner, group)
                    links.pop(filled, None)
        for path, target in entry.get("links", {}).items():
            filled, filled_target = subject.fill(path), subject.fill(target)
            if filled is not None and filled_target is not None:
                paths[filled] = ("link", 0o777, 0, 0)
                links[filled] = filled_target
    return paths, links


def _owned(groups: Mapping[str, list[str]]) -> Iterator[tuple[str, int, int, int]]:
    for key, paths in groups.items():
        mode, _, owners = key.partition(" ")
        owner, _, group = (owners or "0:0").partition(":")
        for path in paths:
            yield path, int(mode, 8), int(owner), int(group)


def _absent_paths(
    subject: Subject, facts: Iterable[Mapping[str, Any]], there: Mapping[str, object], told: Packages
) -> frozenset[str]:
    absent = set(chain.from_iterable(entry.get("absent_paths", ()) for entry in facts))
    for path, exists in ((_CERTIFICATES, _certificates(facts, told)), (_TIMEZONES, _timezones(facts, told))):
        absent.discard(path)
        # A system that keeps them elsewhere says nothing of this place.
        if exists is False and subject.image.os_family in {
            *_PACKAGED_FAMILIES,
            "alpine",
            "busybox",
            "scratch",
        }:
            absent.add(path)
    return frozenset(absent - _with_parents(there))


def _with_parents(paths: Iterable[str]) -> set[str]:
    return {path for other in paths for path in (other, *map(str, PurePosixPath(other).parents))}
