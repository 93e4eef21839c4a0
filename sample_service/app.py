"""The application, put together."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from sample_service.middleware import REQUEST_ID_HEADER, BodyLimit, RequestIdAndAccessLog
from sample_service.model import load_model
from sample_service.problems import MEDIA_TYPE, add_problem_handlers
from sample_service.routes import add_routes
from sample_service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DESCRIPTION: Final = """\
Tells the species of an iris from the lengths of its sepals and petals, with a multinomial logistic
regression trained on Fisher's data of 1936.

Errors are problem documents (RFC 9457). Every answer has an `X-Request-ID`: the caller's own, if it sent
one, or a new one; the access log has it too.
"""


class Service(FastAPI):
    """FastAPI whose OpenAPI document tells of the problem documents and the request id."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; made once, then kept."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path in document["paths"].values():
                for operation in path.values():
                    for status, response in operation["responses"].items():
                        _complete(status, response)
        return super().openapi()


def _complete(status: str, response: dict[str, Any]) -> None:
    response["headers"] = {
        REQUEST_ID_HEADER: {"description": "The request's id.", "schema": {"type": "string"}}
    }
    if status >= "400":
        # FastAPI files the model of an error under the media type of the route's good answer.
        response["content"] = {MEDIA_TYPE: response["content"].pop("application/json")}


def create_app(settings: Settings | None = None) -> FastAPI:
    """Put the service together; the model is loaded when it starts.

    Args:
        settings: Where they are not given, they are read from the environment.

    Raises:
        SettingsError: the environment holds a setting that cannot be used.
    """
    settings = Settings.from_environment() if settings is None else settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # A model that cannot be used stops the start: better no new release than one that cannot answer.
        app.state.model = load_model(settings.model_path)
        yield
        app.state.model = None

    app = Service(
        title="Iris service",
        summary="Which species of iris is this?",
        description=DESCRIPTION,
        version=settings.version,
        license_info={"name": "MIT", "identifier": "MIT"},
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    app.state.settings = settings
    app.state.model = None
    add_routes(app)
    add_problem_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestIdAndAccessLog)
    return app
