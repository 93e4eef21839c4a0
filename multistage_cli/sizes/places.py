"""Folders of an image that its base and its packages fill, and what a copy of such a folder may carry."""

from __future__ import annotations

import posixpath

_SYSTEM = frozenset({"bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr", "var"})
"""Top folders that packages of a distribution write to. They keep out of /usr/local (Debian policy 9.1.2),
and out of /opt, /srv and homes."""
_SHARED = frozenset(
    {"/", "/go", "/home", "/opt", "/root", "/srv",
     "/usr/local", "/usr/local/bin", "/usr/local/etc", "/usr/local/include", "/usr/local/lib", "/usr/local/libexec",
     "/usr/local/sbin", "/usr/local/share", "/usr/src"}
)  # fmt: skip
"""Folders outside of those that images commonly fill themselves, the official ones for languages above all."""
_OWN_DEPTH = {"lib": 2, "usr": 2, "var": 2}
"""How deep below a top folder a folder is somebody's own: /etc/nginx, /usr/share/site, /var/lib/postgresql."""
_COMMON = frozenset(
    {"X11", "ca-certificates", "doc", "fonts", "locale", "man", "ssl", "terminfo", "zoneinfo"}
)
_PACKAGE_OF = {
    "/etc/ssl": "ca-certificates",
    "/usr/share/ca-certificates": "ca-certificates",
    "/usr/share/zoneinfo": "tzdata",
    "/etc/localtime": "tzdata",
    "/etc/passwd": "",
    "/etc/group": "",
    "/etc/shadow": "",
    "/etc/nsswitch.conf": "",
}
"""Paths that are copied for what one package put there, or for lines that a RUN added."""
WILDCARDS = "*?["
"""Signs of a shell pattern."""


def normal(path: str) -> str:
    """An absolute path without a slash at its end, `.` or `..`; up to its first wildcard's folder."""
    kept: list[str] = []
    for part in path.split("/"):
        if any(sign in part for sign in WILDCARDS):
            break
        kept.append(part)
    return "/" + posixpath.normpath("/" + "/".join(kept)).strip("/")


def names_of(path: str) -> tuple[str, ...]:
    """The names of an absolute path, from the root on."""
    return tuple(name for name in path.split("/") if name)


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; both absolute."""
    return folder in {"/", path} or path.startswith(f"{folder}/")


def overlap(one: str, other: str) -> bool:
    """Whether one of two paths holds the other."""
    return below(one, other) or below(other, one)


def is_shared(path: str) -> bool:
    """Whether base images have files of their own in that very folder, so that nobody else knows all of it."""
    if path in _SHARED:
        return True
    if below(path, "/usr/local"):
        return False
    # /usr/share/site is hardly anybody's but who wrote it; /usr/lib/x86_64-linux-gnu is everybody's.
    top, *rest = path.strip("/").split("/")
    if top not in _SYSTEM:
        return False
    depth = _OWN_DEPTH.get(top, 1)
    return len(rest) < depth or rest[depth - 1] in _COMMON or rest[depth - 1].endswith("-linux-gnu")


def package_of(path: str) -> str | None:
    """The one package that a copied path takes from; empty for none, None where it may be any."""
    for known, package in _PACKAGE_OF.items():
        if below(path, known):
            return package
    top = path.strip("/").split("/")[0]
    if path != "/" and (top not in _SYSTEM or below(path, "/usr/local")):
        return ""
    return None
