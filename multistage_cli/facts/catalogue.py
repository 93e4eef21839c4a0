"""The shipped facts about base images: one small file per repository, read when it is asked for."""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER: Final = Path(__file__).parent / "data" / "images"

# A repository becomes a file name only if the name is plain on every file system. Windows keeps
# device names for itself whatever the ending: opening `con.json` there would open the console.
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._/-]{0,119}")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin|conout|com[0-9]|lpt[0-9])(?:\..*)?")
_SLASH: Final = "__"


class Confidence(StrEnum):
    """How far a figure can be trusted.

    HIGH: read from the record of that very build, made in 2026. MEDIUM: an older or copied record,
    or an alias of a build read. LOW: documentation, a third party's table, or common knowledge.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Image(Struct, frozen=True):
    """What is known of one image, for Linux on the architecture it names.

    A moving tag (`python:3.12-slim`) is described as it was on `created`.

    Attributes:
        reference: As people write it: `python:3.12-slim`; the bare repository where only what all
            of its tags share is known.
        repository: `python`, `mcr.microsoft.com/dotnet/sdk`.
        tag: None where only what all tags share is known.
        canonical_tag: The tag under which the source describes the build; None where the facts do
            not come from one build.
        created: When the build was made, in ISO 8601 with the precision of the source: a second, a
            day, a month or a year. None where the source does not say.
        architecture: `amd64`, or `386` where only that build's size is known.
        size_bytes: What `docker image ls` shows: all layers, uncompressed. None for not known.
        size_error_bytes: `size_bytes` may be off by this much in either direction, for that build.
        compressed_bytes: What a pull transfers, None for not known. Where `source` names another
            build for it, do not divide the two.
        os_family: `debian`, `ubuntu`, `alpine`, `rhel`, `fedora`, `amazon`, `arch`, `busybox`,
            `distroless`, `wolfi` or `scratch`.
        os_version: `bookworm`, `3.22`, `ubi9`; None where not known.
        libc: `glibc`, `musl`, or None where the image has no dynamic loader.
        package_manager: `apt`, `apk`, `dnf`, `microdnf`, `yum`, `pacman`, or None for none.
        default_user: What USER is in the image: `root`, `65532`, `1000:0`.
        shell: The best shell in it, None where it has none. `/bin/bash` and `/bin/sh` both mean that
            `/bin/sh` is there, which shell form RUN needs; `/busybox/sh` does not.
        entrypoint: ENTRYPOINT, `()` where it is not set, None where that is not known.
        command: CMD, in the same way.
        exposed_ports: Ports known to be exposed, `80/tcp`; there may be more.
        environment: Variables known to be set; PATH only where it is not Docker's usual one.
        users: Names in /etc/passwd, with the user ID or None where that is not known.
        users_complete: Whether `users` is all of them, so that another name fails.
        source: Where the facts come from.
        confidence: How far to trust them.
    """

    reference: str
    repository: str
    tag: str | None
    canonical_tag: str | None
    created: str | None
    architecture: str
    size_bytes: int | None
    size_error_bytes: int
    compressed_bytes: int | None
    os_family: str
    os_version: str | None
    libc: str | None
    package_manager: str | None
    default_user: str
    shell: str | None
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    exposed_ports: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    users: tuple[tuple[str, int | None], ...]
    users_complete: bool
    source: str
    confidence: Confidence


class Record(Struct, frozen=True):
    """A tag, or a pattern of tags, with the build that it means."""

    build: int
    confidence: Confidence
    source: str


class Repository(Struct, frozen=True):
    """One file of the catalogue.

    Attributes:
        name: Its familiar name, or a namespace with a slash at its end (`bitnami/`).
        line_parts: How many components of a version name a release line: 2 for Python (3.12).
        tags: What each known tag is.
        patterns: What tags are that are not listed: the first entry holds where a pattern of its
            first list fits and none of its second.
    """

    name: str
    line_parts: int
    tags: Mapping[str, Record]
    patterns: tuple[tuple[tuple[str, ...], tuple[str, ...], Record], ...]
    _builds: tuple[Mapping[str, Any], ...]
    _users: tuple[tuple[str, ...], ...]

    def image(self, tag: str, record: Record, repository: str | None = None) -> Image:
        """The facts of `record`, told of `tag` in `repository` (this one by default)."""
        return self._image(repository if repository is not None else self.name, tag, record)

    def fitting(self, tag: str) -> Record | None:
        """The record of the first entry of `patterns` that `tag` fits."""
        for wanted, unwanted, record in self.patterns:
            if _fits(tag, wanted) and not _fits(tag, unwanted):
                return record
        return None

    def common(self) -> Image | None:
        """What all known tags share, without a size; None where they differ in what matters."""
        images = [self.image(tag, record) for tag, record in self.tags.items()]
        if not images:
            return None
        first = images[0]
        kinds = {(i.os_family, i.libc, i.package_manager, i.default_user, i.shell) for i in images}
        if len(kinds) > 1:
            return None
        return Image(
            reference=self.name,
            repository=self.name,
            tag=None,
            canonical_tag=None,
            created=None,
            architecture=first.architecture,
            size_bytes=None,
            size_error_bytes=0,
            compressed_bytes=None,
            os_family=first.os_family,
            os_version=first.os_version if len({i.os_version for i in images}) == 1 else None,
            libc=first.libc,
            package_manager=first.package_manager,
            default_user=first.default_user,
            shell=first.shell,
            entrypoint=first.entrypoint if len({i.entrypoint for i in images}) == 1 else None,
            command=first.command if len({i.command for i in images}) == 1 else None,
            exposed_ports=first.exposed_ports if len({i.exposed_ports for i in images}) == 1 else (),
            environment=(),
            users=tuple(user for user in first.users if all(user in i.users for i in images)),
            users_complete=False,
            source=f"what the known tags of {self.name} share",
            confidence=Confidence.LOW,
        )

    def _image(self, name: str, tag: str, record: Record) -> Image:
        build = self._builds[record.build]
        entrypoint, command = build.get("entrypoint"), build.get("command")
        return Image(
            reference=name if name == "scratch" else f"{name}:{tag}",
            repository=name,
            tag=tag,
            canonical_tag=build.get("canonical_tag"),
            created=build.get("created"),
            architecture=build["architecture"],
            size_bytes=build.get("size_bytes"),
            size_error_bytes=build.get("size_error_bytes", 0),
            compressed_bytes=build.get("compressed_bytes"),
            os_family=build["os_family"],
            os_version=build.get("os_version"),
            libc=build.get("libc"),
            package_manager=build.get("package_manager"),
            default_user=build["default_user"],
            shell=build.get("shell"),
            entrypoint=None if entrypoint is None else tuple(entrypoint),
            command=None if command is None else tuple(command),
            exposed_ports=tuple(build.get("exposed_ports", ())),
            environment=tuple((key, value) for key, value in build.get("environment", ())),
            users=tuple(_user(entry) for entry in self._users[build["users"]]),
            users_complete=build.get("users_complete", False),
            source=record.source,
            confidence=record.confidence,
        )


def _fits(tag: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(tag, pattern) for pattern in patterns)


def _user(entry: str) -> tuple[str, int | None]:
    name, _, number = entry.partition(":")
    return name, int(number) if number else None


def file_name(repository: str) -> str | None:
    """The name of the file that holds `repository`; None where there can be none."""
    if not _PLAIN.fullmatch(repository) or _DEVICE.fullmatch(repository):
        return None
    return repository.replace("/", _SLASH) + ".json"


def find(repository: str) -> Repository | None:
    """The file of `repository`, or of the namespace that it is in."""
    exact = _read(repository)
    if exact is not None or "/" not in repository:
        return exact
    return _read(repository.rpartition("/")[0] + "/")


@lru_cache(maxsize=256)
def _read(repository: str) -> Repository | None:
    name = file_name(repository)
    if name is None:
        return None
    import json  # here, because a run that names no image does without it

    try:
        data = json.loads((_FOLDER / name).read_bytes())
    except FileNotFoundError:
        return None
    # "a__b" and "a/b" share a file name, and a file system may ignore case.
    if data["repository"] != repository:
        return None
    sources = data["sources"]

    def record(build: int, confidence: str, source: int) -> Record:
        return Record(build, Confidence(confidence), sources[source])

    return Repository(
        name=repository,
        line_parts=data["line_parts"],
        tags={tag: record(*entry) for tag, entry in data["tags"].items()},
        patterns=tuple(
            (tuple(wanted), tuple(unwanted), record(*entry)) for wanted, unwanted, *entry in data["patterns"]
        ),
        _builds=tuple(data["builds"]),
        _users=tuple(tuple(users) for users in data["users"]),
    )


def repositories() -> tuple[str, ...]:
    """The familiar names of all repositories in the catalogue, sorted; namespaces are left out."""
    names = (path.name.removesuffix(".json").replace(_SLASH, "/") for path in _FOLDER.glob("*.json"))
    return tuple(sorted(name for name in names if not name.endswith("/")))
