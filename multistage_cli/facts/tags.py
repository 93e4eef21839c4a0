"""Image tags taken apart: version, variant and release, as the official images write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# "3.12.4-slim", "v3.7", "17.0.20_8-jre-noble", "8u502-b07-jre": a version, Temurin's build number, words.
_VERSIONED = re.compile(
    r"(?P<prefix>v?)(?P<version>[0-9]+(?:\.[0-9]+)*)(?:u[0-9]+-b[0-9]+|_[0-9.]+)?(?:-(?P<words>.*))?"
)
# "bookworm-20260202-slim", "base-20260920.0.596911": the day of a build.
_BUILD_DAY = re.compile(r"20[0-9]{6}(?:\.[0-9]+)*")

_SLIM_WORDS: Final = frozenset(
    {
        "busybox",
        "chiseled",
        "chiselled",
        "distroless",
        "micro",
        "minimal",
        "nanoserver",
        "scratch",
        "slim",
        "wolfi",
    }
)
_ALPINE = re.compile(r"alpine(?:[0-9][0-9.]*)?")
_NUMBER = re.compile(r"[0-9][0-9.]*")
_DEBIAN: Final = frozenset({"stretch", "buster", "bullseye", "bookworm", "trixie", "forky", "sid"})
_UBUNTU: Final = frozenset({"xenial", "bionic", "focal", "jammy", "noble", "resolute"})
_RED_HAT: Final = frozenset({"oracle", "oraclelinux8", "oraclelinux9", "ubi8", "ubi9", "ubi10"})
_RELEASES: Final = _DEBIAN | _UBUNTU | _RED_HAT | {"al2", "al2023"}


class Tag(Struct, frozen=True):
    """A tag in its parts: `3.12.4-slim-bookworm` has version 3.12.4 and words slim, bookworm.

    Attributes:
        prefix: `v` where the version starts with one.
        version: The components of the leading version, as written; empty where there is none.
        words: What follows, without the day of a build.
    """

    prefix: str
    version: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version to compare by."""
        return tuple(int(component) for component in self.version)

    @property
    def is_slim(self) -> bool:
        """Whether a word says that the image is a cut-down one."""
        return any(word in _SLIM_WORDS or _ALPINE.fullmatch(word) for word in self.words)

    @property
    def is_alpine(self) -> bool:
        """Whether a word says Alpine."""
        return any(_ALPINE.fullmatch(word) for word in self.words)

    @property
    def release(self) -> str | None:
        """The release of the distribution if the tag names one: `bookworm`, `noble`, `3.22`."""
        for before, word in zip(("", *self.words), self.words, strict=False):
            if word in _RELEASES or (before == "alpine" and _NUMBER.fullmatch(word)):
                return word
            if _ALPINE.fullmatch(word) and word != "alpine":
                return word.removeprefix("alpine")
        return None

    @property
    def purpose(self) -> tuple[str, ...]:
        """The words that are neither a size nor a release: `("jre",)`, `("fpm",)`."""
        return tuple(
            word
            for word in self.words
            if word not in _SLIM_WORDS and word != self.release and not _ALPINE.fullmatch(word)
        )

    def shortened(self, components: int) -> str:
        """The tag with the first components of its version and no build day."""
        version = self.prefix + ".".join(self.version[:components])
        return "-".join(part for part in (version, *self.words) if part)


@lru_cache(maxsize=4096)
def parse_tag(text: str) -> Tag:
    """The parts of `text`, which may be any tag: what has no version is all words."""
    found = _VERSIONED.fullmatch(text)
    if found is None or _BUILD_DAY.fullmatch(found["version"]):
        return Tag("", (), _words(text if text != "latest" else ""))
    return Tag(found["prefix"], tuple(found["version"].split(".")), _words(found["words"] or ""))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split("-") if word and not _BUILD_DAY.fullmatch(word))


def says_slim(repository: str, tag: str | None) -> bool:
    """Whether the name alone says that an image is a cut-down one: slim, Alpine, distroless ...

    Chainguard's images count, whatever their tag: they are built like distroless ones.
    """
    if tag is not None and parse_tag(tag).is_slim:
        return True
    if "distroless" in repository.split("/") or repository.startswith(("cgr.dev/", "chainguard/")):
        return True
    words = repository.rsplit("/", 1)[-1].split("-")
    return any(word in _SLIM_WORDS or _ALPINE.fullmatch(word) for word in words)


def stand_ins(tag: str, known: Iterable[str], *, line_parts: int) -> Iterator[str]:
    """Known tags of the same release line and variant as `tag`, the nearest first.

    Args:
        tag: A tag that is not known.
        known: The known tags of the same repository.
        line_parts: How many components of a version name a line: 2 for Python (3.12), 1 for
            Node.js (22).
    """
    asked = parse_tag(tag)
    parsed = {name: parse_tag(name) for name in known}
    alike = {name: parts for name, parts in parsed.items() if _alike(parts, asked)}
    if not asked.version:
        if asked.words and asked.shortened(0) in parsed:
            yield asked.shortened(0)
        return
    for components in range(len(asked.version), line_parts - 1, -1):
        shortened = asked.shortened(components)
        if shortened in parsed:
            yield shortened
        line = asked.version[:components]
        newest = [name for name, parts in alike.items() if parts.version[:components] == line]
        # The longest name among equals, so that the choice does not hang on the order of `known`.
        yield from sorted(newest, key=lambda name: (alike[name].numbers, name), reverse=True)[:1]


def _alike(one: Tag, other: Tag) -> bool:
    return one.prefix == other.prefix and one.words == other.words


def nearest(tag: str, known: Iterable[str]) -> str | None:
    """The known tag that looks most like `tag`, to name in a message; None where none is known."""
    asked = parse_tag(tag)
    parsed = {name: parse_tag(name) for name in sorted(known)}
    same_variant = [name for name, parts in parsed.items() if _alike(parts, asked) and parts.version]
    if asked.version and same_variant:
        same_length = [n for n in same_variant if len(parsed[n].version) == len(asked.version)]
        by_age = sorted(same_length or same_variant, key=lambda name: parsed[name].numbers)
        older = [name for name in by_age if parsed[name].numbers <= asked.numbers]
        return older[-1] if older else by_age[0]
    return max(parsed, key=lambda name: (_likeness(tag, name), name), default=None)


def _likeness(one: str, other: str) -> int:
    """How many characters agree from the start and from the end, less what one is longer.

    Cruder than an edit distance and linear: a file may ask for any number of unknown tags.
    """
    start = _agreeing(one, other)
    end = _agreeing(one[start:][::-1], other[start:][::-1])
    return start + end - abs(len(one) - len(other))


def _agreeing(one: str, other: str) -> int:
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
