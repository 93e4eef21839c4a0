from __future__ import annotations

import io
import tarfile

import pytest

from multistage_cli.sizes.measured.layers import LayerContents, heaviest, read_layer
from multistage_cli.sizes.measured.streams import ChunkStream, DamagedError
from tests.sizes.measured.archives import FOLDER, HARD_LINK, LINK, tar_of


def layer_of(data: bytes, piece: int = 1000) -> LayerContents:
    return read_layer(ChunkStream(data[at : at + piece] for at in range(0, len(data), piece)))


def paths(layer: LayerContents) -> dict[str, int]:
    return {name.decode(): size for name, size in layer.items() if size >= 0}


def test_files_count_and_links_do_not() -> None:
    layer = layer_of(
        tar_of({
            "opt": FOLDER, "opt/a": 1000, "opt/b": (HARD_LINK, "opt/a"), "opt/c": (LINK, "a"), "opt/.wh.old": 0,
            "empty": 0,
        })
    )  # fmt: skip
    assert (layer.size_bytes, layer.files) == (1000, 2)
    assert paths(layer) == {"/opt/a": 1000, "/empty": 0}


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("piece", [1, 512, 100_000])
def test_long_names_in_every_format(kind: int, piece: int) -> None:
    name = "usr/" + "/".join(["x" * 30] * (6 if kind == tarfile.USTAR_FORMAT else 20)) + "/file"
    assert paths(layer_of(tar_of({name: 7}, format=kind), piece)) == {f"/{name}": 7}


def test_pax_names_that_are_not_ascii() -> None:
    assert paths(layer_of(tar_of({"opt/\u00e4\u4e16": 5}, format=tarfile.PAX_FORMAT))) == {
        "/opt/\u00e4\u4e16": 5
    }


def test_a_size_of_many_gigabytes_is_binary_or_in_pax() -> None:
    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        entry = tarfile.TarInfo("huge")
        entry.size = 10 << 33
        header = entry.tobuf(kind)
        with pytest.raises(DamagedError, match="ends in the middle of a file"):
            layer_of(header)


def test_a_sparse_file_weighs_what_stat_says() -> None:
    entry = tarfile.TarInfo("var/log/lastlog")
    entry.type = tarfile.REGTYPE
    entry.size = 512
    entry.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "var/log/lastlog",
        "GNU.sparse.realsize": "40000",
    }  # fmt: skip
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry, io.BytesIO(b"0\n".ljust(512, b"\0")))
    assert paths(layer_of(buffer.getvalue())) == {"/var/log/lastlog": 40000}


def test_an_old_sparse_file_with_its_map_going_on() -> None:
    header = bytearray(tarfile.TarInfo("lastlog").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"%011o\0" % 512
    header[156:157] = b"S"
    header[482] = 1
    header[483:495] = b"%011o\0" % 90_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    after = tar_of({"next": 3})
    assert paths(layer_of(bytes(header) + bytes(512) + bytes(512) + after)) == {
        "/lastlog": 90_000,
        "/next": 3,
    }


def test_the_last_of_several_entries_counts() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for size in (10, 300, 20):
            entry = tarfile.TarInfo("a")
            entry.size = size
            archive.addfile(entry, io.BytesIO(bytes(size)))
    layer = layer_of(buffer.getvalue())
    assert (layer.size_bytes, layer.files) == (20, 1)


@pytest.mark.parametrize(
    ("name", "path"),
    [("../../etc/passwd", "/etc/passwd"), ("/abs", "/abs"), ("./a//b/./c", "/a/b/c"), ("a/../../b", "/b")],
)
def test_no_name_leads_out_of_the_image(name: str, path: str) -> None:
    assert paths(layer_of(tar_of({name: 1}))) == {path: 1}


def test_nothing_is_there_after_a_link_to_itself() -> None:
    assert layer_of(tar_of({"a": (LINK, "a"), "b": (HARD_LINK, "b")})).size_bytes == 0


def test_a_tar_without_its_end_is_read_as_engines_do() -> None:
    data = tar_of({"a": 600})
    assert layer_of(data[: 512 + 600]).size_bytes == 600
    assert layer_of(b"").size_bytes == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tar_of({"a": 600})[:700], "in the middle of a file"),
        (tar_of({"a": 600})[:300], "in the middle of an entry"),
        (b"x" * 512, "number that is none"),
        (tar_of({"a": 1}).replace(b"ustar", b"ustaz", 1), "checksum"),
        (tar_of({"x" * 5000: 1}), "longer than any file system"),
    ],
)
def test_what_is_no_layer_is_told(data: bytes, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        layer_of(data)


@pytest.mark.parametrize("field", [b"\xff" * 12, b"\x80" + b"\xff" * 11, b"-0000000001\0", b"9999999999\0\0"])
def test_impossible_sizes_are_told(field: bytes) -> None:
    header = bytearray(tarfile.TarInfo("a").tobuf())
    header[124:136] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(DamagedError, match=r"size|number"):
        layer_of(bytes(header))


def test_too_many_files_are_told() -> None:
    with pytest.raises(DamagedError, match="more than"):
        read_layer(ChunkStream(iter([tar_of({"a": 0, "b": 0, "c": 0})])), 2)


def test_the_heaviest_paths() -> None:
    files = {f"opt/app/{number}": 100 for number in range(20)} | {
        "usr/lib/x/y/big": 5000,
        "usr/lib/small": 10,
    }
    largest, directories = heaviest([layer_of(tar_of(files)), layer_of(tar_of({"usr/lib/small": 700}))])
    assert [(entry.path, entry.size_bytes) for entry in largest[:3]] == [
        ("/usr/lib/x/y/big", 5000), ("/usr/lib/small", 700), ("/opt/app/0", 100),
    ]  # fmt: skip
    # /usr is nothing but /usr/lib, and /opt nothing but /opt/app.
    assert [(entry.path, entry.size_bytes) for entry in directories] == [
        ("/usr/lib", 5710), ("/usr/lib/x/y", 5000), ("/opt/app", 2000),
    ]  # fmt: skip


def test_paths_of_many_entries_stay_with_their_sizes() -> None:
    layer = layer_of(tar_of({f"d{number % 7}/f{number}": number % 5 for number in range(10_000)}), 100_000)
    assert paths(layer) == {f"/d{number % 7}/f{number}": number % 5 for number in range(10_000)}
