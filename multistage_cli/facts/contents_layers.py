"""The shipped layers of facts about what is inside images: reading them and choosing those of an image.

`data/contents/` has one JSON file per family of repositories (`python.json`) or layer that several stand on
(`_debian.json`), and `index.json` that leads from a repository to its file. A file is a list of entries; all
entries whose conditions an image meets hold for it, a later one over an earlier one, each over the file that
it stands on. Made by scripts/facts/make_contents.py. The keys of an entry:

* `when`: the conditions, all of which must be met. `family`, `package_manager`: one of them; `version` of the
  distribution, "?" for one that is not known; `repository`, `tag`: one of these patterns fits; `not_tag`: none
  does; `since` and `before`: bounds of the version that the tag is about (3.12 of `python:3.12-slim`). What is
  not known of an image meets no condition about it.
* `on`: the file that the entry stands on. `source`, `confidence`: where they differ from the file's.
* `accounts` (lines of passwd without password and comment, "?" for a shell that is not known), `groups`
  (`name:id`), `without_accounts`, `without_groups`: what the lower layer has and this one may not have.
* `commands`: folder -> names; `absent`: names that are not there; `unsure`: neither, whatever lies below.
* `added`: release -> Debian packages on top of those below; `recorded`: release -> the image whose packages
  `facts.debian` knows, instead of those below; `maybe_packages`: perhaps there.
* `closed`: no package is there beyond those and libraries. `packages_exact`: not even libraries.
* `environment`: name -> value, "?" for one that differs from build to build; `working_directory`; `libc`,
  `python`, `node`: a pair, "?" for what is not known; `certificates`, `timezones`, `suite`.
* `directories`, `files`: mode, and owner unless root -> paths; `links`: path -> target; `absent_paths`;
  `empty`: folders that hold nothing.
* `top_level`: names under `/`. Each `..._complete` says that there are no others.

In texts `{minor}` stands for the first two parts of the version that the tag is about, `{major}` for the
first, `{number}` for the number in the repository's name; a text whose number is not known does not count.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multistage_cli.facts.catalogue import Image

_FOLDER: Final = Path(__file__).parent / "data" / "contents"

_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")
_NUMBER: Final = re.compile(r"[a-z](\d+)")
_BLANK: Final = re.compile(r"\{(\w+)\}")
_ANY: Final = "_any"

Entry = dict[str, Any]


class Layer(Struct, frozen=True):
    """An entry that holds for an image, with where it comes from."""

    facts: Mapping[str, Any]
    source: str
    confidence: str


class Subject(Struct, frozen=True):
    """What the entries of an image are chosen by, and what fills the blanks in their texts.

    Attributes:
        image: The image.
        version: Of what the tag is about: (3, 12) for `python:3.12-slim`; empty where not known.
    """

    image: Image
    version: tuple[int, ...]

    def fill(self, text: str) -> str | None:
        """`text` with its blanks filled; None where one cannot be."""
        if "{" not in text:
            return text
        values = self._values()
        if any(name not in values for name in _BLANK.findall(text)):
            return None
        return _BLANK.sub(lambda blank: values[blank[1]], text)

    def _values(self) -> dict[str, str]:
        values: dict[str, str] = {}
        if self.version:
            values["major"] = str(self.version[0])
        if len(self.version) > 1:
            values["minor"] = f"{self.version[0]}.{self.version[1]}"
        if number := _NUMBER.search(self.image.repository.rpartition("/")[2]):
            values["number"] = number[1]
        return values


def layers(image: Image) -> tuple[Subject, tuple[Layer, ...]]:
    """The entries that hold for `image`, lowest first; none where nothing is known."""
    name = next((file for pattern, file in _read("index") if fnmatchcase(image.repository, pattern)), None)
    if name is not None:
        subject = Subject(image, _version(image, _read(name).get("version_from")))
        found = tuple(_layers(name, subject))
        if found:
            return subject, found
    subject = Subject(image, ())
    return subject, tuple(_layers(_ANY, subject))


def _layers(name: str, subject: Subject) -> Iterator[Layer]:
    file = _read(name)
    for entry in file["entries"]:
        if not _holds(entry.get("when", {}), subject):
            continue
        if "on" in entry:
            yield from _layers(entry["on"], subject)
        confidence = entry.get("confidence", file["confidence"])
        yield Layer(entry, entry.get("source", file["source"]), confidence)


def _version(image: Image, variable: str | None) -> tuple[int, ...]:
    """The longest version that the environment, the canonical tag and the tag tell, in this order."""
    texts = [value for name, value in image.environment if name == variable]
    texts += [tag for tag in (image.canonical_tag, image.tag) if tag is not None]
    found = (_VERSION.match(text) for text in texts)
    versions = [tuple(int(part[:9]) for part in match[0].split(".")) for match in found if match]
    return max(versions, key=len, default=())


def _holds(when: Mapping[str, Any], subject: Subject) -> bool:
    image = subject.image
    version = image.os_version or "?"
    if version not in when.get("version", (version,)):
        return False
    if image.os_family not in when.get("family", (image.os_family,)):
        return False
    if image.package_manager not in when.get("package_manager", (image.package_manager,)):
        return False
    if "repository" in when and not _fits(image.repository, when["repository"]):
        return False
    return _tag_fits(image.tag, when) and _in_bounds(subject.version, when)


def _tag_fits(tag: str | None, when: Mapping[str, Any]) -> bool:
    if tag is None:
        return "tag" not in when and "not_tag" not in when
    return _fits(tag, when.get("tag", ("*",))) and not _fits(tag, when.get("not_tag", ()))


def _fits(text: str, patterns: list[str] | tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _in_bounds(version: tuple[int, ...], when: Mapping[str, Any]) -> bool:
    """Whether a version is within the bounds; `3` is only where 3.0 and all that follow it are."""
    since, before = tuple(when.get("since", ())), tuple(when.get("before", ()))
    if not version:
        return not since and not before
    if since and version[: len(since)] < since:
        return False
    # A tag such as `3` moves on: it may be any of its line.
    return not before or (version + (999,) * (len(before) - len(version)))[: len(before)] < before


@cache
def _read(name: str) -> Any:
    import json  # here, because a run that names no image does without it

    return json.loads((_FOLDER / f"{name}.json").read_bytes())


def commands_of_packages() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Command -> its path, and every Debian package that has it."""
    return _commands()


def is_common(name: str) -> bool:
    """Whether a command is one that people ask for by name, whatever the release: `curl`, `ps`."""
    return name in _common()


@cache
def _common() -> frozenset[str]:
    return frozenset(_read("debian-commands")["common"])


@cache
def _commands() -> dict[str, tuple[str, frozenset[str]]]:
    table: dict[str, list[str]] = _read("debian-commands")["commands"]
    return {name: (path, frozenset(packages)) for name, (path, *packages) in table.items()}
