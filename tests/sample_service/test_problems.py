from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

GOOD = b'{"features": [1.0, 2.0, 3.0, 4.0]}'
JSON = {"Content-Type": "application/json"}


def post(client: TestClient, body: bytes, headers: dict[str, str] = JSON) -> dict[str, Any]:
    """Posts what must be refused; the problem, checked for what all of them have."""
    response = client.post("/predict", content=body, headers=headers)
    document: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert document["type"] == "about:blank"
    assert document["status"] == response.status_code >= 400
    assert document["title"]
    assert document["detail"]
    assert document["request_id"] == response.headers["x-request-id"]
    # Nothing broke: the next request is answered.
    assert client.post("/predict", content=GOOD, headers=JSON).status_code == 200
    return document


@pytest.mark.parametrize(
    ("features", "pointer", "detail"),
    [
        ("[]", "#/features", "at least 4 items"),
        ("[1, 2, 3]", "#/features", "at least 4 items"),
        ("[1, 2, 3, 4, 5]", "#/features", "at most 4 items"),
        ("[" + "1," * 20_000 + "1]", "#/features", "at most 4 items"),
        ("[1, 2, NaN, 4]", "#/features/2", "finite number"),
        ("[1, 2, Infinity, 4]", "#/features/2", "finite number"),
        ("[1, 2, -Infinity, 4]", "#/features/2", "finite number"),
        ("[1, 2, 1e999, 4]", "#/features/2", "finite number"),
        ("[1, 2, 1e308, 4]", "#/features/2", "less than or equal to 100"),
        ("[1, 2, 100.001, 4]", "#/features/2", "less than or equal to 100"),
        ("[1, 2, 1" + "0" * 30 + ", 4]", "#/features/2", "less than or equal to 100"),
        ("[1, 2, 1" + "0" * 400 + ", 4]", "#/features/2", "finite number"),
        ("[1, 2, -1, 4]", "#/features/2", "greater than or equal to 0"),
        ('[1, 2, "3", 4]', "#/features/2", "valid number"),
        ('[1, 2, "abc", 4]', "#/features/2", "valid number"),
        ("[1, 2, true, 4]", "#/features/2", "valid number"),
        ("[1, 2, null, 4]", "#/features/2", "valid number"),
        ("[1, 2, [3], 4]", "#/features/2", "valid number"),
        ("[1, 2, {}, 4]", "#/features/2", "valid number"),
        ('"1234"', "#/features", "valid array"),
        ("null", "#/features", "valid array"),
        ('{"0": 1}', "#/features", "valid array"),
    ],
)
def test_wrong_features_are_refused_at_their_place(
    client: TestClient, features: str, pointer: str, detail: str
) -> None:
    document = post(client, f'{{"features": {features}}}'.encode())
    assert document["status"] == 422
    assert document["title"] == "Unprocessable Content"
    assert document["detail"] == "The request body has 1 error."
    [error] = document["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{}", "#/features"),
        (b"[]", "#"),
        (b"null", "#"),
        (b"3", "#"),
        (b'"text"', "#"),
        (b'{"features": [1, 2, 3, 4], "colour": "blue"}', "#/colour"),
        (b'{"features": [1, 2, 3, 4], "a/b~c": 1}', "#/a~1b~0c"),
    ],
)
def test_wrong_shape_is_refused(client: TestClient, body: bytes, pointer: str) -> None:
    document = post(client, body)
    assert document["status"] == 422
    assert [error["pointer"] for error in document["errors"]] == [pointer]


def test_all_wrong_numbers_are_named(client: TestClient) -> None:
    document = post(client, b'{"features": ["a", NaN, -1, 4]}')
    assert document["detail"] == "The request body has 3 errors."
    assert [error["pointer"] for error in document["errors"]] == [f"#/features/{index}" for index in range(3)]


def test_answer_to_many_errors_stays_small(client: TestClient) -> None:
    body = json.dumps({f"{number}{'x' * 300}": 0 for number in range(200)}).encode()
    document = post(client, body)
    assert document["detail"] == "The request body has 201 errors; the first 10 are listed."
    assert len(document["errors"]) == 10
    assert all(len(error["pointer"]) <= 100 for error in document["errors"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"features": [1, 2, 3, 4]',
        b"{'features': [1, 2, 3, 4]}",
        b'{"features": [1, 2, 3, 4],}',
        b'{"features": [1, 2, 3, 4]} {}',
        b"",
        b" ",
        b"features=1",
        # A lone surrogate, which no encoder takes.
        b'{"features": [1, 2, 3, 4], "\\ud800": 1}',
        b'{"features": [1, 2, 3, \x00]}',
        b'\xff\xfe\xfd{"features": 1}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1" * 5000,
    ],
)
def test_malformed_json_is_refused(client: TestClient, body: bytes) -> None:
    document = post(client, body)
    assert (document["status"], document["title"]) == (400, "Bad Request")
    assert document["detail"].startswith("The body is not JSON: ")
    assert "errors" not in document


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/x+json"},
    ],
)
def test_other_media_types_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    document = post(client, GOOD, headers)
    assert (document["status"], document["title"]) == (415, "Unsupported Media Type")


def test_415_says_what_is_accepted(client: TestClient) -> None:
    response = client.post("/predict", content=GOOD, headers={"Content-Type": "text/plain"})
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/health/", "/predict/1", "/../etc/passwd", "/%00", "/%F0%9F%8C%B8", "/a" * 2000],
)
def test_unknown_path_is_a_problem(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Not Found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", "GET"),
        ("DELETE", "/ready", "GET"),
        ("PUT", "/version", "GET"),
        ("GET", "/predict", "POST"),
        ("PATCH", "/predict", "POST"),
        ("OPTIONS", "/predict", "POST"),
        ("BREW", "/predict", "POST"),
    ],
)
def test_wrong_method_is_a_problem(client: TestClient, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == HTTPStatus.METHOD_NOT_ALLOWED.phrase


class Broken:
    version = "broken"

    def predict(self, features: list[float]) -> NoReturn:
        raise RuntimeError(f"secret: {features}")


def test_failure_inside_tells_the_caller_nothing_but_the_id(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app.state.model = Broken()
    response = client.post("/predict", content=GOOD, headers={**JSON, "X-Request-ID": "mine-1"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get_list("x-request-id") == ["mine-1"]
    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "The service failed. Report the request_id; the log has the cause.",
        "request_id": "mine-1",
    }
    [record] = [record for record in caplog.records if record.name == "sample_service.access"]
    assert record.__dict__["fields"]["status"] == 500
