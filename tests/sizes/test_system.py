"""What apk adds to a layer."""

from __future__ import annotations

import pytest

from multistage_cli.sizes.model import Layer
from tests.sizes.built import layers_of, sizes_of


def built(*runs: str, image: str = "alpine:3.22") -> Layer:
    text = "".join(f"RUN {run}\n" for run in runs)
    return layers_of(sizes_of(f"FROM {image}\n{text}"))[-1]


def whats(layer: Layer) -> list[str]:
    return [part.what for part in layer.parts]


def test_each_name_has_what_it_alone_brings() -> None:
    layer = built("apk add --no-cache curl git")
    assert whats(layer) == ["curl", "git", "records of apk"]
    alone = built("apk add --no-cache git")
    assert layer.parts[1].size.estimate < alone.parts[0].size.estimate
    assert layer.unknown == ()


def test_what_an_earlier_layer_has_is_not_brought_again() -> None:
    assert whats(built("apk add --no-cache git", "apk add --no-cache git")) == []


def test_a_group_that_goes_again_is_in_no_layer() -> None:
    assert whats(built("apk add --no-cache --virtual .build gcc musl-dev && apk del .build")) == []
    assert whats(built("apk add --no-cache gcc git && apk del gcc")) == ["git", "records of apk"]


@pytest.mark.parametrize(("run", "kept"), [("apk add curl", True), ("apk add --no-cache curl", False)])
def test_the_index_stays_without_an_option(run: str, *, kept: bool) -> None:
    assert ("apk package lists" in whats(built(run))) is kept


def test_a_package_that_nobody_knows_is_a_guess_and_said_so() -> None:
    layer = built("apk add --no-cache vips")
    assert layer.parts[0].guessed
    assert layer.unknown == ("what vips weighs, which apk installs on line 2",)


def test_dnf_stays_unknown() -> None:
    assert built("dnf install -y git", image="fedora:42").unknown == ("what dnf installs on line 2 (git)",)
