"""What a base image is: size, distribution, user, shell and start command, as far as it is known."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.facts import catalogue, tags
from multistage_cli.facts.catalogue import Confidence, Image, repositories
from multistage_cli.facts.mirrors import origins
from multistage_cli.facts.references import InvalidReference, Reference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.facts.configurations import Registered

__all__ = [
    "Certainty",
    "Confidence",
    "Image",
    "InvalidReference",
    "Lookup",
    "Reference",
    "full_variant",
    "is_slim",
    "parse_reference",
    "repositories",
    "resolve",
    "slim_variant",
]

# Builds of one line and variant in the catalogue differ by up to 9 % (python:3.12 on bookworm and on
# trixie; eclipse-temurin:21-alpine of 2024 and of 2026: 5 %).
_STAND_IN_ERROR: Final = 0.10

_LONGEST_KEPT: Final = 512

_LEAN_FAMILIES: Final = frozenset(["alpine", "busybox", "distroless", "scratch", "wolfi"])


class Certainty(StrEnum):
    """Whether the facts are about the very image that was asked for."""

    KNOWN = "known"
    """The catalogue has this image; a moving tag as it was when its build was made."""
    LIKELY = "likely"
    """Another build or copy stands in: probably the same in kind, never certainly."""
    UNKNOWN = "unknown"


class Lookup(Struct, frozen=True):
    """The answer for one reference.

    Attributes:
        reference: The reference taken apart, None where the text is none.
        certainty: How `image` relates to it.
        image: The facts; None exactly where `certainty` is UNKNOWN. With LIKELY it may describe
            another tag or repository, which `image.reference` names, and that build may stand on
            another release of the distribution: Python 3.12.4 was built on bookworm, 3.12.14 on trixie.
        because: One sentence for people.
        registered: What the image's registry says, where it was asked and answered. `image` then has the
            registry's size and configuration too; all else in it is still of the build that the facts are of.
    """

    reference: Reference | None
    certainty: Certainty
    image: Image | None
    because: str
    registered: Registered | None = None

    @property
    def size_range_bytes(self) -> tuple[int, int] | None:
        """The smallest and the largest uncompressed size to expect; None where nothing is known.

        For a stand-in the range is wider than its own error: 10 % either way.
        """
        if self.registered is not None:
            return self.registered.size_range_bytes
        if self.image is None or self.image.size_bytes is None:
            return None
        size = self.image.size_bytes
        error = self.image.size_error_bytes
        if self.certainty is Certainty.LIKELY:
            error = max(error, round(size * _STAND_IN_ERROR))
        return max(0, size - error), size + error


def resolve(text: str) -> Lookup:
    """What is known of the image that `text` names, with all variables expanded.

    `text` may be anything: what is no reference is UNKNOWN and the reason says what is wrong.
    """
    # Overlong texts name no image; keeping them would let a hostile file fill the memory.
    return _resolve(text) if len(text) <= _LONGEST_KEPT else _resolve.__wrapped__(text)


@lru_cache(maxsize=4096)
def _resolve(text: str) -> Lookup:
    if text == "scratch":
        return _scratch()
    try:
        reference = parse_reference(text)
    except InvalidReference as error:
        return Lookup(None, Certainty.UNKNOWN, None, f"{error}.")
    if reference.repository == "scratch":
        because = 'Only the bare word "scratch" is the empty image; no image of that name can be pulled.'
        return Lookup(reference, Certainty.UNKNOWN, None, because)
    repository = catalogue.find(reference.repository)
    if repository is None:
        return _elsewhere(reference)
    answer = _in_repository(repository, reference.repository, reference.tag, reference.digest)
    return Lookup(reference, *answer)


def _scratch() -> Lookup:
    # BuildKit compares the whole name (`emptyImageName` in dockerfile2llb/convert.go).
    repository = catalogue.find("scratch")
    if repository is None:
        raise FileNotFoundError("the catalogue of images is not installed")
    image = repository.image("latest", repository.tags["latest"])
    because = "scratch is the empty image: no files, no shell, no users."
    return Lookup(parse_reference("scratch"), Certainty.KNOWN, image, because)


def _in_repository(
    repository: catalogue.Repository, name: str, tag: str | None, digest: str | None
) -> tuple[Certainty, Image | None, str]:
    if digest is not None and tag is None:
        return _by_digest_alone(repository, name)
    certainty, image, because = _by_tag(repository, name, tag or "latest")
    if digest is not None and image is not None:
        because = f"The digest decides which build this is; these facts are of {_dated(image)}."
        certainty = Certainty.LIKELY
    return certainty, image, because


def _by_tag(repository: catalogue.Repository, name: str, tag: str) -> tuple[Certainty, Image | None, str]:
    asked = f"{name}:{tag}"
    if tag in repository.tags:
        image = repository.image(tag, repository.tags[tag])
        return Certainty.KNOWN, image, f"The catalogue has {_dated(image)}."
    for other in tags.stand_ins(tag, repository.tags, line_parts=repository.line_parts):
        image = repository.image(other, repository.tags[other])
        because = f"{asked} is not in the catalogue; of the same line it has {_dated(image)}."
        return Certainty.LIKELY, image, because
    record = repository.fitting(tag)
    if record is not None:
        image = repository.image(tag, record, name)
        because = f"{asked} is not in the catalogue; these facts, without a size, fit tags that look like it."
        return Certainty.LIKELY, image, because
    near = tags.nearest(tag, repository.tags)
    hint = f"; the nearest tag there is {near}" if near is not None else ""
    return Certainty.UNKNOWN, None, f"The catalogue has {name} but not its tag {tag}{hint}."


def _by_digest_alone(repository: catalogue.Repository, name: str) -> tuple[Certainty, Image | None, str]:
    shared = repository.common() if repository.name == name else None
    if shared is None:
        because = f"A digest without a tag does not tell which image of {name} this is."
        return Certainty.UNKNOWN, None, because
    because = f"A digest without a tag: these facts, without a size, hold for all known tags of {name}."
    return Certainty.LIKELY, shared, because


def _elsewhere(reference: Reference) -> Lookup:
    for origin in origins(reference):
        repository = catalogue.find(origin.repository)
        if repository is None:
            continue
        certainty, image, because = _in_repository(
            repository, origin.repository, reference.tag, reference.digest
        )
        if certainty is Certainty.KNOWN and not origin.same_publisher:
            certainty = Certainty.LIKELY
        return Lookup(reference, certainty, image, f"{origin.how} {because}")
    return Lookup(reference, Certainty.UNKNOWN, None, _unknown_repository(reference))


def _unknown_repository(reference: Reference) -> str:
    because = f"The catalogue does not have {reference.repository}"
    last = reference.path.rpartition("/")[2]
    if last != reference.repository and catalogue.find(last) is not None:
        return f"{because}; it is not Docker's official image {last}."
    return f"{because}."


def _dated(image: Image) -> str:
    size = "" if image.size_bytes is not None else ", without its size"
    built = f" as built on {image.created[:10]}" if image.created is not None else ""
    return f"{image.reference}{built}{size}"


def full_variant(image: Image) -> Image | None:
    """The same version of the image with everything in it: `python:3.12` for `python:3.12-slim`.

    On the same release of the distribution if that is known, else on another (`python:3.11-bookworm`
    for `python:3.11-slim`); a patch release of the same line at most. None where `image` is the full
    one, or no full one is known with its size.
    """
    if not is_slim(image):
        return None
    return _variant(image, [other for other in _siblings(image) if not is_slim(other)])


def slim_variant(image: Image) -> Image | None:
    """The cut-down image of the same version: `python:3.12-slim` for `python:3.12`.

    A `-slim` one before an Alpine one, which would change the C library. None where `image` is one
    already, or none is known with its size.
    """
    if is_slim(image):
        return None
    lean = [other for other in _siblings(image) if is_slim(other)]
    return _variant(image, [other for other in lean if other.libc == image.libc]) or _variant(image, lean)


def _siblings(image: Image) -> Iterator[Image]:
    """Tags of the same repository, version line and purpose that are another build, with a size."""
    repository = catalogue.find(image.repository)
    if repository is None or image.tag is None:
        return
    own = tags.parse_tag(image.tag)
    # Without a version the release is the version: debian:trixie is no variant of bookworm-slim.
    release = image.os_version if own.release is not None and not own.version else None
    for tag, record in repository.tags.items():
        parts = tags.parse_tag(tag)
        if parts.purpose != own.purpose or parts.prefix != own.prefix:
            continue
        if not _same_line(parts.version, own.version, repository.line_parts):
            continue
        other = repository.image(tag, record)
        if release is not None and other.os_version != release:
            continue
        if other.size_bytes is not None and other.canonical_tag != image.canonical_tag:
            yield other


def _same_line(one: tuple[str, ...], other: tuple[str, ...], line_parts: int) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= line_parts and one[:line_parts] == other[:line_parts]


def _variant(image: Image, candidates: list[Image]) -> Image | None:
    """The candidate most like `image`: release, then version as written, then the plainest tag."""
    own = tags.parse_tag(image.tag or "latest")

    def unlikeness(other: Image) -> tuple[bool, bool, bool, int, str]:
        parts = tags.parse_tag(other.tag or "latest")
        return (
            other.os_version != image.os_version and other.os_family == image.os_family,
            parts.version != own.version,
            parts.release != own.release,
            len(other.tag or ""),
            other.tag or "",
        )

    return min(candidates, key=unlikeness, default=None)


def is_slim(image_or_reference: Image | Reference) -> bool:
    """Whether an image is a cut-down one: slim, Alpine, distroless, busybox, chiselled, minimal ...

    A reference is looked up; one that the catalogue does not have is judged by its name alone.
    """
    if isinstance(image_or_reference, Reference):
        known = resolve(image_or_reference.familiar).image
        if known is None:
            return tags.says_slim(image_or_reference.repository, image_or_reference.tag)
        return is_slim(known)
    image = image_or_reference
    return (
        image.os_family in _LEAN_FAMILIES
        or tags.says_slim(image.repository, image.tag)
        or (image.canonical_tag is not None and tags.says_slim(image.repository, image.canonical_tag))
    )
