"""An image archive -> the image: its layers and its history.

Both layouts: the `manifest.json` of `docker save` (and of podman, skopeo, Bazel, Jib, kaniko), and the OCI image
layout. Source: https://github.com/moby/docker-image-spec, https://github.com/opencontainers/image-spec.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from multistage_cli.printable import printable
from multistage_cli.sizes.measured.streams import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multistage_cli.sizes.measured.blobs import Blobs
    from multistage_cli.sizes.measured.layers import LayerContents

_DIGEST = re.compile(r"[a-z0-9]+:[a-zA-Z0-9]+")
_MOST_DEPTH = 8
_MOST_MANIFESTS = 1000
_MOST_LAYERS = 1000
_MOST_HISTORY = 5000
_NAMED = 5
_ATTESTATION = "vnd.docker.reference.type"
_NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class HistoryEntry(Struct, frozen=True):
    """What the image's configuration says of one instruction: its text, and its layer if it has one."""

    created_by: str
    layer: int | None


class Image(Struct, frozen=True):
    """An image that was built.

    Attributes:
        platform: such as `linux/amd64`.
        layers: the lowest first.
        history: the oldest first; empty where it does not fit the layers.
    """

    platform: str
    layers: tuple[LayerContents, ...]
    history: tuple[HistoryEntry, ...]


class _Candidate(Struct, frozen=True):
    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...] = ()


def read_image(blobs: Blobs, platform: str, name: str | None = None) -> Image:
    """The image of an archive.

    Args:
        blobs: the archive's files.
        platform: that is wanted of an image for several.
        name: that is wanted of several images.

    Raises:
        DamagedError: there is no image, or several, or what there is does not fit together.
    """
    candidates = list(dict.fromkeys(_candidates(blobs)))
    if name is not None:
        candidates = [entry for entry in candidates if any(_is_named(known, name) for known in entry.names)]
        if not candidates:
            raise DamagedError(f"it holds no image of the name {name}")
    read = {entry: _object(blobs.document(entry.config)) for entry in _unlike(candidates)}
    if len(read) > 1:
        wanted = usual(platform)
        fitting = {entry: config for entry, config in read.items() if _platform(config) == wanted}
        read = fitting or read
    if len(read) > 1:
        names = [printable((entry.names or (entry.config,))[0]) for entry in list(read)[:_NAMED]]
        more = ", ..." if len(read) > _NAMED else ""
        raise DamagedError(
            f"it holds {len(read)} images ({', '.join(names)}{more}); say which with --image NAME or --platform"
        )
    [(candidate, config)] = read.items()
    layers = tuple(blobs.layer(layer) for layer in candidate.layers)
    return Image(_platform(config), layers, _history(config, len(layers)))


def _unlike(candidates: list[_Candidate]) -> list[_Candidate]:
    """One of each image: the same one may have several names."""
    return list({(entry.config, entry.layers): entry for entry in candidates}.values())


def _is_named(known: str, name: str) -> bool:
    """Whether a name in an archive is the one that the user means: `app` is `docker.io/library/app:latest`."""
    return _full(known) == _full(name) or known == name


def _full(name: str) -> str:
    name = name.removeprefix("docker.io/").removeprefix("library/").removeprefix("localhost/")
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def _candidates(blobs: Blobs) -> Iterator[_Candidate]:
    """The images of an archive, by whichever of the two layouts leads to one."""
    found = False
    if blobs.has("index.json"):
        for candidate in _of_index(blobs):
            found = True
            yield candidate
    if not found and blobs.has("manifest.json"):
        for candidate in _of_manifest_json(blobs):
            found = True
            yield candidate
    if not found:
        raise DamagedError(
            "it is no image archive with an image in it; write one with: docker save --output FILE IMAGE"
        )


def _of_manifest_json(blobs: Blobs) -> Iterator[_Candidate]:
    for entry in _list(blobs.document("manifest.json"))[:_MOST_MANIFESTS]:
        image = _object(entry)
        layers = tuple(_string(layer) for layer in _list(image.get("Layers") or []))
        names = tuple(_string(name) for name in _list(image.get("RepoTags") or []))
        yield _Candidate(_string(image.get("Config")), _few(layers), names)


def _of_index(blobs: Blobs) -> Iterator[_Candidate]:
    """Walk the index, which may lead to further ones; each of them once, so that circles end."""
    seen: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...], int]] = [("index.json", (), 0)]
    while waiting:
        place, names, depth = waiting.pop()
        if place in seen and depth:
            continue
        seen.add(place)
        if depth > _MOST_DEPTH or len(seen) > _MOST_MANIFESTS:
            raise DamagedError("its indexes are nested too deeply")
        document = _object(blobs.document(place))
        if "manifests" in document:
            for entry in reversed(_list(document["manifests"])[:_MOST_MANIFESTS]):
                descriptor = _object(entry)
                if _is_image(descriptor):
                    blob = _blob(descriptor)
                    # An engine may save one platform of an image and leave the others in the index.
                    if depth == 0 or blobs.has(blob):
                        waiting.append((blob, names + _names(descriptor), depth + 1))
        elif "config" in document and "layers" in document:
            layers = tuple(_blob(_object(layer)) for layer in _list(document["layers"]))
            yield _Candidate(_blob(_object(document["config"])), _few(layers), names)


def _is_image(descriptor: dict[str, object]) -> bool:
    """Whether it is more than an attestation, which BuildKit keeps beside an image as one of no platform."""
    platform = _object(descriptor.get("platform") or {})
    return platform.get("os") != "unknown" and _ATTESTATION not in _object(
        descriptor.get("annotations") or {}
    )


def _names(descriptor: dict[str, object]) -> tuple[str, ...]:
    annotations = _object(descriptor.get("annotations") or {})
    found = (annotations.get(key) for key in _NAME_ANNOTATIONS)
    return tuple(name for name in found if isinstance(name, str))


def _few(layers: tuple[str, ...]) -> tuple[str, ...]:
    if len(layers) > _MOST_LAYERS:
        raise DamagedError(f"it names more than {_MOST_LAYERS} layers, which no engine takes")
    return layers


def _blob(descriptor: dict[str, object]) -> str:
    digest = _string(descriptor.get("digest"))
    if not _DIGEST.fullmatch(digest):
        raise DamagedError(f'it names "{printable(digest[:80])}", which is no digest')
    return f"blobs/{digest.replace(':', '/')}"


def _platform(config: dict[str, object]) -> str:
    parts = [config.get("os"), config.get("architecture"), config.get("variant")]
    return usual("/".join(part for part in parts if isinstance(part, str) and part))


def usual(platform: str) -> str:
    """A platform without the variant that goes without saying."""
    return platform.removesuffix("/v8") if platform.endswith("/arm64/v8") else platform


def _history(config: dict[str, object], layers: int) -> tuple[HistoryEntry, ...]:
    found: list[HistoryEntry] = []
    number = 0
    for item in _list(config.get("history") or [])[:_MOST_HISTORY]:
        entry = _object(item)
        created_by = entry.get("created_by") or entry.get("comment") or ""
        empty = entry.get("empty_layer") is True
        found.append(HistoryEntry(_string(created_by), None if empty else number))
        number += not empty
    return tuple(found) if number == layers else ()


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DamagedError("a document in it has not the shape that it should have")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise DamagedError("a document in it has not the shape that it should have")
    return value


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise DamagedError("a document in it has not the shape that it should have")
    return value
