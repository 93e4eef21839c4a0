"""Addresses that a server, a Dockerfile or a setting may name: what of them is asked, and what is not."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from multistage_cli.facts.online.failures import OnlineError

_LONGEST_URL: Final = 8_000


def joined(url: str, target: str) -> str:
    """Where a redirect leads; empty where that is no address."""
    try:
        return urljoin(url, target)
    except ValueError:
        return ""


def host_of(url: str) -> str:
    """The host of a URL for people, with its port where there is one."""
    parts = _split(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    host = parts.hostname or "?"
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs are of one server: scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = _split(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        port = None
    return parts.scheme, parts.hostname or "", port


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def check_place(url: str) -> None:
    """Let pass what may be asked: https, and http to this machine.

    Raises:
        OnlineError: anything else.
    """
    parts = _split(url)
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise OnlineError(f"{host_of(url)} leads to an address that cannot be asked")
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or (parts.scheme != "https" and not plain):
        raise OnlineError(f"{host_of(url)} is not asked without https")


def check_step(before: str, after: str) -> None:
    """Let a redirect pass that stays with https and off this machine.

    Raises:
        OnlineError: it does not.
    """
    if _split(before).scheme == "https" and _split(after).scheme != "https":
        raise OnlineError(f"{host_of(before)} redirects to an address without https")
    if is_loopback(_split(after).hostname or "") and not is_loopback(_split(before).hostname or ""):
        raise OnlineError(f"{host_of(before)} redirects to this machine")
    check_place(after)
