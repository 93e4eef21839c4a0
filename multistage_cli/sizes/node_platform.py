"""Which packages of a lock file fit the platform of an image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from multistage_cli.build.claims import UNKNOWN

if TYPE_CHECKING:
    from multistage_cli.sizes.node_locks import Locked
    from multistage_cli.sizes.scene import Scene

_PROCESSORS: Final = {"amd64": "x64", "386": "ia32"}  # the rest have the same names with Node as with Go
_SYSTEMS: Final = frozenset({
    "aix", "android", "darwin", "freebsd", "fsevents", "macos", "netbsd", "openbsd", "openharmony", "osx", "sunos",
    "wasi", "wasm", "wasm32", "webcontainer", "win", "win32", "windows",
})  # fmt: skip
_CPUS: Final = {
    "aarch64": "arm64", "arm": "arm", "arm64": "arm64", "armhf": "arm", "armv6": "arm", "armv7": "arm", "i686": "ia32",
    "ia32": "ia32", "loong64": "loong64", "mips64el": "mips64el", "ppc64": "ppc64", "ppc64le": "ppc64",
    "riscv64": "riscv64", "s390x": "s390x", "x64": "x64",
}  # fmt: skip
_LIBCS: Final = {
    "gnu": "glibc",
    "gnueabihf": "glibc",
    "glibc": "glibc",
    "linuxmusl": "musl",
    "musl": "musl",
    "musleabihf": "musl",
}
_WORDS: Final = re.compile(r"[^a-z0-9]+")


class Platform(Struct, frozen=True):
    """Of an image: processor by Node's name, and `glibc` or `musl`."""

    processor: str = "x64"
    libc: str = "glibc"


def platform_of(scene: Scene) -> Platform:
    """What a stage is built for; where its libc is not known, glibc is far more likely."""
    written = scene.entry.stage.platform
    platform = written if isinstance(written, str) else scene.build.platform
    architecture = platform.split("/")[1] if platform.count("/") else "amd64"
    libc = scene.step.before.libc
    return Platform(
        _PROCESSORS.get(architecture, architecture),
        "glibc" if libc is UNKNOWN or libc is None else libc,
    )


def fits(package: Locked, platform: Platform, manager: str) -> bool:
    """Whether a package is installed there; only optional ones may be left out.

    Where a lock does not say what a package is for, its name does: `@esbuild/darwin-arm64`. npm alone goes by
    the lock, which says nothing of the libc where an older npm wrote it: both are installed then.
    """
    if package.os or package.cpu or package.libc:
        here = _allows(package.os, "linux") and _allows(package.cpu, platform.processor)
        if not here:
            return False
        if package.libc or manager == "npm":
            return _allows(package.libc, platform.libc)
    elif not package.optional:
        return True
    words = set(_WORDS.split(package.name.lower()))
    if words & _SYSTEMS:
        return False
    processors = {_CPUS[word] for word in words if word in _CPUS}
    libcs = {_LIBCS[word] for word in words if word in _LIBCS}
    return (not processors or platform.processor in processors) and (not libcs or platform.libc in libcs)


def _allows(values: tuple[str, ...], own: str) -> bool:
    wanted = [value for value in values if not value.startswith("!")]
    return own in wanted if wanted else f"!{own}" not in values
