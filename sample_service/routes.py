"""The service's paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, HTTPException, Request

from sample_service.schemas import Classification, Flower, Health, Problem, Readiness, Version

if TYPE_CHECKING:
    from sample_service.model import Model
    from sample_service.settings import Settings

router = APIRouter()

PROBLEMS: Final = {
    400: "The body is not JSON.",
    413: "The body is over 64 KiB.",
    415: "The body's media type is not JSON.",
    422: "The body is JSON, but no flower: a number missing, too many, not finite, out of range.",
    500: "The service failed.",
    503: "The model is not loaded.",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": PROBLEMS[status]} for status in statuses}


def loaded_model(request: Request) -> Model:
    """The model, once the service has started.

    Called by the routes rather than declared with Depends(), which costs more than a prediction.

    Raises:
        HTTPException: 503, the service has not started or is about to end.
    """
    model: Model | None = request.app.state.model
    if model is None:
        raise HTTPException(503, "The model is not loaded yet; try again.", {"Retry-After": "1"})
    return model


# First, because paths are tried in this order and this is the busy one.
@router.post(
    "/predict",
    tags=["prediction"],
    summary="Which species of iris?",
    responses=_problems(400, 413, 415, 422, 500, 503),
)
async def predict(flower: Flower, request: Request) -> Classification:
    """Classify one flower by the lengths of its sepals and petals, in centimetres."""
    model = loaded_model(request)
    prediction = model.predict(flower.features)
    return Classification(
        label=prediction.label, probabilities=prediction.probabilities, model_version=model.version
    )


@router.get("/health", tags=["operation"], summary="Does it run?", responses=_problems(500))
async def health() -> Health:
    """Liveness: the process answers. A failure means: restart it."""
    return Health()


@router.get("/ready", tags=["operation"], summary="Can it predict?", responses=_problems(500, 503))
async def ready(request: Request) -> Readiness:
    """Readiness: the model is loaded and checked. A failure means: send it no requests now."""
    return Readiness(model_version=loaded_model(request).version)


@router.get("/version", tags=["operation"], summary="What runs here?", responses=_problems(500))
async def version(request: Request) -> Version:
    """The release and the commit, as the image's build arguments named them."""
    settings: Settings = request.app.state.settings
    return Version(version=settings.version, revision=settings.revision)
