"""HTTP that may be pointed at hostile servers: bounded in time, in size and in where it goes.

Redirects are followed by hand: five at most, never from https to http, and nothing that proves who the user
is goes to another host. Nothing but http and https is ever opened, and http only to this machine.
"""

from __future__ import annotations

import http.client
import io
import random
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from multistage_cli import __version__
from multistage_cli.facts.online.addresses import (
    check_place,
    check_step,
    host_of,
    is_loopback,
    joined,
    same_origin,
)
from multistage_cli.facts.online.failures import OnlineError, OutOfTimeError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

USER_AGENT: Final = f"multistage/{__version__}"

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take.

    Attributes:
        answer_seconds: for a server's next bytes.
        whole_seconds: for the whole run.
        attempts: how often one request is made.
        pause_seconds: before the second attempt; it doubles with each further one.
        longest_pause_seconds: that a server may ask for; one that asks for more is not asked again.
    """

    answer_seconds: float = 10
    whole_seconds: float = 60
    attempts: int = 3
    pause_seconds: float = 0.5
    longest_pause_seconds: float = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Attributes:
        status: the status code.
        headers: the header fields.
        body: as far as it was asked for.
        url: where it came from, after redirects.
    """

    status: int
    headers: Message
    body: bytes
    url: str

    def header(self, name: str) -> str:
        """A header field's value; empty where there is none."""
        return str(self.headers.get(name) or "")


@dataclass(slots=True)
class Transport:
    """Makes requests until the time is up; may be used from several threads.

    Attributes:
        limits: how long things may take.
        reached: whether any server has answered.
    """

    limits: Limits = field(default_factory=Limits)
    reached: bool = False
    _until: float = 0
    _dead: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _stopped: Event = field(default_factory=Event)
    _tls: ssl.SSLContext | None = None

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        private: Mapping[str, str] | None = None,
        most_bytes: int,
        method: str = "GET",
        data: bytes | None = None,
    ) -> Answer:
        """Ask for something.

        Args:
            url: with https, or with http where the host is this machine.
            headers: sent along redirects too.
            private: proves who the user is; left behind when a redirect leads to another host.
            most_bytes: that the body may have.
            method: of HTTP.
            data: a form to send, which is never sent on to another place.

        Raises:
            OnlineError: there is no answer, or one that is too large or leads nowhere.
        """
        secret = dict(private or {})
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._patiently(url, {**(headers or {}), **secret}, most_bytes, method, data)
            target = answer.header("Location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            if data is not None:
                raise OnlineError(f"{host_of(url)} redirects a login, which is not followed")
            following = joined(url, target)
            if not same_origin(url, following):
                secret = {}
            check_step(url, following)
            url = following
        raise OnlineError(f"{host_of(url)} redirects too often")

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the run may take."""
        self._stopped.wait(min(seconds, self.remaining()))

    def remaining(self) -> float:
        """Seconds that are left; they count from the first question.

        Raises:
            OutOfTimeError: there are none.
        """
        with self._lock:
            now = time.monotonic()
            if not self._until:
                self._until = now + self.limits.whole_seconds
            left = self._until - now
        if left <= 0:
            raise OutOfTimeError(f"the network took more than {self.limits.whole_seconds:g} s")
        return left

    def revive(self, host: str) -> None:
        """Ask a host again that did not answer, since the next question is of another kind."""
        with self._lock:
            self._dead.pop(host, None)

    def _patiently(
        self, url: str, headers: dict[str, str], most_bytes: int, method: str, data: bytes | None
    ) -> Answer:
        """One answer: asked for again where the server is busy or the connection broke."""
        pause = self.limits.pause_seconds
        for attempt in range(1, self.limits.attempts + 1):
            last = attempt == self.limits.attempts
            try:
                answer = self._once(url, headers, most_bytes, method, data)
            except UnreachableError as error:
                if last or not error.passing:
                    with self._lock:
                        self._dead.setdefault(error.host, str(error))
                    raise
            else:
                asked = _retry_after(answer)
                if answer.status not in _AGAIN or last or asked > self.limits.longest_pause_seconds:
                    return answer
                pause = max(pause, asked)
            # A little off the beat, so that many programs do not come back all at once.
            self.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            pause *= 2
        raise OnlineError(f"no attempts are allowed for {host_of(url)}")

    def _once(
        self, url: str, headers: dict[str, str], most_bytes: int, method: str, data: bytes | None
    ) -> Answer:
        host = host_of(url)
        check_place(url)
        with self._lock:
            dead = host in self._dead
        if dead:
            raise UnreachableError(host, "it did not answer before", passing=False)
        until = time.monotonic() + self.remaining()
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            url, data=data, headers={"User-Agent": USER_AGENT, **headers}, method=method
        )
        request.timeout = min(self.limits.answer_seconds, self.remaining())
        try:
            response = self._opener(url, until).open(request, timeout=request.timeout)
            with response:
                body = _body(response, most_bytes, host, headers)
                self.reached = True
                return Answer(response.status, response.headers, body, url)
        except urllib.error.URLError as error:
            self.remaining()
            raise _unreachable(host, error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            self.remaining()
            raise _unreachable(host, error) from None
        except ValueError:
            # A header field or a URL that http.client refuses to send.
            raise OnlineError(f"{host} leads to an address that cannot be asked") from None

    def _opener(self, url: str, until: float) -> urllib.request.OpenerDirector:
        """Opens http and https alone; takes the system's proxies, but to this machine none, as Docker does."""
        opener = urllib.request.OpenerDirector()
        if not is_loopback(urlsplit(url).hostname or ""):
            opener.add_handler(urllib.request.ProxyHandler())
        if self._tls is None and url.startswith("https:"):
            self._tls = ssl.create_default_context()
        opener.add_handler(_Handler(until, self.limits.answer_seconds, self._tls))
        opener.add_handler(urllib.request.UnknownHandler())
        return opener


class _Handler(urllib.request.AbstractHTTPHandler):
    """Opens connections whose every read ends in time."""

    def __init__(self, until: float, answer_seconds: float, tls: ssl.SSLContext | None) -> None:
        super().__init__()
        self._response = partial(_Response, until=until, answer_seconds=answer_seconds)
        self._tls = tls

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open over plain HTTP."""
        return self.do_open(partial(_connection, http.client.HTTPConnection, self._response), request)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open over TLS."""
        kind = partial(_connection, http.client.HTTPSConnection, self._response)
        return self.do_open(kind, request, context=self._tls)

    http_request = urllib.request.AbstractHTTPHandler.do_request_
    https_request = http_request


def _connection(kind: Any, response: Any, host: str, **options: Any) -> Any:
    connection = kind(host, **options)
    connection.response_class = response
    return connection


class _Response(http.client.HTTPResponse):
    """A response that a server cannot draw out byte by byte: each read has only the time that is left."""

    def __init__(
        self, sock: socket.socket, *arguments: Any, until: float, answer_seconds: float, **options: Any
    ) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until, answer_seconds))


class _Timed(io.RawIOBase):
    def __init__(self, sock: socket.socket, until: float, answer_seconds: float) -> None:
        super().__init__()
        # A file of its own keeps the socket open until this one is closed too.
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._until = until
        self._answer_seconds = answer_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(min(left, self._answer_seconds))
        return self._file.readinto(buffer) or 0

    def close(self) -> None:
        self._file.close()
        super().close()


def _body(response: http.client.HTTPResponse, most_bytes: int, host: str, headers: dict[str, str]) -> bytes:
    if response.status >= http.HTTPStatus.MULTIPLE_CHOICES:
        return b""  # what a refusal says besides its number is not needed
    if "Range" in headers and response.status == http.HTTPStatus.OK:
        # The server does not know ranges and sends everything; who wants little does without.
        length = response.length
        if length is None or length > most_bytes:
            return b""
    parts: list[bytes] = []
    size = 0
    while piece := response.read1(min(_CHUNK, most_bytes + 1 - size)):
        parts.append(piece)
        size += len(piece)
        if size > most_bytes:
            raise OnlineError(f"{host} sends more than the {most_bytes:,} bytes that were expected")
    if response.length:
        raise http.client.IncompleteRead(b"")
    return b"".join(parts)


def _retry_after(answer: Answer) -> float:
    """Seconds that a busy server asks for; 0 where it does not say."""
    text = answer.header("Retry-After").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _unreachable(host: str, error: object) -> UnreachableError:
    passing = not isinstance(error, ssl.SSLError | ConnectionRefusedError)
    return UnreachableError(host, _reason(error), passing=passing)


def _reason(error: object) -> str:
    """What went wrong in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "no secure connection comes about"
    if isinstance(error, socket.gaierror):
        return "there is no such host, or no network"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the answer broke off"
