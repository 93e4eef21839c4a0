"""What ADD unpacks of archives in the build context."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from multistage_cli.build.context import open_context
from multistage_cli.sizes.archives import may_be_archive, unpacked_bytes
from tests.sizes.built import layers_of, sizes_of

SIZES = (5000, 70_000, 1)


def tar(*extra: tarfile.TarInfo) -> bytes:
    """Three files, a folder, a link and a second name of the first file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("d")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for number, size in enumerate(SIZES):
            info = tarfile.TarInfo(f"d/{number}")
            info.size = size
            archive.addfile(info, io.BytesIO(os.urandom(size)))
        for name, kind in (("hard", tarfile.LNKTYPE), ("soft", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "d/0"
            archive.addfile(info)
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "gzip of two members": lambda data: gzip.compress(data[:999]) + gzip.compress(data[999:]),
    "bzip2 of two streams": lambda data: bz2.compress(data[:999]) + bz2.compress(data[999:]),
    "xz of two streams": lambda data: lzma.compress(data[:999]) + lzma.compress(data[999:]),
}


def unpacked(content: bytes, folder: Path) -> int | None:
    (folder / "a").write_bytes(content)
    return unpacked_bytes(open_context(folder), "a")


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_the_sum_of_its_files(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    assert unpacked(pack(tar()), tmp_path) == sum(SIZES)
    assert may_be_archive(open_context(tmp_path), "a")


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_nothing_of_a_broken_one(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    content = pack(tar())
    for broken in (content[: len(content) // 2], pack(b"no tar" * 500), pack(b"")):
        assert unpacked(broken, tmp_path) is None


def test_nothing_of_one_that_deletes(tmp_path: Path) -> None:
    assert unpacked(tar(tarfile.TarInfo("d/.wh.0")), tmp_path) is None


def test_nothing_of_one_that_unfolds_without_end(tmp_path: Path) -> None:
    info = tarfile.TarInfo("zeros")
    info.size = 1 << 40
    assert unpacked(gzip.compress(info.tobuf() + bytes(10_000_000)), tmp_path) is None


def test_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("text")
    assert not may_be_archive(open_context(tmp_path), "a.tar.gz")
    assert not may_be_archive(open_context(tmp_path), "missing")
    assert unpacked_bytes(open_context(tmp_path), "missing") is None


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("ADD a.tar.gz /", sum(SIZES)),
        ("ADD a.tar.gz b.txt /d/", sum(SIZES) + 7),
        ("ADD --unpack=false a.tar.gz /", None),
        ("COPY a.tar.gz /", None),
    ],
)
def test_the_layer_of_an_archive(instruction: str, expected: int | None, tmp_path: Path) -> None:
    content = gzip.compress(tar())
    (tmp_path / "a.tar.gz").write_bytes(content)
    layer = layers_of(sizes_of(f"FROM scratch\n{instruction}\n", tmp_path, {"b.txt": "seven b"}))[-1]
    assert layer.unknown == ()
    wanted = len(content) if expected is None else expected
    assert (layer.size.low, layer.size.estimate, layer.size.high) == (wanted, wanted, wanted)


def test_the_layer_of_a_broken_archive(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(os.urandom(2_000_000)))
    layer = layers_of(sizes_of("FROM scratch\nADD a.tar.gz /\n", tmp_path))[-1]
    assert layer.unknown == ("what a.tar.gz unpacks to on line 2; the archive has ~2.0 MB",)
    assert layer.size.low == 0
