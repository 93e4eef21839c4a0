"""Ranges of npm packages."""

from __future__ import annotations

import pytest

from multistage_cli.facts.npm_versions import admits, distance, floor, version_of


@pytest.mark.parametrize(
    ("wanted", "inside", "outside"),
    [
        ("^4.17.1", "4.21.2", "5.0.0"),
        ("^0.27.2", "0.27.9", "0.28.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~1.2.3", "1.2.9", "1.3.0"),
        ("~1", "1.9.0", "2.0.0"),
        ("1.2.x", "1.2.7", "1.3.0"),
        ("18", "18.3.1", "19.0.0"),
        (">=1.2.0 <3", "2.9.9", "3.0.0"),
        (">2", "3.0.0", "2.9.0"),
        ("<=2.1", "2.1.5", "2.2.0"),
        ("1.2.3 - 2.3", "2.3.8", "2.4.0"),
        ("3.x || 5.x", "5.1.0", "4.0.0"),
        ("=1.2.3", "1.2.3", "1.2.4"),
        ("v1.2.3", "1.2.3", "1.2.4"),
    ],
)
def test_range_admits_one_and_not_the_other(wanted: str, inside: str, outside: str) -> None:
    assert admits(wanted, inside)
    assert not admits(wanted, outside)


@pytest.mark.parametrize("wanted", ["", "*", "latest", "x"])
def test_anything_is_anything(wanted: str) -> None:
    assert admits(wanted, "0.0.1")
    assert admits(wanted, "99.0.0")


@pytest.mark.parametrize(
    "wanted", ["git+https://example.com/x", "file:../x", "next", "^^", "1.2.3.4.5.6" * 1000]
)
def test_what_is_no_range_admits_nothing(wanted: str) -> None:
    assert not admits(wanted, "1.0.0")


def test_the_nearest_version() -> None:
    assert min(("1.9.0", "3.1.0", "3.0.9"), key=lambda found: distance(found, "3.1.2")) == "3.1.0"
    assert distance("next", "1.0.0") > distance("9.0.0", "1.0.0")
    assert floor("^4.17.1") == "4.17.1"
    assert version_of("18.2.0-rc.1") == (18, 2, 0)
    assert version_of("main") is None
