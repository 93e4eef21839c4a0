"""What rules are given and what they give: targets, places, and triggers that fire elsewhere."""

from __future__ import annotations

import pytest

from multistage_cli.analyze.findings import Related
from multistage_cli.analyze.rule import Match, all_rules, asked_of, named_stages
from multistage_cli.analyze.settings import Settings
from multistage_cli.build.evaluate import Build, evaluate
from multistage_cli.parser import Position, Span, parse


def build_of(text: str) -> Build:
    return evaluate(parse(text))


LEAVES = """\
FROM alpine:3.22 AS base
FROM base AS dev
FROM base AS prod
COPY --from=assets /a /a
FROM alpine:3.22
FROM alpine:3.22 AS twice
FROM alpine:3.22 AS twice
FROM prod AS last
"""


@pytest.mark.parametrize(
    ("text", "targets", "shipped", "needed"),
    [
        (LEAVES, (1, 5, 6), {0, 1, 2, 5, 6}, {0, 1, 2, 5, 6}),
        ("FROM a AS b\nFROM c\nCOPY --from=b / /\n", (1,), {1}, {0, 1}),
        ("FROM a\nFROM b\n", (1,), {1}, {1}),
        ("RUN nothing\n", (), set(), set()),
        ("FROM b AS a\nFROM a AS b\n", (1,), {0, 1}, {0, 1}),
    ],
)
def test_without_a_target_each_last_stage_is_one(
    text: str, targets: tuple[int, ...], shipped: set[int], needed: set[int]
) -> None:
    asked = asked_of(build_of(text))
    assert (asked.targets, asked.shipped, asked.needed) == (targets, shipped, needed)


def test_targets_that_are_named() -> None:
    build = build_of(LEAVES)
    assert named_stages(build, ["Dev", "TWICE", "0", "missing"]) == (0, 1, 5)
    asked = asked_of(build, Settings(strict_labels=True), [2])
    assert asked.settings.strict_labels
    assert [asked.ships(entry) for entry in build.stages] == [True, False, True, False, False, False, False]


def test_a_match_at_one_character() -> None:
    assert Match.at(Position(3, 7), "here") == Match(Span(3, 3), "here", 7)


@pytest.mark.parametrize(
    ("line", "word", "column"),
    [
        ("ENV MY_KEY=1 KEY=2", "KEY", 14), ("ENV KEY=1", "KEY", 5), ("ENV KEYS=1", "KEY", None),
        ("EXPOSE 80 8080/TCP", "8080/TCP", 11), ("ENV a=\\\n  KEY=1", "KEY", None), ("LABEL a=${x}y", "${x", 9),
        ("ENV " + "KEYS=1 " * 50 + "KEY=1", "KEY", None), ("ENV a=1", None, None),
    ],
)  # fmt: skip
def test_a_match_on_an_instruction(line: str, word: str | None, column: int | None) -> None:
    build = build_of(f"FROM alpine:3.22\n{line}\n")
    (entry,) = build.stages
    found = Match.on(entry, entry.steps[0], "message", word=word)
    assert (found.span.first, found.column) == (2, column)


def test_a_trigger_is_found_where_it_fires() -> None:
    build = build_of("FROM alpine:3.22 AS a\nONBUILD ENV KEY=1\nFROM a AS b\n")
    entry = build.stages[1]
    found = Match.on(entry, entry.steps[0], "message", word="KEY", related=(Related(1, "first"),))
    assert (found.span, found.column, found.stage) == (Span(3, 3), None, "b")
    assert found.related == (Related(1, "first"), Related(2, "ONBUILD ENV fires here"))


def test_rules_are_in_order_and_no_name_is_taken_twice() -> None:
    codes = [rule.code for rule in all_rules()]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in all_rules()}) == len(codes)
