"""Files of Debian's packages, as their archives hold them."""

from __future__ import annotations

import pytest

from multistage_cli.facts import debian
from multistage_cli.facts.debian_unpacked import source, unpacked


@pytest.mark.parametrize("suite", debian.suites())
def test_common_packages_are_known(suite: str) -> None:
    for name in ("build-essential", "curl", "gcc", "git", "libpq5", "nginx", "python3", "openssh-client"):
        assert unpacked(name, suite) is not None, name


@pytest.mark.parametrize(("package", "suite"), [("surely-no-package", "bookworm"), ("curl", "jessie")])
def test_others_are_not(package: str, suite: str) -> None:
    assert unpacked(package, suite) is None


@pytest.mark.parametrize("suite", debian.suites())
@pytest.mark.parametrize("name", ["curl", "git", "vim", "perl", "gcc-12", "python3-pip"])
def test_files_fit_into_what_the_index_states(name: str, suite: str) -> None:
    found, stated = unpacked(name, suite), debian.package(name, suite)
    if found is None or stated is None:
        pytest.skip("only one of the two suites has it")
    assert found.kept_bytes + found.left_out_bytes <= stated.installed_bytes
    assert found.modules_bytes <= found.kept_bytes
    assert found.records_bytes > 0


def test_documentation_is_most_of_wget() -> None:
    found = unpacked("wget", "bookworm")
    assert found is not None
    assert found.left_out_bytes > 5 * found.kept_bytes


def test_source_says_when() -> None:
    assert "dpkg-deb on 2026-" in source()
