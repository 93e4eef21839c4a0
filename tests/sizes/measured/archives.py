"""Image archives that tests write: layers, and both layouts around them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HARD_LINK, LINK, FOLDER = "hard link", "link", "folder"


def tar_of(files: Mapping[str, Any], *, format: int = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    """A tar: bytes are a file, a number a file of so many zeros, (HARD_LINK or LINK, target), or FOLDER."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            data = bytes(content) if isinstance(content, int | bytes) else b""
            entry.size = len(data)
            if content == FOLDER:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, tuple):
                entry.type = tarfile.LNKTYPE if content[0] == HARD_LINK else tarfile.SYMTYPE
                entry.linkname = content[1]
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


PACKERS = {"plain": bytes, "gzip": lambda data: gzip.compress(data, 1, mtime=0), "zstd": zstd.compress}


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class Packed:
    """An image to be put in an archive.

    Attributes:
        layers: tars, packed or not.
        created_by: the history: (text, whether it has a layer).
        platform: of its configuration.
        names: that it has.
    """

    layers: Sequence[bytes]
    created_by: Sequence[tuple[str, bool]]
    platform: str = "linux/amd64"
    names: Sequence[str] = ("app:latest",)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> bytes:
        system, _, architecture = self.platform.partition("/")
        history = [
            {"created_by": text} if layer else {"created_by": text, "empty_layer": True}
            for text, layer in self.created_by
        ]
        return json.dumps(
            {"os": system, "architecture": architecture, "history": history, "rootfs": {}, **self.extra}
        ).encode()


def docker_save(*images: Packed) -> dict[str, bytes]:
    """The files of the layout that `docker save` had before version 25."""
    files: dict[str, bytes] = {}
    listed = []
    for image in images:
        names = []
        for layer in image.layers:
            name = f"{digest_of(layer)[7:]}/layer.tar"
            files[name] = layer
            names.append(name)
        config = f"{digest_of(image.config)[7:]}.json"
        files[config] = image.config
        listed.append({"Config": config, "RepoTags": list(image.names), "Layers": names})
    files["manifest.json"] = json.dumps(listed).encode()
    return files


def oci_layout(*images: Packed, nested: bool = False) -> dict[str, bytes]:
    """The files of an OCI image layout, its index leading to the images, or to an index of them first."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(data: bytes, **more: Any) -> dict[str, Any]:
        digest = digest_of(data)
        files[f"blobs/{digest.replace(':', '/')}"] = data
        return {"mediaType": "application/octet-stream", "digest": digest, "size": len(data), **more}

    listed = []
    for image in images:
        manifest = {
            "schemaVersion": 2,
            "config": blob(image.config),
            "layers": [blob(layer) for layer in image.layers],
        }
        system, _, architecture = image.platform.partition("/")
        listed.append(
            blob(
                json.dumps(manifest).encode(),
                platform={"os": system, "architecture": architecture},
                annotations={"io.containerd.image.name": image.names[0]},
            )
        )
    attestation = blob(b'{"config": {}, "layers": []}', platform={"os": "unknown", "architecture": "unknown"})
    index = json.dumps({"schemaVersion": 2, "manifests": [attestation, *listed]}).encode()
    if nested:
        index = json.dumps({"schemaVersion": 2, "manifests": [blob(index)]}).encode()
    files["index.json"] = index
    return files


LAYOUTS = {
    "docker save": docker_save,
    "oci": oci_layout,
    "oci, nested": lambda *images: oci_layout(*images, nested=True),
}
