"""Folders that base images and packages fill."""

from __future__ import annotations

import pytest

from multistage_cli.sizes.places import below, is_shared, normal, overlap, package_of


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/a/b/", "/a/b"),
        ("a", "/a"),
        ("/", "/"),
        ("//a/../b/.", "/b"),
        ("/out/*.txt", "/out"),
        ("/out/[ab]/c", "/out"),
        ("*", "/"),
    ],
)
def test_normal(path: str, clean: str) -> None:
    assert normal(path) == clean


def test_below_and_overlap() -> None:
    assert below("/a/b", "/a")
    assert below("/a", "/a")
    assert below("/a", "/")
    assert not below("/ab", "/a")
    assert overlap("/a", "/a/b")
    assert overlap("/a/b", "/a")
    assert not overlap("/a/b", "/a/c")


@pytest.mark.parametrize(
    "path",
    ["/", "/usr", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/local", "/usr/local/bin", "/etc", "/etc/ssl",
     "/usr/share/fonts", "/lib", "/bin", "/opt", "/root", "/var/lib"],
)  # fmt: skip
def test_shared_folders(path: str) -> None:
    assert is_shared(path)


@pytest.mark.parametrize(
    "path",
    ["/app", "/usr/share/site", "/etc/nginx", "/usr/local/bundle", "/opt/venv", "/root/.local", "/var/lib/data",
     "/usr/local/bin/app", "/work"],
)  # fmt: skip
def test_folders_of_one_owner(path: str) -> None:
    assert not is_shared(path)


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("/etc/ssl/certs/ca-certificates.crt", "ca-certificates"),
        ("/usr/share/zoneinfo", "tzdata"),
        ("/etc/passwd", ""),
        ("/app/dist", ""),
        ("/usr/local/bin/app", ""),
        ("/root/.local", ""),
        ("/usr/lib/libpq.so.5", None),
        ("/etc", None),
        ("/", None),
    ],
)
def test_which_package_a_copied_path_takes_from(path: str, package: str | None) -> None:
    assert package_of(path) == package
