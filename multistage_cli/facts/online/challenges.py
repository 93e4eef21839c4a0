"""What a registry asks for before it answers, and the tokens that it takes.

Source: distribution/distribution, docs/spec/auth/{token,oauth}.md, and RFC 9110 for WWW-Authenticate.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from multistage_cli.facts.online.addresses import host_of, is_loopback
from multistage_cli.facts.online.failures import OnlineError

if TYPE_CHECKING:
    from multistage_cli.facts.online.credentials import Login, Logins
    from multistage_cli.facts.online.transport import Answer, Transport

_LONGEST_CHALLENGE: Final = 4_000
_LARGEST_TOKEN_ANSWER: Final = 200_000
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,65536}")
_CHALLENGE = re.compile(r"(?i)(bearer|basic)(?:\s+|$)")
_PARAMETER = re.compile(r'\s*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')
_CLIENT: Final = "multistage"
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate: `scheme` in lower case, and its parameters."""

    scheme: str
    parameters: dict[str, str] = field(default_factory=dict)


def read_challenge(text: str) -> Challenge | None:
    """The challenge that a header field holds; None where it holds none that is understood."""
    found = _CHALLENGE.match(text[:_LONGEST_CHALLENGE].strip())
    if found is None:
        return None
    rest = text[:_LONGEST_CHALLENGE].strip()[found.end() :]
    parameters: dict[str, str] = {}
    at = 0
    while (entry := _PARAMETER.match(rest, at)) is not None and entry.end() > at:
        value = entry[3] if entry[2] is None else re.sub(r"\\(.)", r"\1", entry[2])
        parameters.setdefault(entry[1].lower(), value)
        at = entry.end()
    return Challenge(found[1].lower(), parameters)


@dataclass(slots=True)
class Doorkeeper:
    """Finds what opens each registry, and remembers it for this run.

    Attributes:
        transport: makes the requests.
        logins: of the user.
    """

    transport: Transport
    logins: Logins
    _open: dict[tuple[str, str], str] = field(default_factory=dict)
    _asked: dict[str, Login | None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def known(self, registry: str, path: str) -> str:
        """The Authorization header that opened a repository before; empty for none."""
        with self._lock:
            return self._open.get((registry, path), "")

    def authorization(self, registry: str, path: str, answer: Answer) -> str:
        """The Authorization header for a repository whose registry said 401.

        Raises:
            OnlineError: nothing opens it.
        """
        told = [read_challenge(text) for text in answer.headers.get_all("WWW-Authenticate") or ()]
        # A registry that offers both takes tokens from everybody, and names with passwords from few.
        challenge = max(filter(None, told), key=lambda entry: entry.scheme == "bearer", default=None)
        if challenge is None:
            raise OnlineError(f"{registry} asks for a login in a way that is not known here")
        secure = urlsplit(answer.url).scheme == "https" or is_loopback(urlsplit(answer.url).hostname or "")
        login = self._login(registry) if secure else None
        if challenge.scheme == "basic":
            found = login.basic if login else ""
        else:
            found = "Bearer " + self._token(challenge, registry, path, login)
        if not found:
            raise OnlineError(f"{registry} asks for a login: run docker login {registry}")
        with self._lock:
            self._open[registry, path] = found
        return found

    def _login(self, registry: str) -> Login | None:
        with self._lock:
            if registry not in self._asked:
                self._asked[registry] = self.logins.of(registry)
            return self._asked[registry]

    def _token(self, challenge: Challenge, registry: str, path: str, login: Login | None) -> str:
        """A token of the place that the registry names.

        As with Docker, the user's login for a registry goes to the host that this registry's own challenge
        names (Docker Hub: auth.docker.io). Other than with Docker it goes nowhere without https.
        """
        realm = challenge.parameters.get("realm", "")
        if not realm.lower().startswith("https://") and not is_loopback(
            urlsplit(f"//{registry}").hostname or ""
        ):
            raise OnlineError(f"{registry} asks for a login without https, which is not done")
        # Not the scope that the challenge names: nobody here wants to do more than read this repository.
        wanted = {"scope": f"repository:{path}:pull"}
        if service := challenge.parameters.get("service"):
            wanted["service"] = service
        found = ""
        if login is not None and login.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token,
                "client_id": _CLIENT,
            }
            found = self._asked_for(realm, data=urlencode({**form, **wanted}).encode())
        elif login is not None:
            found = self._asked_for(_with(realm, wanted), login.basic)
        # A login that is out of date does not shut the user out of what everybody may read.
        found = found or self._asked_for(_with(realm, wanted))
        if not found:
            raise OnlineError(
                f"{registry} gives no access to {path}: there is none of that name, or it needs docker login {registry}"
            )
        return found

    def _asked_for(self, url: str, authorization: str = "", data: bytes | None = None) -> str:
        private = {"Authorization": authorization} if authorization else {}
        if data is not None:
            private["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.transport.get(
            url,
            private=private,
            most_bytes=_LARGEST_TOKEN_ANSWER,
            method="GET" if data is None else "POST",
            data=data,
        )
        if answer.status != _OK:
            return ""
        try:
            found: Any = json.loads(answer.body)
        except (ValueError, RecursionError):
            found = None
        token = (found.get("token") or found.get("access_token")) if isinstance(found, dict) else None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise OnlineError(f"{host_of(url)} gives a token that is none")
        return token


def _with(url: str, query: dict[str, str]) -> str:
    return url + ("&" if "?" in url else "?") + urlencode(query)
