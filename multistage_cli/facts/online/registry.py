"""Images in registries: the Distribution API, reading only.

Source: opencontainers/distribution-spec; the names of Docker Hub as in distribution/reference and moby's
registry package (`docker.io` is asked at registry-1.docker.io).
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from multistage_cli.facts.configurations import Registered
from multistage_cli.facts.online import documents, layers
from multistage_cli.facts.online.addresses import is_loopback, same_origin
from multistage_cli.facts.online.failures import OnlineError, UnreachableError
from multistage_cli.facts.online.store import HOUR_SECONDS
from multistage_cli.facts.references import DOCKER_HUB

if TYPE_CHECKING:
    from multistage_cli.facts.online.challenges import Doorkeeper
    from multistage_cli.facts.online.documents import Descriptor
    from multistage_cli.facts.online.layers import LayerSize
    from multistage_cli.facts.online.store import Store
    from multistage_cli.facts.online.transport import Answer, Transport
    from multistage_cli.facts.references import Reference

_DOCKER_HUB_HOST: Final = "registry-1.docker.io"
_LARGEST_DOCUMENT_BYTES: Final = 4_000_000  # what registries take for a manifest, and containerd for a config
_MOST_INDEXES: Final = 2  # one index in another
_AT_ONCE: Final = 8
_ACCEPT: Final = ", ".join((*documents.INDEX_TYPES, *documents.MANIFEST_TYPES))


@dataclass(slots=True)
class Registries:
    """Asks registries for images.

    Attributes:
        transport: makes the requests.
        doorkeeper: finds what opens them.
        store: keeps answers.
    """

    transport: Transport
    doorkeeper: Doorkeeper
    store: Store
    _schemes: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def image(self, reference: Reference, platform: str) -> Registered:
        """What a registry says of an image.

        Args:
            reference: of the image; `latest` where it has neither tag nor digest.
            platform: such as `linux/amd64`.

        Raises:
            OnlineError: there is no such image, or it cannot be had.
        """
        document, digest = self._manifest(reference, platform)
        manifest = documents.read_manifest(document)
        configuration = documents.read_json(self._blob_document(reference, manifest.config))
        sizes = self._sizes(reference, manifest.layers)
        low, high = sum(entry.low for entry in sizes), sum(entry.high for entry in sizes)
        middle = sum(entry.estimate for entry in sizes)
        return Registered(
            reference=reference.familiar,
            digest=digest,
            platform=documents.platform_of(configuration) or platform,
            created=documents.created_of(configuration),
            compressed_bytes=sum(layer.size_bytes for layer in manifest.layers),
            size_bytes=middle,
            size_error_bytes=max(middle - low, high - middle),
            unread_layers=sum(not entry.read for entry in sizes),
            configuration=documents.read_configuration(configuration),
            history=documents.history_of(configuration),
        )

    # Manifests.

    def _manifest(self, reference: Reference, platform: str) -> tuple[dict[str, Any], str]:
        """The manifest for a platform, with its digest."""
        digest = reference.digest or self._digest_of_tag(reference)
        for _ in range(_MOST_INDEXES + 1):
            data, media_type = self._by_digest(reference, digest)
            document = documents.read_json(data)
            if not documents.is_index(document, media_type):
                return document, digest
            found = documents.choose(document, platform)
            if found is None:
                raise OnlineError(f"{reference.familiar} is not there for {platform}")
            digest = found.digest
        raise OnlineError(f"the index of {reference.familiar} leads to other indexes only")

    def _digest_of_tag(self, reference: Reference) -> str:
        """What a tag means now. A question about it is no pull for Docker Hub, which counts those."""
        tag = reference.tag or "latest"
        key = f"{reference.domain}/{reference.path}:{tag}"
        kept = self.store.get("tags", key, within_seconds=HOUR_SECONDS)
        if documents.is_digest(kept):
            return str(kept)
        answer = self._ask(reference, f"manifests/{tag}", accept=_ACCEPT, method="HEAD", most_bytes=0)
        digest = answer.header("Docker-Content-Digest").strip()
        if answer.status != HTTPStatus.OK or not documents.is_digest(digest):
            # Some registries know no HEAD or name no digest: then the manifest itself tells.
            answer = self._ask(
                reference, f"manifests/{tag}", accept=_ACCEPT, most_bytes=_LARGEST_DOCUMENT_BYTES
            )
            self._check(answer, reference)
            digest = _sha256(answer.body)
            self._keep(digest, answer)
        self.store.put("tags", key, digest)
        return digest

    def _by_digest(self, reference: Reference, digest: str) -> tuple[bytes, str]:
        kept = self.store.get("manifests", digest)
        if isinstance(kept, dict) and isinstance(kept.get("text"), str):
            data = kept["text"].encode()
            try:
                documents.verify(data, digest)
            except OnlineError:  # somebody has changed the file
                pass
            else:
                return data, str(kept.get("type", ""))
        answer = self._ask(
            reference, f"manifests/{digest}", accept=_ACCEPT, most_bytes=_LARGEST_DOCUMENT_BYTES
        )
        self._check(answer, reference)
        documents.verify(answer.body, digest)
        self._keep(digest, answer)
        return answer.body, answer.header("Content-Type")

    def _keep(self, digest: str, answer: Answer) -> None:
        try:
            text = answer.body.decode()
        except UnicodeDecodeError:
            return
        self.store.put("manifests", digest, {"text": text, "type": answer.header("Content-Type")})

    def _blob_document(self, reference: Reference, wanted: Descriptor) -> bytes:
        kept = self.store.get("configurations", wanted.digest)
        if isinstance(kept, str):
            data = kept.encode("utf-8", "surrogateescape")
            try:
                documents.verify(data, wanted.digest)
            except OnlineError:
                pass
            else:
                return data
        answer = self._ask(reference, f"blobs/{wanted.digest}", most_bytes=_LARGEST_DOCUMENT_BYTES)
        self._check(answer, reference)
        documents.verify(answer.body, wanted.digest)
        self.store.put("configurations", wanted.digest, answer.body.decode("utf-8", "surrogateescape"))
        return answer.body

    # Layers.

    def _sizes(self, reference: Reference, wanted: tuple[Descriptor, ...]) -> list[LayerSize]:
        different = {layer.digest: layer for layer in wanted}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = dict(
                zip(
                    different,
                    pool.map(lambda layer: self._size(reference, layer), different.values()),
                    strict=True,
                )
            )
        return [found[layer.digest] for layer in wanted]

    def _size(self, reference: Reference, layer: Descriptor) -> LayerSize:
        kept = self.store.numbers("layers", layer.digest, 3)
        if kept is not None:
            low, estimate, high = kept
            if 0 <= low <= estimate <= high:
                return layers.LayerSize(low, estimate, high)
        try:
            found = self._measured(reference, layer)
        except OnlineError:
            found = None  # what is known of the image goes without this layer's own size
        if found is None:
            return layers.by_ratio(layer.size_bytes)
        self.store.put("layers", layer.digest, [found.low, found.estimate, found.high])
        return found

    def _measured(self, reference: Reference, layer: Descriptor) -> LayerSize | None:
        """The size of a layer as far as some of its bytes, or all, give it away."""
        kind = layer.media_type
        zstd = kind.endswith("zstd")
        plain = not zstd and not kind.endswith("gzip")
        if layer.foreign:
            return None  # it lies elsewhere, and its licence may forbid to fetch it from there
        if layer.size_bytes <= layers.WHOLE_BYTES and not zstd:
            answer = self._ask(reference, f"blobs/{layer.digest}", most_bytes=layer.size_bytes)
            self._check(answer, reference)
            documents.verify(answer.body, layer.digest)
            found = layers.of_tar(answer.body, compressed=not plain)
            if found is not None:
                return found
            return None if plain else layers.by_gzip_tail(answer.body, layer.size_bytes)
        if plain:
            return layers.by_tar(layer.size_bytes)
        if any("stargz" in name or "zstd-chunked" in name for name in layer.annotations):
            return None  # in many members, so that no end tells the length of all
        first = 0 if zstd else layer.size_bytes - layers.TAIL_BYTES
        last = min(layers.HEAD_BYTES, layer.size_bytes) - 1 if zstd else layer.size_bytes - 1
        if first < 0:
            return None
        answer = self._ask(
            reference, f"blobs/{layer.digest}", span=(first, last), most_bytes=layers.HEAD_BYTES
        )
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            return None
        if not answer.header("Content-Range").startswith(f"bytes {first}-{last}/{layer.size_bytes}"):
            return None
        read = layers.by_zstd_head if zstd else layers.by_gzip_tail
        return read(answer.body, layer.size_bytes)

    # Requests.

    def _ask(
        self,
        reference: Reference,
        what: str,
        *,
        most_bytes: int,
        accept: str = "",
        span: tuple[int, int] | None = None,
        method: str = "GET",
    ) -> Answer:
        """One request; a registry that asks who is there is told, once."""
        registry, path = reference.domain, reference.path
        headers = {"Accept": accept} if accept else {}
        if span is not None:
            headers["Range"] = f"bytes={span[0]}-{span[1]}"
        send = partial(
            self._send, registry, f"/v2/{path}/{what}", headers=headers, most_bytes=most_bytes, method=method
        )
        answer = send(authorization=self.doorkeeper.known(registry, path))
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        if not same_origin(answer.url, self._url(registry, "/")):
            raise OnlineError(f"{registry} sends on to a place that asks for a login")
        return send(authorization=self.doorkeeper.authorization(registry, path, answer))

    def _send(
        self,
        registry: str,
        path: str,
        *,
        headers: dict[str, str],
        authorization: str,
        most_bytes: int,
        method: str,
    ) -> Answer:
        private = {"Authorization": authorization} if authorization else {}
        return self.transport.get(
            self._url(registry, path), headers=headers, private=private, most_bytes=most_bytes, method=method
        )

    def _scheme(self, registry: str) -> str:
        """Always https; a registry on this machine may speak plain HTTP, as Docker allows it there alone."""
        if not is_loopback(urlsplit(f"//{registry}").hostname or ""):
            return "https"
        with self._lock:
            if registry not in self._schemes:
                try:
                    self.transport.get(f"https://{registry}/v2/", most_bytes=_LARGEST_DOCUMENT_BYTES)
                    self._schemes[registry] = "https"
                except UnreachableError:
                    self.transport.revive(registry)
                    self._schemes[registry] = "http"
            return self._schemes[registry]

    def _url(self, registry: str, path: str) -> str:
        host = _DOCKER_HUB_HOST if registry == DOCKER_HUB else registry
        return f"{self._scheme(registry)}://{host}{path}"

    def _check(self, answer: Answer, reference: Reference) -> None:
        """Raises unless the answer is what was asked for."""
        if answer.status == HTTPStatus.OK:
            return
        name = reference.familiar
        registry = "Docker Hub" if reference.domain == DOCKER_HUB else reference.domain
        match answer.status:
            case HTTPStatus.NOT_FOUND:
                raise OnlineError(f"{registry} has no {name}")
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                raise OnlineError(
                    f"{registry} gives no access to {name}: run docker login {reference.domain}"
                )
            case HTTPStatus.TOO_MANY_REQUESTS:
                raise OnlineError(f"{registry} answers no more questions for now; log in, or try again later")
            case status:
                raise OnlineError(f"{registry} answers {status} when asked for {name}")


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
