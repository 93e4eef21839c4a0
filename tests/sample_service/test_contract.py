"""The service against its own OpenAPI document: schemathesis makes up requests, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install -e '.[dev]'")

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings

from sample_service.app import create_app
from sample_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bounds the time to some seconds for all operations.
EXAMPLES_PER_OPERATION = 100

app = create_app(Settings())
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.fixture(autouse=True)
def started() -> Iterator[None]:
    """The service with its model loaded."""
    with TestClient(app):
        yield


@schema.parametrize()
@settings(
    max_examples=EXAMPLES_PER_OPERATION,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_a_documented_one(case: Any) -> None:
    # All checks: no server error, status, media type, headers and body as documented, good data taken,
    # bad data refused, other methods answered with 405.
    case.call_and_validate()


def test_every_operation_is_tried() -> None:
    operations = {operation.ok().label for operation in schema.get_all_operations()}
    assert operations == {"GET /health", "GET /ready", "GET /version", "POST /predict"}
