"""An image of an engine, as the engine itself hands it out: over its socket, or through its client.

Nothing is started, pulled or changed: `GET /images/NAME/json` asks whether the image is there, and
`GET /images/NAME/get` is what `docker save` asks. Source: https://docs.docker.com/reference/api/engine/.
"""

from __future__ import annotations

import http.client
import queue
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, urlsplit

from msgspec import Struct

from multistage_cli.errors import MultistageError
from multistage_cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CLIENTS = ("docker", "podman", "nerdctl")
_CONNECT_SECONDS = 5.0
_WAIT_SECONDS = 120.0  # an engine may pack a large image before its first byte
_CHUNK_BYTES = 1 << 18
_CHUNKS_AHEAD = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,1023}")
_MOST_ANSWER_BYTES = 1 << 16
_OK, _NOT_FOUND = 200, 404


class Address(Struct, frozen=True):
    """Where an engine answers: a socket's path, or a host and port without TLS.

    Attributes:
        socket: a path; None for a port.
        host: and port; empty for a socket.
        port: of the host.
    """

    socket: str | None
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


def addresses(environment: Mapping[str, str]) -> tuple[Address, ...]:
    """Where to ask, in order: what the environment names and nothing else, or the usual sockets.

    Empty where only the client can reach the engine: over SSH, TLS or a Windows pipe.
    """
    if host := _named_engine(environment):
        parts = urlsplit(host)
        if parts.scheme == "unix":
            return (Address(parts.path),)
        secured = environment.get("DOCKER_TLS_VERIFY") or environment.get("DOCKER_TLS")
        if parts.scheme in {"tcp", "http"} and not secured and parts.hostname and _port(host):
            return (Address(None, parts.hostname, _port(host)),)
        return ()
    if environment.get("DOCKER_CONTEXT"):
        return ()  # the client knows where that is
    runtime, home = environment.get("XDG_RUNTIME_DIR"), environment.get("HOME")
    found = ["/var/run/docker.sock"]
    if runtime:
        found += [f"{runtime}/docker.sock", f"{runtime}/podman/podman.sock"]
    if home:
        found += [f"{home}/.docker/run/docker.sock", f"{home}/.docker/desktop/docker.sock"]
    found.append("/run/podman/podman.sock")
    return tuple(Address(path) for path in found if Path(path).is_socket())


def _named_engine(environment: Mapping[str, str]) -> str | None:
    return environment.get("DOCKER_HOST") or environment.get("CONTAINER_HOST")


def _port(host: str) -> int:
    try:
        return urlsplit(host).port or 0
    except ValueError:
        return 0


@contextmanager
def saved_image(
    name: str, environment: Mapping[str, str], wait_seconds: float = _WAIT_SECONDS
) -> Iterator[Iterator[bytes]]:
    """The archive of an image, in pieces as the engine sends them.

    Args:
        name: of the image, or its ID.
        environment: where DOCKER_HOST, PATH and so on are.
        wait_seconds: for each piece.

    Raises:
        MultistageError: the name is none, no engine answers, or none has the image.
    """
    if not _NAME.fullmatch(name):
        raise MultistageError(f'"{printable(name)}" is no image name; write one such as app:latest')
    tried = []
    for address in addresses(environment):
        connection = _connection(address, wait_seconds)
        try:
            answer = _asked(connection, address, name)
            if isinstance(answer, str):
                tried.append(answer)
                continue
            yield _pieces(answer, address)
        finally:
            connection.close()
        return
    client = next(
        (path for one in _CLIENTS if (path := shutil.which(one, path=environment.get("PATH")))), None
    )
    if client is None:
        tried.append("there is no docker, podman or nerdctl command")
    elif not tried or not _named_engine(environment):
        with _from_client(client, name, environment, wait_seconds) as pieces:
            yield pieces
        return
    raise MultistageError(
        f"cannot get the image {name}: {'; '.join(tried)}. "
        f"Build it first, or save it where it is and give --archive FILE"
    )


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, wait_seconds: float) -> None:
        super().__init__("localhost", timeout=wait_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_CONNECT_SECONDS)
        self.sock.connect(self._path)
        self.sock.settimeout(self.timeout)


class _PortConnection(http.client.HTTPConnection):
    """HTTP over TCP, which is quick to say that nobody answers."""

    def __init__(self, address: Address, wait_seconds: float) -> None:
        super().__init__(address.host, address.port, timeout=_CONNECT_SECONDS)
        self._wait_seconds = wait_seconds

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._wait_seconds)


def _connection(address: Address, wait_seconds: float) -> http.client.HTTPConnection:
    if address.socket is None:
        return _PortConnection(address, wait_seconds)
    return _SocketConnection(address.socket, wait_seconds)


def _asked(
    connection: http.client.HTTPConnection, address: Address, name: str
) -> http.client.HTTPResponse | str:
    """The answer that holds the archive, or why there is none."""
    quoted = quote(name, safe="/:@")
    try:
        connection.request("GET", f"/images/{quoted}/json")
        known = connection.getresponse()
        said = known.read(_MOST_ANSWER_BYTES)
        while known.read(_MOST_ANSWER_BYTES):
            pass  # an answer is read to its end before the next question
        if known.status == _NOT_FOUND:
            return f"the engine at {address} has no such image"
        if known.status == _OK:
            connection.request("GET", f"/images/{quoted}/get")
            answer = connection.getresponse()
            if answer.status == _OK:
                return answer
            said = answer.read(_MOST_ANSWER_BYTES)
    except PermissionError:
        return f"you may not use {address}: join its group, or ask as another user"
    except TimeoutError:
        return f"the engine at {address} does not answer in time"
    except OSError as error:
        return f"no engine answers at {address} ({printable(error.strerror or str(error))})"
    except http.client.HTTPException:
        return f"what answers at {address} is no engine"
    return f"the engine at {address} says: {printable(said[:300].decode('utf-8', 'replace')).strip()}"


def _pieces(answer: http.client.HTTPResponse, address: Address) -> Iterator[bytes]:
    try:
        while piece := answer.read(_CHUNK_BYTES):
            yield piece
    except (OSError, http.client.HTTPException):
        raise MultistageError(
            f"the engine at {address} stopped in the middle of the image; try again"
        ) from None


@contextmanager
def _from_client(
    client: str, name: str, environment: Mapping[str, str], wait_seconds: float
) -> Iterator[Iterator[bytes]]:
    """What `docker save` writes; it ends with us."""
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - a client of the PATH, and a name that begins with no dash
            [client, "save", name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=dict(environment),
        )
        try:
            yield _client_pieces(process, complaints, Path(client).name, wait_seconds)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _client_pieces(
    process: subprocess.Popen[bytes], complaints: IO[bytes], client: str, wait_seconds: float
) -> Iterator[bytes]:
    """Read by a thread of its own, since a pipe knows no time-out everywhere."""
    pieces: queue.Queue[bytes] = queue.Queue(_CHUNKS_AHEAD)
    stopped = threading.Event()

    def read() -> None:
        output = process.stdout
        while output is not None and not stopped.is_set():
            try:
                piece = output.read1(_CHUNK_BYTES)  # type: ignore[attr-defined]
            except (OSError, ValueError):
                piece = b""
            while not stopped.is_set():
                try:
                    pieces.put(piece, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if not piece:
                return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while piece := pieces.get(timeout=wait_seconds):
            yield piece
        if process.wait(wait_seconds):
            complaints.seek(0)
            said = printable(complaints.read(_MOST_ANSWER_BYTES).decode("utf-8", "replace").strip()[:300])
            raise MultistageError(f"{client} save failed: {said or 'it does not say why'}")
    except (queue.Empty, subprocess.TimeoutExpired):
        raise MultistageError(f"{client} save does not answer; see whether its engine runs") from None
    finally:
        stopped.set()
        process.kill()
        reader.join(wait_seconds)
