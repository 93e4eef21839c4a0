"""LABEL: names of keys, and the labels that the configuration asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from multistage_cli.analyze.commands_of import of_instructions
from multistage_cli.analyze.findings import Severity
from multistage_cli.analyze.rule import Asked, Match, rule
from multistage_cli.analyze.settings import LabelFormat
from multistage_cli.build.claims import UNKNOWN
from multistage_cli.build.variables import expand_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multistage_cli.build.claims import Known
    from multistage_cli.build.evaluate import Build, EvaluatedStage, Step


def _labels(build: Build) -> Iterator[tuple[EvaluatedStage, Step, str, Known[str], str]]:
    """Each label that is set: name and value expanded, and the name as it is written."""
    for entry, step, instruction in of_instructions(build, "LABEL"):
        expanded = expand_pairs(
            instruction.pairs, step.before.variables.scope, escape=build.dockerfile.escape
        )
        for written, pair in zip(instruction.pairs, expanded, strict=True):
            if pair.name.value is not UNKNOWN:
                yield entry, step, pair.name.value, pair.value.value, written.name


_RESERVED = ("com.docker.", "io.docker.", "org.dockerproject.")


@rule("MS113", "odd-label-name", Severity.STYLE, aliases=("DL3048",))
def odd_label_name(build: Build) -> Iterator[Match]:
    """Label whose name tools may stumble over.

    Docker's guideline: small letters, digits, full stops and hyphens, a letter at the start, a letter or a digit
    at the end, no two separators in a row (an underscore does no harm); `com.docker.*`, `io.docker.*` and
    `org.dockerproject.*` are Docker's.

    Bad, found on lines 2 and 3:
        FROM alpine:3.22
        LABEL Build-Number="7"
        LABEL com.docker.team="build"

    Good:
        FROM alpine:3.22
        LABEL org.opencontainers.image.version="7" com.example.team="build"

    Fix: write it like com.example.build-number.
    """
    for entry, step, name, _, written in _labels(build):
        if name.startswith(_RESERVED):
            message = f"label names of {name.rsplit('.', 1)[0]} are Docker's own: use your domain backwards"
        elif not re.fullmatch(r"[a-z][a-z0-9]*+(?:[._-][a-z0-9]++)*+", name):
            message = f'label name "{name}": use small letters, digits, full stops and hyphens'
        else:
            continue
        yield Match.on(entry, step, message, word=written)


@rule("MS230", "label-missing", Severity.INFO, aliases=("DL3049",))
def label_missing(build: Build, asked: Asked) -> Iterator[Match]:
    """Image without a label that the configuration asks for.

    Silent unless `required-labels` is set.

    Bad, found on line 1:
        FROM alpine:3.22
        LABEL org.opencontainers.image.title="app"
        ==> multistage.toml <==
        [required-labels]
        "org.opencontainers.image.title" = "text"
        "org.opencontainers.image.source" = "url"

    Good:
        FROM alpine:3.22
        LABEL org.opencontainers.image.source="https://example.com/app"
        ==> multistage.toml <==
        [required-labels]
        "org.opencontainers.image.source" = "url"

    Fix: add the label.
    """
    for index in asked.targets:
        entry = build.stages[index]
        for name in sorted(asked.settings.required_labels):
            # What the base image brings counts, as far as it is known.
            if name not in entry.final.labels:
                message = f"{entry.stage.title} has no label {name}: add LABEL {name}=..."
                yield Match(entry.stage.head.span, message, stage=entry.stage.key)


@rule("MS231", "label-not-asked-for", Severity.INFO, aliases=("DL3050",))
def label_not_asked_for(build: Build, asked: Asked) -> Iterator[Match]:
    """Label that the configuration does not list, where it wants no others.

    Silent unless `strict-labels` is set.

    Bad, found on line 2:
        FROM alpine:3.22
        LABEL title="app"
        ==> multistage.toml <==
        strict-labels = true
        [required-labels]
        "org.opencontainers.image.title" = "text"

    Good:
        FROM alpine:3.22
        LABEL org.opencontainers.image.title="app"
        ==> multistage.toml <==
        strict-labels = true
        [required-labels]
        "org.opencontainers.image.title" = "text"

    Fix: take the label out, or add it to the configuration.
    """
    if asked.settings.strict_labels:
        for entry, step, name, _, written in _labels(build):
            if name not in asked.settings.required_labels and asked.ships(entry):
                message = f"the configuration does not list label {name}: take it out, or add it there"
                yield Match.on(entry, step, message, word=written)


@rule(
    "MS232",
    "label-of-wrong-form",
    Severity.WARNING,
    aliases=("DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"),
)
def label_of_wrong_form(build: Build, asked: Asked) -> Iterator[Match]:
    """Label whose value has not the form that the configuration asks for.

    Forms: `text` (not empty), `rawtext` (anything), `url`, `rfc3339`, `spdx`, `hash`, `semver`, `email`.

    Bad, found on lines 2, 2, 3 and 3:
        FROM alpine:3.22
        LABEL title="" source="example"
        LABEL created="yesterday" licence="Gratis"
        ==> multistage.toml <==
        [required-labels]
        created = "rfc3339"
        licence = "spdx"
        source = "url"
        title = "text"

    Good:
        FROM alpine:3.22
        LABEL created="2026-01-31T12:00:00Z" licence="MIT OR Apache-2.0" version="1.4.0-rc.1"
        LABEL revision="d6cd1e2bd19e03a81132a23b2025920577f84e37" contact="build@example.com"
        ==> multistage.toml <==
        [required-labels]
        contact = "email"
        created = "rfc3339"
        licence = "spdx"
        revision = "hash"
        version = "semver"

    Fix: write a value of that form.
    """
    for entry, step, name, value, written in _labels(build):
        form = asked.settings.required_labels.get(name)
        if form is None or value is UNKNOWN or not asked.ships(entry):
            continue
        check, alias, what = _FORMS[form]
        if not check(value):
            shown = f'"{value[:_SHOWN]}" is {what}' if value else "is empty"
            message = f"label {name} {shown}: write {_EXAMPLES[form]}"
            yield Match.on(entry, step, message, word=written, aliases=(alias,) if value else ("DL3051",))


_SHOWN = 40


def _is_url(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*+://[^\s/?#]+(?:[/?#]\S*)?", text) is not None


def _is_time(text: str) -> bool:
    """RFC 3339, section 5.6."""
    from datetime import datetime

    plain = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:[Zz]|[+-]\d\d:\d\d)"
    if re.fullmatch(plain, text, re.ASCII) is None:
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", text).upper())
    except ValueError:
        return False
    return True


def _is_licence(text: str) -> bool:
    """An SPDX identifier or expression."""
    try:
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
    except ImportError:  # packaging before 24.2
        return True
    try:
        canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        return False
    return True


def _is_hash(text: str) -> bool:
    """Of Git: abbreviated, or whole with SHA-1 or SHA-256."""
    return re.fullmatch(r"[0-9a-f]{7,40}|[0-9a-f]{64}", text) is not None


def _is_semantic_version(text: str) -> bool:
    number = r"(?:0|[1-9]\d*+)"
    part = r"[0-9A-Za-z-]++"
    return (
        re.fullmatch(
            rf"{number}\.{number}\.{number}(?:-{part}(?:\.{part})*+)?(?:\+{part}(?:\.{part})*+)?",
            text,
            re.ASCII,
        )
        is not None
    )


def _is_email(text: str) -> bool:
    return re.fullmatch(r"[^\s@<>]++@[^\s@<>.]++(?:\.[^\s@<>.]++)+", text) is not None


_FORMS: dict[LabelFormat, tuple[Callable[[str], bool], str, str]] = {
    LabelFormat.TEXT: (bool, "DL3051", "empty"),
    LabelFormat.RAW_TEXT: (lambda _: True, "DL3051", "empty"),
    LabelFormat.URL: (_is_url, "DL3052", "no URL"),
    LabelFormat.RFC3339: (_is_time, "DL3053", "no time of RFC 3339"),
    LabelFormat.SPDX: (_is_licence, "DL3054", "no licence of SPDX"),
    LabelFormat.HASH: (_is_hash, "DL3055", "no hash of Git"),
    LabelFormat.SEMVER: (_is_semantic_version, "DL3056", "no semantic version"),
    LabelFormat.EMAIL: (_is_email, "DL3058", "no e-mail address"),
}
_EXAMPLES = {
    LabelFormat.TEXT: "some text",
    LabelFormat.RAW_TEXT: "some text",
    LabelFormat.URL: "one such as https://example.com/app",
    LabelFormat.RFC3339: "one such as 2026-01-31T12:00:00Z",
    LabelFormat.SPDX: "one such as MIT",
    LabelFormat.HASH: "what git rev-parse HEAD says",
    LabelFormat.SEMVER: "one such as 1.4.0",
    LabelFormat.EMAIL: "one such as build@example.com",
}
