"""Packages of a distribution that are for building: compilers, headers and what goes with them."""

from __future__ import annotations

from typing import Final

BUILD_TOOLS: Final = frozenset({
    "autoconf", "automake", "bison", "build-base", "build-essential", "clang", "cmake", "flex", "g++", "gcc",
    "gfortran", "golang", "golang-go", "libtool", "linux-headers", "linux-headers-generic", "make", "meson",
    "musl-dev",
    "ninja-build", "pkg-config", "python3-dev", "rustc", "cargo", "libc6-dev", "llvm", "nasm", "default-jdk",
})  # fmt: skip
_DEVELOPMENT_ENDS: Final = ("-dev", "-devel")


def is_build_tool(package: str) -> bool:
    """Whether a package, named without its version, is for building."""
    return package in BUILD_TOOLS or package.endswith(_DEVELOPMENT_ENDS)
