from __future__ import annotations

from typing import Any

import pytest

from multistage_cli.sizes.measured.layers import read_layer
from multistage_cli.sizes.measured.streams import ChunkStream
from multistage_cli.sizes.measured.waste import Waste, wasted
from tests.sizes.measured.archives import FOLDER, HARD_LINK, LINK, tar_of


def waste_of(*layers: dict[str, Any], lowest: int = 0) -> Waste:
    return wasted([read_layer(ChunkStream(iter([tar_of(files)]))) for files in layers], lowest)


def hidden(*layers: dict[str, Any]) -> list[tuple[str, int, int, int]]:
    return sorted(
        (entry.path, entry.size_bytes, entry.layer, entry.by) for entry in waste_of(*layers).heaviest
    )


BELOW = {"a": FOLDER, "a/one": 10, "a/b": FOLDER, "a/b/two": 20, "c": 40}


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ({"a/one": 5}, [("/a/one", 10, 0, 1)]),
        ({"a/.wh.one": 0}, [("/a/one", 10, 0, 1)]),
        ({".wh.a": 0}, [("/a/b/two", 20, 0, 1), ("/a/one", 10, 0, 1)]),
        ({"a/.wh..wh..opq": 0}, [("/a/b/two", 20, 0, 1), ("/a/one", 10, 0, 1)]),
        ({".wh..wh..opq": 0}, [("/a/b/two", 20, 0, 1), ("/a/one", 10, 0, 1), ("/c", 40, 0, 1)]),
        ({"a": (LINK, "c")}, [("/a/b/two", 20, 0, 1), ("/a/one", 10, 0, 1)]),
        ({"c": FOLDER}, [("/c", 40, 0, 1)]),
        ({"a": FOLDER, "a/b": FOLDER, "a/b/three": 1}, []),
        ({"a/.wh..wh.plnk": FOLDER, "a/.wh..wh.aufs": 0}, []),
        ({"ab": 1, ".wh.ab": 0, ".wh.a-": 0}, []),
    ],
)
def test_what_a_later_layer_hides(above: dict[str, Any], expected: list[tuple[str, int, int, int]]) -> None:
    assert hidden(BELOW, above) == expected


def test_the_nearest_layer_above_is_named() -> None:
    assert hidden({"a": 9}, {"a": 8}, {".wh.a": 0}) == [("/a", 8, 1, 2), ("/a", 9, 0, 1)]


def test_what_is_deleted_and_made_again_in_one_layer_is_there() -> None:
    assert hidden({"a": 9}, {".wh.a": 0, "a": 3}) == [("/a", 9, 0, 1)]
    assert waste_of({"a": 9}, {"a": 3, ".wh.a": 0}).size_bytes == 9


def test_a_file_is_wasted_once_all_its_names_are_gone() -> None:
    below = {"a": 9, "b": (HARD_LINK, "a")}
    assert hidden(below, {".wh.a": 0}) == []
    assert hidden(below, {".wh.a": 0}, {".wh.b": 0}) == [("/a", 9, 0, 2)]


def test_what_the_base_image_hides_is_told_apart() -> None:
    found = waste_of({"a": 9, "b": 5}, {"a": 8}, {"b": 1}, lowest=2)
    assert (found.size_bytes, found.lowest_bytes) == (5, 9)
    assert [entry.path for entry in found.heaviest] == ["/b"]


def test_nothing_is_hidden_in_one_layer() -> None:
    assert waste_of(BELOW) == Waste((), 0, 0, complete=True)
