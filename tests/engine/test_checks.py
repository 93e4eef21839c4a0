"""BuildKit's build checks: what a real engine says of each file in tests/checks.py today.

The stored answers, which tests/analyze/test_buildkit_checks.py compares with ours, must be the engine's own.
`UPDATE_CHECKS=1 pytest tests/engine/test_checks.py` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import MSG_PEEK
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.analyze.engine import analyze_build
from tests.checks import ANSWERS, Check, answers, checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.conftest import Docker

pytestmark = pytest.mark.engine

BASES = ("busybox:musl", "python:3.12-slim")
ALL_CHECKS = "BUILDKIT_DOCKERFILE_CHECK=experimental=all"


@pytest.fixture(scope="module")
def images(docker: Docker) -> None:
    """The base images of the files."""
    for base in BASES:
        if docker.attempt("image", "inspect", base).returncode != 0:
            pytest.skip(f"the engine has no image {base}")


def asked(docker: Docker, check: Check, folder: Path) -> dict[str, Any]:
    """What the engine says of one file, in the form of the stored answers."""
    check.write(folder)
    arguments = [f"--build-arg={name}={value}" for name, value in check.build_args]
    if not check.directed:
        arguments.append(f"--build-arg={ALL_CHECKS}")
    warnings: set[tuple[str, int, str]] = set()
    error = None
    for target in ([], *([f"--target={name}"] for name in check.targets)):
        result = docker.attempt("build", "--call=check,format=json", *arguments, *target, str(folder))
        assert result.stdout.startswith("{"), f"{check.name}: {result.stdout}{result.stderr}"
        document = json.loads(result.stdout)
        warnings |= {
            (
                found["ruleName"],
                found["location"]["ranges"][0]["start"]["line"],
                _without_guess(found["detail"]),
            )
            for found in document.get("warnings") or []
        }
        error = error or (document.get("buildError") or {}).get("message")
    return {"warnings": sorted(map(list, warnings)), "error": error}


def _without_guess(detail: str) -> str:
    """Which of several names is the nearest BuildKit answers differently from time to time."""
    return detail.split(" (did you mean", 1)[0]


def test_stored_answers_are_the_engines(docker: Docker, images: None, tmp_path: Path) -> None:
    asking = [check for check in checks() if not check.unasked]
    folders = [tmp_path / str(number) for number, _ in enumerate(asking)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda pair: asked(docker, *pair), zip(asking, folders, strict=True)))
    fresh = {check.name: answer for check, answer in zip(asking, found, strict=True)}
    if os.environ.get("UPDATE_CHECKS"):
        text = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in fresh.items())
        ANSWERS.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        answers.cache_clear()
    stored = {
        name: {"warnings": [[e.rule, e.line, e.detail] for e in answer.warnings], "error": answer.error}
        for name, answer in answers().items()
    }
    assert fresh.keys() == stored.keys()
    differing = {name: answer for name, answer in fresh.items() if _plain(answer) != _plain(stored[name])}
    assert differing == {}


def _plain(answer: dict[str, object]) -> dict[str, object]:
    """Without the word that BuildKit thinks was meant: of several near ones it names any."""
    error = answer["error"]
    return {**answer, "error": _without_guess(error) if isinstance(error, str) else error}


# InvalidBaseImagePlatform needs a registry that hands out an image of one platform, whatever was asked for.


class _Registry(BaseHTTPRequestHandler):
    """Knows every name: an image of one (empty) layer for linux/arm64."""

    layer = b"no layer is ever fetched for a check"
    config = json.dumps(
        {
            "architecture": "arm64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
            "history": [{"created_by": "made for a test"}],
        }
    ).encode()

    def handle(self) -> None:
        # Docker tries TLS first, and plain HTTP once it reads an answer in that.
        if self.connection.recv(1, MSG_PEEK) == b"\x16":
            self.connection.recv(4096)
            self.connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            return
        super().handle()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        kind, content = "application/json", b"{}"
        if "/manifests/" in self.path:
            kind, content = "application/vnd.oci.image.manifest.v1+json", self.manifest()
        elif "/blobs/" in self.path:
            kind, content = "application/octet-stream", self.config
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(content).hexdigest()}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def manifest(self) -> bytes:
        def descriptor(kind: str, content: bytes) -> dict[str, object]:
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest, "size": len(content)}

        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": descriptor("config.v1+json", self.config),
                "layers": [descriptor("layer.v1.tar", self.layer)],
            }
        ).encode()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[str]:
    """Its address, on loopback, where Docker takes plain HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "text",
    [
        "FROM {}/arm64v8/alpine:3.22\n",
        "FROM --platform=linux/arm64 {}/arm64v8/alpine:3.22 AS arm64\n",
        "FROM busybox:musl\nFROM {}/arm64v8/alpine:3.22 AS unneeded\nFROM busybox:musl\n",
        "FROM --platform=$BUILDPLATFORM {}/arm64v8/alpine:3.22 AS a\nRUN true\nFROM a\n",
    ],
)
def test_base_for_another_platform(
    docker: Docker, images: None, registry: str, text: str, tmp_path: Path
) -> None:
    check = Check("platform", (("Dockerfile", text.format(registry)),))
    warned = {
        line
        for rule, line, _ in asked(docker, check, tmp_path)["warnings"]
        if rule == "InvalidBaseImagePlatform"
    }
    found = analyze_build(check.build(tmp_path)).findings
    assert warned == {entry.line for entry in found if entry.code == "MS210"}
    assert bool(warned) is not text.startswith("FROM --platform=linux/arm64")
