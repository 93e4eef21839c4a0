"""What happens around every request: its id, its line in the access log, the limit on its body.

Plain ASGI: Starlette's BaseHTTPMiddleware runs each request in a task group with streams of its own,
which costs more than all that the service does with the request.
"""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER: Final = "X-Request-ID"
MAX_BODY_BYTES: Final = 64 * 1024
# What may stand in a header and in a log as it is. Anything else is not worth repairing: it gets a new id.
SANE_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")

access_log = logging.getLogger("sample_service.access")
# Each request runs in a task of its own, whose context ends with it: nothing resets this, and the
# server's traceback of a failed request, logged after all middleware is left, still has the id.
current_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def request_id(scope: Scope) -> str:
    """The id of the request that has this scope."""
    identifier: str = scope["state"]["request_id"]
    return identifier


def header(scope: Scope, name: bytes) -> bytes:
    """The first value of a request's header, whose name is given in lower case; empty if it has none."""
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return b""


class RequestIdAndAccessLog:
    """Gives each request an id, returns it in X-Request-ID, and logs the request when it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it; what is no HTTP request passes through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        identifier = _incoming_id(scope) or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = identifier
        current_request_id.set(identifier)
        id_header = (b"x-request-id", identifier.encode("ascii"))
        # An exception that gets this far is answered with 500 outside.
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), id_header]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            if access_log.isEnabledFor(logging.INFO):
                client = scope.get("client")
                # Without the query string: callers put secrets there.
                access_log.info(
                    "request",
                    extra={
                        "fields": {
                            "method": scope["method"],
                            "path": scope["path"],
                            "status": status,
                            "duration_ms": round((perf_counter() - started) * 1000, 3),
                            "client": client[0] if client else None,
                        }
                    },
                )


def _incoming_id(scope: Scope) -> str | None:
    value = header(scope, b"x-request-id")
    return value.decode("ascii") if SANE_REQUEST_ID.fullmatch(value) else None


class BodyLimit:
    """Answers 413 to a body over the limit, announced or not.

    Content-Length is refused before a byte is read; without one (chunked) the bytes are counted as they
    come, and reading stops at the one too many.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it; what is no HTTP request passes through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The server has checked that it is a number.
        announced = int(header(scope, b"content-length") or 0)
        received = 0

        async def limited_receive() -> Message:
            nonlocal received
            if announced > self.max_bytes:
                raise self._too_large()
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise self._too_large()
            return message

        await self.app(scope, limited_receive, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"The body is over {self.max_bytes} bytes.")
