"""Run the service: `python -m sample_service`."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

# Docker waits 10 s after SIGTERM before it kills, Kubernetes 30 s. The promise is 5 s in all, of which this
# is what requests in flight get.
GRACEFUL_SECONDS: Final = 3


def main() -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight and exit with 0.

    Exits with 2 where a setting is wrong and with 3 where the service cannot start (uvicorn's code).
    """
    # Before the imports, which take most of the start: as process 1 of a container a process has no
    # default action for SIGTERM, so one that came early would be lost. uvicorn puts its own handlers
    # in place while it serves, and hands the signal to this one when it has stopped.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)

    import uvicorn

    from sample_service.app import create_app
    from sample_service.logs import log_json_lines
    from sample_service.protocol import ProblemProtocol
    from sample_service.settings import Settings, SettingsError

    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        sys.stderr.write(f"sample_service: {error}\n")
        sys.exit(2)
    log_json_lines(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=ProblemProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)


if __name__ == "__main__":
    main()
