"""The service's settings: the only module that reads the environment.

It imports nothing but the standard library, so that the health check of the image starts quickly.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MAX_PORT: Final = 65535
BUNDLED_MODEL: Final = Path(__file__).with_name("model.json")


class SettingsError(ValueError):
    """A variable of the environment has a value that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What may differ from one place of deployment to the next.

    The variables have no common prefix: Kubernetes puts `NAME_PORT=tcp://10.0.0.1:8000` into the
    environment for every service called NAME, and so breaks what calls its own port NAME_PORT.

    Attributes:
        host: Address to listen on (`HOST`).
        port: TCP port to listen on; 0 takes a free one (`PORT`).
        log_level: Least severe level that is logged, one of `LOG_LEVELS` (`LOG_LEVEL`, any case).
        model_path: The model's file (`MODEL_PATH`).
        version: The release that runs, from the image's build argument (`VERSION`).
        revision: The commit that it was built from (`REVISION`).
    """

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    model_path: Path = field(default=BUNDLED_MODEL)
    version: str = "dev"
    revision: str = "unknown"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check the settings; a variable that is unset or empty leaves its default.

        Raises:
            SettingsError: a value cannot be used.
        """
        default = cls()
        return cls(
            host=environment.get("HOST") or default.host,
            port=_port(environment.get("PORT") or str(default.port)),
            log_level=_log_level(environment.get("LOG_LEVEL") or default.log_level),
            model_path=Path(environment.get("MODEL_PATH") or default.model_path),
            version=environment.get("VERSION") or default.version,
            revision=environment.get("REVISION") or default.revision,
        )


def _port(text: str) -> int:
    # isdecimal() alone lets other scripts' digits pass, and int() also takes "+1" and "1_0".
    if not (
        text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PORT)) and int(text) <= MAX_PORT
    ):
        raise SettingsError(f"PORT must be a number from 0 to {MAX_PORT}, not {text!r}")
    return int(text)


def _log_level(text: str) -> str:
    level = text.upper()
    if level not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {text!r}")
    return level
