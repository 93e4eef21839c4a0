"""Engines that are made up: a socket that speaks their API, and a client in a PATH of its own."""

from __future__ import annotations

import http.server
import os
import socket
import socketserver
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multistage_cli.errors import MultistageError
from multistage_cli.sizes.measured.engine import addresses, saved_image
from multistage_cli.sizes.measured.reading import image_of_engine
from tests.sizes.measured.archives import Packed, oci_layout, tar_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")

ARCHIVE = tar_of(oci_layout(Packed((tar_of({"a": 1000}),), (("RUN make", True),))))


class Handler(http.server.BaseHTTPRequestHandler):
    """An engine with one image, `app`, and some that go wrong."""

    protocol_version = "HTTP/1.1"
    asked: list[str]

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        name, _, question = self.path.removeprefix("/images/").rpartition("/")
        if name == "gone":
            self.answer(404, b'{"message": "No such image"}')
        elif name == "broken":
            self.answer(500, b'{"message": "disk \x1b[31mfull"}')
        elif name == "slow":
            threading.Event().wait(1)
            self.close_connection = True
        elif question == "json":
            self.answer(200, b'{"Id": "sha256:0"}')
        else:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            archive = ARCHIVE[: len(ARCHIVE) // 2] if name == "half" else ARCHIVE
            for at in range(0, len(archive), 3000):
                piece = archive[at : at + 3000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"" if name == "half" else b"0\r\n\r\n")
            self.close_connection = name == "half"

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

    def address_string(self) -> str:
        return "a socket"


class SocketServer(socketserver.ThreadingUnixStreamServer if hasattr(socket, "AF_UNIX") else object):  # type: ignore[misc]
    daemon_threads = True


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[list[str]]:
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ms") as name:  # a socket's path must be short
        yield Path(name)


@pytest.fixture
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """The environment that leads to it."""
    with served(SocketServer(str(folder / "s"), Handler)):
        yield {"DOCKER_HOST": f"unix://{folder}/s", "PATH": str(folder)}


def weights(name: str, environment: dict[str, str]) -> list[int]:
    return [layer.size_bytes for layer in image_of_engine(name, "linux/amd64", environment).layers]


def test_the_image_comes_over_the_socket(engine: dict[str, str]) -> None:
    assert weights("app", engine) == [1000]
    assert weights("registry.example.org:5000/team/app@sha256:00ff", engine) == [1000]


def test_the_engine_is_asked_for_the_image_and_nothing_else(folder: Path) -> None:
    with served(SocketServer(str(folder / "s"), Handler)) as asked:
        weights("team/app:1", {"DOCKER_HOST": f"unix://{folder}/s"})
    assert asked == ["/images/team/app:1/json", "/images/team/app:1/get"]


def test_the_image_comes_over_tcp_without_tls() -> None:
    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    with served(server):
        assert weights("app", {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_address[1]}"}) == [1000]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", r"has no such image.*Build it first"),
        ("broken", r'says: \{"message": "disk \\x1b\[31mfull"\}'),
        ("half", "stopped in the middle"),
        ("--output=/etc/passwd", "is no image name"),
        ("a b", "is no image name"),
        ("", "is no image name"),
    ],
)
def test_what_goes_wrong_is_told(engine: dict[str, str], name: str, message: str) -> None:
    with pytest.raises(MultistageError, match=message):
        weights(name, engine)


def test_an_engine_that_does_not_answer_is_told(engine: dict[str, str]) -> None:
    with pytest.raises(MultistageError, match="does not answer in time"), saved_image("slow", engine, 0.05):
        pass


def test_a_socket_that_nobody_listens_on_is_told(folder: Path) -> None:
    with pytest.raises(
        MultistageError, match=f"no engine answers at {folder}/none .*no docker, podman or nerdctl"
    ):
        weights("app", {"DOCKER_HOST": f"unix://{folder}/none", "PATH": str(folder)})


def test_another_socket_has_the_image(folder: Path) -> None:
    """Where nothing is named, each engine that is there is asked in turn."""
    (folder / "podman").mkdir()
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(folder / "docker.sock"))  # bound and not listened on
    try:
        with served(SocketServer(str(folder / "podman" / "podman.sock"), Handler)):
            assert weights("app", {"XDG_RUNTIME_DIR": str(folder)}) == [1000]
    finally:
        silent.close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DOCKER_HOST": "unix:///a/b.sock"}, ["/a/b.sock"]),
        ({"CONTAINER_HOST": "unix:///a/b.sock"}, ["/a/b.sock"]),
        ({"DOCKER_HOST": "tcp://h:2375"}, ["h:2375"]),
        ({"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1"}, []),
        ({"DOCKER_HOST": "ssh://me@h"}, []),
        ({"DOCKER_HOST": "npipe:////./pipe/docker_engine"}, []),
        ({"DOCKER_HOST": "tcp://h:99999999"}, []),
        ({"DOCKER_CONTEXT": "far"}, []),
    ],
)
def test_where_an_engine_is_asked(environment: dict[str, str], expected: list[str]) -> None:
    assert [str(address) for address in addresses(environment)] == expected


def client(folder: Path, script: str) -> dict[str, str]:
    """The environment with a `docker` that is a script."""
    (folder / "archive").write_bytes(ARCHIVE)
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    return {"DOCKER_HOST": "ssh://me@example.org", "PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def test_the_image_comes_from_the_client(folder: Path) -> None:
    environment = client(folder, f'[ "$*" = "save team/app:1" ] && exec cat {folder}/archive')
    assert weights("team/app:1", environment) == [1000]


def test_the_client_may_know_of_another_engine(folder: Path) -> None:
    environment = {**client(folder, f"exec cat {folder}/archive"), "XDG_RUNTIME_DIR": str(folder)}
    del environment["DOCKER_HOST"]
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(folder / "docker.sock"))
    try:
        assert weights("app", environment) == [1000]
    finally:
        silent.close()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no such image >&2; exit 1", "docker save failed: no such image"),
        ("exit 3", "docker save failed: it does not say why"),
        ("head -c 100000000 /dev/zero | tr '\\0' x", "cannot be read"),
        ("cat $(dirname $0)/archive; echo half of it >&2; exit 1", "docker save failed: half of it"),
    ],
)
def test_what_the_client_says_is_told(folder: Path, script: str, message: str) -> None:
    with pytest.raises(MultistageError, match=message):
        weights("app", client(folder, script))


def test_a_client_that_hangs_is_ended(folder: Path) -> None:
    environment = client(folder, f"echo $$ > {folder}/process; exec sleep 60")
    with (
        pytest.raises(MultistageError, match="docker save does not answer"),
        saved_image("app", environment, 0.5) as pieces,
    ):
        next(pieces)
    process = int((folder / "process").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
