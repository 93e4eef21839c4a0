"""Archives as programs write them, through the door that the command uses."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from multistage_cli.errors import MultistageError
from multistage_cli.sizes.measured.archive import HistoryEntry, Image
from multistage_cli.sizes.measured.reading import image_of_archive
from tests.sizes.measured.archives import (
    LAYOUTS,
    LINK,
    PACKERS,
    Packed,
    digest_of,
    docker_save,
    oci_layout,
    tar_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOWER, UPPER = tar_of({"a": 1000, "b": 50}), tar_of({"a": 2000})
HISTORY = (("COPY a b /", True), ("ENV A=b", False), ("RUN make # buildkit", True))
PIECES = Packed((LOWER, UPPER), HISTORY)
READ = (HistoryEntry("COPY a b /", 0), HistoryEntry("ENV A=b", None), HistoryEntry("RUN make # buildkit", 1))


def read(
    folder: Path, files: dict[str, Any], platform: str = "linux/amd64", name: str | None = None
) -> Image:
    path = folder / "image.tar"
    path.write_bytes(tar_of(files))
    return image_of_archive(path, platform, name)


def weights(image: Image) -> list[int]:
    return [layer.size_bytes for layer in image.layers]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packer", PACKERS)
def test_every_layout_and_compression(tmp_path: Path, layout: str, packer: str) -> None:
    pack: Callable[[bytes], bytes] = PACKERS[packer]
    image = read(tmp_path, LAYOUTS[layout](Packed([pack(LOWER), pack(UPPER)], HISTORY)))
    assert weights(image) == [1050, 2000]
    assert image.history == READ
    assert image.platform == "linux/amd64"


def test_both_layouts_in_one_archive(tmp_path: Path) -> None:
    assert weights(read(tmp_path, {**docker_save(PIECES), **oci_layout(PIECES)})) == [1050, 2000]


@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_that_is_compressed_as_a_whole(tmp_path: Path, packer: str) -> None:
    path = tmp_path / "image.tar.x"
    path.write_bytes(PACKERS[packer](tar_of(docker_save(PIECES))))
    assert weights(image_of_archive(path, "linux/amd64", None)) == [1050, 2000]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_pipe(tmp_path: Path, layout: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    files = LAYOUTS[layout](Packed([gzip.compress(LOWER), UPPER], HISTORY))
    writer = threading.Thread(target=pipe.write_bytes, args=(tar_of(files),))
    writer.start()
    image = image_of_archive(pipe, "linux/amd64", None)
    writer.join(10)
    assert weights(image) == [1050, 2000]
    assert image.history == READ


def test_gzip_members_and_zstd_frames_follow_each_other(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    halves = [(LOWER[:700], LOWER[700:])]
    for first, second in halves:
        layers = [
            gzip.compress(first) + gzip.compress(second) + bytes(100),
            skippable + PACKERS["zstd"](first) + skippable + PACKERS["zstd"](second),
        ]
        assert weights(read(tmp_path, docker_save(Packed(layers, HISTORY)))) == [1050, 1050]


def test_a_layer_that_is_there_twice_is_a_link(tmp_path: Path) -> None:
    files: dict[str, Any] = docker_save(PIECES)
    [listed] = json.loads(files["manifest.json"])
    first = listed["Layers"][0]
    files["second/layer.tar"] = (LINK, f"../{first}")
    files["manifest.json"] = json.dumps([{**listed, "Layers": [first, "second/layer.tar"]}]).encode()
    assert weights(read(tmp_path, files)) == [1050, 1050]


def test_the_platform_chooses_of_an_image_for_several(tmp_path: Path) -> None:
    other = Packed((UPPER,), HISTORY[2:], platform="linux/arm64")
    for layout in LAYOUTS.values():
        assert weights(read(tmp_path, layout(PIECES, other))) == [1050, 2000]
        assert weights(read(tmp_path, layout(PIECES, other), "linux/arm64")) == [2000]
    assert weights(read(tmp_path, layout(PIECES, other), "linux/arm64/v8")) == [2000]
    assert read(tmp_path, docker_save(other)).platform == "linux/arm64"  # what there is, if there is one only


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_name_chooses_of_several_images(tmp_path: Path, layout: str) -> None:
    other = Packed((UPPER,), HISTORY[2:], names=("docker.io/library/other:1",))
    files = LAYOUTS[layout](PIECES, other)
    with pytest.raises(
        MultistageError, match=r"holds 2 images \(app:latest, docker.io/library/other:1\); say which"
    ):
        read(tmp_path, files)
    assert weights(read(tmp_path, files, name="app")) == [1050, 2000]
    assert weights(read(tmp_path, files, name="other:1")) == [2000]
    with pytest.raises(MultistageError, match="no image of the name third"):
        read(tmp_path, files, name="third")


def test_one_image_with_two_names(tmp_path: Path) -> None:
    again = Packed(PIECES.layers, HISTORY, names=("app:v2",))
    assert weights(read(tmp_path, oci_layout(PIECES, again))) == [1050, 2000]


@pytest.mark.parametrize("created", [(), (("RUN make", True),), (("RUN make", True),) * 3])
def test_a_history_that_does_not_fit_is_none(tmp_path: Path, created: tuple[tuple[str, bool], ...]) -> None:
    assert read(tmp_path, docker_save(Packed((LOWER, UPPER), created))).history == ()


def with_index(index: object, **blobs: bytes) -> dict[str, bytes]:
    files = {"index.json": json.dumps(index).encode()}
    return files | {f"blobs/sha256/{digest_of(data)[7:]}": data for data in blobs.values()}


def circle() -> dict[str, bytes]:
    """Two indexes that lead to each other, under names that are no digests of theirs."""

    def leading_to(name: str) -> bytes:
        return json.dumps({"manifests": [{"digest": f"sha256:{name}"}]}).encode()

    return {
        "index.json": leading_to("a"),
        "blobs/sha256/a": leading_to("b"),
        "blobs/sha256/b": leading_to("a"),
    }


def chain(length: int) -> dict[str, bytes]:
    files = {"index.json": b'{"manifests": [{"digest": "sha256:0"}]}'}
    for number in range(length):
        index = {"manifests": [{"digest": f"sha256:{number + 1}"}]}
        files[f"blobs/sha256/{number}"] = json.dumps(index).encode()
    return files


def changed(name: str, data: bytes) -> dict[str, bytes]:
    return {**docker_save(PIECES), name: data}


CONFIG = f"{digest_of(PIECES.config)[7:]}.json"
LAYER = f"{digest_of(LOWER)[7:]}/layer.tar"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no image archive"),
        ({"etc/passwd": b"root"}, "docker save --output FILE IMAGE"),
        (changed("manifest.json", b"[]"), "no image archive"),
        (changed("manifest.json", b"{"), "no JSON"),
        (changed("manifest.json", b"[" * 100_000), "no JSON"),
        (changed("manifest.json", b"[" + b"1" * 10_000 + b"]"), "no JSON"),
        (changed("manifest.json", b"\xff\xfe"), "no JSON"),
        (changed("manifest.json", b"{}"), "shape"),
        (changed("manifest.json", b"[1]"), "shape"),
        (changed("manifest.json", b'[{"Config": 1, "Layers": []}]'), "shape"),
        (changed("manifest.json", b'[{"Config": "../../etc/passwd", "Layers": []}]'), "does not hold"),
        (changed(CONFIG, b"[]"), "shape"),
        (changed(CONFIG, b'{"history": {"a": 1}}'), "shape"),
        (changed(CONFIG, b" " * ((16 << 20) + 1)), "too long"),
        (changed(LAYER, b"<html>"), "in the middle of an entry"),
        (changed(LAYER, b"<html>" * 100), "number"),
        (changed(LAYER, gzip.compress(LOWER)[:-9]), "ends too early"),
        (changed(LAYER, gzip.compress(LOWER, mtime=0)[:-8] + b"12345678"), "cannot be unpacked"),
        (changed(LAYER, gzip.compress(LOWER) + b"more"), "follows a compressed layer"),
        (changed(LAYER, PACKERS["zstd"](LOWER)[:-3]), "ends too early"),
        (changed(LAYER, b"\x28\xb5\x2f\xfd" + b"\xff" * 99), "cannot be unpacked"),
        (with_index([]), "shape"),
        (with_index({"manifests": [{"digest": "sha256:../../x"}]}), "no digest"),
        (with_index({"manifests": [{"digest": "sha256:00"}]}), "does not hold"),
        (circle(), "no image archive"),
        (chain(20), "nested too deeply"),
        (with_index({"manifests": [{"digest": digest_of(b"{}")}]}, empty=b"{}"), "no image archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_image_is_told(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(MultistageError, match=message):
        read(tmp_path, files)


def test_what_is_no_tar_is_told(tmp_path: Path) -> None:
    for text in ("FROM scratch\n", "FROM scratch\n" * 100):
        (tmp_path / "Dockerfile").write_text(text)
        with pytest.raises(MultistageError, match=r"Dockerfile cannot be read as an image"):
            image_of_archive(tmp_path / "Dockerfile", "linux/amd64", None)


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    whole = tar_of(docker_save(PIECES))
    path = tmp_path / "image.tar"
    for length in range(600, len(whole) - 20_000, 997):
        path.write_bytes(whole[:length])
        with pytest.raises(MultistageError, match="cannot be read as an image"):
            image_of_archive(path, "linux/amd64", None)


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(MultistageError, match="is a folder"):
        image_of_archive(tmp_path, "linux/amd64", None)
    with pytest.raises(MultistageError, match="No such file"):
        image_of_archive(tmp_path / "none.tar", "linux/amd64", None)


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, packer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multistage_cli.sizes.measured.streams.MOST_SURPLUS_BYTES", 4 << 20)
    pack: Callable[[bytes], bytes] = PACKERS[packer]
    for layers in ([30 << 20], [3 << 20, 3 << 20]):
        bombs = [pack(tar_of({f"zeros{number}": size})) for number, size in enumerate(layers)]
        with pytest.raises(MultistageError, match="no honest image"):
            read(tmp_path, docker_save(Packed(bombs, HISTORY[:1])))
    fine = [pack(tar_of({"random": os.urandom(9 << 20)})), pack(tar_of({"zeros": 3 << 20}))]
    assert weights(read(tmp_path, docker_save(Packed(fine, HISTORY[:1])))) == [9 << 20, 3 << 20]


@pytest.mark.parametrize("packer", ["gzip", "zstd"])
def test_a_bomb_takes_no_memory(tmp_path: Path, packer: str) -> None:
    bomb = PACKERS[packer](tar_of({"zeros": 200 << 20}))
    path = tmp_path / "image.tar"
    path.write_bytes(tar_of(docker_save(Packed((bomb,), HISTORY[:1]))))
    del bomb
    tracemalloc.start()
    image_of_archive(path, "linux/amd64", None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 << 20


def test_nothing_of_an_archive_is_written(tmp_path: Path) -> None:
    files = docker_save(Packed((tar_of({"../../../evil": 3, "/evil": 3}),), HISTORY[:1]))
    read(tmp_path, {**files, "../evil": b"x", "/tmp/evil-of-multistage": b"x"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["image.tar"]
    assert not (tmp_path.parent / "evil").exists()


def test_zstd_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(MultistageError, match=r"pip install backports\.zstd"):
        read(tmp_path, docker_save(Packed([PACKERS["zstd"](LOWER)], HISTORY[:1])))


def test_entries_before_and_after_each_other(tmp_path: Path) -> None:
    """The same name twice in the archive: the last one counts, as when it is unpacked."""
    files = docker_save(PIECES)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in [("manifest.json", b"[]"), *files.items()]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    path = tmp_path / "image.tar"
    path.write_bytes(buffer.getvalue())
    assert weights(image_of_archive(path, "linux/amd64", None)) == [1050, 2000]
