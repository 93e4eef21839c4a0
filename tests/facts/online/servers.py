"""A small server that answers as a test says, and a run's door to the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from multistage_cli.facts.online.session import Online
from multistage_cli.facts.online.transport import Limits
from tests.facts.online.images import Pushed

QUICK = Limits(answer_seconds=5, whole_seconds=20, attempts=3, pause_seconds=0.01, longest_pause_seconds=0.1)


@dataclass
class Reply:
    """What the small server answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


def registry_answer(image: Pushed, asked: Asked) -> Reply:
    """What a registry without any login answers."""
    last = asked.path.rpartition("/")[2]
    if "/manifests/" in asked.path and last in {"1", image.digest}:
        headers = {"Docker-Content-Digest": image.digest, "Content-Type": image.media_type}
        return Reply(200, image.manifest, headers)
    return Reply(200, image.blobs[last]) if last in image.blobs else Reply(404)


@dataclass
class Server:
    """A server whose answers a test gives; it notes what it was asked."""

    host: str
    answer: Callable[[Asked], Reply | None] = lambda asked: Reply(404)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def paths(self) -> list[str]:
        return [f"{entry.method} {entry.path}" for entry in self.asked]


@dataclass
class World:
    """One run's door to the network, and what it told."""

    online: Online
    told: list[str]
