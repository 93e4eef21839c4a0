"""A real registry on this machine (Debian's `docker-registry`), and small servers that misbehave as told."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest

from multistage_cli.facts.online.credentials import Logins
from multistage_cli.facts.online.session import Online
from multistage_cli.facts.online.store import Store
from multistage_cli.facts.online.transport import Limits, Transport
from tests.facts.online.images import Registry
from tests.facts.online.servers import QUICK, Asked, Server, World


def without(reason: str) -> NoReturn:
    """Skip the tests that need the registry; where it is required, fail."""
    if os.environ.get("MULTISTAGE_REQUIRE_REGISTRY"):
        pytest.fail(reason)
    pytest.skip(reason)


def registry_program(folder: Path) -> str:
    """Debian's registry: installed, or unpacked from its package; skips where there is none."""
    found = shutil.which("docker-registry")
    if found:
        return found
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        without("docker-registry is not installed, and there is no apt-get to fetch it with")
    try:
        for command in (
            ["apt-get", "download", "-qq", "docker-registry"],
            ["sh", "-c", "dpkg-deb -x docker-registry_*.deb unpacked"],
        ):
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError) as error:
        without(f"docker-registry is not installed, and apt-get does not fetch it: {error}")
    return str(folder / "unpacked/usr/bin/docker-registry")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Debian's `docker-registry`, empty, without a login."""
    folder = tmp_path_factory.mktemp("registry")
    program = registry_program(folder)
    host = f"127.0.0.1:{free_port()}"
    settings = {
        "version": "0.1",
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "storage")}},
        "http": {"addr": host},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML too
    running = subprocess.Popen(
        [program, "serve", str(folder / "config.yml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath},
    )
    try:
        for _ in range(200):
            if running.poll() is not None:
                without("docker-registry does not run here")
            try:
                Registry(host)._ask("GET", "/v2/")
                break
            except OSError:
                time.sleep(0.05)
        else:
            pytest.fail("docker-registry does not answer")
        yield Registry(host)
    finally:
        running.terminate()
        running.wait(10)


@pytest.fixture
def serve() -> Iterator[Callable[[], Server]]:
    """Starts small servers."""
    running: list[ThreadingHTTPServer] = []

    def start() -> Server:
        def reply(handler: BaseHTTPRequestHandler) -> None:
            length = int(handler.headers.get("Content-Length") or 0)
            asked = Asked(handler.command, handler.path, dict(handler.headers), handler.rfile.read(length))
            server.asked.append(asked)
            said = server.answer(asked)
            if said is None:  # hangs up
                handler.close_connection = True
                return
            handler.send_response(said.status)
            for name, value in said.headers.items():
                handler.send_header(name, value)
            if "Content-Length" not in said.headers:
                handler.send_header("Content-Length", str(len(said.body)))
            handler.end_headers()
            if handler.command != "HEAD":
                with suppress(OSError):
                    handler.wfile.write(said.body)

        methods = dict.fromkeys(("do_GET", "do_POST", "do_HEAD"), reply)
        silent = {"log_message": lambda *_: None}
        kind = type("Handler", (BaseHTTPRequestHandler,), methods | silent)
        listening = ThreadingHTTPServer(("127.0.0.1", 0), kind)
        listening.daemon_threads = True
        server = Server(f"127.0.0.1:{listening.server_port}")
        running.append(listening)
        threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    yield start
    for listening in running:
        listening.shutdown()
        listening.server_close()


@pytest.fixture
def server(serve: Callable[[], Server]) -> Server:
    """One small server."""
    return serve()


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Opens the network anew, as another run would; runs of one test share the cache folder."""

    def open_world(
        *,
        logins: Logins | None = None,
        limits: Limits = QUICK,
        npm_registry: str = "http://127.0.0.1:9",
        folder: Path | None = tmp_path / "cache",
    ) -> World:
        told: list[str] = []
        online = Online(Transport(limits), Store(folder), logins or Logins(), npm_registry, told.append)
        return World(online, told)

    return open_world
