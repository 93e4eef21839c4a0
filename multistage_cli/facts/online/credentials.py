"""The user's own logins at registries, as `docker login` keeps them.

A login is looked up under the name of the registry that is asked and is used for that one alone.

Source: docker/cli, cli/config/configfile/file.go (`GetAuthConfig`, `getConfiguredCredentialStore`) and
credentials/file_store.go (`ConvertToHostname`); docker/docker-credential-helpers for the helpers' protocol.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HELPER_SECONDS: Final = 10
_LARGEST_BYTES: Final = 1_000_000
_NO_USER: Final = "<token>"


@dataclass(frozen=True, slots=True)
class Login:
    """How the user logs in at one registry; its text form keeps the secrets.

    Attributes:
        user: name, empty where an identity token stands for it.
        password: or access token.
        identity_token: a refresh token of OAuth 2.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The Authorization header of HTTP Basic; empty without a user."""
        if not self.user:
            return ""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class Logins:
    """The logins of Docker's configuration.

    Attributes:
        configuration: its text as data.
        path: the value of PATH, to find helper programs in.
    """

    configuration: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None

    def of(self, registry: str) -> Login | None:
        """The user's login at a registry.

        Args:
            registry: its host, with a port where there is one; `docker.io` for Docker Hub.
        """
        key = DOCKER_HUB_KEY if registry == "docker.io" else registry
        helper = _table(self.configuration, "credHelpers").get(key) or self.configuration.get("credsStore")
        if isinstance(helper, str) and helper:
            return self._from_helper(helper, key)
        auths = _table(self.configuration, "auths")
        entry = auths.get(key)
        if entry is None:
            host = _host(key)
            entry = next((value for name, value in auths.items() if _host(name) == host), None)
        return _login(entry)

    def _from_helper(self, helper: str, key: str) -> Login | None:
        """Ask `docker-credential-HELPER get`, which reads the key and prints a login as JSON."""
        program = shutil.which(f"docker-credential-{helper}", path=self.path)
        if not _HELPER.fullmatch(helper) or program is None:
            return None
        try:
            done = subprocess.run(  # noqa: S603 - named by the user's own configuration
                [program, "get"],
                input=key.encode(),
                capture_output=True,
                timeout=_HELPER_SECONDS,
                check=False,
            )
            found = json.loads(done.stdout[:_LARGEST_BYTES]) if done.returncode == 0 else None
        except (OSError, subprocess.SubprocessError, ValueError, RecursionError):
            return None
        if not isinstance(found, dict):
            return None
        user, secret = found.get("Username"), found.get("Secret")
        if not isinstance(user, str) or not isinstance(secret, str) or not secret:
            return None
        return Login(identity_token=secret) if user == _NO_USER else Login(user, secret)


def read_logins(environment: Mapping[str, str]) -> Logins:
    """The logins in `config.json` of DOCKER_CONFIG or ~/.docker; none where that cannot be read."""
    folder = environment.get("DOCKER_CONFIG")
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if not folder and not home:
        return Logins()
    path = Path(folder) if folder else Path(str(home), ".docker")
    try:
        with (path / "config.json").open("rb") as file:
            data = json.loads(file.read(_LARGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return Logins()
    return Logins(data if isinstance(data, dict) else {}, environment.get("PATH"))


def _login(entry: object) -> Login | None:
    if not isinstance(entry, dict):
        return None
    token = entry.get("identitytoken")
    if isinstance(token, str) and token:
        return Login(identity_token=token)
    user, password, both = entry.get("username"), entry.get("password"), entry.get("auth")
    if isinstance(both, str) and both:
        try:
            text = base64.b64decode(both, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        user, _, password = text.partition(":")
        password = password.rstrip("\0")
    if not isinstance(user, str) or not isinstance(password, str) or not user:
        return None
    return Login(user, password)


def _host(name: str) -> str:
    """The host of a key, which older logins wrote as a URL."""
    return name.partition("://")[2].partition("/")[0] if "://" in name else name.partition("/")[0]


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
