"""What is known of Alpine's packages."""

from __future__ import annotations

import pytest

from multistage_cli.facts import alpine

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("curl", 3, 6),
        ("git", 10, 14),
        ("bash", 1, 3),
        ("gcc", 150, 180),
        ("tzdata", 0, 1),
    ],
)
def test_a_package_with_what_it_depends_on(name: str, least: int, most: int) -> None:
    found = alpine.closure([name])
    assert found.unknown == ()
    assert least * MIB <= sum(entry.installed_bytes for entry in found.packages) <= most * MIB


def test_what_is_there_brings_nothing_more() -> None:
    assert alpine.closure(["musl", "zlib"]).packages == ()
    curl = frozenset(entry.name for entry in alpine.closure(["curl"]).packages)
    assert "libcurl" in curl
    assert not curl & {entry.name for entry in alpine.closure(["git"], installed=curl).packages}


def test_versions_and_other_names() -> None:
    assert [entry.name for entry in alpine.closure(["make=4.4.1-r3", "libc-dev"]).packages] == [
        "make",
        "musl-dev",
    ]
    assert alpine.closure(["vips~8"]).unknown == ("vips",)
    assert "Alpine 3.22" in alpine.source()
