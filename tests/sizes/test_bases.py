"""What base images weigh."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import quantiles

import pytest

from multistage_cli.facts.images import Certainty, resolve
from multistage_cli.sizes.bases import ANY_IMAGE, base_size, image_size, lookup_size
from tests.sizes.built import build_of, sizes_of

CATALOGUE = Path(__file__).parent.parent.parent / "scripts" / "facts" / "data" / "base-images.csv"


def test_any_image_is_the_catalogue_s_percentiles() -> None:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        sizes = [
            int(row["size_bytes_uncompressed"])
            for row in csv.DictReader(file)
            if row["size_bytes_uncompressed"]
        ]
    found = quantiles(sizes, n=20, method="inclusive")
    assert found[0] == pytest.approx(ANY_IMAGE.low, rel=0.05)
    assert found[9] == pytest.approx(ANY_IMAGE.estimate, rel=0.05)
    assert found[18] == pytest.approx(ANY_IMAGE.high, rel=0.05)


def test_known_image_has_its_size_and_nothing_unknown() -> None:
    found = lookup_size("python:3.12-slim", resolve("python:3.12-slim"))
    assert found.known
    assert found.unknown is None
    assert 100_000_000 < found.size.estimate < 150_000_000


def test_stand_in_is_wider_and_says_so() -> None:
    lookup = resolve("python:3.12.1-slim")
    assert lookup.certainty is Certainty.LIKELY
    found = lookup_size("python:3.12.1-slim", lookup)
    assert found.known
    assert found.size.low < found.size.estimate < found.size.high
    assert found.unknown is not None
    assert found.unknown.startswith("the exact size of python:3.12.1-slim. ")


@pytest.mark.parametrize("reference", ["example.com/team/base:1", "golang:latest", "not a name"])
def test_unknown_image_may_be_any(reference: str) -> None:
    found = lookup_size(reference, resolve(reference))
    assert not found.known
    assert found.size == ANY_IMAGE
    assert found.unknown == f"the size of {reference}, which the catalogue of images does not have"


def test_base_that_only_the_build_knows() -> None:
    build = build_of("ARG BASE\nFROM ${BASE}\n")
    found = base_size(build.stages[0])
    assert (found.size, found.known) == (ANY_IMAGE, False)
    assert found.unknown == "the size of the base image ${BASE} on line 2"


def test_scratch_weighs_nothing() -> None:
    sizes = sizes_of("FROM scratch\n")
    assert sizes.image.high == 0
    assert (sizes.base.reference, sizes.unknown) == ("scratch", ())


def test_stage_that_continues_another_holds_it() -> None:
    sizes = sizes_of("FROM alpine:3.22 AS base\nFROM base\nCOPY <<E /a\n12345\nE\n")
    base, last = sizes.stages
    assert last.size.estimate == base.size.estimate + len("12345\n")
    assert last.base.size == base.size
    assert sizes.base.reference == "alpine:3.22"


def test_image_without_a_size_has_no_range() -> None:
    image = resolve("golang:latest").image
    assert image is not None
    with pytest.raises(ValueError, match="no size is known"):
        image_size(image)
