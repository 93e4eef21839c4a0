"""Platforms as Docker writes them: `linux/amd64`, `linux/arm/v7`.

Source: containerd/platforms (`Parse`, `Normalize`, database.go), and Docker 28.5 asked with
`--platform`; see tests/engine/test_variables.py.
"""

from __future__ import annotations

import re

from msgspec import Struct

from multistage_cli.errors import MultistageError

_OPERATING_SYSTEMS = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "windows",
        "zos",
    ]
)
_ARCHITECTURES = frozenset(
    [
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "arm64",
        "arm64be",
        "armbe",
        "loong64",
        "mips",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "mipsle",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    ]
)
_NAMES = {"i386": "386", "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_ARM_NAMES = {"armhf": "v7", "armel": "v6"}
_VARIANTS = {
    ("amd64", "v1"): "",
    ("arm64", "8"): "",
    ("arm64", "v8"): "",
    ("arm64", "v8.0"): "",
    ("arm64", "9"): "v9",
    ("arm64", "9.0"): "v9",
    ("arm64", "v9.0"): "v9",
    ("arm", ""): "v7",
    ("arm", "5"): "v5",
    ("arm", "6"): "v6",
    ("arm", "7"): "v7",
    ("arm", "8"): "v8",
}
_PART = re.compile(r"[A-Za-z0-9_.-]+")
_SYSTEM = re.compile(r"([A-Za-z0-9_-]+)(?:\([A-Za-z0-9_.%+-]*\))?")
_MOST_PARTS = 3


class Platform(Struct, frozen=True):
    """An operating system, an architecture and its variant, which is empty where it is the usual one."""

    system: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        text = f"{self.system}/{self.architecture}"
        return f"{text}/{self.variant}" if self.variant else text


def parse_platform(text: str, *, default_architecture: str = "amd64") -> Platform:
    """Read a platform and write its parts the one way that Docker uses.

    Args:
        text: such as `linux/arm64`, `arm64`, `linux` or `linux/arm/v7`.
        default_architecture: taken where only an operating system is given; Docker takes the machine's.

    Raises:
        MultistageError: Docker refuses the platform.
    """
    system, *parts = text.split("/")
    match = _SYSTEM.fullmatch(system) if parts else _PART.fullmatch(system)
    if match is None or len(parts) >= _MOST_PARTS or not all(map(_PART.fullmatch, parts)):
        raise MultistageError(f'"{text}" is no platform: write it like linux/amd64 or linux/arm/v7')
    if not parts:
        return _parse_single(text.lower(), text, default_architecture)
    # buildx leaves a version such as that of windows(10.0.17763)/amd64 out.
    name = _SYSTEM.sub(r"\1", system).lower()
    return _normalised("darwin" if name == "macos" else name, parts[0].lower(), "".join(parts[1:]).lower())


def _parse_single(name: str, text: str, default_architecture: str) -> Platform:
    system = "darwin" if name == "macos" else name
    if system in _OPERATING_SYSTEMS:
        return _normalised(system, default_architecture, "")
    platform = _normalised("linux", name, "")
    if platform.architecture in _ARCHITECTURES:
        return platform
    raise MultistageError(
        f'"{text}" is neither an operating system nor an architecture: write a platform like linux/amd64'
    )


def _normalised(system: str, architecture: str, variant: str) -> Platform:
    if architecture in _ARM_NAMES:
        return Platform(system, "arm", _ARM_NAMES[architecture])
    if architecture == "i386":
        variant = ""
    name = _NAMES.get(architecture, architecture)
    return Platform(system, name, _VARIANTS.get((name, variant), variant))
