"""What base images weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multistage_cli.facts.images import Certainty
from multistage_cli.sizes.model import BaseSize
from multistage_cli.sizes.ranges import Range

if TYPE_CHECKING:
    from multistage_cli.build.evaluate import EvaluatedStage
    from multistage_cli.facts.configurations import Registered
    from multistage_cli.facts.images import Image, Lookup

ANY_IMAGE = Range(13_000_000, 193_000_000, 1_130_000_000)
"""An image of which nothing is known: the 5th, 50th and 95th percentile of the catalogue's sizes
(tests/sizes/test_bases.py works them out again)."""


def base_size(entry: EvaluatedStage) -> BaseSize:
    """What the image that a stage starts from weighs; for a base that is no stage."""
    base = entry.stage.base
    if entry.lookup is None:
        text = f"the size of the base image {base.label} on line {entry.stage.head.span.first}"
        return BaseSize(base.label, ANY_IMAGE, text, known=False)
    return lookup_size(base.label, entry.lookup)


def lookup_size(label: str, lookup: Lookup) -> BaseSize:
    """What the facts say of an image."""
    if lookup.registered is not None:
        low, high = lookup.registered.size_range_bytes
        return BaseSize(
            label, Range(low, lookup.registered.size_bytes, high), _untold(label, lookup.registered)
        )
    ends = lookup.size_range_bytes
    if lookup.image is None or lookup.image.size_bytes is None or ends is None:
        text = f"the size of {label}, which the catalogue of images does not have"
        return BaseSize(label, ANY_IMAGE, text, known=False)
    size = Range(ends[0], lookup.image.size_bytes, ends[1])
    if lookup.certainty is Certainty.LIKELY:
        return BaseSize(label, size, f"the exact size of {label}. {lookup.because.rstrip('.')}")
    return BaseSize(label, size)


def _untold(label: str, registered: Registered) -> str | None:
    """What its registry does not tell of an image, in words; None for nothing."""
    texts = []
    if count := registered.unread_layers:
        layers = "one layer" if count == 1 else f"{count} layers"
        texts.append(f"the exact size of {label}, of which the registry tells {layers} only compressed")
    if registered.configuration.triggers:
        texts.append(f"what the ONBUILD instructions of {label} add")
    return "; ".join(texts) or None


def image_size(image: Image) -> Range:
    """The size of an image that the catalogue has.

    Raises:
        ValueError: it has no size there.
    """
    if image.size_bytes is None:
        raise ValueError(f"no size is known of {image.reference}")
    return Range(
        max(0, image.size_bytes - image.size_error_bytes),
        image.size_bytes,
        image.size_bytes + image.size_error_bytes,
    )
