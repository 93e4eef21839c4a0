"""Logs as JSON lines on standard output, the server's own included."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from sample_service.middleware import current_request_id


class JsonLines(logging.Formatter):
    """One JSON object a record, in ASCII: no line break or control character of a caller gets through."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, with what was given as `extra={"fields": {...}}` at its top level."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage().rstrip(),
        }
        identifier = current_request_id.get()
        if identifier is not None:
            line["request_id"] = identifier
        line.update(getattr(record, "fields", ()))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_json_lines(level: str) -> None:
    """Send all of the process's logs, from this level on, to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
