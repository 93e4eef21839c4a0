"""The size of a layer from its ends, and from all of it."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multistage_cli.facts.online import layers


def tail(length: int) -> bytes:
    return b"\0" * 4 + struct.pack("<I", length % (1 << 32))


def test_the_length_at_the_end_of_gzip() -> None:
    found = layers.by_gzip_tail(tail(80_000_000), 30_000_000)
    assert found is not None
    assert (found.low, found.high) == (round(80_000_000 * 0.915), round(80_000_000 * 0.992))
    assert found.low < found.estimate < found.high
    assert found.read


def test_a_length_beyond_four_gigabytes() -> None:
    length = 9_000_000_000
    found = layers.by_gzip_tail(tail(length), 3_500_000_000)
    assert found is not None
    assert abs(found.estimate - length) < length * 0.06
    assert found.low < length < found.high  # which other multiples fit as well widens it


@pytest.mark.parametrize("data", [b"", b"\0" * 7])
def test_no_end_at_all(data: bytes) -> None:
    assert layers.by_gzip_tail(data, 10_000_000) is None


@pytest.mark.parametrize("length", [0, 512, 1 << 20])
def test_the_end_of_the_last_of_several_members(length: int) -> None:
    # eStargz, pargzip and others: the last member is smaller than what all of them weigh compressed.
    assert layers.by_gzip_tail(tail(length), 30_000_000) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"\xa0" + struct.pack("<I", 80_000_000), 80_000_000),  # one segment, four bytes
        (b"\xe0" + struct.pack("<Q", 80_000_000), 80_000_000),  # one segment, eight bytes
        (b"\x80\x58" + struct.pack("<I", 80_000_000), 80_000_000),  # with a window
        (b"\x81\x58\x07" + struct.pack("<I", 80_000_000), 80_000_000),  # and a dictionary
        (b"\x00\x58", None),  # does not say
        (b"\xa0\x00", None),  # cut off
        (b"\xe0" + struct.pack("<Q", 1 << 60), None),  # nobody believes
        (b"\x20\x05", None),  # five bytes
        (b"", None),
    ],
)
def test_the_length_in_a_zstd_frame(header: bytes, expected: int | None) -> None:
    found = layers.by_zstd_head(b"\x28\xb5\x2f\xfd" + header, 30_000_000)
    assert found == (None if expected is None else layers.by_tar(expected))
    assert layers.by_zstd_head(b"\x1f\x8b" + header, 30_000_000) is None


TARGET = "\u00e9target" * 40  # longer than what a header has room for


def archive(*entries: tuple[str, bytes, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of (name, type, data)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as file:
        for name, kind, data in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname = kind, len(data), TARGET
            file.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


MIXED = (
    ("folder", tarfile.DIRTYPE, b""),
    ("a" * 150, tarfile.REGTYPE, b"x" * 1_000),
    ("\u00e9", tarfile.REGTYPE, b"y" * 512),
    ("hard", tarfile.LNKTYPE, b""),
    ("soft", tarfile.SYMTYPE, b""),
    ("fifo", tarfile.FIFOTYPE, b""),
    ("empty", tarfile.REGTYPE, b""),
)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_files_and_links_count(form: int) -> None:
    data = archive(*MIXED, form=form)
    size = 1_512 + len(TARGET.encode())  # what a symbolic link has in a file system
    expected = layers.LayerSize(size, size, size)
    assert layers.of_tar(data, compressed=False) == expected
    assert layers.of_tar(gzip.compress(data), compressed=True) == expected
    half = len(data) // 2
    members = gzip.compress(data[:half]) + gzip.compress(data[half:])
    assert layers.of_tar(members, compressed=True) == expected


def test_a_size_that_octal_digits_cannot_hold() -> None:
    entry = tarfile.TarInfo("large")
    entry.size = 9 << 30
    header = entry.tobuf(tarfile.GNU_FORMAT)
    assert layers.of_tar(header + b"\0" * 1_024, compressed=False) is None  # and what follows is not there


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 512,
        b"x" * 100,
        archive(*MIXED)[:-11_000],
        archive(("f", tarfile.REGTYPE, b"x" * 600))[:1_100],
        archive(("f", tarfile.GNUTYPE_SPARSE, b"x" * 600)),
    ],
    ids=range(5),
)
def test_archives_that_cannot_be_read(data: bytes) -> None:
    assert layers.of_tar(data, compressed=False) is None


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b", gzip.compress(archive(*MIXED))[:60], b"no gzip at all"], ids=range(4)
)
def test_gzip_that_cannot_be_read(data: bytes) -> None:
    found = layers.of_tar(data, compressed=True)
    assert found is None or found.high == 0


def test_an_empty_layer_is_nothing() -> None:
    assert layers.of_tar(gzip.compress(b"\0" * 1_024), compressed=True) == layers.LayerSize(0, 0, 0)


@given(st.binary(max_size=3_000))
def test_any_bytes(data: bytes) -> None:
    layers.of_tar(data, compressed=False)
    layers.of_tar(b"\x1f\x8b\x08" + data, compressed=True)
    layers.by_zstd_head(b"\x28\xb5\x2f\xfd" + data, 100)


@given(st.lists(st.tuples(st.binary(max_size=2_000)), max_size=8))
def test_the_sum_of_any_files(contents: list[tuple[bytes]]) -> None:
    data = archive(*((str(n), tarfile.REGTYPE, body) for n, (body,) in enumerate(contents)))
    size = sum(len(body) for (body,) in contents)
    assert layers.of_tar(data, compressed=False) == layers.LayerSize(size, size, size)
