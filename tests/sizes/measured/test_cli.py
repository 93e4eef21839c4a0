"""`multistage sizes --archive` and `--image`, as a person runs them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from multistage_cli.cli import main
from tests.sizes.measured.archives import Packed, docker_save, oci_layout, tar_of

DOCKERFILE = """\
FROM debian:trixie-slim
WORKDIR /app
COPY . .
RUN make
"""
LAYERS = (
    tar_of({"bin/sh": 70}),
    tar_of({"app": "folder"}),
    tar_of({"app/a": 20}),
    tar_of({"app/b": 5, "bin/sh": 9}),
)
HISTORY = (
    ("base", True), ("WORKDIR /app", True), ("COPY . . # buildkit", True), ("RUN /bin/sh -c make # buildkit", True),
)  # fmt: skip
BUILT = Packed(LAYERS, HISTORY)


@pytest.fixture(autouse=True)
def in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text(DOCKERFILE)
    Path(".dockerignore").write_text("*.tar\n")
    Path("image.tar").write_bytes(tar_of(docker_save(BUILT)))


def test_an_archive(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sizes", "--archive", "image.tar", "--width", "100"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "Measured beside estimated, image.tar:" in captured.out
    assert "no line fits" not in captured.out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sizes", "--archive", "image.tar", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["measured"]
    assert found["source"] == "image.tar"
    assert (found["bytes"], found["base"]["bytes"], found["unmatched"], found["notes"]) == (104, 70, [], [])
    assert [(layer["line"], layer["bytes"]) for layer in found["layers"]] == [(2, 0), (3, 20), (4, 14)]
    assert found["wasted"] == [{"path": "/bin/sh", "bytes": 70, "line": None, "by_line": 4}]
    assert found["heaviest"][:2] == [
        {"path": "/bin/sh", "bytes": 70, "line": None}, {"path": "/app/a", "bytes": 20, "line": 3},
    ]  # fmt: skip


def test_the_name_of_one_of_several_images(capsys: pytest.CaptureFixture[str]) -> None:
    other = Packed(LAYERS[:1], HISTORY[:1], names=("other:1",))
    Path("image.tar").write_bytes(tar_of(oci_layout(BUILT, other)))
    assert main(["sizes", "--archive", "image.tar"]) == 2
    assert "say which with --image NAME" in capsys.readouterr().err
    assert main(["sizes", "--archive", "image.tar", "--image", "app"]) == 0


def test_an_archive_on_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Piped(io.BytesIO):
        def fileno(self) -> int:
            return reader.fileno()

    with Path("image.tar").open("rb") as reader:
        reader.seek(1)  # as after something else has read of it
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Piped(Path("image.tar").read_bytes())))
        assert main(["sizes", "--archive", "-", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["measured"]
    assert (found["source"], found["bytes"]) == ("standard input", 104)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--archive", "none.tar"], "cannot read none.tar: No such file or directory"),
        (["--archive", "."], "is a folder"),
        (["--archive", "Dockerfile"], "Dockerfile cannot be read as an image: "),
        (["--image", "-x"], '"-x" is no image name'),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["sizes", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("multistage: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_one_standard_input_is_not_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"FROM debian:trixie-slim\n")))
    assert main(["sizes", "-", "--archive", "-"]) == 2
    assert "--archive needs a file" in capsys.readouterr().err


def test_no_engine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    assert main(["sizes", "--image", "app"]) == 2
    assert "cannot get the image app: no engine answers at" in capsys.readouterr().err
