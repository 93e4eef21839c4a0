from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from sample_service.logs import JsonLines, log_json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back after the test as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # Taken away, so that setting the logs up anew does not close pytest's own.
    root.handlers.clear()
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_each_record_is_one_json_line_on_standard_output(
    root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log_json_lines("INFO")
    logging.getLogger("a.b").info("two\nlines, 100 %s", "%", extra={"fields": {"n": 1, "odd": {1}}})
    logging.getLogger("a.b").debug("too quiet")
    output, errors = capsys.readouterr()
    assert errors == ""
    line = json.loads(output)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "a.b",
        "message": "two\nlines, 100 %",
        "n": 1,
        "odd": "{1}",
    }
    assert output.count("\n") == 1


def test_level_holds_for_the_server_too(
    root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    log_json_lines("WARNING")
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("uvicorn.error").warning("odd")
    assert [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()] == ["odd"]


def test_traceback_stays_on_the_line() -> None:
    try:
        int("broken\ninside")
    except ValueError as error:
        record = logging.LogRecord(
            "a", logging.ERROR, __file__, 1, "failed\n", None, (type(error), error, None)
        )
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "failed"
    assert "ValueError: invalid literal" in json.loads(line)["traceback"]
