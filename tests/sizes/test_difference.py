"""What differs between two builds: stages by name and place, lines by their text, bytes without shared doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from multistage_cli.sizes.difference import Delta, Difference, Presence, compare_builds, headline, signed
from multistage_cli.sizes.model import Layer, Part, Sizes
from multistage_cli.sizes.ranges import Range, total
from tests.sizes.built import sizes_of

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000
TWO = """FROM python:3.12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl
COPY --from=build /usr/local/bin/tool /usr/local/bin/tool
"""


def difference(before: str, after: str) -> Difference:
    return compare_builds(sizes_of(before), sizes_of(after), "other")


def lines(found: Difference, stage: int = -1) -> list[tuple[str, int | None, int | None, bool]]:
    """Presence, line there, line here, and whether nothing differs."""
    return [
        (
            line.presence.value,
            line.before.line if line.before else None,
            line.after.line if line.after else None,
            line.is_same,
        )
        for line in found.stages[stage].lines
    ]


def test_same_build_has_no_difference_however_wide_its_ranges() -> None:
    found = difference(TWO, TWO)
    assert found.changed == ()
    assert found.delta == Delta(0, 0, 0, more=False)
    assert signed(found.delta) == "no change"


def test_what_both_have_leaves_nothing_in_the_range() -> None:
    after = TWO.replace("curl", "curl git")
    found = difference(TWO, after)
    assert found.after.high - found.after.low > found.delta.high - found.delta.low
    assert 0 < found.delta.low < found.delta.estimate < found.delta.high
    assert found.delta.estimate == found.after.estimate - found.before.estimate
    assert found.stages[1].delta == found.delta
    assert [stage.label for stage in found.changed] == ["1"]


def test_lines_that_moved_are_the_same() -> None:
    found = difference(TWO, "# a comment\n\n" + TWO)
    assert found.changed == ()
    assert lines(found) == [("both", 4, 6, True), ("both", 5, 7, True)]


def test_new_gone_and_changed_lines() -> None:
    before = "FROM debian:bookworm-slim\nRUN apt-get update\nCOPY a /a\nRUN true\n"
    after = "FROM debian:bookworm-slim\nCOPY a /a\nCOPY b /b\nRUN false\n"
    found = difference(before, after)
    assert lines(found) == [
        ("removed", 2, None, False),
        ("both", 3, 2, True),
        ("added", None, 3, False),
        ("both", 4, 4, False),
    ]
    assert found.stages[0].lines[0].delta.estimate < -10 * MB


def test_stages_go_by_name_then_by_place() -> None:
    before = (
        "FROM alpine:3.22 AS one\nFROM alpine:3.22 AS two\nFROM debian:bookworm-slim\nCOPY --from=one /x /x\n"
    )
    after = "FROM alpine:3.22 AS TWO\nFROM alpine:3.22 AS ONE\nFROM alpine:3.22 AS extra\nFROM debian:trixie-slim\n"
    found = difference(before, after)
    pairs = [
        (stage.before.stage if stage.before else None, stage.after.stage if stage.after else None)
        for stage in found.stages
    ]
    assert pairs == [("two", "two"), ("one", "one"), (None, "extra"), ("2", "3")]
    assert found.stages[2].presence is Presence.ADDED
    assert found.stages[3].base_changed
    assert found.stages[3].before is not None


def test_renamed_stage_is_found_at_its_place() -> None:
    found = difference(TWO, TWO.replace("build", "builder"))
    assert found.stages[0].renamed_from == "build"
    assert found.stages[0].is_same  # nothing of its size differs
    assert lines(found) == [("both", 4, 4, True), ("both", 5, 5, False)]
    assert found.delta.estimate == 0


def test_stage_that_is_gone_stands_at_the_end() -> None:
    found = difference("FROM alpine:3.22 AS gone\nFROM alpine:3.22 AS app\n", "FROM alpine:3.22 AS app\n")
    assert [(stage.presence, stage.label) for stage in found.stages] == [
        (Presence.BOTH, "app"),
        (Presence.REMOVED, "gone"),
    ]
    assert found.delta == Delta(0, 0, 0)
    assert found.stages[1].delta.estimate < 0


def test_unknown_things_that_differ_are_told() -> None:
    plain = "FROM alpine:3.22\n"
    fetched = f"{plain}RUN wget https://example.com/one\n"
    found = difference(plain, fetched)
    assert found.delta.more
    assert signed(found.delta) == "unknown"
    assert not difference(fetched, f"\n\n{fetched}").delta.more


def test_files_of_two_build_contexts(tmp_path: Path) -> None:
    text = "FROM scratch\nCOPY . /\n"
    before = sizes_of(text, tmp_path / "before", {"data": "x" * 100_000})
    after = sizes_of(text, tmp_path / "after", {"data": "x" * 300_000})
    found = compare_builds(before, after, "before")
    assert found.delta == Delta(200_000, 200_000, 200_000)
    assert headline(found) == "~0.1 MB -> ~0.3 MB, +0.2 MB"


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        (Delta(3 * MB, 3 * MB, 3 * MB), "+3.0 MB"),
        (Delta(-3 * MB, -3 * MB, -3 * MB), "-3.0 MB"),
        (Delta(-9 * MB, -3 * MB, 2 * MB), "-3.0 MB (-9.0 to +2.0)"),
        (Delta(10 * MB, 12 * MB, 15 * MB, more=True), "+12 MB (+10 to +15), and things of unknown size"),
        (Delta(0, 0, 0, more=True), "unknown"),
        (Delta(-100, 0, 100), "no change"),
        (Delta(0, 0, 5 * MB), "0 MB (0 to +5.0)"),
    ],
)
def test_difference_in_words(delta: Delta, words: str) -> None:
    assert signed(delta) == words


def test_many_lines_do_not_take_the_square_of_their_number() -> None:
    real = sizes_of("FROM scratch\n")

    def built(count: int, word: str) -> Sizes:
        layers = tuple(
            Layer(index, f"RUN {word} {index}", Range.exactly(1), (Part("x", "files", Range.exactly(1)),), ())
            for index in range(count)
        )
        size = total(layer.size for layer in layers)
        stage = replace(real.stages[0], layers=layers, size=size)
        return replace(real, stages=(stage,), image=size)

    found = compare_builds(built(3000, "a"), built(3001, "b"), "other")
    assert found.delta.estimate == 1
    assert [line.presence for line in found.stages[0].lines].count(Presence.BOTH) == 3000
