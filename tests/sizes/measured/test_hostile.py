"""Archives with something changed in them: an image comes out or a message does, and never a traceback."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from multistage_cli.sizes.measured.archive import read_image
from multistage_cli.sizes.measured.blobs import Blobs, StreamedBlobs, open_blobs
from multistage_cli.sizes.measured.streams import ChunkStream, DamagedError
from multistage_cli.sizes.measured.waste import wasted
from tests.sizes.measured.archives import (
    FOLDER,
    HARD_LINK,
    LAYOUTS,
    LINK,
    PACKERS,
    Packed,
    digest_of,
    tar_of,
)

LOWER = tar_of({"a": FOLDER, "a/b": 700, "a/c": (HARD_LINK, "a/b"), "l": (LINK, "a"), "x" * 200: 3})
UPPER = tar_of({"a/.wh.b": 0, ".wh..wh..opq": 0, "a": 30})
WHOLE = {
    f"{layout}, {packer}": tar_of(
        LAYOUTS[layout](Packed([PACKERS[packer](LOWER), UPPER], [("RUN a", True)] * 2))
    )
    for layout in LAYOUTS
    for packer in PACKERS
}


def survives(data: bytes) -> None:
    """Both ways to read end with an image or a message, and agree where both give an image."""
    found = []
    for open_it in (_as_file, _as_pipe):
        with suppress(DamagedError):
            image = read_image(open_it(data), "linux/amd64")
            waste = wasted(image.layers)
            assert 0 <= waste.size_bytes <= sum(layer.size_bytes for layer in image.layers)
            found.append([layer.size_bytes for layer in image.layers])
    assert len(found) < 2 or found[0] == found[1]


def _as_file(data: bytes) -> Blobs:
    return open_blobs(io.BytesIO(data), len(data))


def _as_pipe(data: bytes) -> Blobs:
    return StreamedBlobs(ChunkStream(data[at : at + 777] for at in range(0, len(data), 777)))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_changed_bytes(which: str, data: st.DataObject) -> None:
    archive = bytearray(WHOLE[which])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(archive) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=12))
        archive[at : at + len(piece)] = piece
    survives(bytes(archive))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_pieces_that_are_missing_or_there_twice(which: str, data: st.DataObject) -> None:
    archive = WHOLE[which]
    blocks = [archive[at : at + 512] for at in range(0, len(archive), 512)]
    first = data.draw(st.integers(0, len(blocks)))
    last = data.draw(st.integers(first, len(blocks)))
    times = data.draw(st.integers(0, 2))
    survives(b"".join([*blocks[:first], *blocks[first:last] * times, *blocks[last:]]))


headers = st.fixed_dictionaries(
    {
        "flag": st.sampled_from([b"0", b"\0", b"1", b"2", b"5", b"x", b"g", b"L", b"K", b"S", b"7", b"\xff"]),
        "size": st.one_of(
            st.binary(min_size=12, max_size=12), st.integers(0, 2000).map(lambda n: b"%011o\0" % n)
        ),
        "name": st.binary(max_size=100),
        "body": st.one_of(
            st.binary(max_size=1024), st.sampled_from([b"12 path=abc\n", b"9 size=9\n", b"99999 path=a\n"])
        ),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(headers, max_size=5), st.booleans())
def test_layers_of_made_up_headers(entries: list[dict[str, bytes]], packed: bool) -> None:
    layer = b""
    for entry in entries:
        header = bytearray(512)
        header[: len(entry["name"])] = entry["name"]
        header[124:136], header[156:157] = entry["size"], entry["flag"]
        header[257:265] = b"ustar\x0000"
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        layer += bytes(header) + entry["body"] + bytes(-len(entry["body"]) % 512)
    image = Packed([gzip.compress(layer) if packed else layer], [("RUN a", True)])
    survives(tar_of(LAYOUTS["docker save"](image)))


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.sampled_from(["sha256:0", "sha256:1", digest_of(LOWER), "index.json"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["manifests", "config", "layers", "digest", "platform", "annotations", "history", "Config",
                         "Layers", "RepoTags", "created_by", "empty_layer", "os"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["index.json", "manifest.json", "blobs/sha256/0", "blobs/sha256/1"]), documents
    )
)
def test_documents_of_any_shape(said: dict[str, object]) -> None:
    files = {name: json.dumps(document).encode() for name, document in said.items()}
    files[f"blobs/sha256/{digest_of(LOWER)[7:]}"] = LOWER
    survives(tar_of(files))
