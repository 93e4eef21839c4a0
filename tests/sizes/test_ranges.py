"""Ranges of bytes, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multistage_cli.sizes.ranges import Range, about, megabytes, number_of_megabytes, summed, total


def test_sums_that_can_be_taken_apart_keep_their_ends() -> None:
    assert Range(1, 2, 3) + Range(10, 20, 30) == Range(11, 22, 33)
    assert summed([Range(1, 2, 3), Range(10, 20, 30), Range.exactly(5)]) == Range(16, 27, 38)
    assert summed([]) == Range()


def test_parts_are_not_all_off_in_the_same_direction() -> None:
    many = total([Range(90, 100, 120)] * 100)
    assert many == Range(10_000 - 250 - 75, 10_000, 10_000 + 500 + 150)


@pytest.mark.parametrize("ranges", [[], [Range(1, 5, 9)], [Range(1, 5, 9), Range.exactly(7)]])
def test_a_single_deviation_stays_whole(ranges: list[Range]) -> None:
    assert total(ranges) == summed(ranges)


@given(
    st.lists(st.tuples(*[st.integers(0, 10**12)] * 3).map(sorted).map(lambda ends: Range(*ends)), max_size=9)
)
def test_a_sum_is_never_wider_than_the_sum_of_its_ends(ranges: list[Range]) -> None:
    found, widest = total(ranges), summed(ranges)
    assert found.estimate == widest.estimate
    assert widest.low <= found.low
    assert found.high <= widest.high


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
