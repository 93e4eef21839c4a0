"""The top-level Dockerfile, built and run by a real engine.

What `multistage` says about this image is compared with the engine in files of their own beside this one;
the fixtures in conftest.py (`docker`, `build`, `built`) are for them too.
"""

from __future__ import annotations

import json
import shutil
import socket
import tarfile
from http.client import HTTPConnection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Build, Built, Container, Docker, RunContainer

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parent.parent.parent
BODY = b'{"features": [1.0, 2.0, 3.0, 4.0]}'
# Bounds for what hangs. Docker's own patience after SIGTERM is 10 s; then it kills, and the exit code is 137.
SOCKET_SECONDS = 60
STOP_SECONDS = 10


def request(container: Container, method: str, path: str, body: bytes | None = None) -> tuple[int, str, Any]:
    """Status, media type and JSON body of an answer."""
    connection = HTTPConnection("127.0.0.1", container.port, timeout=SOCKET_SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.headers.get_content_type(), json.loads(response.read())
    finally:
        connection.close()


def stopped_in_time(container: Container) -> int:
    """Waits for the end after SIGTERM, no longer than Docker does; the exit code."""
    return int(container.docker.run("wait", container.name, timeout_seconds=STOP_SECONDS))


@pytest.fixture(scope="module")
def files(docker: Docker, built: Built, tmp_path_factory: pytest.TempPathFactory) -> set[PurePosixPath]:
    """Every path in the image."""
    archive = tmp_path_factory.mktemp("image") / "files.tar"
    container = docker.run("create", built.image).strip()
    try:
        docker.run("export", "--output", str(archive), container)
    finally:
        docker.run("rm", container)
    with tarfile.open(archive) as tar:
        return {PurePosixPath("/") / name for name in tar.getnames()}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/health", None, 200),
        ("GET", "/ready", None, 200),
        ("GET", "/version", None, 200),
        ("GET", "/openapi.json", None, 200),
        ("POST", "/predict", BODY, 200),
        ("POST", "/predict", b'{"features": [NaN, 1, 2, 3]}', 422),
        ("POST", "/predict", b"{", 400),
        ("POST", "/predict", BODY + b" " * 65536, 413),
        ("GET", "/predict", None, 405),
        ("GET", "/nothing", None, 404),
    ],
)
def test_healthy_container_answers(
    service: Container, method: str, path: str, body: bytes | None, status: int
) -> None:
    answered, media_type, document = request(service, method, path, body)
    assert answered == status
    assert media_type == ("application/json" if status == 200 else "application/problem+json")
    assert document


def test_prediction_is_right(service: Container) -> None:
    _, _, answer = request(service, "POST", "/predict", b'{"features": [5.1, 3.5, 1.4, 0.2]}')
    assert answer["class"] == "setosa"
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_build_arguments_reach_the_service_and_the_labels(
    docker: Docker, built: Built, service: Container
) -> None:
    assert request(service, "GET", "/version")[2] == {
        "version": built.arguments["VERSION"],
        "revision": built.arguments["REVISION"],
    }
    labels = docker.inspect(built.image)["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == built.arguments["VERSION"]
    assert labels["org.opencontainers.image.revision"] == built.arguments["REVISION"]
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    assert labels["org.opencontainers.image.title"]


def test_user_is_a_number_and_has_no_power(docker: Docker, built: Built, service: Container) -> None:
    assert docker.inspect(built.image)["Config"]["User"] == "10001:10001"
    status = dict(
        line.split(":\t", 1)
        for line in service.execute("cat", "/proc/1/status").splitlines()
        if ":\t" in line
    )
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def test_user_cannot_write_the_code_even_where_the_disk_is_writable(docker: Docker, built: Built) -> None:
    owned = docker.run(
        *("run", "--rm", "--network=none", built.image),
        *("find", "/app", "/opt/venv", "-writable", "-not", "-type", "l"),
    )
    assert owned == ""


def test_nothing_of_the_build_is_in_the_image(files: set[PurePosixPath]) -> None:
    names = {path.name for path in files if path.parent.name in {"bin", "sbin"}}
    assert "python" in names
    assert names.isdisjoint(
        {"gcc", "cc", "g++", "c++", "clang", "make", "ld", "as", "cargo", "rustc", "curl", "git"}
    )
    caches = {
        path for path in files if ("pip" in path.parts and ".cache" in path.parts) or path.suffix == ".whl"
    }
    assert {path for path in caches if "ensurepip" not in path.parts} == set()


def test_environment_holds_what_the_service_needs_and_no_more(files: set[PurePosixPath]) -> None:
    site_packages = PurePosixPath("/opt/venv/lib/python3.12/site-packages")
    packages = {path.name for path in files if path.parent == site_packages}
    assert {"fastapi", "uvicorn", "pydantic"} <= packages
    assert packages.isdisjoint({"pip", "setuptools", "pytest", "httpx2", "sklearn", "numpy", "typer", "rich"})


def test_code_is_all_that_comes_from_the_repository(files: set[PurePosixPath]) -> None:
    code = {f"/app/sample_service/{path.name}" for path in (ROOT / "sample_service").glob("*.py")}
    ours = {str(path) for path in files if path.is_relative_to("/app")}
    assert ours == {"/app", "/app/sample_service", "/app/sample_service/model.json", *code}


def test_builder_warns_of_nothing(docker: Docker) -> None:
    result = docker.attempt("build", "--check", str(ROOT))
    if "unknown flag" in result.stderr:
        pytest.skip("this builder has no checks")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "no warnings found" in result.stdout + result.stderr


def test_changed_code_installs_nothing_again(docker: Docker, build: Build, tmp_path: Path) -> None:
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "sample_service", tmp_path / "sample_service")
    first = docker.inspect(build(tmp_path).image)["RootFS"]["Layers"]

    with (tmp_path / "sample_service" / "routes.py").open("a") as file:
        file.write("# changed\n")
    second = docker.inspect(build(tmp_path, VERSION="next").image)["RootFS"]["Layers"]

    # An installation run again never has the same digest: its files' times differ.
    assert len(first) == len(second)
    assert [index for index, layer in enumerate(first) if layer != second[index]] == [len(first) - 1]


def test_sigterm_stops_it_in_time_and_finishes_what_it_does(run_container: RunContainer) -> None:
    container = run_container()
    container.wait_for_health("healthy")
    with socket.create_connection(("127.0.0.1", container.port), SOCKET_SECONDS) as connection:
        head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:10])
        # An answer on another connection shows that the service has read the first one's half.
        assert request(container, "GET", "/health")[0] == 200
        container.docker.run("kill", "--signal=TERM", container.name)
        connection.sendall(BODY[10:])
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 200 ")
    assert stopped_in_time(container) == 0
    paths = [line["path"] for line in container.logs() if line["logger"] == "sample_service.access"]
    assert paths[-1] == "/predict"


def test_frozen_service_becomes_unhealthy(run_container: RunContainer) -> None:
    container = run_container("--health-retries=1")
    container.wait_for_health("healthy")
    container.docker.run("kill", "--signal=STOP", container.name)
    container.wait_for_health("unhealthy")
    container.docker.run("kill", "--signal=KILL", container.name)


def test_target_test_runs_the_tests_and_no_other_build_does(build: Build, built: Built) -> None:
    assert "[builder " in built.output
    assert "[test " not in built.output
    # A run of the tests from the builder's cache prints nothing again.
    output = build(ROOT, "--target", "test").output
    assert "RUN python -m pytest" in output
