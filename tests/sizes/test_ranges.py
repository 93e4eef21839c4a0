"""Ranges of bytes, and how they are written."""

from __future__ import annotations

import pytest

from multistage_cli.sizes.ranges import Range, about, megabytes, number_of_megabytes, total


def test_sums_keep_their_ends() -> None:
    assert Range(1, 2, 3) + Range(10, 20, 30) == Range(11, 22, 33)
    assert total([Range(1, 2, 3), Range(10, 20, 30), Range.exactly(5)]) == Range(16, 27, 38)
    assert total([]) == Range()


def test_ways_to_make_one() -> None:
    assert Range.exactly(7) == Range(7, 7, 7)
    assert Range.about(1000, 0.1, 0.25) == Range(900, 1000, 1250)
    assert Range(5, 6, 7).from_nothing() == Range(0, 6, 7)


@pytest.mark.parametrize("ends", [(2, 1, 3), (1, 3, 2), (-1, 0, 0)])
def test_ends_out_of_order_are_a_bug(ends: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not a range"):
        Range(*ends)


@pytest.mark.parametrize(
    ("size_bytes", "number"),
    [
        (0, "0"),
        (49_999, "0"),
        (50_000, "0.1"),
        (1_234_567, "1.2"),
        (9_949_999, "9.9"),
        (9_950_000, "10"),
        (152_400_000, "152"),
        (1_130_000_000, "1,130"),
    ],
)
def test_megabytes_are_decimal(size_bytes: int, number: str) -> None:
    assert number_of_megabytes(size_bytes) == number
    assert megabytes(size_bytes) == f"{number} MB"


@pytest.mark.parametrize(("size_bytes", "text"), [(1, "<0.1 MB"), (0, "~0 MB"), (60_000, "~0.1 MB")])
def test_little_is_said_to_be_little(size_bytes: int, text: str) -> None:
    assert about(size_bytes) == text
