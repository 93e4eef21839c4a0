"""What `multistage sizes` says of the top-level Dockerfile, beside the image that an engine really builds.

The engine's base image may be a stand-in of the real one, so what comes on top of it is compared: each
layer of the image against the layer of the same instruction.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse
from multistage_cli.sizes.estimate import estimate_sizes
from multistage_cli.sizes.model import Layer

if TYPE_CHECKING:
    from conftest import Built, Docker

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parent.parent.parent
BASE_IMAGE = "python:3.12-slim"
CONFIGURATION_BYTES = 20_000  # /etc/passwd and its kin, which useradd writes anew


@pytest.fixture(scope="module")
def layers() -> tuple[Layer, ...]:
    file = ROOT / "Dockerfile"
    build = evaluate(parse(file.read_text(encoding="utf-8")), file=file, context=open_context(ROOT, file))
    sizes = estimate_sizes(build)
    assert sizes.unknown == ()
    return next(stage.layers for stage in sizes.stages if stage.stage == sizes.target)


def test_the_layers_on_top_of_the_base_image(docker: Docker, built: Built, layers: tuple[Layer, ...]) -> None:
    on_top = docker.inspect(built.image)["Size"] - docker.inspect(BASE_IMAGE)["Size"]
    low = sum(layer.size.low for layer in layers)
    high = sum(layer.size.high for layer in layers)
    assert low <= on_top <= high + CONFIGURATION_BYTES


def test_each_layer(docker: Docker, built: Built, layers: tuple[Layer, ...]) -> None:
    lines = docker.run(
        "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", built.image
    )
    history = [line.partition(" ") for line in reversed(lines.splitlines())]
    real = [
        (words.split(" ", 1)[0], int(size))
        for size, _, words in history
        if words.startswith(("RUN ", "WORKDIR ", "COPY "))
    ][-len(layers) :]
    assert [name for name, _ in real] == [layer.instruction.split()[0] for layer in layers]
    for (_, size), layer in zip(real, layers, strict=True):
        slack = CONFIGURATION_BYTES if layer.instruction.startswith("RUN") else 0
        assert layer.size.low <= size <= layer.size.high + slack, (layer, size)
