from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from sample_service.logs import JsonLines
from sample_service.middleware import MAX_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}


def padded(size_bytes: int) -> bytes:
    """A good body of exactly this size."""
    body = b'{"features": [1, 2, 3, 4]}'
    return body + b" " * (size_bytes - len(body))


def chunks(body: bytes) -> Iterator[bytes]:
    """In pieces, so that the client sends no Content-Length."""
    for start in range(0, len(body), 4096):
        yield body[start : start + 4096]


@pytest.mark.parametrize("chunked", [False, True])
def test_body_at_the_limit_is_read(client: TestClient, chunked: bool) -> None:
    body = padded(MAX_BODY_BYTES)
    response = client.post("/predict", content=chunks(body) if chunked else body, headers=JSON)
    assert response.status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size_bytes", [MAX_BODY_BYTES + 1, 1_000_000])
def test_body_over_the_limit_is_refused(client: TestClient, size_bytes: int, chunked: bool) -> None:
    body = padded(size_bytes)
    response = client.post("/predict", content=chunks(body) if chunked else body, headers=JSON)
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Content Too Large"
    assert response.json()["detail"] == "The body is over 65536 bytes."
    assert response.headers["x-request-id"] == response.json()["request_id"]


@pytest.mark.parametrize("identifier", ["a", "5f0c-1.2_3", "trace/1:2+3=@x", "x" * 128])
def test_sane_request_id_is_kept(client: TestClient, identifier: str) -> None:
    for path in ("/health", "/nothing"):
        response = client.get(path, headers={"X-Request-ID": identifier})
        assert response.headers.get_list("x-request-id") == [identifier]


@pytest.mark.parametrize(
    "identifier", [b"", b"x" * 129, b"a b", b'a"b', b"{}", b"a\tb", b"<script>", "ä".encode(), b"\xff"]
)
def test_any_other_request_id_is_replaced(client: TestClient, identifier: bytes) -> None:
    response = client.get("/health", headers=[(b"X-Request-ID", identifier)])
    [answered] = response.headers.get_list("x-request-id")
    assert len(answered) == 32
    assert answered.isalnum()


def access_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        json.loads(JsonLines().format(record))
        for record in caplog.records
        if record.name == "sample_service.access"
    ]


def test_each_request_is_one_line_in_the_access_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.post("/predict?token=secret", json={"features": [1, 2]}, headers={"X-Request-ID": "mine-2"})
    [line] = access_lines(caplog)
    assert line.pop("duration_ms") >= 0
    assert line.pop("time").endswith("+00:00")
    line.pop("request_id", None)
    assert line == {
        "level": "INFO",
        "logger": "sample_service.access",
        "message": "request",
        "method": "POST",
        "path": "/predict",
        "status": 422,
        "client": "testclient",
    }
    assert "secret" not in str(line)


def test_caller_cannot_forge_a_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get('/%0A{"level": "ERROR"}%1b[31m%E2%80%A8')
    [record] = [record for record in caplog.records if record.name == "sample_service.access"]
    line = JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["path"] == '/\n{"level": "ERROR"}\x1b[31m\u2028'


def test_access_log_is_off_above_its_level(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    client.get("/health")
    assert access_lines(caplog) == []
