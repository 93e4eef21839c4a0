"""What apt adds to a layer."""

from __future__ import annotations

import pytest

from multistage_cli.facts.debian import base_packages, closure
from multistage_cli.facts.images import resolve
from multistage_cli.sizes.apt import packages_of
from tests.sizes.built import layers_of, parts_of, sizes_of

INSTALL = "apt-get install -y --no-install-recommends"


def run(script: str, base: str = "debian:bookworm-slim") -> str:
    return f"FROM {base}\nRUN {script}\n"


def test_a_part_for_each_name_with_what_it_alone_brings() -> None:
    sizes = sizes_of(run(f"{INSTALL} curl git"))
    parts = parts_of(sizes)
    assert list(parts) == ["records of dpkg and apt", "curl", "git"]
    together = closure(
        ["curl", "git"],
        suite="bookworm",
        installed=base_packages("debian", "bookworm-slim") or frozenset(),
        recommends=False,
    )
    found = parts["curl"].size + parts["git"].size
    # Without documentation and translations, and files are no whole KiB.
    assert 0.85 * together.installed_bytes < found.estimate < together.installed_bytes
    assert sizes.unknown == ()


def test_recommended_packages_come_unless_told_otherwise() -> None:
    few = parts_of(sizes_of(run(f"{INSTALL} git")))["git"].size
    more = parts_of(sizes_of(run("apt-get install -y git")))["git"].size
    assert more.estimate > few.estimate


def test_what_is_there_is_not_installed_again() -> None:
    sizes = sizes_of(run(f"{INSTALL} bash") + f"RUN {INSTALL} curl\nRUN {INSTALL} curl\n")
    first, second, third = layers_of(sizes)
    assert (first.parts, third.parts) == ((), ())
    assert second.size.estimate > 1_000_000


def test_a_stage_goes_on_from_what_its_base_stage_installed() -> None:
    sizes = sizes_of(
        f"FROM debian:bookworm-slim AS base\nRUN {INSTALL} curl\nFROM base\nRUN {INSTALL} curl\n"
    )
    assert layers_of(sizes, "base")[0].parts
    assert not layers_of(sizes)[0].parts


def test_full_image_has_most_tools_already() -> None:
    slim = parts_of(sizes_of(run(f"{INSTALL} build-essential", "python:3.12-slim")))
    full = parts_of(sizes_of(run(f"{INSTALL} build-essential", "python:3.12")))
    assert slim["build-essential"].size.estimate > 200_000_000
    assert sum(part.size.estimate for part in full.values()) < 10_000_000


@pytest.mark.parametrize(
    ("image", "has", "lacks"),
    [
        ("python:3.11-slim", "ca-certificates", "gcc"),
        ("python:3.11-bookworm", "g++", "nginx"),
        ("node:22", "git", "nginx"),
        ("golang:1.26", "gcc", "imagemagick"),
        ("php:8.2-apache", "make", "git"),
        ("ruby:3.4-slim", "procps", "gcc"),
        ("rust:1.98-slim-trixie", "gcc", "git"),
        ("debian:bookworm", "apt", "curl"),
    ],
)
def test_what_official_images_come_with(image: str, has: str, lacks: str) -> None:
    found = packages_of(resolve(image).image)
    assert found is not None
    assert found.exact
    assert has in found.names
    assert lacks not in found.names


def test_image_whose_packages_are_not_listed_may_have_them() -> None:
    found = packages_of(resolve("haskell:9.12-bookworm").image)
    assert found is not None
    assert not found.exact
    part = parts_of(sizes_of(run(f"{INSTALL} curl", "haskell:9.12-bookworm")))["curl"]
    assert part.size.low == 0 < part.size.estimate


@pytest.mark.parametrize("base", ["ubuntu:24.04", "alpine:3.22", "example.com/base:1"])
def test_no_index_no_number(base: str) -> None:
    sizes = sizes_of(run(f"{INSTALL} curl git", base))
    assert layers_of(sizes)[0].parts == ()
    assert "what apt installs on line 2 (curl, git)" in sizes.unknown


def test_package_that_the_index_does_not_have() -> None:
    sizes = sizes_of(run(f"{INSTALL} surely-no-package"))
    part = parts_of(sizes)["surely-no-package"]
    assert part.guessed
    assert part.size.low < part.size.estimate < part.size.high
    assert sizes.unknown == ("what surely-no-package weighs, which apt installs on line 2",)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (f"{INSTALL} $PACKAGES", "what apt adds on line 2"),
        (f"{INSTALL} curl $MORE", "what else apt installs on line 2"),
        ("apt-get upgrade -y", "what apt adds on line 2"),
    ],
)
def test_what_cannot_be_read_is_said(script: str, text: str) -> None:
    assert text in sizes_of(run(script)).unknown


def test_package_lists_stay_unless_they_are_deleted() -> None:
    kept = parts_of(sizes_of(run(f"apt-get update && {INSTALL} curl")))
    assert kept["apt package lists"].size.low > 10_000_000
    gone = parts_of(sizes_of(run(f"apt-get update && {INSTALL} curl && rm -rf /var/lib/apt/lists/*")))
    assert "apt package lists" not in gone


def test_lists_deleted_in_a_later_layer_still_weigh() -> None:
    sizes = sizes_of(run("apt-get update") + "RUN rm -rf /var/lib/apt/lists/*\n")
    assert "apt package lists" in parts_of(sizes)


def test_removed_in_the_same_run_with_all_that_only_it_needs() -> None:
    sizes = sizes_of(run(f"{INSTALL} gcc libpq5 && apt-get purge -y --auto-remove gcc"))
    assert list(parts_of(sizes)) == ["records of dpkg and apt", "libpq5"]
    assert parts_of(sizes)["libpq5"] == parts_of(sizes_of(run(f"{INSTALL} libpq5")))["libpq5"]


@pytest.mark.parametrize(("recommends", "measured"), [(False, 1_003_000), (True, 2_097_160)])
def test_what_is_removed_again_leaves_records(recommends: bool, measured: int) -> None:
    """gcc, in debian:bookworm-slim and in python:3.12-slim, built in November 2026."""
    install = "apt-get install -y" if recommends else INSTALL
    layer = layers_of(sizes_of(run(f"{install} gcc && apt-get purge -y --auto-remove gcc")))[0]
    assert layer.size.low < measured < layer.size.high


def test_removed_without_what_it_brought() -> None:
    whole = parts_of(sizes_of(run(f"{INSTALL} git")))["git"].size.estimate
    rest = parts_of(sizes_of(run(f"{INSTALL} git && apt-get remove -y git")))["git"].size.estimate
    assert 0 < rest < whole


def test_removed_in_a_later_run_saves_nothing() -> None:
    script = f"{INSTALL} gcc"
    later = run(script) + "RUN apt-get purge -y --auto-remove gcc\n"
    assert sizes_of(later).image == sizes_of(run(script)).image


def test_removal_that_nobody_can_follow() -> None:
    sizes = sizes_of(run(f"{INSTALL} gcc make && apt-mark auto gcc && apt-get purge -y --auto-remove"))
    assert parts_of(sizes)["gcc"].size.low == 0
    assert "which packages apt removes again after line 2" in sizes.unknown


def test_command_that_may_not_run_may_add_nothing() -> None:
    part = parts_of(sizes_of(run(f"test -f /x && {INSTALL} curl || true")))["curl"]
    assert part.size.low == 0 < part.size.estimate


@pytest.mark.parametrize(
    ("names", "measured"),
    [
        ("make", 1_176_527),
        ("wget", 1_502_847),
        ("jq", 1_963_230),
        ("sudo", 3_312_425),
        ("gnupg", 10_430_010),
        ("libffi-dev libssl-dev", 19_154_316),
        ("vim", 41_378_645),
        ("gcc libc6-dev", 191_444_067),
        ("build-essential", 304_414_327),
    ],
)
def test_layers_that_were_really_built(names: str, measured: int) -> None:
    """One RUN with `rm -rf /var/lib/apt/lists/*` in debian:bookworm-slim, November 2026."""
    size = layers_of(sizes_of(run(f"apt-get update && {INSTALL} {names} && rm -rf /var/lib/apt/lists/*")))[
        0
    ].size
    assert abs(size.estimate - measured) < 0.015 * measured
    assert size.low < measured < size.high


def test_slim_images_leave_documentation_out() -> None:
    slim = parts_of(sizes_of(run(f"{INSTALL} wget", "debian:bookworm-slim")))["wget"].size
    full = parts_of(sizes_of(run(f"{INSTALL} wget", "debian:bookworm")))["wget"].size
    assert full.low > 3 * slim.high


def test_packages_that_were_not_read_are_a_wider_range() -> None:
    size = parts_of(sizes_of(run(f"{INSTALL} emacs-nox")))["emacs-nox"].size
    assert size.low < 0.93 * size.estimate


def test_packages_that_are_tied_to_a_newer_version_bring_it() -> None:
    """perl needs the very perl-base; 47.2 MB of its own, 55.9 MB as it was built on an older one."""
    first, second = layers_of(sizes_of(run(f"{INSTALL} perl") + f"RUN {INSTALL} git\n"))
    assert first.size.low < 48_500_000
    assert first.size.high > 55_909_972
    assert second.size.high < 48_000_000


def test_an_older_package_that_is_asked_for_may_be_replaced() -> None:
    """tzdata is there; the newer one made a layer of 3,403,161 bytes."""
    layer = layers_of(sizes_of(run(f"{INSTALL} tzdata")))[0]
    assert layer.size.low < 1_500_000
    assert abs(layer.size.estimate - 3_403_161) < 200_000
