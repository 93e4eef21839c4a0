"""The service in this process (`client`) and as a process of its own on loopback (`start`)."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

import sample_service
from sample_service.app import create_app
from sample_service.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

ROOT = Path(sample_service.__file__).resolve().parent.parent
# Bounds for what hangs; a busy machine takes long over an import.
PATIENCE_SECONDS = 60


@pytest.fixture
def app() -> FastAPI:
    """The service, with settings of its own."""
    return create_app(Settings(version="1.2.3", revision="abc123"))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """The service, started; a failure inside is an answer, not an exception."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@dataclass
class Process:
    """A service that runs: its port, and the lines that it has logged so far."""

    popen: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    ended: bool = False

    def follow(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, text: str) -> str:
        """The first line that holds the text, once it is there."""

        def found() -> str | None:
            return next((line for line in self.lines if text in line), None)

        with self.changed:
            self.changed.wait_for(lambda: found() or self.ended, PATIENCE_SECONDS)
            line = found()
        assert line is not None, f"no {text!r} in the log:\n" + "\n".join(self.lines)
        return line

    @property
    def port(self) -> int:
        match = re.search(r"http://127\.0\.0\.1:(\d+)", self.wait_for("running on"))
        assert match is not None
        return int(match[1])

    def terminate(self) -> None:
        self.popen.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Waits for the end."""
        return self.popen.wait(PATIENCE_SECONDS)

    def log(self) -> list[dict[str, Any]]:
        """The whole log of a process that has ended; each line is JSON."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended, PATIENCE_SECONDS)
        return [json.loads(line) for line in self.lines]


Start = Callable[..., Process]


@contextmanager
def processes() -> Iterator[Start]:
    """Starts `python -m sample_service` on free ports of loopback, and ends whatever was started."""
    running: list[tuple[Process, threading.Thread]] = []

    def start_service(**environment: str) -> Process:
        popen = subprocess.Popen(
            [sys.executable, "-m", "sample_service"],
            cwd=ROOT,
            env={**os.environ, "HOST": "127.0.0.1", "PORT": "0", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        process = Process(popen)
        reader = threading.Thread(target=process.follow)
        reader.start()
        running.append((process, reader))
        return process

    try:
        yield start_service
    finally:
        for process, reader in running:
            process.popen.kill()
            process.popen.wait()
            reader.join()
            assert process.popen.stdout is not None
            process.popen.stdout.close()


@pytest.fixture
def start() -> Iterator[Start]:
    """For tests that stop the service, or need it set up in their own way."""
    with processes() as start:
        yield start


@pytest.fixture(scope="module")
def running() -> Iterator[Process]:
    """One service for all tests of a file that leave it running."""
    with processes() as start:
        yield start()
