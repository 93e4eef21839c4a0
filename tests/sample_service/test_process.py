"""The service as a process of its own, over sockets: what no client inside the process can show."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sample_service
from sample_service.__main__ import GRACEFUL_SECONDS
from sample_service.middleware import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Process, Start

ROOT = Path(sample_service.__file__).resolve().parent.parent
BODY = b'{"features": [1.0, 2.0, 3.0, 4.0]}'
HEAD = (
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n" % len(BODY)
)
SOCKET_SECONDS = 60
PROMISED_STOP_SECONDS = 5


def connect(process: Process) -> socket.socket:
    return socket.create_connection(("127.0.0.1", process.port), SOCKET_SECONDS)


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers in lower case, and the JSON body."""
    with connection.makefile("rb") as answer:
        status = int(answer.readline().split()[1])
        headers = {}
        while line := answer.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        size = headers.get("content-length")
        body = answer.read(int(size)) if size else answer.read()
    return status, headers, json.loads(body)


def request(process: Process, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", process.port, timeout=SOCKET_SECONDS)
    try:
        chunked = body is not None and not isinstance(body, bytes)
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        connection.request(method, path, body, headers, encode_chunked=chunked)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def chunks(size_bytes: int) -> Iterator[bytes]:
    """A good body of this size in pieces; http.client sends an iterator chunked."""
    yield BODY
    missing = size_bytes - len(BODY)
    while missing > 0:
        yield b" " * min(missing, 8192)
        missing -= 8192


def test_serves_logs_json_lines_and_stops_with_0(start: Start) -> None:
    process = start(VERSION="3.2.1", REVISION="fed987")
    assert request(process, "GET", "/health") == (200, {"status": "ok"})
    assert request(process, "GET", "/version") == (200, {"version": "3.2.1", "revision": "fed987"})
    status, answer = request(process, "POST", "/predict", BODY, **{"X-Request-ID": "mine-3"})
    assert (status, answer["class"]) == (200, "virginica")
    process.terminate()
    assert process.exit_code() == 0
    log = process.log()
    assert all({"time", "level", "logger", "message"} <= set(line) for line in log)
    [line] = [line for line in log if line.get("path") == "/predict"]
    assert (line["request_id"], line["status"], line["client"]) == ("mine-3", 200, "127.0.0.1")
    assert len([line for line in log if line["logger"] == "sample_service.access"]) == 3


def test_interrupt_stops_it_too(start: Start) -> None:
    process = start()
    process.wait_for("running on")
    process.popen.send_signal(signal.SIGINT)
    assert process.exit_code() == 0


def test_request_in_flight_is_finished_before_the_end(start: Start) -> None:
    process = start()
    with connect(process) as connection:
        connection.sendall(HEAD + BODY[:10])
        assert request(process, "GET", "/health")[0] == 200
        process.terminate()
        process.wait_for("Waiting for connections to close")
        with pytest.raises(ConnectionRefusedError):
            connect(process)
        connection.sendall(BODY[10:])
        status, _, answer = read_answer(connection)
    assert (status, answer["class"]) == (200, "virginica")
    assert process.exit_code() == 0


def test_stuck_request_does_not_hold_up_the_end(start: Start) -> None:
    process = start()
    with connect(process) as connection:
        connection.sendall(HEAD + BODY[:10])
        assert request(process, "GET", "/health")[0] == 200
        process.terminate()
        assert process.exit_code() == 0
    assert GRACEFUL_SECONDS < PROMISED_STOP_SECONDS
    [line] = [line for line in process.log() if line["message"].startswith("Cancel 1 running task(s)")]
    shutdown = [line for line in process.log() if line["message"] == "Shutting down"]
    waited = datetime.fromisoformat(line["time"]) - datetime.fromisoformat(shutdown[0]["time"])
    assert waited >= timedelta(seconds=GRACEFUL_SECONDS)


def test_idle_connection_does_not_hold_up_the_end(start: Start) -> None:
    process = start()
    with connect(process) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_answer(connection)[0] == 200
        process.terminate()
        assert process.exit_code() == 0
        assert not any("Cancel" in line["message"] for line in process.log())


def test_chunked_body_is_counted(running: Process) -> None:
    assert request(running, "POST", "/predict", chunks(MAX_BODY_BYTES))[0] == 200
    status, answer = request(running, "POST", "/predict", chunks(MAX_BODY_BYTES + 1))
    assert (status, answer["title"]) == (413, "Content Too Large")
    assert request(running, "POST", "/predict", BODY)[0] == 200


def test_endless_chunked_body_is_refused_while_it_comes(running: Process) -> None:
    with connect(running) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(9):
            connection.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        status, headers, _ = read_answer(connection)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert request(running, "GET", "/health")[0] == 200


def test_announced_body_is_refused_before_it_comes(running: Process) -> None:
    with connect(running) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"
        )
        status, headers, answer = read_answer(connection)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert answer["detail"] == "The body is over 65536 bytes."


def test_client_that_leaves_early_is_no_failure(start: Start) -> None:
    process = start()
    with connect(process) as connection:
        connection.sendall(HEAD + BODY[:10])
        assert request(process, "GET", "/health")[0] == 200
    process.wait_for("/predict")
    process.terminate()
    assert process.exit_code() == 0
    log = process.log()
    assert {line["level"] for line in log} == {"INFO"}
    assert [line["status"] for line in log if line.get("path") == "/predict"] == [400]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_problem(running: Process, garbage: bytes) -> None:
    with connect(running) as connection:
        connection.sendall(garbage)
        status, headers, answer = read_answer(connection)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert answer["request_id"] == headers["x-request-id"]
    assert request(running, "GET", "/health")[0] == 200


def test_wrong_setting_ends_with_2_and_one_line(start: Start) -> None:
    process = start(PORT="http")
    assert process.exit_code() == 2
    process.wait_for("PORT")
    assert process.lines == ["sample_service: PORT must be a number from 0 to 65535, not 'http'"]


def test_unusable_model_ends_with_3_and_the_reason(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("{}")
    process = start(MODEL_PATH=str(path))
    assert process.exit_code() == 3
    assert "'format' is missing" in json.dumps(process.log())


def test_port_in_use_ends_with_3_and_the_reason(running: Process, start: Start) -> None:
    second = start(PORT=str(running.port))
    assert second.exit_code() == 3
    assert "address already in use" in json.dumps(second.log())


def healthcheck(port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sample_service.healthcheck"],
        cwd=ROOT,
        env={**os.environ, "HOST": "0.0.0.0", "PORT": str(port), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_health_check_follows_the_service(start: Start) -> None:
    process = start()
    port = process.port
    # A proxy is for the world outside, not for the check of one's own container.
    healthy = healthcheck(port, http_proxy="http://127.0.0.1:9")
    assert (healthy.returncode, healthy.stderr) == (0, "")
    process.terminate()
    process.exit_code()
    unhealthy = healthcheck(port)
    assert unhealthy.returncode == 1
    assert unhealthy.stderr.startswith(f"unhealthy: no answer from 127.0.0.1:{port}: ")
