"""The image's health check: `python -m sample_service.healthcheck` exits with 0 when the service is ready.

The base image has no curl, and needs none: Python is there.
"""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Final

from sample_service.settings import Settings, SettingsError

# Docker's own time-out, in the Dockerfile, is longer: so a check that hangs says why.
TIMEOUT_SECONDS: Final = 2.0
# These addresses mean "every address of this machine" to a server, and are none to call.
LOOPBACK: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not listened on


def check(settings: Settings) -> str | None:
    """Ask the service whether it is ready.

    Returns:
        What is wrong, or None.
    """
    # http.client takes no notice of http_proxy.
    host = LOOPBACK.get(settings.host, settings.host)
    connection = HTTPConnection(host, settings.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/ready")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"no answer from {host}:{settings.port}: {error}"
    finally:
        connection.close()
    return None if status == HTTPStatus.OK else f"/ready answered {status}"


def main() -> None:
    """Exit with 0 if the service is ready, else say why not and exit with 1."""
    try:
        fault = check(Settings.from_environment())
    except SettingsError as error:
        fault = str(error)
    if fault is not None:
        sys.stderr.write(f"unhealthy: {fault}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
