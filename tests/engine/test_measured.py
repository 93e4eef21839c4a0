"""What `multistage sizes --archive` and `--image` read of images that an engine really built.

Each layer weighs what `docker history` says, and each instruction finds its own.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.cli import main

if TYPE_CHECKING:
    from conftest import Build, Built, Docker

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parent.parent.parent

PLAIN = """\
ARG GREETING=hi
FROM python:3.12-slim AS builder
ARG GREETING
ARG MODE="a b"
ENV APP=/app
WORKDIR $APP
COPY --chown=1000:1000 a.txt b.txt ./
RUN mkdir -p /opt/x && \\
    # a comment
    head -c 3000000 /dev/zero > /opt/x/big   &&   \\
    echo "$GREETING"
RUN true
RUN ["/bin/sh", "-c", "echo   hi > /opt/exec"]
COPY --chmod=600 a.txt ${APP}/sub/

FROM builder
LABEL x=y
WORKDIR /
WORKDIR /opt
SHELL ["/bin/bash", "-ec"]
RUN rm /opt/exec && ln /opt/x/big /opt/x/link
RUN ln -s /opt/x/big /opt/symbolic && head -c 5000 /dev/zero > /opt/five
COPY --from=builder /opt/x/big /opt/exec /copied/
USER 1000
WORKDIR sub
CMD ["true"]
"""
HEREDOCS = """\
FROM python:3.12-slim
RUN <<EOF
set -e
head -c 100000 /dev/zero > /small
EOF
RUN <<EOF
#!/bin/sh
echo hi > /shebang
EOF
RUN <<-EOF cat > /from-cat
	text
	EOF
COPY <<ONE <<TWO a.txt /here/
one
ONE
two
TWO
ADD b.txt /added/
"""
LINKED = """\
FROM python:3.12-slim AS builder
RUN python -c "open('/out', 'wb').write(bytes(70000))"
FROM scratch
COPY --link --from=builder /out /bin/out
COPY --link a.txt b.txt /etc/
WORKDIR /work
"""
DELETING = """\
FROM python:3.12-slim
RUN mkdir -p /data/deep && head -c 200000 /dev/zero > /data/deep/one && head -c 900000 /dev/zero > /data/two
RUN rm -r /data/deep && chmod 600 /data/two
RUN rm -r /usr/share/doc && head -c 5 /dev/zero > /data/two
"""
CLASSIC = """\
FROM python:3.12-slim
ARG A=1
WORKDIR /w
COPY a.txt b.txt x/
ADD a.txt /z
ENV a=b
WORKDIR sub
COPY . .
"""
IMAGES = {"plain": PLAIN, "heredocs": HEREDOCS, "linked": LINKED, "deleting": DELETING}


def folder_of(tmp_path: Path, dockerfile: str) -> Path:
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / ".dockerignore").write_text("*.tar\n")
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "b.txt").write_text("bb\n")
    return tmp_path


def measured(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["sizes", *arguments, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["measured"]
    return found


def history(docker: Docker, image: str) -> list[tuple[str, int]]:
    """What the engine says of each instruction that may have a layer, the latest first."""
    lines = docker.run("history", "--no-trunc", "--human=false", "--format", "{{json .}}", image).splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        (entry["CreatedBy"], int(entry["Size"]))
        for entry in entries
        if entry["CreatedBy"].replace("/bin/sh -c #(nop) ", "").startswith(("RUN", "COPY", "ADD", "WORKDIR"))
    ]


def check(docker: Docker, found: dict[str, Any], image: str) -> None:
    said = [size for _, size in history(docker, image)]
    layers = found["layers"]
    assert [layer["bytes"] for layer in reversed(layers)] == said[: len(layers)]
    assert found["unmatched"] == []
    assert found["notes"] == []
    assert found["bytes"] == found["base"]["bytes"] + sum(layer["bytes"] for layer in layers)
    # The engine counts symbolic links of a layer that was imported, as the stand-in of a base image may be.
    size = docker.inspect(image)["Size"]
    assert found["bytes"] <= size <= found["bytes"] * 1.001


@pytest.mark.parametrize("name", IMAGES)
def test_each_layer_of_an_archive(
    docker: Docker, build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = folder_of(tmp_path, IMAGES[name])
    image = build(folder).image
    docker.run("save", "--output", str(tmp_path / "image.tar"), image)
    found = measured(capsys, str(folder / "Dockerfile"), "--archive", str(tmp_path / "image.tar"))
    check(docker, found, image)
    assert measured(capsys, str(folder / "Dockerfile"), "--image", image) == {**found, "source": image}
    if name == "deleting":
        hidden = {
            (entry["path"], entry["line"], entry["by_line"]): entry["bytes"] for entry in found["wasted"]
        }
        assert hidden["/data/deep/one", 2, 3] == 200_000
        assert hidden["/data/two", 2, 3] == 900_000
        assert hidden["/data/two", 3, 4] == 900_000


def test_the_top_level_dockerfile(docker: Docker, built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [f"--build-arg={name}={value}" for name, value in built.arguments.items()]
    found = measured(capsys, str(ROOT / "Dockerfile"), "--image", built.image, *arguments)
    check(docker, found, built.image)


def test_the_classic_builder(docker: Docker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path, CLASSIC)
    image = f"multistage-test-classic-{os.getpid()}"
    done = subprocess.run(
        [docker.executable, "build", "--tag", image, str(folder)],
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the engine has no classic builder: {done.stderr.strip()[-200:]}")
    try:
        check(docker, measured(capsys, str(folder / "Dockerfile"), "--image", image), image)
    finally:
        docker.run("image", "rm", "--force", image)


def test_an_image_that_is_not_there(docker: Docker, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sizes", str(ROOT / "Dockerfile"), "--image", "multistage-test-none:none"]) == 2
    assert "cannot get the image multistage-test-none:none" in capsys.readouterr().err
    assert docker.attempt("image", "inspect", "multistage-test-none:none").returncode != 0


def test_the_client_gives_the_same(
    docker: Docker, built: Built, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    over_socket = measured(capsys, str(ROOT / "Dockerfile"), "--image", built.image)
    monkeypatch.setattr("multistage_cli.sizes.measured.engine.addresses", lambda _environment: ())
    assert measured(capsys, str(ROOT / "Dockerfile"), "--image", built.image) == over_socket
