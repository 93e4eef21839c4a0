from __future__ import annotations

from pathlib import Path

import pytest

from sample_service.settings import BUNDLED_MODEL, Settings, SettingsError


def test_defaults_listen_on_loopback_only() -> None:
    assert Settings.from_environment({}) == Settings(
        host="127.0.0.1",
        port=8000,
        log_level="INFO",
        model_path=BUNDLED_MODEL,
        version="dev",
        revision="unknown",
    )


def test_every_setting_has_a_variable() -> None:
    environment = {
        "HOST": "::1",
        "PORT": "65535",
        "LOG_LEVEL": "warning",
        "MODEL_PATH": "/models/iris.json",
        "VERSION": "1.2.3",
        "REVISION": "abc123",
    }
    assert Settings.from_environment(environment) == Settings(
        host="::1",
        port=65535,
        log_level="WARNING",
        model_path=Path("/models/iris.json"),
        version="1.2.3",
        revision="abc123",
    )


def test_empty_variable_is_as_good_as_none() -> None:
    names = ("HOST", "PORT", "LOG_LEVEL", "MODEL_PATH", "VERSION", "REVISION")
    assert Settings.from_environment(dict.fromkeys(names, "")) == Settings()


@pytest.mark.parametrize(
    "port", ["-1", "65536", "8000.0", "+1", "1_0", " 80", "tcp://10.0.0.1:80", "٣", "1" * 5000]
)
def test_port_out_of_range_or_no_number_is_refused(port: str) -> None:
    with pytest.raises(SettingsError, match="PORT must be a number from 0 to 65535"):
        Settings.from_environment({"PORT": port})


def test_unknown_log_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"LOG_LEVEL must be one of DEBUG, INFO.*, not 'loud'"):
        Settings.from_environment({"LOG_LEVEL": "loud"})
