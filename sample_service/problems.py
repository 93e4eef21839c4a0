"""Errors as RFC 9457 problem details: every answer of 400 and above is one of these.

Texts of the caller come back at most as a shortened JSON pointer, and JSON is written in ASCII, so a body
cannot make its own error message fail (a lone surrogate) or grow without bound.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sample_service.middleware import REQUEST_ID_HEADER, request_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE: Final = "application/problem+json"
# RFC 9110's words; http.HTTPStatus has RFC 7231's until Python 3.13.
TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
DETAILS: Final = {
    404: "There is nothing at this path; /docs lists what there is.",
    405: "This path does not take this method; the Allow header says which it takes.",
}
MAX_ERRORS: Final = 10
MAX_POINTER_CHARACTERS: Final = 100


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Answer with a problem document.

    Args:
        request: The request that failed.
        status: HTTP status, 400 or above.
        detail: One or two sentences for the caller: what is wrong and what to do.
        headers: Further headers, such as Allow with 405.
        errors: Single faults in the body, each with `pointer` and `detail`.
    """
    return Response(
        problem_document(status, detail, request_id(request.scope), errors),
        status,
        headers,
        MEDIA_TYPE,
    )


def problem_document(
    status: int, detail: str, identifier: str, errors: Sequence[Mapping[str, str]] = ()
) -> bytes:
    """The body of a problem answer, as ASCII JSON."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": identifier,
    }
    if errors:
        document["errors"] = list(errors)
    return json.dumps(document).encode("ascii")


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of the application a problem document."""
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(RequestValidationError)(_invalid_request)
    app.exception_handler(ClientDisconnect)(_client_left)
    app.exception_handler(Exception)(_internal_error)


async def _http_error(request: Request, error: HTTPException) -> Response:
    detail = DETAILS.get(error.status_code, error.detail)
    return problem(request, error.status_code, detail, headers=error.headers)


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return problem(request, 400, f"The body is not JSON: {faults[0]['ctx']['error']}.")
    count = f"{len(faults)} error" if len(faults) == 1 else f"{len(faults)} errors"
    listed = f"; the first {MAX_ERRORS} are listed" if len(faults) > MAX_ERRORS else ""
    errors = [{"pointer": _pointer(fault["loc"]), "detail": fault["msg"]} for fault in faults[:MAX_ERRORS]]
    return problem(request, 422, f"The request body has {count}{listed}.", errors=errors)


async def _client_left(request: Request, error: ClientDisconnect) -> Response:
    # Nobody reads this; but it is no failure of the service, which would be logged as one.
    del error
    return problem(request, 400, "The body ended early.")


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer as a URI fragment, as in RFC 9457's own example."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in location)
    pointer = "#" + "".join(f"/{step}" for step in steps)
    if len(pointer) <= MAX_POINTER_CHARACTERS:
        return pointer
    return pointer[: MAX_POINTER_CHARACTERS - 3] + "..."


async def _internal_error(request: Request, error: Exception) -> Response:
    # What went wrong is for the log, which has the traceback under the same request id.
    del error
    return problem(
        request,
        500,
        "The service failed. Report the request_id; the log has the cause.",
        # This handler stands outside the middleware that adds the header to every other answer.
        headers={REQUEST_ID_HEADER: request_id(request.scope)},
    )
