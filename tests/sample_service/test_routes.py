from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from sample_service.app import create_app
from sample_service.model import ModelError, load_model
from sample_service.settings import BUNDLED_MODEL, Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

MODEL = load_model(BUNDLED_MODEL)


def test_health_needs_no_model(app: FastAPI, client: TestClient) -> None:
    app.state.model = None
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_names_the_loaded_model(client: TestClient) -> None:
    response = client.get("/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "model_version": MODEL.version}


@pytest.mark.parametrize(("method", "path"), [("GET", "/ready"), ("POST", "/predict")])
def test_without_a_model_nothing_is_ready(app: FastAPI, client: TestClient, method: str, path: str) -> None:
    app.state.model = None
    response = client.request(method, path, json={"features": [1.0, 2.0, 3.0, 4.0]})
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"


def test_version_comes_from_the_settings(client: TestClient) -> None:
    assert client.get("/version").json() == {"version": "1.2.3", "revision": "abc123"}


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION", "2.0.0")
    monkeypatch.setenv("REVISION", "def456")
    with TestClient(create_app()) as client:
        assert client.get("/version").json() == {"version": "2.0.0", "revision": "def456"}
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(SettingsError):
        create_app()


def test_prediction_holds_class_probabilities_and_model(client: TestClient) -> None:
    response = client.post("/predict", json={"features": [1.0, 2.0, 3.0, 4.0]})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    expected = MODEL.predict([1.0, 2.0, 3.0, 4.0])
    assert response.json() == {
        "class": expected.label,
        "probabilities": expected.probabilities,
        "model_version": MODEL.version,
    }


@pytest.mark.parametrize(
    ("features", "species"),
    [([5.1, 3.5, 1.4, 0.2], "setosa"), ([6, 2.9, 4.5, 1.5], "versicolor"), ([6.3, 3.3, 6, 2.5], "virginica")],
)
def test_each_species_is_told(client: TestClient, features: list[float], species: str) -> None:
    assert client.post("/predict", json={"features": features}).json()["class"] == species


@pytest.mark.parametrize("length", [0, 100, 100.0, 5e-324])
def test_ends_of_the_range_are_taken(client: TestClient, length: float) -> None:
    response = client.post("/predict", json={"features": [length] * 4})
    assert response.status_code == 200
    assert sum(response.json()["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]
)
def test_every_spelling_of_json_is_taken(client: TestClient, media_type: str) -> None:
    body = b'{"features": [1, 2, 3, 4]}'
    assert client.post("/predict", content=body, headers={"Content-Type": media_type}).status_code == 200


def test_unusable_model_stops_the_start(tmp_path: Path) -> None:
    app = create_app(Settings(model_path=tmp_path / "none.json"))
    with pytest.raises(ModelError, match=r"none\.json"), TestClient(app):
        pass


def flower_schema(document: dict[str, Any]) -> dict[str, Any]:
    body = document["paths"]["/predict"]["post"]["requestBody"]
    assert body["required"]
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


def test_documentation_has_an_example_of_every_body(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {"/health", "/ready", "/version", "/predict"}
    schemas = document["components"]["schemas"]
    for name in ("Classification", "Health", "Readiness", "Version", "Problem"):
        assert schemas[name]["examples"], name
    assert flower_schema(document)["examples"] == [{"features": [1.0, 2.0, 3.0, 4.0]}]
    assert client.get("/docs").status_code == 200


def test_documented_answer_is_the_real_one(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for question, answer in zip(
        flower_schema(document)["examples"], schemas["Classification"]["examples"], strict=True
    ):
        response = client.post("/predict", json=question).json()
        assert response == {**answer, "probabilities": pytest.approx(answer["probabilities"], abs=1e-9)}
    assert schemas["Readiness"]["examples"] == [client.get("/ready").json()]


def test_every_error_is_documented_as_a_problem(client: TestClient) -> None:
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                media_type = "application/problem+json" if int(status) >= 400 else "application/json"
                assert set(response["content"]) == {media_type}, (method, path, status)
                assert "X-Request-ID" in response["headers"]
    predict = client.get("/openapi.json").json()["paths"]["/predict"]["post"]["responses"]
    assert set(predict) == {"200", "400", "413", "415", "422", "500", "503"}


def test_new_request_ids_differ(client: TestClient) -> None:
    identifiers = {client.get("/health").headers["x-request-id"] for _ in range(5)}
    assert len(identifiers) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", identifier) for identifier in identifiers)
