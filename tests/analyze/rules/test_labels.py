"""Rules about labels: names, and forms of values."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.rule import asked_of
from multistage_cli.analyze.rules.labels import (
    label_missing,
    label_not_asked_for,
    label_of_wrong_form,
    odd_label_name,
)
from multistage_cli.analyze.settings import LabelFormat, Settings
from multistage_cli.build.evaluate import evaluate
from multistage_cli.parser import parse


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("org.opencontainers.image.title", False),
        ("a-b.c1", False),
        ("build_number", False),
        ("A", True),
        ("1a", True),
        ("a..b", True),
        ("a--b", True),
        ("a.", True),
        (".a", True),
        ("com.docker.a", True),
        ("com.dockers.a", False),
        ('"a b"', True),
        ("$NAME", True),  # nothing
    ],
)
def test_names(name: str, *, odd: bool) -> None:
    build = evaluate(parse(f"FROM debian:12-slim\nLABEL {name}=1\n"))
    assert bool(list(odd_label_name.check(build))) is odd


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (LabelFormat.TEXT, "a", ""),
        (LabelFormat.URL, "https://example.com/a?b#c", "example.com"),
        (LabelFormat.URL, "http://example.com", "https://"),
        (LabelFormat.RFC3339, "2026-01-31T12:00:00.5+01:00", "2026-01-31"),
        (LabelFormat.RFC3339, "2026-01-31t12:00:00z", "2026-02-31T12:00:00Z"),
        (LabelFormat.SPDX, "MIT", "Gratis"),
        (LabelFormat.SPDX, "(MIT OR Apache-2.0) AND BSD-3-Clause", "MIT OR"),
        (LabelFormat.SPDX, "GPL-2.0-only WITH Classpath-exception-2.0", ""),
        (LabelFormat.HASH, "d6cd1e2", "d6cd1e"),
        (LabelFormat.HASH, "d" * 64, "g" * 40),
        (LabelFormat.SEMVER, "1.4.0-rc.1+build.7", "1.4"),
        (LabelFormat.SEMVER, "0.0.0", "v1.4.0"),
        (LabelFormat.EMAIL, "build@mail.example.com", "build@example"),
    ],
)
def test_forms(form: LabelFormat, good: str, bad: str) -> None:
    settings = Settings(required_labels={"one": form})
    for value, wrong in ((good, False), (bad, True)):
        build = evaluate(parse(f'FROM debian:12-slim\nLABEL one="{value}"\n'))
        assert bool(list(label_of_wrong_form.check(build, asked_of(build, settings)))) is wrong


def test_values_that_nobody_knows_are_not_judged() -> None:
    build = evaluate(parse("FROM example.com/a:1\nLABEL one=$COMMIT\n"))
    settings = Settings(required_labels={"one": LabelFormat.HASH})
    assert list(label_of_wrong_form.check(build, asked_of(build, settings))) == []


def test_raw_text_may_be_nothing() -> None:
    build = evaluate(parse('FROM debian:12-slim\nLABEL one=""\n'))
    settings = Settings(required_labels={"one": LabelFormat.RAW_TEXT})
    assert list(label_of_wrong_form.check(build, asked_of(build, settings))) == []


def test_labels_are_inherited_and_each_target_is_asked() -> None:
    text = "FROM debian:12-slim AS base\nLABEL one=1\nFROM base AS a\nFROM scratch AS b\nCOPY --from=base /a /a\n"
    build = evaluate(parse(text))
    asked = asked_of(build, Settings(required_labels={"one": LabelFormat.TEXT}, strict_labels=True))
    assert [(match.span.first, match.stage) for match in label_missing.check(build, asked)] == [(4, "b")]
    assert list(label_not_asked_for.check(build, asked)) == []


def test_labels_of_a_stage_that_does_not_ship_are_nobodys_concern() -> None:
    build = evaluate(parse("FROM debian:12 AS a\nLABEL two=1\nFROM scratch\nCOPY --from=a /a /a\n"))
    asked = asked_of(build, Settings(strict_labels=True))
    assert list(label_not_asked_for.check(build, asked)) == []
