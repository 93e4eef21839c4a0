"""Image references: the names in FROM and COPY --from, taken apart as Docker does."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

DOCKER_HUB: Final = "docker.io"
_LEGACY_DOCKER_HUB: Final = "index.docker.io"
_OFFICIAL: Final = "library/"

# Docker limits the path to 255 characters and a tag to 128; DNS limits a host name to 253; the
# longest digest (sha512) has 135. Nothing longer than this can name an image.
_LONGEST_REFERENCE: Final = 800
_LONGEST_PATH: Final = 255
_LONGEST_TAG: Final = 128
_SHOWN_CHARACTERS: Final = 60

_FOREIGN = re.compile(r"[^A-Za-z0-9._/:@+\[\]-]")
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_DIGEST_CHARACTERS: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEXADECIMAL = re.compile(r"[a-f0-9]+")


class InvalidReference(ValueError):  # noqa: N818 - named for what it is: an invalid reference
    """A text that can name no image; the message says which part of it is wrong."""


class Reference(Struct, frozen=True):
    """An image reference with Docker Hub's short forms written out.

    Attributes:
        domain: The registry with its port if one is given, `docker.io` for Docker Hub.
        path: The repository inside the registry, with `library/` for Docker Official Images.
        tag: The tag as written, None where there is none: Docker then takes `latest`, unless a
            digest decides.
        digest: `sha256:...` as written, or None.
    """

    domain: str
    path: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """The repository as people write it: `python`, `grafana/grafana`, `quay.io/app/api`.

        Unlike Docker's, this form always reads back as the same repository: `docker.io/gcr.io/x`
        keeps its registry.
        """
        name = self.path.removeprefix(_OFFICIAL)
        if self.domain == DOCKER_HUB and "/" not in name:
            return name
        if self.domain == DOCKER_HUB and not _names_registry(self.path.partition("/")[0]):
            return self.path
        return f"{self.domain}/{self.path}"

    @property
    def familiar(self) -> str:
        """The whole reference as people write it: `python:3.12-slim`."""
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.repository}{tag}{digest}"


def parse_reference(text: str) -> Reference:
    """The reference that Docker reads in `text`, after variables are expanded.

    Source: the grammar and `ParseNormalizedNamed` of github.com/distribution/reference, and the
    algorithms of github.com/opencontainers/go-digest. One departure: a first component with a dot
    that is no host name (`a_b.example/app`) is refused here; Docker takes it for a repository that
    belongs to no registry and cannot pull it.

    Raises:
        InvalidReference: `text` names no image.
    """
    _check_characters(text)
    name_and_tag, at, digest = text.partition("@")
    if at:
        _check_digest(text, digest)
    domain, remainder = _split_domain(name_and_tag)
    path, colon, tag = remainder.partition(":")
    _check_domain(text, domain)
    _check_path(text, path)
    if colon:
        _check_tag(text, tag)
    return Reference(domain, path, tag if colon else None, digest if at else None)


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash:
        # One component is never a registry: `localhost:5000` is the image "localhost", tag 5000.
        return DOCKER_HUB, _OFFICIAL + name
    domain, path = (first, rest) if _names_registry(first) else (DOCKER_HUB, name)
    if domain == _LEGACY_DOCKER_HUB:
        domain = DOCKER_HUB
    if domain == DOCKER_HUB and "/" not in path:
        path = _OFFICIAL + path
    return domain, path


def _names_registry(first: str) -> bool:
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def _check_characters(text: str) -> None:
    if not text:
        raise InvalidReference("an image reference is empty")
    if len(text) > _LONGEST_REFERENCE:
        raise _invalid(text, f"it has {len(text):,} characters, and none has more than {_LONGEST_REFERENCE}")
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        if foreign[0] == "$":
            raise _invalid(text, "it holds a variable that is not expanded")
        raise _invalid(text, f"character {foreign[0]!a} is not allowed")
    if _IMAGE_ID.fullmatch(text):
        raise _invalid(text, "64 hexadecimal digits are an image ID, not a name")


def _check_domain(text: str, domain: str) -> None:
    if not _HOST.fullmatch(domain):
        raise _invalid(text, f"registry {_shown(domain)} is not a host name")


def _check_path(text: str, path: str) -> None:
    if not path.removeprefix(_OFFICIAL):
        raise _invalid(text, "the repository name is missing")
    if path != path.lower():
        lower = path.removeprefix(_OFFICIAL).lower()
        raise _invalid(text, f"the repository name must be lower case: {_shown(lower)}")
    for component in path.split("/"):
        if not component:
            raise _invalid(text, "a part of the repository name between slashes is empty")
        if not _COMPONENT.fullmatch(component):
            raise _invalid(
                text,
                f"{_shown(component)} is not a repository name: letters and digits, "
                'joined by one ".", one or two "_", or "-"',
            )
    if len(path) > _LONGEST_PATH:
        raise _invalid(
            text, f"the repository name has {len(path)} characters, and {_LONGEST_PATH} are allowed"
        )


def _check_tag(text: str, tag: str) -> None:
    if not tag:
        raise _invalid(text, 'the tag after ":" is missing')
    if not _TAG.fullmatch(tag):
        raise _invalid(
            text, f'{_shown(tag)} is not a tag: letters, digits, "_", "." and "-", not "." or "-" first'
        )
    if len(tag) > _LONGEST_TAG:
        raise _invalid(text, f"the tag has {len(tag)} characters, and {_LONGEST_TAG} are allowed")


def _check_digest(text: str, digest: str) -> None:
    algorithm, colon, value = digest.partition(":")
    characters = _DIGEST_CHARACTERS.get(algorithm)
    if not colon or characters is None:
        known = ", ".join(_DIGEST_CHARACTERS)
        raise _invalid(text, f'the digest after "@" must start with one of {known} and ":"')
    if len(value) != characters or not _HEXADECIMAL.fullmatch(value):
        raise _invalid(text, f"a {algorithm} digest is {characters} lower-case hexadecimal digits")


def _invalid(text: str, why: str) -> InvalidReference:
    return InvalidReference(f"{_shown(text)} is no image reference: {why}")


def _shown(text: str) -> str:
    # ascii(), because a control character or a look-alike letter must not reach a terminal as it is.
    cut = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
    return ascii(cut)
