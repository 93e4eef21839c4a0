"""Manifests and configurations -> data; they come from servers that anybody may run, so nothing is trusted.

Source: opencontainers/image-spec (manifest.md, image-index.md, config.md, descriptor.md) and
distribution/distribution, docs/spec/manifest-v2-2.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from multistage_cli.facts.configurations import Check, Configuration
from multistage_cli.facts.online.failures import OnlineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CONFIG_TYPES: Final = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_HEXADECIMAL: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
_DIGEST = re.compile(r"(sha256|sha384|sha512):([a-f0-9]+)")
_MOST_LAYERS: Final = 500
_MOST_ENTRIES: Final = 1_000
_LARGEST_LAYER_BYTES: Final = 1 << 40
_LONGEST_TEXT: Final = 100_000
_NANOSECONDS: Final = 1_000_000_000
_ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armhf": "arm",
    "i386": "386",
}
_VARIANTS: Final = {"armhf": "v7", "armel": "v6"}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Something in a registry: its media type, digest and size, and whether other places hold it."""

    media_type: str
    digest: str
    size_bytes: int
    foreign: bool = False
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image's manifest."""

    config: Descriptor
    layers: tuple[Descriptor, ...]


def is_digest(text: object) -> bool:
    """Whether a text is a digest of an algorithm that is known."""
    found = _DIGEST.fullmatch(text) if isinstance(text, str) else None
    return found is not None and len(found[2]) == _HEXADECIMAL[found[1]]


def verify(data: bytes, digest: str) -> None:
    """Check that bytes are those that a digest names.

    Raises:
        OnlineError: they are others.
    """
    algorithm, _, value = digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != value:
        raise OnlineError(f"what was sent for {digest[:19]}... is something else")


def read_json(data: bytes) -> dict[str, Any]:
    """An object of JSON.

    Raises:
        OnlineError: it is none.
    """
    try:
        found = cast("object", json.loads(data))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise OnlineError("the answer is not the JSON of an image")
    return found


def is_index(document: dict[str, Any], media_type: str) -> bool:
    """Whether a document lists manifests by platform."""
    said = document.get("mediaType") or media_type.partition(";")[0].strip()
    return said in INDEX_TYPES or (said not in MANIFEST_TYPES and "manifests" in document)


def choose(index: dict[str, Any], platform: str) -> Descriptor | None:
    """The manifest for a platform, as containerd chooses; None where the index has none.

    An arm platform takes what runs on it: `linux/arm/v7` takes v7, then v6, then v5.
    Source: containerd/platforms, compare.go and database.go.
    """
    system, architecture, variant = split_platform(platform)
    offered: list[tuple[str, Descriptor]] = []
    for entry in _entries(index.get("manifests"), _MOST_ENTRIES):
        said = entry.get("platform")
        said = said if isinstance(said, dict) else {}
        own = f"{said.get('os', '')}/{said.get('architecture', '')}/{said.get('variant') or ''}"
        own_system, own_architecture, own_variant = split_platform(own)
        found = _descriptor(entry)
        if found is not None and (own_system, own_architecture) == (system, architecture):
            offered.append((own_variant, found))
    for wanted in _runnable_variants(architecture, variant):
        for own_variant, found in offered:
            if own_variant == wanted:
                return found
    return None


def split_platform(platform: str) -> tuple[str, str, str]:
    """System, architecture and variant in the form that images use."""
    system, _, rest = platform.lower().partition("/")
    written, _, variant = rest.partition("/")
    architecture = _ARCHITECTURES.get(written, written)
    variant = variant or _VARIANTS.get(written, "")
    if architecture == "arm":
        variant = variant or "v7"
    if (architecture, variant) in {("arm64", "v8"), ("amd64", "v1")}:
        variant = ""
    return system, architecture, variant


def _runnable_variants(architecture: str, variant: str) -> Sequence[str]:
    number = variant.removeprefix("v")
    if architecture == "arm" and number in {"5", "6", "7", "8"}:
        return [f"v{count}" for count in range(int(number), 4, -1)]
    if architecture == "amd64" and number in {"2", "3", "4"}:
        return [*(f"v{count}" for count in range(int(number), 1, -1)), ""]
    return [variant, ""] if variant else [""]


def read_manifest(document: dict[str, Any]) -> Manifest:
    """An image's manifest.

    Raises:
        OnlineError: it is no image's, or one of the first form, which no registry keeps any more.
    """
    if document.get("schemaVersion") == 1:
        raise OnlineError("the image is in Docker's first format, which nothing pulls any more")
    config = document.get("config")
    found = _descriptor(config) if isinstance(config, dict) else None
    if found is None or found.media_type not in _CONFIG_TYPES:
        raise OnlineError("what lies there is no container image")
    layers = document.get("layers")
    read = [_descriptor(entry) for entry in _entries(layers, _MOST_LAYERS)]
    known = tuple(entry for entry in read if entry is not None)
    if not isinstance(layers, list) or len(known) != len(layers):
        raise OnlineError("the image's manifest cannot be read")
    return Manifest(found, known)


def _descriptor(entry: dict[str, Any]) -> Descriptor | None:
    size = entry.get("size")
    digest = entry.get("digest")
    if not is_digest(digest) or not isinstance(size, int) or isinstance(size, bool):
        return None
    if not 0 <= size <= _LARGEST_LAYER_BYTES:
        return None
    media_type = entry.get("mediaType")
    media_type = media_type if isinstance(media_type, str) else ""
    annotations = entry.get("annotations")
    return Descriptor(
        media_type,
        str(digest),
        size,
        "foreign" in media_type or "nondistributable" in media_type,
        tuple(annotations) if isinstance(annotations, dict) else (),
    )


def read_configuration(document: dict[str, Any]) -> Configuration:
    """The part of an image's configuration that containers and builds start from."""
    config = document.get("config")
    config = config if isinstance(config, dict) else {}
    pairs = (text.partition("=") for text in _texts(config.get("Env")))
    return Configuration(
        environment=tuple((name, value) for name, equals, value in pairs if name and equals),
        user=_text(config.get("User")),
        working_directory=_text(config.get("WorkingDir")),
        entrypoint=_texts(config.get("Entrypoint")),
        command=_texts(config.get("Cmd")),
        exposed_ports=_names(config.get("ExposedPorts")),
        volumes=_names(config.get("Volumes")),
        labels=tuple(
            (name, value)
            for name, value in _table(config.get("Labels")).items()
            if isinstance(value, str) and len(value) <= _LONGEST_TEXT
        ),
        shell=_texts(config.get("Shell")),
        stop_signal=_text(config.get("StopSignal")),
        healthcheck=_check(config.get("Healthcheck")),
        triggers=_texts(config.get("OnBuild")),
    )


def platform_of(document: dict[str, Any]) -> str:
    """The platform that a configuration names; empty where it names none."""
    parts = [_text(document.get(name)) for name in ("os", "architecture", "variant")]
    return "/".join(part for part in parts if part) if parts[0] and parts[1] else ""


def created_of(document: dict[str, Any]) -> str | None:
    """When the image was made; None where it does not say or says a day that stands for none."""
    text = _text(document.get("created"))
    return text if re.match(r"20\d\d-\d\d-\d\dT", text) else None


def history_of(document: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    """What made each layer, the oldest first, and whether that made none."""
    return tuple(
        (_text(entry.get("created_by")), entry.get("empty_layer") is True)
        for entry in _entries(document.get("history"), _MOST_ENTRIES)
    )


def _check(data: object) -> Check | None:
    if not isinstance(data, dict):
        return None
    test = _texts(data.get("Test"))
    retries = data.get("Retries")
    return (
        Check(
            test,
            _seconds(data.get("Interval")),
            _seconds(data.get("Timeout")),
            _seconds(data.get("StartPeriod")),
            _seconds(data.get("StartInterval")),
            retries if isinstance(retries, int) and retries > 0 else None,
        )
        if test
        else None
    )


def _seconds(nanoseconds: object) -> float | None:
    return nanoseconds / _NANOSECONDS if isinstance(nanoseconds, int) and nanoseconds > 0 else None


def _text(data: object) -> str:
    return data if isinstance(data, str) and len(data) <= _LONGEST_TEXT else ""


def _texts(data: object) -> tuple[str, ...]:
    # What cannot be read whole is left out whole: half a command would be another command.
    whole = isinstance(data, list) and all(isinstance(entry, str) for entry in data)
    return tuple(data) if whole and isinstance(data, list) and len(data) <= _MOST_ENTRIES else ()


def _names(data: object) -> tuple[str, ...]:
    return tuple(_table(data))[:_MOST_ENTRIES]


def _table(data: object) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}


def _entries(data: object, most: int) -> Iterator[dict[str, Any]]:
    found = data[:most] if isinstance(data, list) else []
    return (entry for entry in found if isinstance(entry, dict))
