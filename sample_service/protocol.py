"""The server's HTTP protocol, with its one error of its own as a problem document too."""

from __future__ import annotations

import uuid

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sample_service.middleware import REQUEST_ID_HEADER
from sample_service.problems import MEDIA_TYPE, problem_document


class ProblemProtocol(H11Protocol):
    """uvicorn's protocol; what is no HTTP request at all never reaches the application."""

    def send_400_response(self, msg: str) -> None:
        """Answer with a problem document and close the connection."""
        identifier = uuid.uuid4().hex
        headers = [
            ("content-type", MEDIA_TYPE),
            ("connection", "close"),
            (REQUEST_ID_HEADER, identifier),
        ]
        events: list[h11.Event] = [
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=problem_document(400, msg, identifier)),
            h11.EndOfMessage(),
        ]
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
