"""Images made by hand, and a registry to push them to."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer_of(files: Mapping[str, bytes]) -> bytes:
    """A layer with those files, gzipped, and a hard link to the first one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, next(iter(files))
        archive.addfile(link)
    return gzip.compress(buffer.getvalue(), mtime=0)


@dataclass
class Pushed:
    """An image that was made: its blobs by digest, and its manifest."""

    manifest: bytes
    media_type: str
    blobs: dict[str, bytes]

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def image_of(
    layers: list[bytes],
    config: Mapping[str, Any],
    *,
    docker: bool = False,
    architecture: str = "amd64",
    layer_type: str | None = None,
) -> Pushed:
    document = {
        "os": "linux",
        "architecture": architecture,
        "created": "2026-10-01T08:00:00Z",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        "history": [{"created_by": "ADD rootfs.tar"}, {"created_by": "CMD sh", "empty_layer": True}],
    }
    configuration = json.dumps(document).encode()
    blobs = {digest_of(data): data for data in (*layers, configuration)}

    def descriptor(media_type: str, data: bytes) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    own_layer = layer_type or (DOCKER_LAYER if docker else OCI_LAYER)
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
        "config": descriptor(DOCKER_CONFIG if docker else OCI_CONFIG, configuration),
        "layers": [descriptor(own_layer, layer) for layer in layers],
    }
    return Pushed(json.dumps(manifest).encode(), str(manifest["mediaType"]), blobs)


def index_of(images: Mapping[str, Pushed], *, docker: bool = False) -> bytes:
    """An index of images by platform (`linux/arm/v7`)."""
    entries = []
    for platform, image in images.items():
        names = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        entries.append(
            {
                "mediaType": image.media_type,
                "digest": image.digest,
                "size": len(image.manifest),
                "platform": names,
            }
        )
    media_type = DOCKER_LIST if docker else OCI_INDEX
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}).encode()


@dataclass
class Registry:
    """A registry that runs on this machine."""

    host: str

    def push(self, repository: str, image: Pushed, *tags: str) -> None:
        for digest, data in image.blobs.items():
            where = self._ask("POST", f"/v2/{repository}/blobs/uploads/").getheader("Location") or ""
            path = where.partition(self.host)[2] if self.host in where else where
            joint = "&" if "?" in path else "?"
            self._ask("PUT", f"{path}{joint}digest={digest}", data, "application/octet-stream")
        for tag in (image.digest, *tags):
            self._ask("PUT", f"/v2/{repository}/manifests/{tag}", image.manifest, image.media_type)

    def push_index(
        self, repository: str, images: Mapping[str, Pushed], tag: str, *, docker: bool = False
    ) -> None:
        for image in images.values():
            self.push(repository, image)
        kind = DOCKER_LIST if docker else OCI_INDEX
        self._ask("PUT", f"/v2/{repository}/manifests/{tag}", index_of(images, docker=docker), kind)

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        connection.request(method, path, body or None, {"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status < 300, (method, path, answer.status, text)
        return answer
