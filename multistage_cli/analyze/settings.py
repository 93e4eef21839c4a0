"""What the user asks of the analysis beside the Dockerfile: settings that rules look at."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class LabelFormat(StrEnum):
    """What a label's value is to look like; the words are those of hadolint's `label-schema`, and `rawtext`."""

    TEXT = "text"
    """Anything that is not empty."""
    RAW_TEXT = "rawtext"
    """Anything, also nothing: a label that must be there. hadolint has no word for it: its DL3051 is for all labels."""
    URL = "url"
    RFC3339 = "rfc3339"
    SPDX = "spdx"
    HASH = "hash"
    SEMVER = "semver"
    EMAIL = "email"


_NO_LABELS: Mapping[str, LabelFormat] = MappingProxyType({})


class Settings(Struct, frozen=True):
    """What rules look at.

    Attributes:
        trusted_registries: hosts that images may come from, as written (`*` stands for any text); empty
            for all.
        required_labels: labels that the image must have, each with what its value is to look like.
        strict_labels: whether the image may have no other labels.
        secret_names: further names, or parts of names between underscores, of ARG and ENV that hold secrets.
        targets: names or indexes of the stages that are built; empty where nothing says so.
        targets_from: the Bake or Compose files that say so, to name them to people; empty where the user does.
    """

    trusted_registries: tuple[str, ...] = ()
    required_labels: Mapping[str, LabelFormat] = field(default_factory=lambda: _NO_LABELS)
    strict_labels: bool = False
    secret_names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    targets_from: str = ""
