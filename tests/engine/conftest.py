"""A Docker engine and the image of the top-level Dockerfile, for every test in this folder.

The tests need a `docker` that works, found as the command itself finds it (DOCKER_HOST, contexts), and the
base image in its store, since an engine may have no registry to pull from. Where one of them is missing
they are skipped with the reason, or fail if MULTISTAGE_REQUIRE_ENGINE is 1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BASE_IMAGE = "python:3.12-slim"
REQUIRED = "MULTISTAGE_REQUIRE_ENGINE"
ANSWER_SECONDS = 30
COMMAND_SECONDS = 60
BUILD_SECONDS = 600
HEALTH_SECONDS = 120

# How the Dockerfile's first lines say to run the service.
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


@dataclass(frozen=True, slots=True)
class Docker:
    """The `docker` command."""

    executable: str

    def run(self, *arguments: str, timeout_seconds: float = COMMAND_SECONDS) -> str:
        """Standard output of a command that must succeed."""
        result = self.attempt(*arguments, timeout_seconds=timeout_seconds)
        assert result.returncode == 0, f"docker {' '.join(arguments)}:\n{result.stdout}{result.stderr}"
        return result.stdout

    def attempt(
        self, *arguments: str, timeout_seconds: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """A command that may fail."""
        return subprocess.run(
            [self.executable, *arguments],
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine knows of an image or a container."""
        [document] = json.loads(self.run("inspect", name))
        return dict(document)


@dataclass(frozen=True, slots=True)
class Built:
    """An image, what the builder printed while it was built, and the build arguments."""

    image: str
    output: str
    arguments: dict[str, str]


Build = Callable[..., Built]


@dataclass(slots=True)
class Container:
    """A container of the service that runs, its port published on loopback."""

    docker: Docker
    name: str
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = int(self.docker.run("port", self.name, "8000/tcp").splitlines()[0].rpartition(":")[2])

    def execute(self, *command: str) -> str:
        """Output of a command inside."""
        return self.docker.run("exec", self.name, *command)

    def wait_for_health(self, wanted: str) -> None:
        """Returns when the health check says so."""
        end = time.monotonic() + HEALTH_SECONDS
        while (state := self.docker.inspect(self.name)["State"])["Health"]["Status"] != wanted:
            assert state["Running"], self.docker.run("logs", self.name)
            assert time.monotonic() < end, state["Health"]
            time.sleep(0.2)

    def logs(self) -> list[dict[str, Any]]:
        """What the service logged so far."""
        return [json.loads(line) for line in self.docker.run("logs", self.name).splitlines()]


RunContainer = Callable[..., Container]


@pytest.fixture(scope="session")
def docker() -> Docker:
    """An engine that answers and has the base image."""
    executable = shutil.which("docker")
    if executable is None:
        _unavailable("there is no docker command")
    docker = Docker(executable)
    try:
        version = docker.attempt("version", "--format", "{{.Server.Version}}", timeout_seconds=ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        _unavailable("the Docker engine does not answer")
    if version.returncode != 0:
        _unavailable(f"no Docker engine: {version.stderr.strip()}")
    if docker.attempt("image", "inspect", BASE_IMAGE).returncode != 0:
        _unavailable(f"the engine has no image {BASE_IMAGE}: docker pull {BASE_IMAGE}")
    return docker


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} ({REQUIRED} is 1)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def build(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Builds a folder's Dockerfile, and removes the images at the end.

    Takes the folder, further options of `docker build`, and build arguments as keywords.
    """
    names: list[str] = []

    def build_image(context: Path, *options: str, **arguments: str) -> Built:
        name = f"multistage-test-{uuid.uuid4().hex}"
        result = docker.attempt(
            # The host's network, because an engine may have no other.
            *("build", "--network=host", "--progress=plain", "--tag", name, *options),
            *(f"--build-arg={argument}={value}" for argument, value in arguments.items()),
            str(context),
            timeout_seconds=BUILD_SECONDS,
        )
        output = result.stdout + result.stderr
        assert result.returncode == 0, output
        names.append(name)
        return Built(name, output, arguments)

    yield build_image
    if names:
        docker.run("image", "rm", "--force", *names)


@pytest.fixture(scope="session")
def built(build: Build) -> Built:
    """The top-level Dockerfile, built as its own first lines say."""
    return build(ROOT, VERSION="9.8.7", REVISION="0123456789abcdef0123456789abcdef01234567")


@pytest.fixture(scope="session")
def network(docker: Docker) -> Iterator[str]:
    """A network whose containers can publish ports, which an engine's default one may not be."""
    name = f"multistage-test-{uuid.uuid4().hex}"
    docker.run("network", "create", name)
    yield name
    docker.run("network", "rm", name)


@pytest.fixture(scope="session")
def run_container(docker: Docker, built: Built, network: str) -> Iterator[RunContainer]:
    """Runs the image hardened, with further options of `docker run`; removes the containers at the end."""
    names: list[str] = []

    def run(*options: str) -> Container:
        name = f"multistage-test-{uuid.uuid4().hex}"
        names.append(name)
        docker.run(
            *("run", "--detach", "--name", name, "--network", network, "--publish", "127.0.0.1::8000"),
            *HARDENED,
            # Docker asks for the first time after one interval, which is 30 s in the image, and in the start
            # period, which 0 does not unset, every 5 s.
            *("--health-interval=1s", "--health-start-period=1ms"),
            *options,
            built.image,
        )
        return Container(docker, name)

    yield run
    if names:
        docker.attempt("rm", "--force", *names)


@pytest.fixture(scope="session")
def service(run_container: RunContainer) -> Container:
    """One healthy container for all tests that leave it running."""
    container = run_container()
    container.wait_for_health("healthy")
    return container
