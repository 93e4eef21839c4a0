"""The service's paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from sample_service.middleware import header
from sample_service.schemas import Classification, Flower, Health, Problem, Readiness, Version

if TYPE_CHECKING:
    from sample_service.model import Model
    from sample_service.settings import Settings

PROBLEMS: Final = {
    400: "The body is not JSON.",
    413: "The body is over 64 KiB.",
    415: "The body's media type is not JSON.",
    422: "The body is JSON, but no flower: a number missing, too many, not finite, out of range.",
    500: "The service failed.",
    503: "The model is not loaded.",
}


def add_routes(app: FastAPI) -> None:
    """Give the application its paths.

    The application gets them itself: those of an included router cost a second search with each request.
    They are tried in this order, so the busy one comes first.
    """
    app.add_api_route(
        "/predict",
        predict,
        methods=["POST"],
        tags=["prediction"],
        summary="Which species of iris?",
        response_model=Classification,
        responses=_problems(400, 413, 415, 422, 500, 503),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": Flower.model_json_schema()}},
            }
        },
    )
    operation: dict[str, Any] = {"methods": ["GET"], "tags": ["operation"]}
    app.add_api_route("/health", health, summary="Does it run?", responses=_problems(500), **operation)
    app.add_api_route("/ready", ready, summary="Can it predict?", responses=_problems(500, 503), **operation)
    app.add_api_route("/version", version, summary="What runs here?", responses=_problems(500), **operation)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}


async def predict(request: Request) -> Response:
    """Classify one flower by the lengths of its sepals and petals, in centimetres."""
    model = _loaded_model(request)
    flower = await _read_flower(request)
    prediction = model.predict(flower.features)
    answer = Classification(
        label=prediction.label, probabilities=prediction.probabilities, model_version=model.version
    )
    # Written here: FastAPI would check the object a second time first.
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


async def health() -> Health:
    """Liveness: the process answers. A failure means: restart it."""
    return Health()


async def ready(request: Request) -> Readiness:
    """Readiness: the model is loaded and checked. A failure means: send it no requests now."""
    return Readiness(model_version=_loaded_model(request).version)


async def version(request: Request) -> Version:
    """The release and the commit, as the image's build arguments named them."""
    settings: Settings = request.app.state.settings
    return Version(version=settings.version, revision=settings.revision)


def _loaded_model(request: Request) -> Model:
    model: Model | None = request.app.state.model
    if model is None:
        raise HTTPException(503, "The model is not loaded yet; try again.", {"Retry-After": "1"})
    return model


async def _read_flower(request: Request) -> Flower:
    """Parse and check the body in one step.

    A parameter of type Flower would have FastAPI parse it in Python first, which takes longer than
    the prediction does and fails in more ways: on deep nesting, long numbers, lone surrogates.
    """
    media_type = header(request.scope, b"content-type").partition(b";")[0].strip().lower()
    if media_type != b"application/json" and not (
        media_type.startswith(b"application/") and media_type.endswith(b"+json")
    ):
        raise HTTPException(
            415,
            "Send JSON, with the header Content-Type: application/json.",
            {"Accept": "application/json"},
        )
    try:
        return Flower.model_validate_json(await request.body())
    except ValidationError as error:
        # With the caller's values left out: they may be long, or nothing that JSON can say.
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error
